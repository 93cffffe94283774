/**
 * The modes of the x axis: what of a layer's activations it covers, and where a value and a bin lie on it. Menu, links, requests and
 * drawing all read `AXIS_MODES`; nothing else tells one mode from another. Pure.
 */

import { binsFor, BINS_USUAL, fitAxis, MOST } from "./fit.js";
import { percent } from "./format.js";
import { axisDomain, binOfZero, binsInView, logOf, makeScale, ofLog, outside, ownLookup, ownScale, symlogUnit } from "./scales.js";
import { warpFor } from "./warp.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../types").Scale} Scale */
/** @typedef {import("../types").Summary} Summary */
/** @typedef {{exponent: number, origin: number}} Grid bins `2^exponent` wide; the first begins `origin` of them from zero */
/** @typedef {import("./scales.js").FinerBins} FinerBins */
/** @typedef {import("./fit.js").Fit} Fit */
/** @typedef {import("./fit.js").Wishes} Wishes */
/** @typedef {import("./warp.js").Warp} Warp */
/** @typedef {{bins: import("../types").Bins, finer: FinerBins | null, warp: Warp | null}} TileBins what tiles are asked for: `bins` of the whole axis, finer ones of a part, or bins put together from several windows */

/**
 * What an axis is laid out from.
 * @typedef {object} Request
 * @property {Summary} summary
 * @property {Grid} grid of the layer
 * @property {number} bins of the whole axis that the tiles have
 * @property {FinerBins | null} finer bins that the tiles have instead; null: those of the whole axis
 * @property {Warp | null} warp bins of a logarithmic axis that they have instead
 * @property {number} unit of a logarithmic scale (`symlogUnit`); 0: linear
 * @property {Part} part in view
 * @property {boolean} symlog whether each neuron's own axis is logarithmic
 * @property {number} width CSS pixels
 * @property {number} ratio device pixels per CSS pixel
 * @property {number} level of the rows
 * @property {(row: number) => Grid | null} gridOf the neuron in a row at level 0; null while it is not known
 */

/**
 * @typedef {object} Axis
 * @property {number} first bin in view
 * @property {number} end last bin in view + 1
 * @property {number} zeroBin the bin that holds exact zeros; -1: none in these tiles
 * @property {Scale | null} scale that all rows share; null where each has its own
 * @property {Part} part in view
 * @property {number} x CSS pixels from the plot's left edge to the first bin's; at most 0
 * @property {number} width CSS pixels of all bins in view
 * @property {Float64Array} binEdges activations at the edges of the bins in view (where each row has its own scale: shares of it)
 * @property {((row: number) => Int16Array) | null} lookup bin of each device pixel where every row has its own
 * @property {((value: number, row: number) => number) | null} toPixel CSS pixels from the plot's left edge to a value, NaN where
 *   it is not known; null for rows of several neurons without a common scale
 * @property {[string, string] | null} ends what stands at both ends, where there is no common scale to number
 * @property {number} above share of all values beyond the upper end
 * @property {number} below
 */

/**
 * @typedef {object} AxisMode
 * @property {string} option as the menu calls it
 * @property {string} about what it shows, in a few words
 * @property {string} title above the plot: whose axis it is
 * @property {boolean} follows whether it follows the rows in view
 * @property {boolean} common whether all rows share it, so that it measures activations
 * @property {"shared" | "own"} tiles the axis that the server counts on (Tiles/HTTP.md, "Tiles")
 * @property {(summary: Summary, wishes: Wishes) => Fit} fit all of the axis: what is shown of the layer at first
 * @property {(grid: Grid, part: Part, fit: Fit, most: number) => TileBins} bins that a part is worth, at most so many of them in view
 * @property {(request: Request) => Axis} layOut
 */

/** The share of all values that the shared axis may leave outside: a few far ones must not squeeze the rest. */
const BEYOND = 0.001;
/** An own axis is measured in shares of itself. */
const SHARES = { lo: 0, hi: 1 };

