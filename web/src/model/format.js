/** Numbers as a reader wants them. Pure. */

const grouped = new Intl.NumberFormat("en-US");

/**
 * A count with thousands separators: `1234567` → `1,234,567`.
 * @param {number} n
 */
export function count(n) {
  return grouped.format(n);
}

/**
 * An activation with at most `digits` significant digits: `0.0312`, `3.1`, `1.2e-7`; `–` where there is none.
 * @param {number | null | undefined} value
 * @param {number} [digits]
 */
export function figure(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size < 1e-4 || size >= 1e6
    ? value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e")
    : size >= 10 ** digits ? String(Math.round(value)) : String(Number(value.toPrecision(digits)));
  return minus(text);
}

/**
 * Decimals with which figures stand under each other: so many that the largest has three or four significant digits.
 * @param {readonly (number | null | undefined)[]} values
 * @returns {number | null} null where only powers of ten would do
 */
export function decimals(values) {
  const most = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)).filter(Number.isFinite));
  if (most === 0) return 0;
  const size = Math.floor(Math.log10(most));
  return most < 1e-4 || most >= 1e6 ? null : size < 0 ? 2 - size : Math.max(0, 3 - size);
}

/**
 * An activation with fixed decimals, to stand under others; what would only look like nothing says that it is less.
 * @param {number | null | undefined} value
 * @param {number | null} places of `decimals`
 */
export function aligned(value, places) {
  if (value === null || value === undefined || !Number.isFinite(value) || places === null) return figure(value);
  const text = value.toFixed(places);
  const least = 10 ** -places;
  if (value !== 0 && Number(text) === 0) return value > 0 ? `< ${least.toFixed(places)}` : `> ${minus((-least).toFixed(places))}`;
  return minus(text);
}

/** @param {string} text */
export function minus(text) {
  return text.replace(/^-/, "−").replace("e-", "e−");
}

/**
 * A number with fixed decimals, without the 0 in front: `0.394` → `.39`. For figures that are read against others of less than 1.
 * @param {number} value
 * @param {number} places
 */
export const bare = (value, places) => minus(value.toFixed(places).replace(/^(-?)0\./, "$1."));

/**
 * A share in percent: `0.62` → `62%`; small but present shares never read as nothing.
 * @param {number} share
 */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const p = share * 100;
  if (p === 0) return "0%";
  if (p < 0.1) return "<0.1%";
  if (p > 99.9 && p < 100) return ">99.9%";
  return `${p < 10 ? Number(p.toFixed(1)) : Math.round(p)}%`;
}

/**
 * A share in percent with one decimal, to stand under others.
 * @param {number} share
 */
export function alignedPercent(share) {
  const p = share * 100;
  return !Number.isFinite(share) || (p > 0 && p < 0.1) || (p > 99.9 && p < 100) ? percent(share) : `${p.toFixed(1)}%`;
}

/**
 * `plural(1, "neuron")` → `1 neuron`; `plural(2, "class", "classes")` → `2 classes`.
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function plural(n, one, many = `${one}s`) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/**
 * English ordinal of a percentile: `99.8` → `99.8th`, `1` → `1st`.
 * @param {number} n
 */
export function ordinal(n) {
  const text = String(Number(n.toFixed(1)));
  if (text.includes(".")) return `${text}th`;
  const tens = Number(text) % 100;
  const ending = tens >= 11 && tens <= 13 ? "th" : ["th", "st", "nd", "rd"][Number(text) % 10] ?? "th";
  return text + ending;
}

/**
 * Where a value stands in a group, in words. `low` is the percentage of values below it, `high` of those at or below.
 * @param {number} low
 * @param {number} high
 * @param {string} group
 */
export function standing(low, high, group) {
  if (low >= 100) return `above every ${group}`;
  if (high <= 0) return `below every ${group}`;
  const middle = (low + high) / 2;
  if (low <= 0 && high >= 100) return `the same as every ${group}`;
  if (low <= 0) return `among the lowest ${percent(high / 100)} of ${group}`;
  if (high >= 100 && low > 50) return `among the highest ${percent(1 - low / 100)} of ${group}`;
  return `${ordinal(middle >= 10 && middle <= 90 ? Math.round(middle) : middle)} percentile of ${group}`;
}

/** @param {number[]} shape */
export function shape(shape) {
  return shape.map(count).join(" × ");
}
