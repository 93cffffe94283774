/**
 * What is drawn at single rows so that their bars say no more than is known: ends where the values end, hatching where only coarse bins are
 * known, arrows where a neuron reaches further than the axis, a mark where it has NaN or infinities.
 */

import { hatchPattern } from "./hatch.js";

/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {import("../model/axes.js").Axis} Axis */
/** @typedef {{arrangement: import("./columndata.js").Arrangement, axis: Axis}} Of */
/** @typedef {{rows: Int32Array, level: number, y: number, lineHeight: number}} Lines CSS pixels */

/** Bins narrower than this are drawn without an end of their own. CSS pixels. */
const BIN_ENDS_FROM = 3;
/** A bar that is all that a neuron has stays so wide. CSS pixels. */
const BAR_LEAST = 2;
/** A neuron of which fewer bins are in view has no shape to show there. */
export const COARSE_BINS = 3;
/** Rows this tall have words in them. */
const WORDS_FROM = 11;
/** Rows this tall have arrows; lower ones a tick. */
const ARROW_FROM = 5;

/**
 * How many own bins of a neuron lie between the ends of what is in view and its own.
 * @param {import("../types").Part} part in view
 * @param {number} minimum @param {number} maximum @param {number} exponent of its grid
 */
export function binsKnown({ lo, hi }, minimum, maximum, exponent) {
  return (Math.min(hi, maximum) - Math.max(lo, minimum)) / 2 ** exponent;
}

/**
 * @param {CanvasRenderingContext2D} context in device pixels
 * @param {Frame} frame
 * @param {Of} of
 * @param {Lines} lines
 */
export function paintEnds(context, { data, layout, ratio, theme }, { arrangement, axis }, lines) {
  const { scale, part, binEdges } = axis;
  if (!scale || lines.level > 0 || binEdges.length < 2) return;
  const drawn = axis.width / (binEdges.length - 1);
  const left = layout.plotX;
  context.fillStyle = theme.paperCss;
  /** @type {CanvasPattern | null} */
  let pattern = null;
  data.eachRow(arrangement.query, lines, (line, rows, at) => {
    const minimum = rows.spread[at * 6];
    const maximum = rows.spread[at * 6 + 5];
    if (!(minimum <= maximum)) return;
    const y = Math.floor((lines.y + line * lines.lineHeight) * ratio);
    const height = Math.ceil((lines.y + (line + 1) * lines.lineHeight) * ratio) - y;
    /** @param {number} from @param {number} to CSS pixels from the plot's left edge */
    const fill = (from, to) => context.fillRect(Math.round((left + from) * ratio), y, Math.round((to - from) * ratio), height);
    const from = scale.toPixel(minimum);
    const to = scale.toPixel(maximum);
    if (drawn >= BIN_ENDS_FROM) {
      // Beyond there is nothing but what was divided evenly among bins narrower than those that are known.
      const lack = Math.max(0, BAR_LEAST - (to - from)) / 2;
      if (from - lack > 1) fill(0, Math.min(layout.plotWidth, from - lack));
      if (to + lack < layout.plotWidth - 1) fill(Math.max(0, to + lack), layout.plotWidth);
    }
    if (minimum < maximum && binsKnown(part, minimum, maximum, rows.exponents[at]) < COARSE_BINS && minimum < part.hi && maximum > part.lo && Math.min(to, layout.plotWidth) - Math.max(from, 0) > 2 * drawn) {
      pattern ??= hatchPattern(context, 1, theme.paperCss, ratio);
      if (pattern) context.fillStyle = pattern;
      fill(Math.max(0, from), Math.min(layout.plotWidth, to));
      context.fillStyle = theme.paperCss;
    }
  });
}

/**
 * Arrows where rows reach further than the axis, and marks where they have NaN or infinities.
 * @param {CanvasRenderingContext2D} context in device pixels
 * @param {Frame} frame
 * @param {Of} of
 * @param {Lines} lines
 * @returns {number} rows that reach further than the axis
 */
