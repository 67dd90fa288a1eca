// Everything that came from a span is set by textContent, never as markup.
const $ = (id) => document.getElementById(id);
const make = (tag, className, ...children) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children.filter((c) => c !== null));
  return element;
};

const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
const duration = (ns) => {
  for (const [size, unit] of units) if (ns >= size) return `${+(ns / size).toPrecision(3)} ${unit}`;
  return `${ns} ns`;
};
const time = (iso) => new Date(iso).toLocaleTimeString();
const plural = (n, noun) => `${n} ${noun}${n === 1 ? "" : "s"}`;

async function ask(query) {
  const response = await fetch("?" + new URLSearchParams(query), { cache: "no-store" });
  const body = await response.json();
  if (!response.ok) throw new Error(body.error);
  return body;
}

// --- the list ---

let seen = 0; // generation of what is shown
const known = new Set();

function filter() {
  return Object.fromEntries([...new FormData($("filter"))].filter(([, value]) => value !== ""));
}

async function showList() {
  $("trace").hidden = true;
  $("list").hidden = false;
  document.title = "traces";
  try {
    const answer = await ask({ data: "traces", ...filter() });
    $("fault").textContent = "";
    seen = answer.generation;
    const focused = document.activeElement?.dataset?.id;
    $("traces").replaceChildren(...answer.traces.map(summary));
    if (focused) $("traces").querySelector(`[data-id="${focused}"]`)?.focus();
    $("empty").hidden = answer.held > 0;
    $("state").textContent = `${plural(answer.traces.length, "trace")} of ${answer.held} held`;
  } catch (error) {
    $("fault").textContent = error.message;
  }
}

function summary(trace) {
  const row = make("button", "row summary",
    make("span", "name", trace.name),
    make("span", "name soft", trace.service),
    make("span", "number", duration(trace.durationNs)),
    make("span", "number " + (trace.errors ? "error" : "soft"), trace.errors ? plural(trace.errors, "error") : plural(trace.spans, "span")));
  row.type = "button";
  row.dataset.id = trace.id;
  row.title = `${time(trace.start)}  ${trace.id}`;
  row.addEventListener("click", () => { location.hash = "#" + trace.id; });
  const item = make("li", known.has(trace.id) ? "" : "fresh", row);
  known.add(trace.id);
  return item;
}

// --- one trace ---

async function showTrace(id) {
  $("list").hidden = true;
  const section = $("trace");
  section.hidden = false;
  section.replaceChildren(make("p", "soft", "loading"));
  let trace;
  try {
    trace = await ask({ data: "trace", id });
  } catch (error) {
    section.replaceChildren(make("p", "error", error.message), back());
    return;
  }
  document.title = trace.name;
  const download = make("a", "", "download JSON");
  download.href = "?" + new URLSearchParams({ data: "download", id });
  download.setAttribute("download", "");
  const rows = make("ol", "");
  section.replaceChildren(back(), make("h2", "", trace.name),
    make("p", "soft", `${trace.id} · ${new Date(trace.start).toLocaleString()} · ${duration(trace.durationNs)} · ${plural(trace.total, "span")}` +
      (trace.evicted ? ` · ${trace.evicted} made room` : ""), " · ", download),
    axis(trace.durationNs), rows);
  append(section, rows, trace, 0);
  $("state").textContent = "";
  rows.querySelector("button")?.focus();
}

function back() {
  const button = make("button", "", "← all traces");
  button.type = "button";
  button.id = "back";
  button.addEventListener("click", () => { location.hash = ""; });
  return button;
}

function axis(length) {
  return make("div", "axis", ...[0, 0.25, 0.5, 0.75, 1].map((part) => make("span", "", part ? duration(Math.round(length * part)) : "0")));
}

// A trace may have ten thousand spans: they come a page at a time.
function append(section, rows, trace, from) {
  rows.append(...trace.spans.map((span) => spanRow(span, trace)));
  const shown = from + trace.spans.length;
  if (shown >= trace.total || !trace.spans.length) return;
  const button = make("button", "", `${plural(trace.total - shown, "span")} more`);
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      const next = await ask({ data: "trace", id: trace.id, from: shown });
      button.remove();
      append(section, rows, next, shown);
    } catch (error) {
      button.textContent = error.message;
    }
  });
  section.append(button);
}

