/** The dots of instances as small pictures for text. */

import { svg } from "../dom.js";
import { css } from "../model/colormap.js";

/**
 * How a mark of radius 4 is filled, or drawn where it is hollow.
 * @param {import("./dots.js").Marker} marker
 * @returns {Record<string, string | number>}
 */
export function markPaint({ colour, hollow }) {
  return hollow ? { fill: "var(--paper)", stroke: css(colour), "stroke-width": 1.8 } : { fill: css(colour) };
}

const CROSS = 0.4;
/** Outlines of radius 4; arrows stand for what lies beyond an axis. */
const OUTLINES = {
  diamond: "M0-5 5 0 0 5-5 0z", square: "M-4-4H4V4H-4z", triangle: "M0-5 5 4H-5z",
  cross: `M${-CROSS * 4}-5H${CROSS * 4}V${-CROSS * 4}H5V${CROSS * 4}H${CROSS * 4}V5H${-CROSS * 4}V${CROSS * 4}H-5V${-CROSS * 4}H${-CROSS * 4}z`,
  left: "M-5 0 3-4V4z", right: "M5 0-3-4V4z",
};

/**
 * A mark in a drawing, with a halo round it.
 * @param {import("./dots.js").Shape | "left" | "right"} shape
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {import("./dots.js").Marker} marker
 */
export function paintedMark(shape, x, y, radius, marker) {
  const look = { ...markPaint(marker), transform: `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${radius / 4})` };
  const halo = { transform: look.transform, class: "halo" };
  const make = (/** @type {Record<string, string | number>} */ how) => (shape === "circle" ? svg("circle", { r: 4, ...how }) : svg("path", { d: OUTLINES[shape], ...how }));
  return svg("g", {}, make(halo), make(look));
}

/** @param {import("./dots.js").Marker} marker */
export function dotSvg(marker) {
  const { shape, hollow } = marker;
  const fill = hollow ? { ...markPaint(marker), transform: "scale(0.8)" } : markPaint(marker);
  const mark = shape === "circle" ? svg("circle", { r: 4, ...fill }) : svg("path", { d: OUTLINES[shape], ...fill });
  return svg("svg", { viewBox: "-6 -6 12 12", class: "dot", width: 12, height: 12, "aria-hidden": "true" }, mark);
}
