// The address holds what is shown: "#?status=error" is a filtered list, "#<trace id>" a trace and
// "#<trace id>/<span id>" a span of it.

let list = ""; // address of the last list, to go back to

export function place() {
  const hash = location.hash.slice(1);
  const found = /^([0-9a-f]{32})(?:\/([0-9a-f]{16}))?$/.exec(hash);
  if (found) return { trace: found[1], span: found[2] ?? "" };
  list = location.hash;
  return { filter: new URLSearchParams(location.hash.replace(/^#\??/, "")) };
}

export const traceAddress = (trace, span) => "#" + trace + (span ? "/" + span : "");

export const permalink = (trace, span) => location.href.split("#")[0] + traceAddress(trace, span);

export function goBack() { location.hash = list || "#"; }

// replace changes the address without a step in the history.
export function replace(hash) {
  history.replaceState(null, "", location.href.split("#")[0] + hash);
}

export function replaceFilter(values) {
  const text = new URLSearchParams(values).toString();
  list = text ? "#?" + text : "";
  replace(list);
}
