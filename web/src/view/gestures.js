/**
 * Pointer and wheel on a column's plot: drag scrolls, pinch and Ctrl + wheel zoom, a click is a click. Over the numbers of the
 * axis, or with Shift, the same along the axis.
 */

import { panAcrossBy, scrollTo, setAcross, setView, zoomAcrossBy, zoomBy } from "./navigate.js";
import { AXIS_HEIGHT } from "../model/layout.js";
import { zoomAcross } from "../model/scales.js";
import { zoomAt } from "../model/viewport.js";

/** @typedef {import("./column.js").Column} Column */

/** A pointer that moved less than this between down and up has clicked. CSS pixels. */
const CLICK_SLACK = 4;
const LINE_PIXELS = 16;

/**
 * @param {Column} column
 * @param {{click: (y: number, x: number, event: PointerEvent) => void, pick: (from: number, to: number, event: PointerEvent, done: boolean) => void, hover: (y: number | null, event: PointerEvent | null) => void, nothingToScroll: () => void}} on
 */
export function attachGestures(column, on) {
  const { canvas } = column;
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  /**
   * `picking`: over the numbers of rows, or with Shift: it selects rows.
   * @type {{y: number, x: number, top: number, scale: import("../types").Scale | null, moved: boolean, picking: boolean} | null}
   */
  let drag = null;
  /** @type {{distance: number, across: boolean, scale: import("../types").Scale | null, view: {top: number, span: number | null}} | null} */
  let pinch = null;
  /**
   * What the tap that has just ended does.
   * @type {(() => void) | null}
   */
  let tapped = null;
  /** @param {MouseEvent} event */
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE_PIXELS : event.deltaMode === 2 ? column.layout.plotHeight : 1;
    const place = at(event);
    const overAxis = place.y < AXIS_HEIGHT;
    // With Shift, Chrome gives the wheel's way as a sideways one, Firefox as it is.
    const sideways = event.deltaX * unit || (event.shiftKey ? event.deltaY * unit : 0);
    const down = event.shiftKey ? 0 : event.deltaY * unit;
    const zooming = event.ctrlKey || event.metaKey || event.altKey;
    // Pinches on a trackpad come as small wheel steps with ctrlKey: an exponential makes both feel the same.
    const factor = Math.exp(-Math.max(-120, Math.min(120, down || sideways)) / 260);
    if (overAxis || (zooming && event.shiftKey)) zoomAcrossBy(column, factor, place.x);
    else if (zooming) zoomBy(column, factor, place.y);
    else {
      if (sideways) panAcrossBy(column, column.axis.scale(column.layout.plotWidth), sideways);
      if (down && column.view.span === null) on.nothingToScroll();
      else if (down) scrollTo(column, column.view.top + down / column.frame.screen.rowHeight);
    }
    on.hover(at(event).y, null);
  }, { passive: false });

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const place = at(event);
    tapped = null;
    pointers.set(event.pointerId, place);
    canvas.setPointerCapture(event.pointerId);
    if (pointers.size === 1) drag = { ...place, top: column.view.top, scale: column.axis.scale(column.layout.plotWidth), moved: false, picking: isPicking(column, place, event) };
    if (pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const across = Math.abs(a.x - b.x) > Math.abs(a.y - b.y);
      pinch = { distance: Math.max(20, apart(a, b, across)), across, scale: column.axis.scale(column.layout.plotWidth), view: column.view };
      drag = null;
    }
  });

  canvas.addEventListener("pointermove", (event) => {
    const place = at(event);
    if (!pointers.has(event.pointerId)) {
      canvas.classList.toggle("over-axis", place.y < AXIS_HEIGHT);
      on.hover(place.y, event);
      return;
    }
    pointers.set(event.pointerId, place);
    if (pinch && pointers.size === 2) {
      const [a, b] = [...pointers.values()];
      const factor = Math.max(20, apart(a, b, pinch.across)) / pinch.distance;
      const { plotTop, plotHeight, plotX, plotWidth } = column.layout;
      const whole = column.axis.fit();
      if (pinch.across && pinch.scale && whole) {
        setAcross(column, zoomAcross(pinch.scale, whole, factor, ((a.x + b.x) / 2 - plotX) / plotWidth, column.leastAcross()));
      } else setView(column, zoomAt(pinch.view, column.total, plotHeight, factor, (a.y + b.y) / 2 - plotTop));
    } else if (drag) {
      if (Math.abs(place.y - drag.y) + Math.abs(place.x - drag.x) > CLICK_SLACK) drag.moved = true;
      if (drag.moved && drag.picking) on.pick(drag.y, place.y, event, false);
      else if (drag.moved) {
        if (drag.y >= AXIS_HEIGHT) scrollTo(column, drag.top - (place.y - drag.y) / column.frame.screen.rowHeight);
        panAcrossBy(column, drag.scale, drag.x - place.x);
        canvas.classList.toggle("dragging", column.view.span !== null || column.state.across !== null);
        on.hover(null, null);
      }
    }
  });

  /** @param {PointerEvent} event */
  const end = (event) => {
    pointers.delete(event.pointerId);
    canvas.classList.remove("dragging");
    if (pointers.size < 2) pinch = null;
    if (drag && !drag.moved && event.type === "pointerup") {
      const { x, y } = drag;
      const click = () => on.click(y, x, event);
      // A finger's click is yet to come, to whatever lies there by then: what it opens may lie there.
      if (event.pointerType === "touch") tapped = click;
      else click();
    }
    if (drag?.moved && drag.picking) on.pick(drag.y, at(event).y, event, true);
    if (pointers.size === 0) drag = null;
  };
  canvas.addEventListener("click", () => {
    tapped?.();
    tapped = null;
  });
  canvas.addEventListener("dblclick", (event) => {
    if (at(event).y < AXIS_HEIGHT) setAcross(column, null);
  });
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.addEventListener("pointerleave", () => on.hover(null, null));
}

/**
 * Whether a drag that begins here selects rows: over their numbers, or with Shift; a finger scrolls.
 * @param {Column} column
 * @param {{x: number, y: number}} place
 * @param {PointerEvent} event
 */
function isPicking({ layout }, { x, y }, { shiftKey, pointerType }) {
  return pointerType !== "touch" && y >= layout.plotTop && (shiftKey || x < layout.zeroX);
}

/** @param {{x: number, y: number}} a @param {{x: number, y: number}} b @param {boolean} across */
function apart(a, b, across) {
  return across ? Math.abs(a.x - b.x) : Math.abs(a.y - b.y);
}
