/** Activation ↔ pixel, and which bins of a layer's common axis are worth showing. Pure. */

/** @typedef {import("../types").Scale} Scale */

/**
 * Where a symmetric logarithmic axis turns from linear to logarithmic: at a hundredth of its largest magnitude.
 * @param {number} lo
 * @param {number} hi
 */
export function symlogUnit(lo, hi) {
  return Math.max(Math.abs(lo), Math.abs(hi)) / 100 || 1;
}

/** @param {number} value @param {number} unit @returns {number} its place on a symmetric logarithmic scale */
export function logOf(value, unit) {
  return Math.sign(value) * Math.log1p(Math.abs(value) / unit);
}

/** @param {number} place @param {number} unit @returns {number} the value there */
export function ofLog(place, unit) {
  return Math.sign(place) * Math.expm1(Math.abs(place)) * unit;
}

/**
 * A linear or symmetric logarithmic scale from [lo, hi] to [0, width].
 * @param {number} lo
 * @param {number} hi
 * @param {number} width pixels
 * @param {number} [unit] of a logarithmic scale (`symlogUnit`, of the whole axis whatever part is in view); 0: linear
 * @returns {Scale}
 */
export function makeScale(lo, hi, width, unit = 0) {
  const symlog = unit > 0;
  /** @param {number} v */
  const warp = (v) => (symlog ? logOf(v, unit) : v);
  /** @param {number} v */
  const unwarp = (v) => (symlog ? ofLog(v, unit) : v);
  const from = warp(lo);
  const span = warp(hi) - from || 1;
  return {
    lo, hi, width, symlog,
    toPixel: (value) => ((warp(value) - from) / span) * width,
    toValue: (pixel) => unwarp(from + (pixel / width) * span),
  };
}

/**
 * The first and last + 1 of the bins that hold all but `beyond` of the counts, half of it at either end. The end that
 * begins at zero (a ReLU's) is never cut.
 * @param {ArrayLike<number>} counts
 * @param {number} beyond share left out, 0 for none
 * @returns {{first: number, end: number, below: number, above: number}} `below`, `above`: shares left out
 */
export function bulk(counts, beyond) {
  let total = 0;
  for (let i = 0; i < counts.length; i++) total += counts[i];
  if (total === 0) return { first: 0, end: counts.length, below: 0, above: 0 };
  const limit = (total * beyond) / 2;
  let first = 0;
  let below = 0;
  while (below + counts[first] <= limit) below += counts[first++];
  let end = counts.length;
  let above = 0;
  while (above + counts[end - 1] <= limit) above += counts[--end];
  return { first, end, below: below / total, above: above / total };
}

/**
 * The bin of the common axis that holds exact zeros; -1 where there are none.
 * @param {import("../types").Summary} summary
 * @param {number} bins of the whole axis
 */
export function binOfZero({ shared, zeros }, bins) {
  if (!zeros.some((share) => share > 0)) return -1;
  return Math.floor(-shared.origin / (256 / bins));
}

/**
 * The part of a layer's common axis to show, as activations, and the shares of all values that lie outside it.
 * @param {import("../types").Summary} summary
 * @param {number} beyond share of all values that may lie outside
 * @param {import("../types").Bins} bins of the whole axis that are drawn: the part begins and ends between two of them
 */
export function axisDomain(summary, beyond, bins) {
  const { exponent, origin } = summary.shared;
  const width = 2 ** exponent * (256 / bins);
  const start = origin * 2 ** exponent;
  const per = bins / summary.distribution.bins;
  const { first, end, below, above } = bulk(summary.distribution.counts[0] ?? [], beyond);
  return { below, above, lo: start + Math.floor(first * per) * width, hi: start + Math.ceil(end * per) * width };
}

/**
 * Shares of all values below and above a part of the axis, as far as the summary's bins tell.
 * @param {import("../types").Summary} summary
 * @param {Part} part
 */
export function outside({ shared, distribution }, { lo, hi }) {
  const width = (2 ** shared.exponent * 256) / distribution.bins;
  const start = shared.origin * 2 ** shared.exponent;
  const counts = distribution.counts[0] ?? [];
  let total = 0;
  let below = 0;
  let above = 0;
  counts.forEach((n, i) => {
    total += n;
    if (start + (i + 1) * width <= lo) below += n;
    else if (start + i * width >= hi) above += n;
  });
  return { below: below / Math.max(1, total), above: above / Math.max(1, total) };
}

