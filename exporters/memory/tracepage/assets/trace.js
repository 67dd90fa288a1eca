// One trace: heading, tools, waterfall and details.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { $, ask, button, copy, duration, legend, make, plural } = await here("dom.js");
const { goBack, permalink, place, replace, traceAddress } = await here("place.js");
const { Outline } = await here("outline.js");
const { Waterfall } = await here("waterfall.js");
const { dragged, minimap } = await here("minimap.js");
const { showDetails } = await here("details.js");

const mapAbove = 200; // spans of a trace with a minimap
const firstPart = 300; // spans that are painted while the others load
let visit = 0; // number of the trace that the user opened last
let shown = null; // { id, total, evicted, waterfall, box }

// fetchOutline gets all spans of a trace. A large trace comes in parts, and early receives the first one.
async function fetchOutline(id, early) {
  const trace = await ask({ data: "outline", id, ...(early && { limit: firstPart }) });
  if (trace.spans.length < trace.total) early?.({ ...trace, spans: [...trace.spans] });
  while (trace.spans.length < trace.total) {
    const more = await ask({ data: "outline", id, from: trace.spans.length });
    if (!more.spans.length) break;
    trace.spans.push(...more.spans);
  }
  return trace;
}

// showTrace shows a trace at a span, or at its first error.
export async function showTrace(id, span) {
  if (shown?.id === id && span && shown.waterfall.outline.find(span) >= 0) {
    const { waterfall } = shown;
    if (waterfall.outline.spans[waterfall.active].spanId !== span) waterfall.select(waterfall.outline.find(span));
    return;
  }
  leaveTrace();
  const mine = visit;
  $("trace").replaceChildren(make("p", "soft", "loading"));
  try {
    const trace = await fetchOutline(id, (part) => { if (mine === visit) build(part); });
    if (mine !== visit) return; // the user went elsewhere meanwhile
    document.title = trace.name;
    build(trace);
    start(span);
  } catch (error) {
    if (mine === visit) $("trace").replaceChildren(button("← all traces", goBack), make("p", "error", error.message));
  }
}

function start(span) {
  const { waterfall } = shown, { outline } = waterfall;
  waterfall.tree.focus({ preventScroll: true });
  const at = span ? outline.find(span) : outline.errors[0] ?? 0;
  if (at >= 0) waterfall.select(at); else $("state").textContent = `span ${span} is not held`;
}

export function leaveTrace() {
  shown = null;
  visit++;
}

function build(trace) {
  const box = make("aside", "details");
  box.setAttribute("aria-label", "details of the span");
  const outline = new Outline(trace.spans);
  const waterfall = new Waterfall(outline, trace.durationNs, (i) => {
    // The user may have changed the address just now; its event comes later.
    if (place().trace === trace.id) replace(traceAddress(trace.id, outline.spans[i].spanId));
    errorPlace();
    const chosen = outline.spans[i];
    showDetails(box, trace.id, chosen, () => waterfall.zoom(chosen.offsetNs - chosen.durationNs * 0.05, chosen.offsetNs + chosen.durationNs * 1.05));
  });
  dragged(waterfall.axis, waterfall, (from, to) => {
    const { view } = waterfall, width = view.to - view.from;
    waterfall.zoom(view.from + from * width, view.from + to * width);
  });
  shown = { id: trace.id, total: trace.total, evicted: trace.evicted, waterfall, box };
  $("trace").replaceChildren(...heading(trace), tools(waterfall),
    make("div", "split", make("div", "left", trace.spans.length > mapAbove ? minimap(waterfall) : null, waterfall.axis, waterfall.tree), box));
  waterfall.draw(true);
  $("state").textContent = plural(trace.total, "span");
}

function heading(trace) {
  const download = make("a", "", "download JSON");
  download.href = "?" + new URLSearchParams({ data: "download", id: trace.id });
  download.setAttribute("download", "");
  const copyId = button("copy trace id", () => copy(trace.id, copyId));
  const copyLink = button("copy link", () => copy(permalink(trace.id), copyLink));
  const started = new Date(trace.start);
  return [
    make("div", "tools", button("← all traces", goBack), make("h2", "", make("bdi", "", trace.name || "(no name)"))),
    make("p", "soft tools", make("code", "", trace.id), isNaN(started) ? trace.start : started.toLocaleString("en-GB"), ` ${duration(trace.durationNs)} `,
      trace.evicted ? `${plural(trace.evicted, "span")} dropped to make room` : null, copyId, copyLink, download),
    legend(trace.spans.map((span) => span.service)),
  ];
}

function tools(waterfall) {
  const bar = make("div", "tools", button("−", () => waterfall.scale(2), "zoom out"), button("+", () => waterfall.scale(0.5), "zoom in"),
    button("whole", () => waterfall.zoom(0, waterfall.whole), "show the whole time"), button("collapse all", () => waterfall.collapseAll(true)),
    button("expand all", () => waterfall.collapseAll(false)));
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "waterfall");
  if (waterfall.outline.errors.length) {
    const count = make("span", "error");
    count.id = "errors";
    bar.append(button("↑", () => nextError(-1), "previous error"), button("↓", () => nextError(1), "next error"), count);
  }
  bar.append(make("span", "soft key", "critical path"));
  return bar;
}

// errorPlace names the selected error. The message is for narrow screens, where the details are below the waterfall.
function errorPlace() {
  const { outline, active } = shown.waterfall, at = outline.errors.indexOf(active);
  if (at < 0) $("errors")?.replaceChildren(plural(outline.errors.length, "error"));
  else $("errors").replaceChildren(`error ${at + 1} of ${outline.errors.length}`, make("bdi", "", `: ${outline.spans[active].error}`));
}

export function nextError(step) {
  const { waterfall } = shown ?? {};
  if (waterfall?.outline.errors.length) waterfall.select(waterfall.outline.error(waterfall.active, step));
}

export function scale(factor) { shown?.waterfall.scale(factor); }

// refresh shows spans that arrived since, and keeps the place, the zoom, the collapsed spans and the focus.
export async function refresh() {
  const before = shown;
  if (!before) return;
  const now = await ask({ data: "outline", id: before.id, from: before.total }).catch(() => null);
  if (!now || shown !== before || (now.total === before.total && now.evicted === before.evicted)) return;
  const trace = await fetchOutline(before.id).catch(() => null);
  if (!trace || shown !== before) return;
  const { waterfall: old } = before, focused = document.activeElement === old.tree, scroll = old.tree.scrollTop, { view } = old;
  const wholeView = view.from === 0 && view.to === old.whole, active = old.outline.spans[old.active].spanId;
  build(trace);
  const { waterfall } = shown;
  waterfall.outline.collapsed = old.outline.collapsed;
  waterfall.outline.place();
  if (!wholeView) waterfall.zoom(view.from, view.to);
  waterfall.draw(true);
  waterfall.tree.scrollTop = scroll;
  waterfall.active = Math.max(0, waterfall.outline.find(active));
  waterfall.draw(true);
  waterfall.choose(waterfall.active);
  if (focused) waterfall.tree.focus({ preventScroll: true });
}
