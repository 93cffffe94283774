/** Activation ↔ pixel, and which bins of a layer's common axis are worth showing. Pure. */

/** @typedef {import("../types").Scale} Scale */

/**
 * A linear or symmetric logarithmic scale from [lo, hi] to [0, width].
 * @param {number} lo
 * @param {number} hi
 * @param {number} width pixels
 * @param {boolean} [symlog]
 * @returns {Scale}
 */
export function makeScale(lo, hi, width, symlog = false) {
  // Linear below a hundredth of the largest magnitude, logarithmic above.
  const unit = Math.max(Math.abs(lo), Math.abs(hi)) / 100 || 1;
  /** @param {number} v */
  const warp = (v) => (symlog ? Math.sign(v) * Math.log1p(Math.abs(v) / unit) : v);
  /** @param {number} v */
  const unwarp = (v) => (symlog ? Math.sign(v) * Math.expm1(Math.abs(v)) * unit : v);
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
 * The part of a layer's common axis to show, in bins and as activations.
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
  const firstBin = Math.floor(first * per);
  const endBin = Math.ceil(end * per);
  return {
    firstBin, endBin, below, above,
    zeroBin: binOfZero(summary, bins), lo: start + firstBin * width, hi: start + endBin * width, binWidth: width,
  };
}