/** @typedef {import("../types").Part} Part */
/** @typedef {{zoom: number, from: number}} FinerBins 256 bins for a part of the layer's axis (Tiles/HTTP.md, "Tiles") */
/** Halvings of the axis' bins that the server offers (Tiles/HTTP.md, "Tiles"). */
const ZOOM_MAX = 24;
/** A part is asked for in steps of so many bins: panning then asks for a new one only now and then. */
const WINDOW_STEP = 128;

/**
 * The finer bins that a part of the common axis is worth: `zoom` halvings, and the first of 256 bins counted from the axis's
 * lower end. At most `most` and at least half as many of them are in view.
 * @param {{exponent: number, origin: number}} shared
 * @param {Part} part
 * @param {number} [most] at most 255
 * @returns {FinerBins | null} null where the bins of the whole axis are fine enough
 */
export function windowFor({ exponent, origin }, { lo, hi }, most = WINDOW_STEP) {
  const span = hi - lo;
  const zoom = Math.min(ZOOM_MAX, Math.floor(Math.log2((most * 2 ** exponent) / span) + 1e-9));
  if (!(zoom >= 1)) return null;
  const first = (lo / 2 ** exponent - origin) * 2 ** zoom;
  const last = 256 * 2 ** zoom - 256;
  // More than half of a window in view leaves no room for steps.
  const step = most > WINDOW_STEP ? 1 : WINDOW_STEP;
  return { zoom, from: Math.min(last, Math.max(0, Math.floor(first / step + 1e-9) * step)) };
}

/**
 * Where bins of equal width lie on a scale: the first and last + 1 in view, and the pixel of each edge.
 * @param {Scale} scale
 * @param {number} start activation at the lower edge of bin 0
 * @param {number} width of a bin
 * @param {number} bins
 */
export function binsInView(scale, start, width, bins) {
  const first = Math.min(bins - 1, Math.max(0, Math.floor((scale.lo - start) / width + 1e-9)));
  const end = Math.min(bins, Math.max(first + 1, Math.ceil((scale.hi - start) / width - 1e-9)));
  return { first, end, edges: Float64Array.from({ length: end - first + 1 }, (_, i) => scale.toPixel(start + (first + i) * width)) };
}

/**
 * For every pixel of an own axis the bin of a neuron whose grid begins at `origin`; -1 outside it.
 * @param {number} origin of the grid, in bins
 * @param {Part} part of the axis in view, as shares
 * @param {number} pixels
 * @param {number} bins drawn, 256 or sums of neighbours
 * @returns {Int16Array}
 */
export function ownLookup(origin, { lo, hi }, pixels, bins) {
  const scale = ownScale(origin, true);
  return Int16Array.from({ length: pixels }, (_, x) => {
    const bin = scale.toBin(lo + ((x + 0.5) / pixels) * (hi - lo));
    return bin >= 0 && bin < 256 ? Math.floor((bin * bins) / 256) : -1;
  });
}

/**
 * Share along an own axis ↔ bin of its grid (0 to 256), which begins `origin` bins from zero.
 * @param {number} origin
 * @param {boolean} symlog
 */
export function ownScale(origin, symlog) {
  const scale = makeScale(origin, origin + 256, 1, symlog ? symlogUnit(origin, origin + 256) : 0);
  return {
    /** @param {number} bin */
    toShare: (bin) => scale.toPixel(origin + bin),
    /** @param {number} share */
    toBin: (share) => scale.toValue(share) - origin,
  };
}

/**
 * A part zoomed by `factor` (> 1 nearer) so that what lies at `share` of the scale's width stays there, inside [lo, hi].
 * @param {Scale} scale of the part in view
 * @param {Part} whole
 * @param {number} factor
 * @param {number} share
 * @param {number} [least] width of a part
 * @returns {Part | null} null: the whole
 */
export function zoomAcross(scale, whole, factor, share, least = (whole.hi - whole.lo) / 2 ** 16) {
  const { width } = scale;
  const lo = Math.max(whole.lo, scale.toValue(width * share * (1 - 1 / factor)));
  const hi = Math.min(whole.hi, scale.toValue(width * (share + (1 - share) / factor)));
  if (hi - lo < least) return { lo: scale.lo, hi: scale.hi };
  return lo <= whole.lo && hi >= whole.hi ? null : { lo, hi };
}

/**
 * A part moved by `pixels` to the right, as wide on screen as it was.
 * @param {Scale} scale
 * @param {Part} whole
 * @param {number} pixels
 * @returns {Part}
 */
export function panAcross(scale, whole, pixels) {
  const least = scale.toPixel(whole.lo);
  const most = scale.toPixel(whole.hi) - scale.width;
  const by = Math.min(Math.max(pixels, least), Math.max(least, most));
  return { lo: scale.toValue(by), hi: scale.toValue(scale.width + by) };
}