/** One scale of activations for all neurons of the layer. */
const COMMON = {
  common: true, tiles: /** @type {const} */ ("shared"), bins: commonBins, layOut: layOutCommon,
};

/** A scale for each neuron: the grid that its own bins lie on. */
const EACH = {
  common: false, tiles: /** @type {const} */ ("own"), layOut: layOutEach,
  bins: (/** @type {Grid} */ _grid, /** @type {Part} */ _part, /** @type {Fit} */ { most }) => ({ bins: /** @type {import("../types").Bins} */ (most > 64 ? 256 : most > 16 ? 64 : 16), finer: null, warp: null }),
};

export const AXIS_MODES = {
  shared: {
    ...COMMON, follows: true, option: "shared", title: "one axis for the layer", about: "one axis for the layer, as wide as nearly all neurons reach",
    fit: (/** @type {Summary} */ summary, /** @type {Wishes} */ wishes) => (summary.spread && fitAxis(summary.spread, wishes)) ?? fitTo(axisDomain(summary, BEYOND, 256), wishes),
  },
  whole: {
    ...COMMON, follows: false, option: "whole", title: "one axis for the layer, all values", about: "one axis for the layer, with all of its values",
    fit: (/** @type {Summary} */ summary, /** @type {Wishes} */ wishes) => fitTo(axisDomain(summary, 0, 256), wishes),
  },
  own: {
    ...EACH, follows: false, option: "per neuron", title: "each neuron on its own axis", about: "each neuron on its own range",
    fit: (/** @type {Summary} */ _summary, /** @type {Wishes} */ { few, bins }) => ({ ...SHARES, unit: 0, most: bins ?? (few ? 64 : 256) }),
  },
};

/** @typedef {keyof typeof AXIS_MODES} AxisName as in links */

export const AXIS_NAMES = /** @type {AxisName[]} */ (Object.keys(AXIS_MODES));
/** @type {AxisName} */
export const AXIS_DEFAULT = "shared";

/** @param {AxisName} name @returns {AxisMode} */
export function axisMode(name) {
  return AXIS_MODES[name];
}

/**
 * Where the bins of tiles on the layer's axis lie: the activation at the first one's lower edge, and their width.
 * @param {Pick<Request, "grid" | "bins" | "finer">} of
 */
export function layerBins({ grid: { exponent, origin }, bins, finer }) {
  if (!finer) return { start: origin * 2 ** exponent, width: (2 ** exponent * 256) / bins };
  const width = 2 ** (exponent - finer.zoom);
  return { start: (origin * 2 ** finer.zoom + finer.from) * width, width };
}

/** An axis of constant neurons is this share of their largest value wide, at least: else its numbers would differ in their last digits. */
const WIDTH_LEAST = 0.02;

/**
 * @param {Part} part
 * @param {Wishes} wishes
 * @returns {Fit}
 */
function fitTo(part, { few, bins, symlog }) {
  const largest = Math.max(Math.abs(part.lo), Math.abs(part.hi));
  const most = bins ? MOST[bins] : few ? 64 : BINS_USUAL;
  if (largest < 1e-30) return { ...SHARES, unit: 0, most };
  const pad = part.hi - part.lo < WIDTH_LEAST * largest ? 0.1 * largest : 0;
  const { lo, hi } = { lo: part.lo - pad, hi: part.hi + pad };
  return { lo, hi, unit: symlog ? symlogUnit(lo, hi) : 0, most: symlog ? Math.min(most, BINS_USUAL) : most };
}

/**
 * @param {Grid} grid
 * @param {Part} part
 * @param {Fit} fit
 * @param {number} most
 * @returns {TileBins}
 */
function commonBins(grid, part, { unit }, most) {
  if (unit > 0) return { bins: 256, finer: null, warp: warpFor(grid, part, unit, Math.min(most, BINS_USUAL)) };
  return { ...binsFor(grid, part, most), warp: null };
}

/** Bins drawn narrower could not be seen. CSS pixels. */
const BIN_LEAST = 3;

