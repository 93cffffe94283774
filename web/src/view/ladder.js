/** The ladder drawn: a rung a layer, the rows of two classes as faint bands, an input and its twin as dots joined down the layers. */

import { svg } from "../dom.js";
import { css } from "../model/colormap.js";
import { rungNumber } from "../model/ladder.js";
import { paintedMark } from "./marks.js";

/** @typedef {import("../model/ladder.js").Rung} Rung */
/** @typedef {import("../model/ladder.js").LadderScale} LadderScale */
/** @typedef {import("./dots.js").Marker} Marker */
/** @typedef {{named: string, other: string}} Colours of the classes, as CSS */

/** Height of a class's band. */
const BAND = 10;
const DOT = 5;

/**
 * The numbers above the ladder, and what 0 and 1 are.
 * @param {LadderScale} scale
 * @param {{named: string, other: string}} names
 */
export function ladderHead(scale, { named, other }) {
  const { width, toX, ticks } = scale;
  const element = svg("svg", { class: "ladder-head", width, height: 42, viewBox: `0 0 ${width} 42`, "aria-hidden": "true" });
  for (const value of ticks) {
    const isEnd = value === 0 || value === 1;
    element.append(svg("text", { x: toX(value), y: isEnd ? 11 : 38, "text-anchor": "middle", class: isEnd ? "ink strong" : "" }, String(value).replace("-", "−")));
  }
  // The names go to their own sides, so that they never meet.
  element.append(svg("text", { x: toX(0.5) - 6, y: 25, "text-anchor": "end" }, `rows labelled ${other}`), svg("text", { x: toX(0.5) + 6, y: 25 }, `rows labelled ${named}`));
  return element;
}

/**
 * One rung. Lines to the next one go beyond its own box.
 * @param {Rung} rung
 * @param {Rung | undefined} next
 * @param {{scale: LadderScale, height: number, colours: Colours, own: Marker, twin: Marker | null}} how
 */
export function ladderRung(rung, next, { scale, height, colours, own, twin }) {
  const { width, toX, ticks } = scale;
  const middle = height / 2;
  const element = svg("svg", { class: "ladder-rung", width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  for (const value of ticks) {
    const x = toX(value);
    const colour = value === 0 ? colours.other : value === 1 ? colours.named : "";
    element.append(svg("line", { x1: x, x2: x, y1: 0, y2: height, class: colour ? "end" : "hair", ...(colour && { stroke: colour }) }));
  }
  if (rung.why) {
    element.append(svg("text", { x: 4, y: middle + 4, class: "why" }, rung.why));
    return element;
  }
  band(element, rung.other, toX, middle - BAND - 1, colours.other);
  band(element, rung.named, toX, middle + 1, colours.named);
  /** @param {number | null} from @param {number | null | undefined} to @param {Marker} look */
  const path = (from, to, look) => {
    if (from === null || to === null || to === undefined) return;
    element.append(svg("line", { x1: toX(from), x2: toX(to), y1: middle, y2: middle + height, stroke: css(look.colour), class: "path" }));
  };
  if (twin) path(rung.twin, next?.twin, twin);
  path(rung.own, next?.own, own);
  if (twin && rung.twin !== null) dot(element, rung.twin, scale, middle, twin);
  if (rung.own !== null) dot(element, rung.own, scale, middle, own);
  return element;
}

/** @param {Element} element @param {number[] | null} quantiles @param {(value: number) => number} toX @param {number} y @param {string} colour */
function band(element, quantiles, toX, y, colour) {
  if (!quantiles) return;
  const [low, lower, median, upper, high] = quantiles.map(toX);
  element.append(
    svg("rect", { x: low, y, width: Math.max(1, high - low), height: BAND, fill: colour, class: "most" }),
    svg("rect", { x: lower, y, width: Math.max(1, upper - lower), height: BAND, fill: colour, class: "half" }),
    svg("rect", { x: median - 1, y, width: 2, height: BAND, fill: colour }));
}

/** @param {Element} element @param {number} value @param {LadderScale} scale @param {number} y @param {Marker} look */
function dot(element, value, { lo, hi, toX, width }, y, look) {
  const x = toX(value);
  const isBeyond = value < lo || value > hi;
  element.append(paintedMark(isBeyond ? (value < lo ? "left" : "right") : look.shape, x, y, DOT, look));
  // An arrow says how far.
  if (isBeyond) element.append(svg("text", { x: value < lo ? x + 10 : Math.min(width, x) - 10, y: y - 7, "text-anchor": value < lo ? "start" : "end" }, rungNumber(value)));
}

const GAUGE_HEIGHT = 18;

/**
 * A percentile of an input, and of its twin, among the rows with the same prediction.
 * @param {number | null} value 0 to 100
 * @param {number | null} other of the twin
 * @param {{width: number, own: Marker, twin: Marker | null}} how
 */
export function gauge(value, other, { width, own, twin }) {
  const middle = GAUGE_HEIGHT / 2;
  const toX = (/** @type {number} */ percentile) => 5 + (percentile / 100) * (width - 10);
  const element = svg("svg", { class: "gauge-bar", width, height: GAUGE_HEIGHT, viewBox: `0 0 ${width} ${GAUGE_HEIGHT}`, "aria-hidden": "true" },
    svg("line", { x1: toX(0), x2: toX(100), y1: middle, y2: middle, class: "hair" }),
    svg("rect", { x: toX(5), y: middle - 4, width: toX(95) - toX(5), height: 8, class: "usual" }),
    svg("line", { x1: toX(50), x2: toX(50), y1: middle - 4, y2: middle + 4, class: "half" }));
  if (twin && other !== null) element.append(paintedMark(twin.shape, toX(other), middle, 3.5, twin));
  if (value !== null) element.append(paintedMark(own.shape, toX(value), middle, 4, own));
  return element;
}
