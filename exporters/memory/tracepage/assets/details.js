// The details of one span.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { ask, button, copy, duration, make, serviceName } = await here("dom.js");
const { permalink, traceAddress } = await here("place.js");

export async function showDetails(box, trace, outlined, zoom) {
  box.dataset.span = outlined.spanId;
  box.setAttribute("aria-busy", "true");
  let span;
  try {
    span = await ask({ data: "span", id: trace, span: outlined.spanId });
  } catch (error) {
    span = null;
    if (box.dataset.span === outlined.spanId) {
      box.replaceChildren(make("p", "error", error.message));
      box.setAttribute("aria-busy", "false");
    }
  }
  if (!span || box.dataset.span !== outlined.spanId) return; // another span was selected meanwhile
  const copyId = button("copy span id", () => copy(span.spanId, copyId));
  const copyLink = button("copy link", () => copy(permalink(trace, span.spanId), copyLink));
  const message = outlined.error === undefined ? [] : [make("p", "message error", make("bdi", "", outlined.error || "error without a message"))];
  box.replaceChildren(make("h3", "", make("bdi", "", span.name || "(no name)")), make("p", "", serviceName(outlined.service), ` · ${span.kind.toLowerCase()} · ${duration(span.durationNs)}`),
    ...message, make("p", "tools", copyId, copyLink, button("zoom to span", zoom)), ...sections(span, trace));
  box.scrollTop = 0;
  box.setAttribute("aria-busy", "false");
}

function sections(span, trace) {
  const attributes = (list) => list.map((a) => [a.key, a.value + (a.cut ? ` … (${a.cut.toLocaleString("en")} bytes more, see the JSON)` : "")]);
  const link = (to, id, text) => { const a = make("a", "", text); a.href = traceAddress(to, id); return a; };
  const all = [
    section("attributes", attributes(span.attributes)),
    ...span.events.map((event) => section(`event ${event.name} at ${duration(Math.max(0, event.offsetNs))}`, attributes(event.attributes), true)),
    ...span.links.map((to) => section(link(to.traceId, to.spanId, `link to ${to.traceId} ${to.spanId}`), attributes(to.attributes), true)),
    section("span", [
      ["span id", span.spanId], ["parent", span.parentId && link(trace, span.parentId, span.parentId)], ["start", span.start],
      ["status", [span.status.code, span.status.message].filter(Boolean).join(": ")], ["scope", [span.scope.name, span.scope.version].filter(Boolean).join(" ")],
      ["tracestate", span.traceState], ["dropped", span.dropped],
    ].filter(([, value]) => value)),
    section("resource", attributes(span.resource)),
  ];
  return all.filter(Boolean);
}

function section(title, pairs, always) {
  if (!pairs.length && !always) return null;
  const list = pairs.flatMap(([key, value]) => [make("dt", "", key), make("dd", "", value)]);
  return make("section", "", make("h4", "", title), list.length ? make("dl", "", ...list) : make("p", "soft", "no attributes"));
}
