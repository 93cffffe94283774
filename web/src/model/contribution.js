/**
 * What a neuron says for one class over another, of an input: the difference of the logarithms of how likely its value is in each
 * (Tiles/FORMAT.md §10). Worked out here only for inputs between other classes than their own, for which the server has no order. Pure.
 */

import { binOf } from "./neuronaxis.js";

/** @typedef {import("./neuronaxis.js").Grid} Grid */
/** @typedef {{counts?: number[], zeros: number}} Counted a group at the neuron */
/** @typedef {{cell: number, of: "named" | "other" | "neither"}} Without a row that is taken out, and its class */

const BINS = 16;
const ZERO = 16;
const BELOW = 17;
const ABOVE = 18;
const CELLS = 19;

/**
 * Where a value lies: one of 16 groups of 16 bins, exact zeros apart, below or above the grid.
 * @param {Grid} grid
 * @param {number} value finite
 */
export function cellOf({ exponent, origin, tails }, value) {
  if (value === 0) return ZERO;
  const bin = Math.floor(value / 2 ** exponent) - origin;
  if (tails) return Math.min(255, Math.max(0, bin)) >> 4;
  return bin < 0 ? BELOW : bin > 255 ? ABOVE : bin >> 4;
}

/** @param {Grid} grid @param {Counted} group @returns {number[]} values by cell */
function cellsOf(grid, { counts = [], zeros }) {
  const cells = Array.from({ length: CELLS }, (_, cell) => (cell < BINS ? counts.slice(cell * BINS, (cell + 1) * BINS).reduce((a, b) => a + b, 0) : 0));
  const home = binOf(grid, 0) >> 4;
  const taken = Math.min(zeros, cells[home]);
  cells[home] -= taken;
  cells[ZERO] = taken;
  return cells;
}

/**
 * @param {Grid} grid
 * @param {{all: Counted, named: Counted, other: Counted}} groups `all`: the rows of all classes
 * @param {number} value of the input, finite
 * @param {Without | null} without
 */
export function contribution(grid, groups, value, without) {
  const cell = cellOf(grid, value);
  const sum = (/** @type {number[]} */ numbers) => numbers.reduce((a, b) => a + b, 0);
  const all = cellsOf(grid, groups.all);
  const gone = without && without.cell === cell ? 1 : 0;
  const common = (all[cell] - gone + 0.5) / (sum(all) - (without ? 1 : 0) + CELLS / 2);
  const logShare = (/** @type {"named" | "other"} */ side) => {
    const own = cellsOf(grid, groups[side]);
    const isOwn = without?.of === side;
    return Math.log((own[cell] - (isOwn ? gone : 0) + common) / (sum(own) - (isOwn ? 1 : 0) + 1));
  };
  return logShare("named") - logShare("other");
}
