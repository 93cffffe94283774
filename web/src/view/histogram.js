/** One group's histogram of one neuron as a readable chart: axes with numbers, median, instances. */

import { svg } from "../dom.js";
import { css } from "../model/colormap.js";
import { percent } from "../model/format.js";
import { label, step, ticks } from "../model/ticks.js";
import { trace } from "./dots.js";
import { markPaint } from "./marks.js";

const WIDTH = 360;
const HEIGHT = 132;
const LEFT = 52;
const RIGHT = 12;
const TOP = 14;
const BOTTOM = 22;
/** Width of the bar of exact zeros. */
const ZERO_BAR = 7;

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

/**
 * Bins at least this many per chart are drawn; finer ones are summed in neighbours (2, 4, …), so that bars can be seen.
 * @param {readonly number[]} counts
 * @param {number} most
 */
export function coarsen(counts, most) {
  let per = 1;
  while (counts.length / per > most) per *= 2;
  return { per, counts: Array.from({ length: counts.length / per }, (_, i) => counts.slice(i * per, i * per + per).reduce((a, b) => a + b, 0)) };
}

/**
 * The counts with exact zeros taken out of their bin: they are drawn as a bar of their own.
 * @param {import("../types").NeuronGroup} group
 * @param {{lo: number, binWidth: number}} axis
 */
export function withoutExactZeros({ counts = [], zeros }, { lo, binWidth }) {
  const bin = Math.min(counts.length - 1, Math.max(0, Math.floor(-lo / binWidth)));
  return counts.map((n, i) => (i === bin ? Math.max(0, n - zeros) : n));
}

/**
 * The zeros as a narrow bar at 0, cut off where it would flatten the rest: the caption says how high it is.
 * @param {string} colour
 * @param {number} x
 * @param {number} y
 */
function zeroBar(colour, x, y) {
  const cut = y < TOP;
  const top = Math.min(Math.max(y, TOP), HEIGHT - BOTTOM - 1);
  const bar = svg("rect", { x: x - ZERO_BAR, y: top, width: ZERO_BAR - 1, height: HEIGHT - BOTTOM - top, fill: colour, opacity: 0.55 });
  return cut ? [bar, svg("text", { x: x - ZERO_BAR / 2, y: TOP - 3, "text-anchor": "middle" }, "↑")] : [bar];
}

/**
 * @param {object} what
 * @param {import("../types").NeuronGroup} what.group
 * @param {import("../types").Rgb} what.colour
 * @param {{lo: number, binWidth: number, first: number, end: number}} what.axis `first`, `end`: bins in use by any group
 * @param {number} what.most largest share of any chart beside it
 * @param {number} what.per neighbours summed
 * @param {{value: number, colour: import("../types").Rgb, shape: import("../model/colormap.js").Shape, hollow: boolean, name: string}[]} what.instances
 */
export function histogramChart({ group, colour, axis, most, per, instances }) {
  const width = WIDTH - LEFT - RIGHT;
  const height = HEIGHT - TOP - BOTTOM;
  const lo = axis.lo + axis.first * axis.binWidth;
  const hi = axis.lo + axis.end * axis.binWidth;
  /** @param {number} value */
  const x = (value) => LEFT + ((value - lo) / (hi - lo)) * width;
  /** @param {number} share */
  const y = (share) => TOP + height * (1 - share / most);
  const chart = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "histogram", role: "img", "aria-label": `Histogram of ${group.name}` });
  const yTicks = ticks(0, most, 2);
  for (const share of yTicks) {
    chart.append(svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(share), y2: y(share), class: "grid" }),
      svg("text", { x: LEFT - ZERO_BAR - 5, y: y(share) + 3.5, "text-anchor": "end" }, percent(share)));
  }
  const by = step(hi - lo, 5);
  for (const value of ticks(lo, hi, 5)) {
    chart.append(svg("line", { x1: x(value), x2: x(value), y1: TOP + height, y2: TOP + height + 4, class: "axis" }),
      svg("text", { x: x(value), y: HEIGHT - 6, "text-anchor": "middle" }, label(value, by)));
  }
  const { counts } = coarsen(withoutExactZeros(group, axis), 256 / per);
  let path = "";
  counts.forEach((n, i) => {
    if (n === 0) return;
    const from = x(axis.lo + i * per * axis.binWidth);
    const to = x(axis.lo + (i + 1) * per * axis.binWidth);
    const top = Math.min(y(n / Math.max(1, group.count)), TOP + height - 0.7);
    path += `M${from.toFixed(2)} ${TOP + height}V${top.toFixed(2)}H${(to - (to - from > 3 ? 0.6 : 0)).toFixed(2)}V${TOP + height}z`;
  });
  if (group.zeros > 0) chart.append(...zeroBar(css(colour), Math.max(LEFT, x(0)), y(group.zeros / Math.max(1, group.count))));
  chart.append(svg("path", { d: path, fill: css(colour) }),
    svg("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: TOP + height, y2: TOP + height, class: "axis" }));
  if (group.median !== null) {
    chart.append(svg("line", { x1: x(group.median), x2: x(group.median), y1: TOP, y2: TOP + height, class: "median" }, svg("title", {}, "median")));
  }
  for (const { value, colour: own, shape, hollow, name } of instances) {
    const outside = value < lo || value > hi;
    const at = Math.min(WIDTH - RIGHT, Math.max(LEFT, x(value)));
    const out = new PathText();
    trace(/** @type {any} */ (out), outside ? (value < lo ? "left" : "right") : shape, at, TOP - 6, hollow ? 3.4 : 4);
    chart.append(svg("line", { x1: at, x2: at, y1: TOP - 2, y2: TOP + height, stroke: css(own), class: "instance" }),
      svg("path", { d: out.text, ...markPaint({ colour: own, shape, hollow }) }, svg("title", {}, `${name}: ${value}`)));
  }
  return chart;
}
