// The list of traces. Live updates keep the elements of traces that did not change, and so focus and scroll.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { $, ask, clock, colour, duration, legend, make, plural, serviceName } = await here("dom.js");
const { replaceFilter, traceAddress } = await here("place.js");

const rows = new Map(); // trace id to { text, item }
let started = false;

export let seen = 0; // generation of what is shown

// fields sets the form from the address.
export function fields(filter) {
  for (const field of $("filter").elements) if (field.name) field.value = filter.get(field.name) ?? "";
}

const filled = () => Object.fromEntries([...new FormData($("filter"))].filter(([, value]) => value.trim() !== ""));

let requests = 0;

export async function showList() {
  const request = ++requests, values = filled();
  try {
    const answer = await ask({ data: "traces", ...values });
    if (request !== requests) return; // a later request is under way, or was answered first
    $("fault").textContent = "";
    seen = answer.generation;
    keepingPlace(() => update(answer.traces));
    $("services").replaceChildren(...(answer.traces.length ? [legend(answer.traces.map((trace) => trace.service))] : []));
    $("empty").hidden = answer.held > 0;
    $("none").hidden = answer.held === 0 || answer.traces.length > 0;
    $("state").textContent = `${plural(answer.traces.length, "trace")} of ${answer.held.toLocaleString("en")} held`;
  } catch (error) {
    if (request === requests) $("fault").textContent = error.message;
  }
}

// keepingPlace changes the list and keeps the first visible row where it is on the screen.
function keepingPlace(change) {
  const anchor = window.scrollY > 0 ? [...$("traces").children].find((item) => item.getBoundingClientRect().bottom > 0) : null;
  const before = anchor?.getBoundingClientRect().top;
  change();
  if (anchor?.isConnected) window.scrollBy(0, anchor.getBoundingClientRect().top - before);
}

function update(traces) {
  const longest = Math.max(1, ...traces.map((trace) => trace.durationNs));
  const kept = new Set(traces.map((trace) => trace.id));
  for (const [id, row] of rows) if (!kept.has(id)) { row.item.remove(); rows.delete(id); }
  let next = $("traces").firstElementChild;
  for (const trace of traces) {
    const item = rowOf(trace);
    item.querySelector(".bar").style.width = `${Math.max(1, 100 * trace.durationNs / longest)}%`;
    if (item === next) next = next.nextElementSibling;
    else $("traces").insertBefore(item, next);
  }
  started = true;
}

function rowOf(trace) {
  const text = JSON.stringify(trace);
  const row = rows.get(trace.id);
  if (row?.text === text) return row.item;
  const item = row?.item ?? make("li", started ? "fresh" : "");
  const link = item.firstElementChild ?? item.appendChild(make("a", "row summary"));
  link.href = traceAddress(trace.id);
  link.dataset.id = trace.id;
  link.title = trace.id;
  link.replaceChildren(
    make("time", "soft", clock(trace.start)), make("span", "name", make("bdi", "", trace.name || "(no name)")), serviceName(trace.service),
    make("span", "track", colour(make("i", "bar"), trace.service)), make("span", "number", duration(trace.durationNs)),
    make("span", "number soft", plural(trace.spans, "span")), make("span", "number error", trace.errors ? plural(trace.errors, "error") : ""));
  rows.set(trace.id, { text, item });
  return item;
}

let typing;
function changed() {
  replaceFilter(filled());
  showList();
}
$("filter").addEventListener("submit", (event) => { event.preventDefault(); changed(); });
$("filter").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(changed, 150); });
$("clear").addEventListener("click", () => { fields(new URLSearchParams()); changed(); });