/** @param {Request} request @returns {Axis} */
function layOutCommon({ summary, grid, bins, finer, warp, unit, part, width }) {
  const scale = makeScale(part.lo, part.hi, width, unit);
  const shared = { scale, part, lookup: null, toPixel: scale.toPixel, ends: null, ...outside(summary, part) };
  if (warp) {
    const { step, first } = warp;
    const from = Math.max(0, Math.floor(logOf(part.lo, unit) / step + 1e-9) - first);
    const end = Math.min(warp.bins, Math.max(from + 1, Math.ceil(logOf(part.hi, unit) / step - 1e-9) - first));
    const binEdges = Float64Array.from({ length: end - from + 1 }, (_, i) => ofLog((first + from + i) * step, unit));
    return { ...shared, first: from, end, binEdges, zeroBin: -1, ...placed(scale.toPixel(binEdges[0]), scale.toPixel(binEdges[end - from])) };
  }
  const { start, width: binWidth } = layerBins({ grid, bins, finer });
  const { first, end } = binsInView(scale, start, binWidth, finer ? 256 : bins);
  const binEdges = Float64Array.from({ length: end - first + 1 }, (_, i) => start + (first + i) * binWidth);
  // Tiles of a window come without the exact zeros.
  return { ...shared, first, end, binEdges, zeroBin: finer ? -1 : binOfZero(summary, bins), ...placed(scale.toPixel(binEdges[0]), scale.toPixel(binEdges[end - first])) };
}

/** @param {number} from @param {number} to pixels of the outer edges */
function placed(from, to) {
  const more = Math.max(0, BIN_LEAST - (to - from));
  return { x: from - more / 2, width: to - from + more };
}

/** @param {Request} request @returns {Axis} */
function layOutEach({ summary, bins, part, symlog, width, ratio, level, gridOf }) {
  const first = Math.floor(part.lo * bins + 1e-9);
  const end = Math.max(first + 1, Math.ceil(part.hi * bins - 1e-9));
  /** @param {number} share */
  const toPixel = (share) => ((share - part.lo) / (part.hi - part.lo)) * width;
  // Sums of neurons whose zeros lie in different bins have no common logarithm: those stay linear.
  const positive = summary.shared.origin >= 0;
  const warped = symlog && (level === 0 || positive);
  const pixels = Math.max(1, Math.round(width * ratio));
  return {
    first, end, scale: null, part, x: warped ? 0 : toPixel(first / bins), width: warped ? width : toPixel(end / bins) - toPixel(first / bins),
    binEdges: Float64Array.from({ length: end - first + 1 }, (_, i) => (first + i) / bins),
    // A layer without negative values has its zeros in the first bin of every own axis; else the bin is another for each neuron.
    zeroBin: positive ? Math.min(0, binOfZero(summary, bins)) : -1,
    above: 0, below: 0,
    ends: part.lo === 0 && part.hi === 1 ? ["each neuron’s lowest", "highest"] : [`${percent(part.lo)} of each neuron’s range`, percent(part.hi)],
    lookup: warped ? (row) => pixelBins(level === 0 ? gridOf(row)?.origin ?? 0 : 0, part, pixels, bins) : null,
    // A sum of neurons with different axes has no place on either.
    toPixel: level > 0 ? null : (value, row) => {
      const grid = gridOf(row);
      if (!grid) return Number.NaN;
      const share = ownScale(grid.origin, warped).toShare(value / 2 ** grid.exponent - grid.origin);
      return toPixel(Math.min(1.002, Math.max(-0.002, share)));
    },
  };
}

/** Tables of pixels kept: one for each origin on screen. */
const TABLES_MAX = 2000;
/** @type {Map<string, Int16Array>} */
const tables = new Map();

/** @param {number} origin @param {Part} part @param {number} pixels @param {number} bins */
function pixelBins(origin, part, pixels, bins) {
  const key = `${origin}|${part.lo}|${part.hi}|${pixels}|${bins}`;
  let table = tables.get(key);
  if (!table) {
    if (tables.size >= TABLES_MAX) tables.clear();
    tables.set(key, (table = ownLookup(origin, part, pixels, bins)));
  }
  return table;
}
