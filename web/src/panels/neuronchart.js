/**
 * One neuron drawn: the histograms of the chosen classes one under the other, all classes below them by their median, the chosen instances as
 * lines through both, and the brush, all on one axis.
 */

import { el, svg } from "../dom.js";
import { css } from "../model/colormap.js";
import { aligned, count, decimals, figure, percent, plural } from "../model/format.js";
import { quantile, ranked, withoutZeros } from "../model/neuronaxis.js";
import { label, step, ticks } from "../model/ticks.js";
import { trace } from "../view/dots.js";
import { markPaint } from "../view/marks.js";

/** @typedef {import("../types").NeuronGroup} NeuronGroup */
/** @typedef {import("../model/neuronaxis.js").NeuronAxis} NeuronAxis */
/** @typedef {{value: number, name: string} & import("../view/dots.js").Marker} ChartInstance */
/**
 * @typedef {object} Chart
 * @property {NeuronAxis} axis
 * @property {readonly NeuronGroup[]} chosen with counts
 * @property {readonly NeuronGroup[]} all classes and other groups, chosen or not
 * @property {readonly ChartInstance[]} instances
 * @property {(group: number) => import("../types").Rgb} colour
 * @property {(group: number) => boolean} isChosen
 * @property {number} width CSS pixels
 */
/** @typedef {{element: SVGElement, toX: (value: number) => number, left: number, right: number, top: number, bottom: number}} Drawn `left`, `right`: of the plot */

const HISTOGRAM = 54;
const GAP = 8;
const ROW = 15;
const HEAD = 18;
const TOP = 20;
const FOOT = 28;
/** The line that the axis' numbers stand on, below the ends of the brush. */
const NUMBERS = 21;
const ZERO = 11;
/** Room for names at the left and figures at the right. */
const NAMES = 104;
const FIGURES = 92;
const NAME_LETTERS = 14;
/** A group of fewer values has bars as high as they come, and does not set the scale of the others. */
const SCALE_FROM_VALUES = 20;
/** Histograms drawn; others are in the list below. */
const HISTOGRAMS_MAX = 6;
/** Classes listed where there are many, and the chosen ones. */
export const RANKED_MAX = 14;

/** Collects an outline as SVG path data: the dots of the canvas and of the chart have one definition. */
class PathText {
  text = "";
  /** @param {number} x @param {number} y */
  moveTo(x, y) { this.text += `M${x.toFixed(2)} ${y.toFixed(2)}`; }
  /** @param {number} x @param {number} y */
  lineTo(x, y) { this.text += `L${x.toFixed(2)} ${y.toFixed(2)}`; }
  /** @param {number} x @param {number} y @param {number} r */
  arc(x, y, r) { this.text += `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`; }
  closePath() { this.text += "z"; }
}

/** @param {number} x @param {number} y @param {string} words @param {Record<string, string | number>} [more] */
const text = (x, y, words, more = {}) => svg("text", { x, y, ...more }, words);
/** @param {string} name */
const cut = (name) => (name.length > NAME_LETTERS ? `${name.slice(0, NAME_LETTERS - 6)}…${name.slice(-5)}` : name);
/** @param {NeuronGroup} group */
const nameOf = (group) => (group.group === 0 && group.name === "all" ? "all rows" : group.name);

/**
 * Bars of a group, each the sum of some bins.
 * @param {NeuronGroup} group
 * @param {NeuronAxis} axis
 */
function bars(group, { first, end, per, zeroBin }) {
  const rest = withoutZeros(group, zeroBin);
  return Array.from({ length: (end - first) / per }, (_, i) => rest.slice(first + i * per, first + (i + 1) * per).reduce((a, b) => a + b, 0));
}

/** @param {Chart} chart @returns {Drawn} */
export function neuronChart(chart) {
  const { axis, width } = chart;
  const chosen = chart.chosen.slice(0, HISTOGRAMS_MAX);
  const zeros = axis.zeroBin >= 0;
  const left = NAMES + (zeros ? ZERO + 8 : 4);
  const right = width - FIGURES;
  /** @param {number} value */
  const toX = (value) => left + ((value - axis.lo) / (axis.hi - axis.lo)) * (right - left);
  const listed = listedOf(chart);
  const list = TOP + chosen.length * (HISTOGRAM + GAP);
  const bottom = list + (listed.length > 0 ? HEAD + listed.length * ROW + 4 : 0);
  const place = { toX, left, right, zeroX: NAMES, zeros, width };
  const element = svg("svg", { class: "neuron-chart histogram", viewBox: `0 0 ${width} ${bottom + FOOT}`, width, height: bottom + FOOT, role: "img", "aria-label": inWords(chosen) });
  const large = chosen.filter((group) => group.count >= SCALE_FROM_VALUES);
  const most = Math.max(1e-9, ...(large.length > 0 ? large : chosen).map((group) => Math.max(0, ...bars(group, axis)) / Math.max(1, group.count)));
  grid(element, axis, place, bottom);
  chosen.forEach((group, i) => histogram(element, group, chart, place, TOP + i * (HISTOGRAM + GAP), most));
  if (chosen.length > 0) element.append(text(0, TOP - 8, `bars to ${percent(most)}`, { class: "faint" }));
  if (axis.above > 0) element.append(text(width, bottom + NUMBERS, `${count(axis.above)} beyond ▸`, { "text-anchor": "end", class: "faint" }));
  ranks(element, listed, chart, place, list);
  for (const instance of chart.instances) mark(element, instance, chart.axis, place, bottom);
  return { element, toX, left, right, top: TOP - 4, bottom };
}

