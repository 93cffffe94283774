/** ROC curves drawn: the alarm's and the margin's, always in one picture. */

import { svg } from "../dom.js";
import { bare } from "../model/format.js";
import { thinned } from "../model/roc.js";

/** @typedef {import("../model/roc.js").Roc} Roc */
/** @typedef {import("../model/roc.js").Point} Point */
/** @typedef {{name: string, curve: Roc | null, at: Point | null}} Line `at`: where it is at the rate that was asked for */

const SIDE = 176;
const LEFT = 32;
const TOP = 12;
const FOOT = 34;
/** Curves are drawn to half a pixel. */
const APART = 0.5 / SIDE;

/** @param {number} area of a curve, as the picture and the table have it */
export const areaText = (area) => bare(area, 2);

/**
 * @param {Line} alarm
 * @param {Line | null} margin null: there are no scores
 * @param {string} words for who cannot see it
 */
export function rocPicture(alarm, margin, words) {
  const [width, height] = [LEFT + SIDE + 8, TOP + SIDE + FOOT];
  const x = (/** @type {number} */ share) => share * SIDE;
  const y = (/** @type {number} */ share) => SIDE - share * SIDE;
  const element = svg("svg", { class: "roc", width, height, viewBox: `${-LEFT} ${-TOP} ${width} ${height}`, role: "img", "aria-label": words });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    element.append(svg("line", { x1: 0, x2: SIDE, y1: y(share), y2: y(share), class: "hair" }), svg("line", { x1: x(share), x2: x(share), y1: 0, y2: SIDE, class: "hair" }));
    if (share % 0.5 > 0) continue;
    const text = share === 0.5 ? ".5" : String(share);
    element.append(svg("text", { x: -6, y: y(share) + 4, "text-anchor": "end" }, text), svg("text", { x: x(share), y: SIDE + 14, "text-anchor": "middle" }, text));
  }
  element.append(svg("line", { x1: 0, y1: SIDE, x2: SIDE, y2: 0, class: "chance" }),
    svg("text", { x: SIDE / 2, y: SIDE + 29, "text-anchor": "middle" }, "share of right ordinary rows"),
    svg("text", { transform: `translate(-22 ${SIDE / 2}) rotate(-90)`, "text-anchor": "middle" }, "share of this kind"));
  if (alarm.at) element.append(svg("line", { x1: x(alarm.at.x), x2: x(alarm.at.x), y1: 0, y2: SIDE, class: "asked" }));
  const lines = [...(margin ? [{ ...margin, kind: "margin" }] : []), { ...alarm, kind: "alarm" }];
  for (const { kind, curve } of lines) {
    if (!curve) continue;
    const path = thinned(curve.points, APART).map((point) => `${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join("L");
    element.append(svg("path", { d: `M${path}`, class: `curve ${kind}` }));
  }
  for (const { kind, at } of lines) if (at) element.append(svg("circle", { cx: x(at.x), cy: y(at.y), r: 4.5, class: `at ${kind}` }));
  lines.reverse().forEach(({ name, kind, curve }, i) => {
    if (curve) element.append(svg("text", { x: SIDE - 6, y: SIDE * 0.7 + 16 * i, "text-anchor": "end", class: `name ${kind}` }, `${name} ${areaText(curve.area)}`));
  });
  return element;
}

const BAR = { width: 54, height: 14 };

/**
 * Which share of a kind rings by the alarm and by the margin alone: two dots and what lies between.
 * @param {number} alarm
 * @param {number | null} margin
 */
export function hitsPicture(alarm, margin) {
  const x = (/** @type {number} */ share) => 5 + share * (BAR.width - 10);
  const y = BAR.height / 2;
  const element = svg("svg", { class: "hits", width: BAR.width, height: BAR.height, viewBox: `0 0 ${BAR.width} ${BAR.height}`, "aria-hidden": "true" }, svg("line", { x1: x(0), x2: x(1), y1: y, y2: y, class: "hair" }));
  if (margin !== null) element.append(svg("line", { x1: x(margin), x2: x(alarm), y1: y, y2: y, class: "between" }), svg("circle", { cx: x(margin), cy: y, r: 3.5, class: "at margin" }));
  element.append(svg("circle", { cx: x(alarm), cy: y, r: 4, class: "at alarm" }));
  return element;
}
