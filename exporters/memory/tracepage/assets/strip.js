// The state of delivery, one part for each destination.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { $, ask, clock, make, plural } = await here("dom.js");

let shown = "";

export async function showDelivery() {
  const { destinations } = await ask({ data: "delivery" });
  const text = JSON.stringify(destinations);
  if (text === shown) return;
  shown = text;
  $("delivery").hidden = destinations.length === 0;
  $("delivery").replaceChildren(...destinations.map(destination));
}

function destination(d) {
  const dropped = d.dropped.reduce((sum, drop) => sum + drop.spans, 0);
  const reasons = d.dropped.filter((drop) => drop.spans > 0).map((drop) => `${drop.reason.replaceAll("_", " ")} ${drop.spans.toLocaleString("en")}`).join(", ");
  const item = make("li", d.since ? "down" : "", make("b", "", d.name), make("span", "", ` ${d.delivered.toLocaleString("en")} delivered`),
    make("span", "", `${d.queued.toLocaleString("en")} queued${d.oldest ? ` since ${clock(d.oldest)}` : ""}`), d.retries ? make("span", "", `${d.retries.toLocaleString("en")} retries`) : null,
    dropped ? make("span", "error", `${dropped.toLocaleString("en")} dropped (${reasons})`) : null,
    d.since ? make("span", "error", `breaker ${d.breaker} since ${clock(d.since)}${d.next ? `, next attempt ${clock(d.next)}` : ""}`) : make("span", "soft", "up"),
    d.since && d.error ? make("span", "reason", make("bdi", "", d.error + (d.hint ? "; " + d.hint : ""))) : null);
  item.setAttribute("aria-label", `${d.name}: ${plural(d.queued, "span")} queued, ${dropped} dropped${d.since ? `, breaker ${d.breaker}` : ""}`);
  return item;
}
