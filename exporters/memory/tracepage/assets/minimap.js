// A small picture of all spans for large traces. A drag selects a part of the time axis, a click scrolls.
const here = (name) => import(new URL("?asset=" + name, import.meta.url));
const { hue, make } = await here("dom.js");

// dragged calls select with two moments after a drag across element, and click with the place of a click, 0 to 1.
export function dragged(element, waterfall, select, click) {
  let from = null;
  const part = (event) => {
    const box = element.getBoundingClientRect();
    return [Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)), (event.clientY - box.top) / box.height];
  };
  element.addEventListener("pointerdown", (event) => { from = part(event)[0]; element.setPointerCapture(event.pointerId); });
  element.addEventListener("pointercancel", () => { from = null; });
  element.addEventListener("pointerup", (event) => {
    if (from === null) return;
    const [to, down] = part(event), start = from;
    from = null;
    if (Math.abs(to - start) > 0.01) select(Math.min(start, to), Math.max(start, to));
    else click?.(down);
  });
}

export function minimap(waterfall) {
  const picture = make("canvas", ""), view = make("i", "view"), box = make("div", "minimap", picture, view);
  box.setAttribute("aria-hidden", "true"); // the tree and the buttons do the same
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paint = () => {
    const { visible, spans } = waterfall.outline, width = (picture.width = 1000), tall = (picture.height = 120);
    const pen = picture.getContext("2d");
    const draw = (i, row, wide) => {
      const span = spans[i];
      pen.fillRect(width * span.offsetNs / waterfall.whole, tall * row / visible.length, Math.max(wide, width * span.durationNs / waterfall.whole), Math.max(wide, tall / visible.length));
    };
    visible.forEach((i, row) => {
      pen.fillStyle = `oklch(${dark.matches ? 0.75 : 0.5} 0.13 ${hue(spans[i].service)})`;
      draw(i, row, 1.5);
    });
    pen.fillStyle = dark.matches ? "#ff7b72" : "#cf222e"; // errors on top, so that none is hidden
    visible.forEach((i, row) => { if (spans[i].error !== undefined) draw(i, row, 4); });
  };
  let painted;
  waterfall.moved = () => {
    const { visible } = waterfall.outline, { tree } = waterfall;
    if (painted !== visible) { painted = visible; paint(); }
    view.style.left = `${100 * waterfall.view.from / waterfall.whole}%`;
    view.style.width = `${100 * (waterfall.view.to - waterfall.view.from) / waterfall.whole}%`;
    view.style.top = `${100 * tree.scrollTop / Math.max(1, tree.scrollHeight)}%`;
    view.style.height = `${Math.min(100, 100 * tree.clientHeight / Math.max(1, tree.scrollHeight))}%`;
  };
  dark.addEventListener("change", paint);
  waterfall.tree.addEventListener("scroll", waterfall.moved, { passive: true });
  dragged(box, waterfall, (from, to) => waterfall.zoom(from * waterfall.whole, to * waterfall.whole),
    (down) => { waterfall.tree.scrollTop = down * waterfall.tree.scrollHeight - waterfall.tree.clientHeight / 2; });
  return box;
}
