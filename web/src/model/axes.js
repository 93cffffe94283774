/**
 * The modes of the x axis: what of a layer's activations it covers, and where a value and a bin lie on it. Menu, links, requests and
 * drawing all read `AXIS_MODES`; nothing else tells one mode from another. Pure.
 */

import { percent } from "./format.js";
import { axisDomain, binOfZero, binsInView, makeScale, outside, ownLookup, ownScale, symlogUnit, windowFor } from "./scales.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../types").Scale} Scale */
/** @typedef {import("../types").Summary} Summary */
/** @typedef {{exponent: number, origin: number}} Grid bins `2^exponent` wide; the first begins `origin` of them from zero */
/** @typedef {{zoom: number, from: number}} FinerBins 256 bins for a part of the layer's axis (`windowFor`) */

/**
 * What an axis is laid out from.
 * @typedef {object} Request
 * @property {Summary} summary
 * @property {Grid} grid of the layer
 * @property {number} bins of the whole axis that the tiles have
 * @property {FinerBins | null} finer bins that the tiles have instead; null: those of the whole axis
 * @property {Part} whole
 * @property {Part} part in view
 * @property {boolean} symlog
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
 * @property {number} binStart activation at the first bin's lower edge (where each row has its own scale: the share of it)
 * @property {number} binWidth
 * @property {Float64Array | null} edges device pixels of the bins' edges where they are not equally wide
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
 * @property {"shared" | "own"} tiles the axis that the server counts on (Tiles/HTTP.md, "Tiles")
 * @property {(summary: Summary, bins: import("../types").Bins) => Part} whole all of the axis
 * @property {((grid: Grid, part: Part) => FinerBins | null) | null} finer the finer bins that a part is worth; null where the server has none
 * @property {(part: Part, whole: Part, width: number, symlog: boolean) => Scale} scale from the axis' own units to pixels: what
 *   zooming and moving along it go by
 * @property {(request: Request) => Axis} layOut
 */

/** The share of all values that the shared axis may leave outside: a few far ones must not squeeze the rest. */
const BEYOND = 0.001;
/** An own axis is measured in shares of itself. */
const SHARES = { lo: 0, hi: 1 };

/** One scale of activations for all neurons of the layer. */
const COMMON = {
  tiles: /** @type {const} */ ("shared"), finer: windowFor, scale: commonScale, layOut: layOutCommon,
};

/** A scale for each neuron: the grid that its own bins lie on. */
const EACH = {
  tiles: /** @type {const} */ ("own"), finer: null,
  scale: (/** @type {Part} */ part, /** @type {Part} */ _whole, /** @type {number} */ width) => makeScale(part.lo, part.hi, width),
  layOut: layOutEach,
};

export const AXIS_MODES = {
  shared: {
    ...COMMON, option: "shared by the layer", title: "one axis for the layer", about: "one axis for the layer, with 99.9% of its values",
    whole: (/** @type {Summary} */ summary, /** @type {import("../types").Bins} */ bins) => axisDomain(summary, BEYOND, bins),
  },
  whole: {
    ...COMMON, option: "shared, with outliers", title: "one axis for the layer, all values", about: "one axis for the layer, with all of its values",
    whole: (/** @type {Summary} */ summary, /** @type {import("../types").Bins} */ bins) => axisDomain(summary, 0, bins),
  },
  own: {
    ...EACH, option: "each neuron’s own", title: "each neuron on its own axis", about: "each neuron on its own range", whole: () => SHARES,
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

/** @param {Part} part @param {Part} whole @param {number} width @param {boolean} symlog */
function commonScale(part, whole, width, symlog) {
  return makeScale(part.lo, part.hi, width, symlog ? symlogUnit(whole.lo, whole.hi) : 0);
}

/** @param {Request} request @returns {Axis} */
function layOutCommon({ summary, grid, bins, finer, whole, part, symlog, width, ratio }) {
  const scale = commonScale(part, whole, width, symlog);
  const { start, width: binWidth } = layerBins({ grid, bins, finer });
  const { first, end, edges } = binsInView(scale, start, binWidth, finer ? 256 : bins);
  const x = edges[0];
  // Edges far outside would only be clipped again, and would need a canvas of their size.
  const near = edges.map((edge) => (Math.min(width + 2, Math.max(-2, edge)) - Math.max(-2, x)) * ratio);
  return {
    first, end, scale, part, x: symlog ? Math.max(-2, x) : x, width: edges[edges.length - 1] - x,
    binStart: start + first * binWidth, binWidth,
    // Tiles of a window come without the exact zeros.
    zeroBin: finer ? -1 : binOfZero(summary, bins), edges: symlog ? near : null, lookup: null, toPixel: scale.toPixel, ends: null, ...outside(summary, part),
  };
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
    binStart: first / bins, binWidth: 1 / bins,
    // A layer without negative values has its zeros in the first bin of every own axis; else the bin is another for each neuron.
    zeroBin: positive ? Math.min(0, binOfZero(summary, bins)) : -1,
    edges: null, above: 0, below: 0,
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