function spanRow(span, trace) {
  const total = Math.max(trace.durationNs, 1);
  const bar = make("span", "bar");
  bar.style.left = `${Math.min(99.5, 100 * span.offsetNs / total)}%`;
  bar.style.width = `${Math.max(0.2, Math.min(100, 100 * span.durationNs / total))}%`;
  const failed = span.status.code === "Error";
  const track = make("span", `track ${span.kind}` + (failed ? " failed" : ""), bar, ...span.events.slice(0, 50).map((event) => {
    const mark = make("span", "mark");
    mark.style.left = `${Math.max(0, Math.min(99.8, 100 * event.offsetNs / total))}%`;
    mark.title = event.name;
    return mark;
  }));
  const name = make("span", "name", make("span", `kind ${span.kind}`, span.kind.toLowerCase()), make("b", failed ? "error" : "", span.name));
  name.style.paddingLeft = `${Math.min(span.depth, 12) * 0.9}rem`;
  const row = make("button", "row span", name, make("span", "number", duration(span.durationNs)), track);
  row.type = "button";
  row.dataset.id = span.spanId;
  row.setAttribute("aria-expanded", "false");
  row.title = span.name;
  const item = make("li", "", row);
  row.addEventListener("click", () => {
    const open = row.getAttribute("aria-expanded") === "true";
    row.setAttribute("aria-expanded", String(!open));
    if (open) item.lastChild.remove(); else item.append(details(span));
  });
  return item;
}

function details(span) {
  const box = make("div", "details");
  const section = (title, pairs) => { if (pairs.length) box.append(make("h3", "", title), pairList(pairs)); };
  section("span", [
    ["span id", span.spanId], span.parentId ? ["parent", span.parentId] : null, ["start", span.start],
    ["status", [span.status.code, span.status.message].filter(Boolean).join(": ")], ["scope", [span.scope.name, span.scope.version].filter(Boolean).join(" ")],
    span.traceState ? ["tracestate", span.traceState] : null, span.dropped ? ["dropped", span.dropped] : null,
  ].filter((pair) => pair && pair[1]));
  section("attributes", attributes(span.attributes));
  for (const event of span.events) section(`event ${event.name} at ${duration(Math.max(0, event.offsetNs))}`, attributes(event.attributes).concat(event.attributes.length ? [] : [["", "no attributes"]]));
  for (const link of span.links) section(`link to ${link.traceId} ${link.spanId}`, attributes(link.attributes).concat(link.attributes.length ? [] : [["", "no attributes"]]));
  section("resource", attributes(span.resource));
  return box;
}

const attributes = (list) => list.map((a) => [a.key, a.value + (a.cut ? ` … (${a.cut} bytes more, see the JSON)` : "")]);

function pairList(pairs) {
  return make("dl", "", ...pairs.flatMap(([key, value]) => [make("dt", "", key), make("dd", "", String(value))]));
}

// --- where we are, keys, live ---

const current = () => location.hash.slice(1);
const show = () => (/^[0-9a-f]{32}$/.test(current()) ? showTrace(current()) : showList());
window.addEventListener("hashchange", show);
$("filter").addEventListener("submit", (event) => { event.preventDefault(); showList(); });
let typing;
$("filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(showList, 150); });

document.addEventListener("keydown", (event) => {
  const inField = /^(INPUT|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape") { if (inField) event.target.blur(); else location.hash = ""; return; }
  if (inField || event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "/" && !$("list").hidden) { event.preventDefault(); $("filter").elements.name.focus(); return; }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...document.querySelectorAll("section:not([hidden]) .row")];
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
  if (next) { event.preventDefault(); next.focus(); }
});

async function follow() {
  for (;;) {
    try {
      const { generation } = await ask({ data: "wait", seen });
      if (generation !== seen && $("live").checked && !$("list").hidden) await showList();
      else await new Promise((resolve) => setTimeout(resolve, 300));
    } catch {
      $("state").textContent = "the program does not answer";
      await new Promise((resolve) => setTimeout(resolve, 2000));
    }
  }
}

show();
follow();