/** @param {Chart} chart */
function listedOf({ all, isChosen }) {
  const order = ranked(all);
  if (order.length <= RANKED_MAX) return order;
  const first = new Set(order.slice(0, RANKED_MAX));
  return order.filter((group) => first.has(group) || isChosen(group.group));
}

/** @typedef {{toX: (value: number) => number, left: number, right: number, zeroX: number, zeros: boolean, width: number}} Place */

/** @param {Element} element @param {NeuronAxis} axis @param {Place} place @param {number} bottom */
function grid(element, axis, { toX, left, right }, bottom) {
  const many = Math.min(6, (right - left) / 44);
  const by = step(axis.hi - axis.lo, many);
  for (const value of ticks(axis.lo, axis.hi, many)) {
    const x = toX(value);
    element.append(svg("line", { x1: x, x2: x, y1: TOP, y2: bottom, class: "grid" }), text(x, bottom + NUMBERS, label(value, by), { "text-anchor": "middle" }));
  }
  element.append(svg("line", { x1: left, x2: right, y1: bottom, y2: bottom, class: "axis" }));
}

/** @param {Element} element @param {NeuronGroup} group @param {Chart} chart @param {Place} place @param {number} top @param {number} most */
function histogram(element, group, { axis, colour, chosen }, { toX, left, right, zeroX, zeros, width }, top, most) {
  const base = top + HISTOGRAM;
  const ink = css(colour(group.group));
  const total = Math.max(1, group.count);
  let path = "";
  bars(group, axis).forEach((n, i) => {
    if (n === 0) return;
    const from = toX(axis.start + (axis.first + i * axis.per) * axis.binWidth);
    const to = toX(axis.start + (axis.first + (i + 1) * axis.per) * axis.binWidth);
    const height = Math.max(0.7, Math.min(1, n / total / most) * HISTOGRAM);
    path += `M${from.toFixed(2)} ${base}V${(base - height).toFixed(2)}H${(to - (to - from > 3 ? 0.6 : 0)).toFixed(2)}V${base}z`;
  });
  element.append(svg("path", { d: path, fill: ink }), svg("line", { x1: left, x2: right, y1: base, y2: base, class: "axis" }));
  if (zeros && group.zeros > 0) {
    const share = group.zeros / total / most;
    const height = Math.max(1, Math.min(1, share) * HISTOGRAM);
    element.append(svg("rect", { x: zeroX, y: base - height, width: ZERO, height, fill: ink, opacity: 0.55 }));
    if (share > 1) element.append(text(zeroX + ZERO / 2, top - 1, "↑", { "text-anchor": "middle" }));
  }
  if (group.median !== null && group.median >= axis.lo && group.median <= axis.hi && !(zeros && group.median === 0)) {
    const x = toX(group.median);
    element.append(svg("line", { x1: x, x2: x, y1: top, y2: base, class: "median" }));
  }
  const places = decimals(chosen.flatMap((one) => [one.median, one.upper_quartile, one.maximum]));
  element.append(text(0, top + 20, cut(nameOf(group)), { class: "ink strong" }), text(0, top + 35, plural(group.count, "value")),
    text(0, top + 49, group.zeros > 0 ? `${count(group.zeros)} ${group.zeros === 1 ? "is" : "are"} 0` : "none is 0"),
    ...[["median", group.median], ["to 75 %", group.upper_quartile], ["largest", group.maximum]].map(([words, value], i) =>
      text(width, top + 20 + i * 14.5, `${words} ${aligned(/** @type {number | null} */ (value), places)}`, { "text-anchor": "end", class: i === 0 ? "ink" : "" })));
}