export function paintReach(context, { data, layout, ratio, theme, column }, { arrangement, axis }, lines) {
  let beyond = 0;
  const whole = axis.scale !== null && column.across === null;
  context.save();
  context.scale(ratio, ratio);
  const { plotX, plotWidth } = layout;
  const arrow = lines.lineHeight >= ARROW_FROM;
  /** @param {number} x @param {number} y @param {number} d */
  const point = (x, y, d) => {
    if (!arrow) return context.fillRect(d > 0 ? x : x - 2, y - 0.5, 2, Math.max(1, lines.lineHeight));
    context.beginPath();
    context.moveTo(x + d * 5, y);
    context.lineTo(x, y - 2.5);
    context.lineTo(x, y + 2.5);
    context.fill();
  };
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.font = `10px ${theme.font}`;
  data.eachRow(arrangement.query, lines, (line, rows, at) => {
    const above = whole && reachesAbove(rows, at, axis);
    const below = whole && reachesBelow(rows, at, axis);
    const odd = rows.odd[at];
    // Of most rows there is nothing to draw: a style that is set costs as much as what it is set for.
    if (!above && !below && !odd) return;
    const y = lines.y + (line + 0.5) * lines.lineHeight;
    context.fillStyle = theme.quiet;
    if (above) point(plotX + plotWidth + 2, y, 1);
    if (below) point(plotX - 2, y, -1);
    if (above || below) beyond++;
    if (!odd) return;
    context.fillStyle = theme.odd;
    context.fillRect(plotX - 4, y - lines.lineHeight / 2, 3, Math.max(1, lines.lineHeight - (lines.lineHeight > 6 ? 1 : 0)));
    if (odd & 4 && lines.lineHeight >= WORDS_FROM) context.fillText(oddWords(odd), plotX + 4, y + 0.5);
  });
  context.restore();
  return beyond;
}

/** @param {import("../data/tiles.js").RowsBase} rows @param {number} at @param {Axis} axis */
export const reachesAbove = ({ spread }, at, { part }) => spread[at * 6 + 5] > part.hi;
/** @param {import("../data/tiles.js").RowsBase} rows @param {number} at @param {Axis} axis */
export const reachesBelow = ({ spread }, at, { part }) => spread[at * 6] < part.lo;

/** @param {number} odd what of a row's values is no finite number @returns {string} */
export function oddWords(odd) {
  const some = [odd & 1 ? "NaN" : "", odd & 2 ? "∞" : ""].filter(Boolean).join(" and ");
  return odd & 4 ? (some ? `all ${some}` : "no value") : some;
}

/**
 * Stripes over lines of which exact rows are still to come: what is drawn there is the sum of neighbours.
 * @param {CanvasRenderingContext2D} context in device pixels
 * @param {Lines} lines
 * @param {(index: number) => boolean} isExact whether the tile of that index is there
 * @param {{x: number, width: number, ratio: number, paper: string}} place CSS pixels
 */
export function paintPlaceholders(context, { rows, y, lineHeight }, isExact, { x, width, ratio, paper }) {
  for (let line = 0; line < rows.length;) {
    const index = rows[line] >> 8;
    const start = line;
    while (line < rows.length && rows[line] >> 8 === index) line++;
    if (isExact(index)) continue;
    const top = Math.round((y + start * lineHeight) * ratio);
    const box = /** @type {const} */ ([Math.round(x * ratio), top, Math.round(width * ratio), Math.round((y + line * lineHeight) * ratio) - top]);
    context.save();
    context.globalAlpha = 0.55;
    context.fillStyle = paper;
    context.fillRect(...box);
    context.globalAlpha = 0.8;
    const pattern = hatchPattern(context, 1, paper, ratio);
    if (pattern) context.fillStyle = pattern;
    context.fillRect(...box);
    context.restore();
  }
}
