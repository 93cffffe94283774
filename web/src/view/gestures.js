/** Pointer and wheel on a column's plot: drag scrolls, pinch and Ctrl + wheel zoom, a click is a click. */

import { scrollTo, setView, zoomBy } from "./navigate.js";
import { zoomAt } from "../model/viewport.js";

/** @typedef {import("./column.js").Column} Column */

/** A pointer that moved less than this between down and up has clicked. CSS pixels. */
const CLICK_SLACK = 4;
const LINE_PIXELS = 16;

/**
 * @param {Column} column
 * @param {{click: (y: number, x: number, event: PointerEvent) => void, hover: (y: number | null, event: PointerEvent | null) => void, nothingToScroll: () => void}} on
 */
export function attachGestures(column, on) {
  const { canvas } = column;
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  /** @type {{y: number, x: number, top: number, moved: boolean} | null} */
  let drag = null;
  /** @type {{distance: number, view: {top: number, span: number | null}} | null} */
  let pinch = null;
  /** @param {MouseEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const pixels = event.deltaY * (event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? column.layout.plotHeight : 1);
    if (event.ctrlKey || event.metaKey || event.altKey) {
      // Pinches on a trackpad come as small wheel steps with ctrlKey: an exponential makes both feel the same.
      zoomBy(column, Math.exp(-Math.max(-120, Math.min(120, pixels)) / 260), at(event).y);
    } else if (column.view.span === null) on.nothingToScroll();
    else scrollTo(column, column.view.top + pixels / column.rowHeight);
    on.hover(at(event).y, null);
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const place = at(event);
    pointers.set(event.pointerId, place);
    canvas.setPointerCapture(event.pointerId);
    if (pointers.size === 1) drag = { ...place, top: column.view.top, moved: false };
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      pinch = { distance: Math.max(20, Math.abs(a.y - b.y)), view: column.view };
      drag = null;
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (!pointers.has(event.pointerId)) {
      on.hover(place.y, event);
      return;
    }
    pointers.set(event.pointerId, place);
    if (pinch && pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const factor = Math.max(20, Math.abs(a.y - b.y)) / pinch.distance;
      const { plotTop, plotHeight } = column.layout;
      setView(column, zoomAt(pinch.view, column.total, plotHeight, factor, (a.y + b.y) / 2 - plotTop));
    } else if (drag) {
      if (Math.abs(place.y - drag.y) + Math.abs(place.x - drag.x) > CLICK_SLACK) drag.moved = true;
      if (drag.moved) {
        scrollTo(column, drag.top - (place.y - drag.y) / column.rowHeight);
        canvas.classList.toggle("dragging", column.view.span !== null);
        on.hover(null, null);
      }
    }
  });

  /** @param {PointerEvent} event */
  const end = (event) => {
    pointers.delete(event.pointerId);
    canvas.classList.remove("dragging");
    if (pointers.size < 2) pinch = null;
    if (drag && !drag.moved && event.type === "pointerup") on.click(drag.y, drag.x, event);
    if (pointers.size === 0) drag = null;
  };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => on.hover(null, null));
}
