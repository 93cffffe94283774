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

/** @param {import("./dots.js").Marker} marker */
export function dotSvg(marker) {
  const { shape, hollow } = marker;
  const fill = hollow ? { ...markPaint(marker), transform: "scale(0.8)" } : markPaint(marker);
  const a = 0.4;
  const paths = {
    diamond: "M0-5 5 0 0 5-5 0z", square: "M-4-4H4V4H-4z", triangle: "M0-5 5 4H-5z",
    cross: `M${-a * 4}-5H${a * 4}V${-a * 4}H5V${a * 4}H${a * 4}V5H${-a * 4}V${a * 4}H-5V${-a * 4}H${-a * 4}z`,
  };
  const mark = shape === "circle" ? svg("circle", { r: 4, ...fill }) : svg("path", { d: paths[shape], ...fill });
  return svg("svg", { viewBox: "-6 -6 12 12", class: "dot", width: 12, height: 12, "aria-hidden": "true" }, mark);
}
