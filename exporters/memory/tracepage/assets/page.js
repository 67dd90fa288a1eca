// What is shown follows the address; keys and live updates.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { $, ask } = await here("dom.js");
const { goBack, place } = await here("place.js");
const list = await here("list.js");
const trace = await here("trace.js");
const { showDelivery } = await here("strip.js");

async function show() {
  const at = place();
  const listed = at.filter !== undefined;
  const left = listed && $("list").hidden ? $("list").dataset.at : null;
  if (!listed && !$("list").hidden) $("list").dataset.at = `${window.scrollY} ${at.trace}`;
  $("list").hidden = !listed;
  $("trace").hidden = listed;
  document.body.classList.toggle("wide", !listed);
  if (!listed) return trace.showTrace(at.trace, at.span);
  trace.leaveTrace();
  document.title = "traces";
  list.fields(at.filter);
  await list.showList();
  if (!left) return;
  const [scroll, id] = left.split(" "); // back where the trace was opened
  window.scrollTo(0, +scroll);
  $("traces").querySelector(`[data-id="${id}"]`)?.focus({ preventScroll: true });
}

function listKey(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...document.querySelectorAll("#traces .row")];
  const at = rows.indexOf(document.activeElement);
  const next = rows[Math.max(0, Math.min(rows.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))];
  if (next) { event.preventDefault(); next.focus(); }
}

const traceKeys = {
  n: () => trace.nextError(1), p: () => trace.nextError(-1), "+": () => trace.scale(0.5), "-": () => trace.scale(2),
};

document.addEventListener("keydown", (event) => {
  const inField = /^(INPUT|SELECT)$/.test(event.target.tagName);
  if (event.key === "Escape") { if (inField) event.target.blur(); else goBack(); return; }
  if (inField || event.metaKey || event.ctrlKey || event.altKey) return;
  if (!$("trace").hidden) return traceKeys[event.key]?.();
  if (event.key === "/") { event.preventDefault(); $("filter").elements.q.focus(); } else listKey(event);
});

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function follow() {
  let seen = -1;
  for (;;) {
    try {
      const { generation } = await ask({ data: "wait", seen: Math.max(seen, 0) });
      await showDelivery();
      if (generation !== seen && $("live").checked) await ($("list").hidden ? trace.refresh() : generation === list.seen ? null : list.showList());
      if ($("live").checked) seen = generation;
      await pause(300);
    } catch {
      $("state").textContent = "the program does not answer";
      await pause(2000);
    }
  }
}

window.addEventListener("hashchange", show);
await show();
follow();
