/**
 * Which part of a layer's axis is shown, on which scale and in how many bins, so that most neurons on screen have a shape: the window
 * follows the bulk of the neurons, not the few that reach far beyond. Pure.
 */

import { symlogUnit, windowFor } from "./scales.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../types").Spread} Spread */
/** @typedef {import("../types").Bins} Bins */
/** @typedef {{exponent: number, origin: number}} Grid */
/**
 * @typedef {object} Fit
 * @property {number} lo
 * @property {number} hi
 * @property {number} unit of a symmetric logarithmic scale; 0: linear
 * @property {number} most bins in view
 */
/** @typedef {{shared: Grid, zeros: boolean, few: boolean, bins: Bins | null, symlog: boolean | null}} Wishes `few`: rows a class, `bins`, `symlog`: as chosen, null as fits */

/** Most bins in view, by the bins that are chosen; a window of 256 covers them wherever it begins. */
export const MOST = { 256: 255, 64: 64, 16: 16 };
/** Bins in view where they are not chosen, and where classes have few rows. */
export const BINS_USUAL = 128;
const BINS_FEW = 64;
/** Bins over which the middle 90% of a neuron's values have a shape, with some to spare for how they fall on the grid. */
const BINS_ENOUGH = 10;
/** Most neurons have at least that: the share of those that may have fewer. */
const NARROWER = 0.1;
/** Neurons at either end that the window does not follow. */
const APART = 0.01;
/** A window that begins so near to 0, in shares of its width, begins there. */
const NEAR_ZERO = 0.3;

/** Order of the figures of a row (Tiles/HTTP.md, "Rows"). */
export const FIGURES = /** @type {const} */ (["minimum", "low", "lower", "upper", "high", "maximum"]);

/**
 * A quantile over neurons.
 * @param {Spread} spread
 * @param {typeof FIGURES[number] | "width"} figure
 * @param {number} share one of `over`
 */
function over(spread, figure, share) {
  return /** @type {number} */ (spread[figure][spread.over.indexOf(share)]);
}

/**
 * The part of the axis between two figures of the neurons, with 0 where that is near, and a piece more on either side.
 * @param {Spread} spread
 * @param {"low" | "lower"} low
 * @param {"high" | "upper"} high
 * @param {number} more in shares of its width
 * @param {Wishes} wishes
 * @returns {Part}
 */
function between(spread, low, high, more, { shared, zeros }) {
  let lo = over(spread, low, APART);
  let hi = over(spread, high, 1 - APART);
  const pad = (hi - lo) * more;
  const start = shared.origin * 2 ** shared.exponent;
  // A ReLU's values end at 0.
  lo = lo >= 0 ? Math.max(0, lo - pad) : lo - pad;
  hi = hi <= 0 ? Math.min(0, hi + pad) : hi + pad;
  if (lo > 0 && (zeros || lo < NEAR_ZERO * (hi - lo))) lo = 0;
  if (hi < 0 && (zeros || -hi < NEAR_ZERO * (hi - lo))) hi = 0;
  return { lo: Math.max(lo, start), hi: Math.min(hi, start + 256 * 2 ** shared.exponent) };
}

/**
 * The same, from the edge of a bin to the edge of a bin.
 * @param {Part} part
 * @param {number} most bins
 * @returns {Part}
 */
function onBins({ lo, hi }, most) {
  const width = 2 ** Math.ceil(Math.log2((hi - lo) / (most - 2)));
  return { lo: Math.floor(lo / width) * width, hi: Math.ceil(hi / width) * width };
}

/**
 * Which bins the server is asked for, so that at most so many are in view.
 * @param {Grid} shared
 * @param {Part} part
 * @param {number} most
 * @returns {{bins: Bins, finer: import("./scales.js").FinerBins | null}}
 */
export function binsFor(shared, part, most) {
  const finer = windowFor(shared, part, most);
  if (finer) return { bins: 256, finer };
  const wanted = (most * 2 ** shared.exponent) / (part.hi - part.lo);
  return { bins: wanted >= 0.5 ? 256 : wanted >= 0.125 ? 64 : 16, finer: null };
}

/** @param {Grid} shared @param {Part} part @param {number} most @returns {number} width of the bins that `binsFor` gives */
export function binWidthFor(shared, part, most) {
  const { bins, finer } = binsFor(shared, part, most);
  return finer ? 2 ** (shared.exponent - finer.zoom) : (2 ** shared.exponent * 256) / bins;
}

/**
 * @param {Spread} spread
 * @param {Wishes} wishes
 * @returns {Fit | null} null where no neuron has two values that differ
 */
