/**
 * What an alarm is worth: how often it rings for inputs of a kind, beside how often for ordinary ones. Every input has a number, and the
 * smaller it is, the sooner it rings: the alarm's p, or the margin of the scores. Pure.
 */

/** @typedef {{x: number, y: number}} Point shares of the ordinary inputs, and of the kind, that ring */
/** @typedef {{points: Point[], area: number}} Roc from (0, 0) to (1, 1); the area below, ties counted half */

/** z of an interval that holds 95 % of a normal distribution. */
const Z = 1.96;
/** Rates of false alarms that can be asked for. */
export const RATES = [0.001, 0.002, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3];
/** One input in so many is of the kind: what can be chosen. */
export const ONE_IN = [10, 100, 1000, 10000];

/** @param {readonly number[]} numbers */
const ascending = (numbers) => Float64Array.from(numbers).sort();

/**
 * How many of the ascending numbers are at most so large.
 * @param {Float64Array} sorted
 * @param {number} value
 */
function atMost(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * @param {readonly number[]} ordinary numbers of ordinary inputs
 * @param {readonly number[]} kind numbers of the inputs that the alarm is asked about
 * @returns {Roc | null} null where one of them has none
 */
export function roc(ordinary, kind) {
  if (ordinary.length === 0 || kind.length === 0) return null;
  const [a, b] = [ascending(ordinary), ascending(kind)];
  /** @type {Point[]} */
  const points = [{ x: 0, y: 0 }];
  let area = 0;
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    // Equal numbers ring together.
    const value = Math.min(i < a.length ? a[i] : Infinity, j < b.length ? b[j] : Infinity);
    while (i < a.length && a[i] <= value) i++;
    while (j < b.length && b[j] <= value) j++;
    const last = points[points.length - 1];
    const next = { x: i / a.length, y: j / b.length };
    area += (next.x - last.x) * (next.y + last.y) / 2;
    points.push(next);
  }
  return { points, area };
}

/**
 * The share that rings at a threshold.
 * @param {readonly number[]} numbers
 * @param {number} threshold
 */
export const ringing = (numbers, threshold) => numbers.reduce((n, one) => n + (one <= threshold ? 1 : 0), 0) / numbers.length;

/**
 * The largest threshold at which no more than a share of the inputs rings.
 * @param {readonly number[]} ordinary
 * @param {number} rate
 * @returns {number} −∞ where already the smallest number is one too many
 */
export function thresholdFor(ordinary, rate) {
  const sorted = ascending(ordinary);
  // A share such as 29/100 is not above a rate of 0.29, whatever its last digit.
  const most = Math.floor(rate * sorted.length + 1e-9);
  let count = most;
  // Equal numbers ring together.
  while (count > 0 && atMost(sorted, sorted[count - 1]) > most) count--;
  return count > 0 ? sorted[count - 1] : -Infinity;
}

/**
 * A share with Wilson's interval, 95 % (1927).
 * @param {number} hits
 * @param {number} of
 * @returns {{low: number, high: number}}
 */
export function wilson(hits, of) {
  const p = hits / of;
  const scale = 1 + (Z * Z) / of;
  const middle = (p + (Z * Z) / 2 / of) / scale;
  const width = (Z / scale) * Math.sqrt((p * (1 - p)) / of + (Z * Z) / 4 / of / of);
  return { low: Math.max(0, middle - width), high: Math.min(1, middle + width) };
}

/**
 * Of the alarms, the share that is of the kind.
 * @param {number} oneIn one input in so many is
 * @param {number} hits share of the kind that rings
 * @param {number} alarms share of ordinary inputs that rings
 * @returns {number | null} null where nothing ever rings
 */
export function worth(oneIn, hits, alarms) {
  const right = hits / oneIn;
  const all = right + alarms * (1 - 1 / oneIn);
  return all > 0 ? right / all : null;
}

/**
 * The rates that can be asked for: at a smaller one than the least the alarm can never ring in some class.
 * @param {number} least
 * @returns {number[]} at least one
 */
export function rates(least) {
  const some = RATES.filter((rate) => rate >= least - 1e-12);
  return some.length > 0 ? some : [Math.min(1, least)];
}

/**
 * The rate of a list that is nearest to another, in proportion.
 * @param {readonly number[]} list
 * @param {number} rate
 * @returns {number} its place
 */
export function nearestRate(list, rate) {
  const far = list.map((one) => Math.abs(Math.log(one / rate)));
  return far.indexOf(Math.min(...far));
}

/**
 * A curve for a picture: of points that lie on a straight line the ends, and of points closer than `apart` one.
 * @param {readonly Point[]} points
 * @param {number} apart
 * @returns {Point[]}
 */
export function thinned(points, apart) {
  const kept = [points[0]];
  for (let i = 1; i < points.length - 1; i++) {
    const last = kept[kept.length - 1];
    const next = points[i + 1];
    const isCorner = Math.abs((points[i].x - last.x) * (next.y - last.y) - (points[i].y - last.y) * (next.x - last.x)) > 1e-12;
    if (isCorner && Math.max(points[i].x - last.x, points[i].y - last.y) >= apart) kept.push(points[i]);
  }
  kept.push(points[points.length - 1]);
  return kept;
}
