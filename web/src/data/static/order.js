/** Orderings, computed in the browser from exported keys (FORMAT.md §6). Pure. */

import { isAbsolute } from "../../model/order.js";

/** @typedef {import("../../types").Order} Order */
/** @typedef {{neurons: Uint32Array, ranks: Uint32Array, keys: Float64Array | null}} Ordering `keys` null: the index itself */

/**
 * Orders neurons by key: equal keys by index in both directions, −0 equals 0, NaN last.
 * @param {Float64Array} keys
 * @param {boolean} descending
 * @returns {Uint32Array} `[rank]`: neuron
 */
export function sortByKey(keys, descending) {
  const known = new Uint32Array(keys.length);
  let count = 0;
  for (let neuron = 0; neuron < keys.length; neuron++) if (!Number.isNaN(keys[neuron])) known[count++] = neuron;
  const sorted = known.subarray(0, count);
  // Infinities less themselves are NaN: compared, not subtracted.
  if (descending) sorted.sort((a, b) => (keys[a] > keys[b] ? -1 : keys[a] < keys[b] ? 1 : a - b));
  else sorted.sort((a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
  for (let neuron = 0, rank = count; neuron < keys.length; neuron++) if (Number.isNaN(keys[neuron])) known[rank++] = neuron;
  return known;
}

/**
 * What neurons are ordered by.
 * @param {Order} order
 * @param {Float64Array[]} keys of its items
 * @returns {Float64Array | null} null: the index itself
 */
function keysOf(order, keys) {
  if (order.kind === "index") return null;
  const signed = order.kind === "difference" ? keys[0].map((key, neuron) => key - keys[1][neuron]) : keys[0];
  return isAbsolute(order) ? signed.map(Math.abs) : signed;
}

/**
 * @param {number} count of neurons
 * @param {Order} order
 * @param {Float64Array[]} keys of its items
 * @param {boolean} descending
 * @returns {Ordering}
 */
export function ordering(count, order, keys, descending) {
  const own = keysOf(order, keys);
  const neurons = own ? sortByKey(own, descending) : Uint32Array.from({ length: count }, (_, i) => (descending ? count - 1 - i : i));
  const ranks = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) ranks[neurons[rank]] = rank;
  return { neurons, ranks, keys: own };
}

/**
 * The ranks at which the key is that of a rank. Without a key neurons are equal, too.
 * @param {Pick<Ordering, "neurons" | "keys">} order
 * @param {number} rank
 * @returns {{from: number, count: number}}
 */
export function tied({ neurons, keys }, rank) {
  if (!keys) return { from: rank, count: 1 };
  const key = keys[neurons[rank]];
  const isTied = (/** @type {number} */ other) => keys[neurons[other]] === key || (Number.isNaN(key) && Number.isNaN(keys[neurons[other]]));
  let from = rank;
  let end = rank + 1;
  while (from > 0 && isTied(from - 1)) from--;
  while (end < neurons.length && isTied(end)) end++;
  return { from, count: end - from };
}
