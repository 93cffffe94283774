/** The axis of one neuron's panel, and what its bins tell: which part of the grid is shown, shares, percentiles, how two classes are told apart. Pure. */

/** @typedef {import("../types").NeuronGroup} NeuronGroup */
/** @typedef {{exponent: number, origin: number, tails: boolean}} Grid */
/**
 * @typedef {object} NeuronAxis
 * @property {number} lo activation at the lower end
 * @property {number} hi
 * @property {number} first bin of the grid
 * @property {number} end last bin + 1
 * @property {number} per bins that one bar sums
 * @property {number} binWidth of the grid
 * @property {number} start activation at the lower edge of bin 0
 * @property {number} zeroBin the bin that holds exact zeros; -1: none
 * @property {number} above finite values of all the groups beyond the upper end
 */

/** The share of the values that are not zero which the axis may leave beyond its upper end. */
const BEYOND = 0.005;
/** An axis is never shorter than this many bins. */
const BINS_LEAST = 16;

/** @param {Grid} grid @param {number} value */
export function binOf({ exponent, origin }, value) {
  return Math.min(255, Math.max(0, Math.floor(value / 2 ** exponent) - origin));
}

/**
 * Counts without the exact zeros in their bin.
 * @param {Pick<NeuronGroup, "counts" | "zeros">} group
 * @param {number} zeroBin
 */
export function withoutZeros({ counts = [], zeros }, zeroBin) {
  return counts.map((n, bin) => (bin === zeroBin ? Math.max(0, n - zeros) : n));
}

/**
 * @param {Grid} grid
 * @param {readonly NeuronGroup[]} groups whose values must be in view, but for a few far ones
 * @param {number} bars at most
 * @returns {NeuronAxis}
 */
export function neuronAxis(grid, groups, bars) {
  const binWidth = 2 ** grid.exponent;
  const zeroBin = groups.some((group) => group.zeros > 0) ? binOf(grid, 0) : -1;
  const sum = new Array(256).fill(0);
  for (const group of groups) withoutZeros(group, zeroBin).forEach((n, bin) => (sum[bin] += n / Math.max(1, group.count)));
  const total = sum.reduce((a, b) => a + b, 0);
  let first = sum.findIndex((n) => n > 0);
  let end = 256;
  while (end > 1 && sum[end - 1] === 0) end--;
  if (first < 0) [first, end] = [Math.max(0, zeroBin), Math.max(0, zeroBin) + 1];
  // A few far values must not squeeze the others: they are told beside the axis.
  const left = (/** @type {number} */ at, /** @type {number} */ step) => {
    let gone = 0;
    while (end - first > 1 && gone + sum[at] <= total * BEYOND) {
      gone += sum[at];
      at += step;
    }
    return at;
  };
  const cut = left(end - 1, -1) + 1;
  // Only where it makes the rest clearer.
  if (cut - first < (end - first) / 2) end = cut;
  if (zeroBin >= 0) {
    first = Math.min(first, zeroBin);
    end = Math.max(end, zeroBin + 1);
  }
  if (sum.every((n, bin) => n === 0 || bin >= zeroBin) && zeroBin >= 0) first = zeroBin;
  end = Math.min(256, Math.max(end, first + BINS_LEAST));
  first = Math.max(0, Math.min(first, end - BINS_LEAST));
  let per = 1;
  while ((end - first) / per > bars) per *= 2;
  // Bars of whole sums, counted from the grid's own start.
  first = Math.floor(first / per) * per;
  end = Math.min(256, Math.ceil(end / per) * per);
  const start = grid.origin * binWidth;
  const above = groups.reduce((n, { counts = [] }) => n + counts.slice(end).reduce((a, b) => a + b, 0), 0);
  return { lo: start + first * binWidth, hi: start + end * binWidth, first, end, per, binWidth, start, zeroBin, above };
}

/**
 * The activation below which a share of a group lies, as its bins tell it: the middle of the bin; null where there are no counts.
 * @param {NeuronGroup} group
 * @param {Pick<NeuronAxis, "zeroBin" | "binWidth" | "start">} axis
 * @param {number} share
 */
export function quantile(group, { zeroBin, binWidth, start }, share) {
  const { counts, zeros } = group;
  const total = counts?.reduce((a, b) => a + b, 0) ?? 0;
  if (!counts || total === 0) return null;
  const rest = withoutZeros(group, zeroBin);
  let below = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    // Zeros are the lowest of their bin.
    if (bin === zeroBin && (below += zeros) >= share * total) return 0;
    below += rest[bin];
    if (below >= share * total && rest[bin] > 0) return start + (bin + 0.5) * binWidth;
  }
  return group.maximum;
}

/**
 * How surely a value of one group lies above one of the other: 1 always, ½ as by chance (AUROC), and how far the bins leave it open.
 * @param {NeuronGroup} a
 * @param {NeuronGroup} b
 * @param {number} zeroBin
 * @returns {{auroc: number, bound: number} | null} of `b` above `a`; null where one has no values
 */
export function auroc(a, b, zeroBin) {
  const [na, nb] = [a, b].map(({ counts }) => counts?.reduce((sum, n) => sum + n, 0) ?? 0);
  if (na === 0 || nb === 0) return null;
  const [ra, rb] = [withoutZeros(a, zeroBin), withoutZeros(b, zeroBin)];
  let below = 0;
  let wins = 0;
  let bound = 0;
  for (let bin = 0; bin < ra.length; bin++) {
    if (bin === zeroBin) {
      wins += b.zeros * (below + a.zeros / 2);
      below += a.zeros;
    }
    wins += rb[bin] * (below + ra[bin] / 2);
    bound += (ra[bin] * rb[bin]) / 2;
    below += ra[bin];
  }
  return { auroc: wins / (na * nb), bound: bound / (na * nb) };
}

/**
 * Groups by their median, the highest first; of equal ones, the one with fewer zeros.
 * @param {readonly NeuronGroup[]} groups
 */
export function ranked(groups) {
  const share = (/** @type {NeuronGroup} */ group) => group.zeros / Math.max(1, group.count);
  return [...groups].sort((a, b) => (b.median ?? -Infinity) - (a.median ?? -Infinity) || share(a) - share(b) || a.group - b.group);
}

/**
 * Values of a group in a part of the grid: exact, since it begins and ends at edges.
 * @param {Pick<NeuronGroup, "counts">} group
 * @param {{first: number, end: number}} bins
 */
export function within({ counts = [] }, { first, end }) {
  return counts.slice(first, end).reduce((a, b) => a + b, 0);
}