/** @param {Element} element @param {readonly NeuronGroup[]} listed @param {Chart} chart @param {Place} place @param {number} top */
function ranks(element, listed, { axis, all, colour, isChosen }, { toX, left, right, zeroX, zeros, width }, top) {
  if (listed.length === 0) return;
  const places = decimals(listed.map((group) => group.median));
  element.append(text(width - 38, top + 12, "median", { "text-anchor": "end" }), text(width, top + 12, "are 0", { "text-anchor": "end" }));
  if (listed.length < all.length) element.append(text(0, top + 12, `${listed.length} of ${count(all.length)}`));
  if (zeros) element.append(text(zeroX + ZERO / 2, top + 12, "=0", { "text-anchor": "middle" }));
  /** @param {number} value */
  const inside = (value) => toX(Math.min(axis.hi, Math.max(axis.lo, value)));
  listed.forEach((group, i) => {
    const y = top + HEAD + i * ROW + ROW / 2;
    const ink = css(colour(group.group));
    const strong = isChosen(group.group) ? " strong" : "";
    const atZero = zeros && group.median === 0;
    element.append(svg("rect", { x: 0, y: y - 4.5, width: 9, height: 9, rx: 2, fill: ink }), text(14, y + 4, cut(nameOf(group)), { class: `ink${strong}` }),
      text(width - 38, y + 4, aligned(group.median, places), { "text-anchor": "end", class: `ink${strong}` }), text(width, y + 4, count(group.zeros), { "text-anchor": "end" }));
    /** @param {number | null} from @param {number | null} to @param {number} thick @param {number} opacity */
    const line = (from, to, thick, opacity) => {
      if (from !== null && to !== null && to > from) element.append(svg("line", { x1: inside(from), x2: inside(to), y1: y, y2: y, stroke: ink, "stroke-width": thick, opacity }));
    };
    line(quantile(group, axis, 0.05), quantile(group, axis, 0.95), 1.5, 0.55);
    line(group.lower_quartile, group.upper_quartile, 5, 0.6);
    if (zeros && group.zeros > 0) element.append(svg("rect", { x: zeroX, y: y - 5, width: ZERO, height: 10, fill: ink, opacity: 0.15 + (0.45 * group.zeros) / Math.max(1, group.count) }));
    if (group.median === null) return element.append(text((left + right) / 2, y + 4, "no values", { "text-anchor": "middle" }));
    element.append(svg("circle", { cx: atZero ? zeroX + ZERO / 2 : inside(group.median), cy: y, r: 4, fill: ink, class: "halo" }));
  });
}

/** @param {Element} element @param {ChartInstance} instance @param {NeuronAxis} axis @param {Place} place @param {number} bottom */
function mark(element, { value, name, colour, shape, hollow }, axis, { toX, left, right, zeroX, zeros }, bottom) {
  const outside = value < axis.lo || value > axis.hi;
  const x = zeros && value === 0 ? zeroX + ZERO / 2 : Math.min(right, Math.max(left, toX(value)));
  const out = new PathText();
  trace(/** @type {any} */ (out), outside ? (value < axis.lo ? "left" : "right") : shape, x, 8, hollow ? 3.4 : 4);
  element.append(svg("line", { x1: x, x2: x, y1: 12, y2: bottom, stroke: css(colour), class: "instance" }),
    svg("path", { d: out.text, ...markPaint({ colour, shape, hollow }) }, svg("title", {}, `${name}: ${value}`)));
}

/** @param {readonly NeuronGroup[]} chosen */
function inWords(chosen) {
  return `Histograms: ${chosen.map((group) => `${nameOf(group)}, ${count(group.count)} values, ${count(group.zeros)} of them 0, median ${figure(group.median)}`).join("; ")}.`;
}

/**
 * What of a neuron is no number, and what is 0, in a sentence.
 * @param {NeuronGroup} all of all rows
 */
export function oddities({ count: n, zeros, nan, infinite }) {
  const values = n + nan + infinite;
  if (values === 0) return el("p", { class: "neuron-words quiet" }, "There is no value of this neuron.");
  if (nan === values) return el("p", { class: "neuron-words" }, `Every one of the ${count(values)} values is NaN.`);
  const are = (/** @type {number} */ some) => `${count(some)} ${some === 1 ? "is" : "are"}`;
  const told = [
    zeros === values ? "every one is exactly 0" : zeros > 0 ? `${are(zeros)} exactly 0` : "none is exactly 0",
    nan > 0 ? `${are(nan)} NaN` : "", infinite > 0 ? `${are(infinite)} infinite` : "",
  ].filter(Boolean);
  return el("p", { class: "neuron-words quiet" }, `${plural(values, "value")}: ${told.join(", ")}${nan + infinite === 0 ? "" : ". NaN and infinities are in no bar"}.`);
}
