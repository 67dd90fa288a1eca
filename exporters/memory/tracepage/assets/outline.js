// The tree of one trace. Spans come in waterfall order with a depth, so that the tree has no cycles and needs no ids.

export class Outline {
  constructor(spans) {
    this.spans = spans;
    this.collapsed = new Set(); // span ids
    this.arrange();
    this.critical = criticalPath(spans);
    this.errors = spans.map((_, i) => i).filter((i) => spans[i].error !== undefined);
    // What ended first is the likely cause; a span above it ends later.
    this.errors.sort((a, b) => end(spans[a]) - end(spans[b]) || b - a);
    this.place();
  }

  // arrange sets the parent of each span and the end of its subtree.
  arrange() {
    const open = [];
    this.spans.forEach((span, i) => {
      while (open.length > span.depth) this.spans[open.pop()].last = i;
      span.parent = open.length ? open[open.length - 1] : -1;
      span.last = this.spans.length; // index after the last span below this one
      open.push(i);
    });
  }

  // place lists the visible spans.
  place() {
    this.visible = [];
    this.rowOf = new Map();
    for (let i = 0; i < this.spans.length;) {
      const span = this.spans[i];
      this.rowOf.set(i, this.visible.length);
      this.visible.push(i);
      i = this.collapsed.has(span.spanId) ? span.last : i + 1;
    }
  }

  hasChildren(i) { return this.spans[i].last > i + 1; }

  isCollapsed(i) { return this.collapsed.has(this.spans[i].spanId); }

  collapse(i, closed) {
    if (closed && this.hasChildren(i)) this.collapsed.add(this.spans[i].spanId);
    else this.collapsed.delete(this.spans[i].spanId);
    this.place();
  }

  collapseAll(closed) {
    this.collapsed.clear();
    if (closed) this.spans.forEach((span, i) => { if (this.hasChildren(i)) this.collapsed.add(span.spanId); });
    this.place();
  }

  // reveal opens the spans above a span.
  reveal(i) {
    for (let p = this.spans[i].parent; p >= 0; p = this.spans[p].parent) this.collapsed.delete(this.spans[p].spanId);
    this.place();
  }

  find(id) { return this.spans.findIndex((span) => span.spanId === id); }

  // error returns the error that follows or precedes a span in order of their ends.
  error(from, step) {
    const at = this.errors.indexOf(from);
    if (at < 0) return this.errors[step > 0 ? 0 : this.errors.length - 1];
    return this.errors[(at + step + this.errors.length) % this.errors.length];
  }
}

export const end = (span) => span.offsetNs + span.durationNs;

// criticalPath returns the spans that the duration of the trace depends on: from the end of a span backwards, always
// the child that ended last before the moment reached.
export function criticalPath(spans) {
  const children = new Map();
  spans.forEach((span, i) => {
    if (span.parent < 0) return;
    if (!children.has(span.parent)) children.set(span.parent, []);
    children.get(span.parent).push(i);
  });
  const path = new Set();
  const roots = spans.map((_, i) => i).filter((i) => spans[i].parent < 0);
  if (!roots.length) return path;
  const stack = [roots.reduce((a, b) => (spans[b].durationNs > spans[a].durationNs ? b : a))];
  while (stack.length) {
    const i = stack.pop();
    path.add(i);
    let moment = end(spans[i]);
    for (const child of (children.get(i) ?? []).sort((a, b) => end(spans[b]) - end(spans[a]))) {
      if (end(spans[child]) > moment || end(spans[child]) <= spans[i].offsetNs) continue;
      stack.push(child);
      moment = spans[child].offsetNs;
    }
  }
  return path;
}