export function fitAxis(spread, wishes) {
  if (spread.neurons === 0) return null;
  const { shared, few, bins, symlog } = wishes;
  const narrow = over(spread, "width", NARROWER);
  const counts = [...(few ? [BINS_FEW] : []), BINS_USUAL, MOST[256]];
  const bulk = between(spread, "low", "high", 0, wishes);
  if (symlog !== true) {
    // Of heavy tails, what lies half the middle's width beyond it; then the far ends are arrows.
    for (const part of [bulk, between(spread, "lower", "upper", 0.5, wishes)]) {
      for (const most of counts) {
        const fit = onBins(part, most);
        if (narrow >= BINS_ENOUGH * binWidthFor(shared, fit, most)) return linear(part, bins ? MOST[bins] : most);
      }
    }
    if (symlog === false) return linear(bulk, bins ? MOST[bins] : MOST[256]);
  }
  const most = bins ? Math.min(MOST[bins], BINS_USUAL) : BINS_USUAL;
  const usual = symlogUnit(bulk.lo, bulk.hi);
  // Neurons a thousand times narrower than others have a shape where the logarithm begins within them.
  return { ...onBins(bulk, MOST[256]), unit: symlog === true ? usual : Math.min(usual, narrow / 8 || usual), most };
}

/** @param {Part} part @param {number} most @returns {Fit} */
function linear(part, most) {
  return { ...onBins(part, most), unit: 0, most };
}

/**
 * What of the rows on screen a fit needs: the same quantiles as a summary has, over these rows alone.
 * @param {ArrayLike<number>[]} rows the figures of each, of one neuron
 * @returns {Spread}
 */
export function spreadOf(rows) {
  const moving = rows.filter((row) => row[0] < row[5] && row[1] <= row[4]);
  const shares = [APART, NARROWER, 1 - APART];
  /** @param {(row: ArrayLike<number>) => number} figure */
  const quantiles = (figure) => {
    const sorted = Float64Array.from(moving, figure).sort();
    // Of a few rows, one may still reach far beyond the others.
    return shares.map((share) => {
      const last = sorted.length - 1;
      const at = Math.round(share * last);
      return sorted[last < 4 ? at : Math.min(last - 1, Math.max(1, at))];
    });
  };
  return /** @type {Spread} */ ({
    neurons: moving.length, over: shares, width: quantiles((row) => row[3] - row[2]),
    ...Object.fromEntries(FIGURES.map((figure, i) => [figure, quantiles((row) => row[i])])),
  });
}

/** Rows whose bulk may lie beyond the window, or that may have too few bins in it, before another is looked for. */
const BEYOND_MAX = 0.05;
/** The bulk of a row may reach so much further, in shares of the window, before it counts as lying beyond. */
const SPARE = 0.25;
/** A window so many times as wide as is needed is too wide. */
const WIDER_MAX = 4;

/**
 * Whether a window still suits the rows on screen. Rows that scroll by must not move the axis, so it suits them long.
 * @param {ArrayLike<number>[]} rows as in `spreadOf`
 * @param {Fit} fit
 * @param {Fit} better what these rows alone would have
 * @param {Grid} shared
 */
export function suits(rows, fit, better, shared) {
  const moving = rows.filter((row) => row[0] < row[5] && row[1] <= row[4]);
  if (moving.length < 4) return true;
  const spare = SPARE * (fit.hi - fit.lo);
  const beyond = moving.filter((row) => row[2] < fit.lo || row[3] > fit.hi || row[1] < fit.lo - spare || row[4] > fit.hi + spare).length;
  if (beyond > Math.max(1, BEYOND_MAX * moving.length) && (better.lo < fit.lo || better.hi > fit.hi)) return false;
  const span = better.hi - better.lo;
  if (fit.unit === 0 && fit.hi - fit.lo > WIDER_MAX * span) return false;
  const width = binWidthFor(shared, fit, fit.most);
  const narrow = moving.filter((row) => row[3] - row[2] < 8 * width).length;
  return fit.unit > 0 || narrow <= NARROWER * moving.length || (better.unit === 0 && binWidthFor(shared, better, better.most) >= width);
}

/** Rows have so many times the bins that they need before coarser ones are taken: those that scroll in need not have finer ones again. */
const TO_SPARE = 1.5;

/**
 * The same window in coarser bins, where these suffice for the rows on screen: of few rows a class, fine ones show single rows as specks.
 * @param {Spread} spread of the rows on screen
 * @param {Fit} fit
 * @param {Grid} shared
 * @returns {Fit | null} null where the bins stay as they are
 */
export function coarser(spread, fit, shared) {
  if (spread.neurons < 4 || fit.unit > 0) return null;
  const narrow = over(spread, "width", NARROWER);
  const most = [BINS_FEW, BINS_USUAL].find((one) => one < fit.most && narrow >= TO_SPARE * BINS_ENOUGH * binWidthFor(shared, fit, one));
  return most === undefined || binWidthFor(shared, fit, most) === binWidthFor(shared, fit, fit.most) ? null : { ...fit, most };
}
