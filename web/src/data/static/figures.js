/** One neuron's exact figures, from exported ones, and where values stand in its distributions (Tiles/HTTP.md). Pure. */

import { STATISTICS } from "../../model/statistics.js";

/** @typedef {import("../../types").NeuronGroup} NeuronGroup */
/** @typedef {{exponent: number, origin: number, tails: boolean}} Grid */

/** @param {number} value NaN and infinities have no number in JSON */
const number = (value) => (Number.isFinite(value) ? value : null);

/**
 * @param {Float64Array} figures `[statistic, group, neuron of the block]`
 * @param {number} groups
 * @param {number} block neurons in the file
 * @param {number} at the neuron's place in it
 * @param {number} group
 * @param {string} name
 * @returns {NeuronGroup}
 */
export function groupFigures(figures, groups, block, at, group, name) {
  /** @type {Record<string, any>} */
  const entry = { group, name };
  STATISTICS.forEach((statistic, i) => (entry[statistic.name] = number(figures[(i * groups + group) * block + at])));
  return /** @type {NeuronGroup} */ (entry);
}

/**
 * The bin of a value, from 0 to 255: what lies beyond the grid is in its end.
 * @param {number} value a number
 * @param {Pick<Grid, "exponent" | "origin">} grid
 */
export function binOf(value, { exponent, origin }) {
  // In two steps: 2^1074, of a neuron that is always 0 in float64, is no number.
  const half = Math.trunc(exponent / 2);
  const scaled = Math.floor(value * 2 ** -half * 2 ** (half - exponent));
  const place = (value < 0 && scaled === 0 ? -1 : scaled) - origin;
  return Math.min(Math.max(place, 0), 255);
}

/**
 * Bounds of the share, in percent, of the finite values below and at or below a value: everything lies between minimum and
 * maximum, and no value lies across a bin's edge.
 * @param {number} value
 * @param {Pick<NeuronGroup, "group" | "counts" | "minimum" | "maximum">} group with its counts
 * @param {Pick<Grid, "exponent" | "origin">} grid
 * @returns {{group: number, low: number, high: number} | null} null for NaN, and where the group has no finite values
 */
export function percentile(value, { group, counts = [], minimum, maximum }, grid) {
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0 || Number.isNaN(value)) return null;
  if (minimum !== null && value < minimum) return { group, low: 0, high: 0 };
  if (maximum !== null && value > maximum) return { group, low: 100, high: 100 };
  const bin = Math.min(binOf(value, grid), counts.length - 1);
  const below = counts.slice(0, bin).reduce((a, b) => a + b, 0);
  const percent = (/** @type {number} */ count) => (100 * count) / total;
  return { group, low: value === minimum ? 0 : percent(below), high: value === maximum ? 100 : percent(below + counts[bin]) };
}
