// The rows of a trace. Only rows near the visible part exist; the tree keeps the focus and names the active row.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { colour, duration, make } = await here("dom.js");

const height = 30; // of a row in pixels, as in page.css
const beyond = 30; // rows above and below the visible part

export class Waterfall {
  // choose is called with the index of a span that the user selects.
  constructor(outline, length, choose) {
    this.outline = outline;
    this.whole = Math.max(length, 1);
    this.view = { from: 0, to: this.whole };
    this.choose = choose;
    this.active = 0;
    this.canvas = make("div", "canvas");
    this.tree = make("div", "tree", this.canvas);
    this.tree.tabIndex = 0;
    this.tree.setAttribute("role", "tree");
    this.tree.setAttribute("aria-label", "spans");
    this.canvas.setAttribute("role", "presentation");
    this.axis = make("div", "axis");
    this.tree.addEventListener("scroll", () => this.draw(), { passive: true });
    this.tree.addEventListener("click", (event) => this.click(event));
    this.tree.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.draw(true)).observe(this.tree);
  }

  // draw shows the rows of the visible part; changed discards those that exist.
  draw(changed) {
    const { visible } = this.outline;
    const first = Math.max(0, Math.floor(this.tree.scrollTop / height) - beyond);
    const last = Math.min(visible.length, Math.ceil((this.tree.scrollTop + this.tree.clientHeight) / height) + beyond);
    // Half of the rows beyond are left: nothing to do yet.
    const enough = this.drawn && Math.abs(first - this.drawn.first) < beyond / 2 && Math.abs(last - this.drawn.last) < beyond / 2;
    if (!changed && enough) return;
    this.drawn = { first, last };
    this.canvas.style.height = `${visible.length * height}px`;
    this.canvas.replaceChildren(...visible.slice(first, last).map((i, k) => this.row(i, first + k)));
    this.tree.setAttribute("aria-activedescendant", `s${this.active}`);
    this.drawAxis();
    this.moved?.();
  }

  drawAxis() {
    const { from, to } = this.view;
    this.axis.replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((part) => make("span", "", duration(from + (to - from) * part))));
  }

  row(i, at) {
    const { outline } = this, span = outline.spans[i];
    const row = make("div", "span" + (span.error !== undefined ? " failed" : "") + (outline.critical.has(i) ? " critical" : ""), this.nameOf(i),
      make("span", "number", duration(span.durationNs)), this.track(span));
    row.id = `s${i}`;
    row.style.top = `${at * height}px`;
    row.dataset.index = i;
    row.setAttribute("role", "treeitem");
    row.setAttribute("aria-level", span.depth + 1);
    row.setAttribute("aria-selected", i === this.active);
    row.setAttribute("aria-setsize", outline.visible.length);
    row.setAttribute("aria-posinset", at + 1);
    if (outline.hasChildren(i)) row.setAttribute("aria-expanded", !outline.isCollapsed(i));
    row.setAttribute("aria-label", [span.name, span.service, span.kind, duration(span.durationNs), span.error !== undefined ? "error" : "",
      outline.critical.has(i) ? "on the critical path" : ""].filter(Boolean).join(", "));
    row.title = `${span.name}\n${span.service} · ${span.kind}`;
    return row;
  }

  nameOf(i) {
    const { outline } = this, span = outline.spans[i];
    const twist = make("i", "twist", outline.hasChildren(i) ? (outline.isCollapsed(i) ? "▸" : "▾") : "");
    const name = make("span", "name", twist, colour(make("i", "dot"), span.service), make("bdi", "service", span.service || "unknown"),
      span.error !== undefined ? make("b", "error", "!") : null, make("bdi", "title", span.name || "(no name)"),
      outline.isCollapsed(i) ? make("span", "soft", `+${span.last - i - 1}`) : null);
    name.style.paddingInlineStart = `${Math.min(span.depth, 14) * 0.7}rem`;
    return name;
  }

  // percent is the place of a moment in the visible part of the axis.
  percent(ns) { return 100 * (ns - this.view.from) / (this.view.to - this.view.from); }

  track(span) {
    const left = this.percent(span.offsetNs), right = this.percent(span.offsetNs + span.durationNs);
    const track = make("span", "track");
    if (right >= 0 && left <= 100) {
      const bar = colour(make("i", "bar"), span.service);
      bar.style.left = `${Math.min(99.5, Math.max(0, left))}%`;
      bar.style.width = `${Math.max(0.3, Math.min(100, right) - Math.max(0, left))}%`;
      track.append(bar);
    }
    for (const at of (span.events ?? []).map((event) => this.percent(event)).filter((at) => at >= 0 && at <= 100)) {
      const mark = make("i", "mark");
      mark.style.left = `${Math.min(99.8, at)}%`;
      track.append(mark);
    }
    return track;
  }

  click(event) {
    const row = event.target.closest(".span");
    if (!row) return;
    const i = +row.dataset.index;
    if (event.target.closest(".twist") && this.outline.hasChildren(i)) this.collapse(i, !this.outline.isCollapsed(i));
    else this.select(i);
  }

  // select makes a span active and shows its details.
  select(i) {
    this.move(i);
    this.choose(i);
  }

  // move makes a span active and visible.
  move(i) {
    if (!this.outline.rowOf.has(i)) this.outline.reveal(i);
    this.active = i;
    const top = this.outline.rowOf.get(i) * height, { scrollTop, clientHeight } = this.tree;
    const away = top - scrollTop;
    if (away < -clientHeight || away > 2 * clientHeight) this.tree.scrollTop = top - clientHeight / 2;
    else if (top < scrollTop) this.tree.scrollTop = top - height;
    else if (top + height > scrollTop + clientHeight) this.tree.scrollTop = top + 2 * height - clientHeight;
    this.draw(true);
  }

  collapse(i, closed) {
    this.outline.collapse(i, closed);
    this.move(i);
  }

  collapseAll(closed) {
    this.outline.collapseAll(closed);
    while (!this.outline.rowOf.has(this.active)) this.active = this.outline.spans[this.active].parent;
    this.move(this.active);
  }

  // zoom shows a part of the time axis, at least a millionth of the whole.
  zoom(from, to) {
    const width = Math.min(this.whole, Math.max(to - from, this.whole / 1e6, 1));
    const begin = Math.max(0, Math.min(from, this.whole - width));
    this.view = { from: begin, to: begin + width };
    this.draw(true);
  }

  // scale zooms around the active span.
  scale(factor) {
    const span = this.outline.spans[this.active], width = (this.view.to - this.view.from) * factor;
    const middle = span.offsetNs + span.durationNs / 2;
    this.zoom(middle - width / 2, middle + width / 2);
  }

  key(event) {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const { outline, active: i } = this, at = outline.rowOf.get(i), last = outline.visible.length - 1;
    const page = Math.max(1, Math.floor(this.tree.clientHeight / height) - 1);
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: last, PageDown: at + page, PageUp: at - page }[event.key];
    if (target !== undefined) this.move(outline.visible[Math.max(0, Math.min(last, target))]);
    else if (event.key === "Enter" || event.key === " ") this.select(i);
    else if (event.key === "ArrowRight") this.right(i);
    else if (event.key === "ArrowLeft") this.left(i);
    else return;
    event.preventDefault();
  }

  right(i) {
    if (this.outline.isCollapsed(i)) this.collapse(i, false);
    else if (this.outline.hasChildren(i)) this.move(i + 1);
  }

  left(i) {
    if (this.outline.hasChildren(i) && !this.outline.isCollapsed(i)) this.collapse(i, true);
    else if (this.outline.spans[i].parent >= 0) this.move(this.outline.spans[i].parent);
  }
}
