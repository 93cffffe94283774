/** Orderings, computed in the browser from exported keys (FORMAT.md §6). Pure. */

import { indexOf, itemsOf, parseExpression } from "../../model/order.js";

/** @typedef {import("../../types").Metadata} Metadata */
/** @typedef {{kind: import("../../model/order.js").ItemKind, index: number}} Key */
/** @typedef {{neurons: Uint32Array, ranks: Uint32Array, keys: Float64Array | null}} Ordering `keys` null: the index itself */

/**
 * The keys that an ordering needs: none for `index`, two for a difference.
 * @param {string} text
 * @param {Metadata} metadata
 * @returns {Key[] | null} null where the text is no ordering of these data
 */
export function parseOrder(text, metadata) {
  const order = parseExpression(text, metadata);
  return order && itemsOf(order).map((item) => ({ kind: item.kind, index: indexOf(item) }));
}

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
 * @param {number} count of neurons
 * @param {Float64Array[]} keys of the items: none, one, or two whose difference counts
 * @param {boolean} descending
 * @returns {Ordering}
 */
export function ordering(count, keys, descending) {
  let own = keys.length > 0 ? keys[0] : null;
  if (own && keys.length > 1) own = own.map((key, neuron) => key - keys[1][neuron]);
  const neurons = own ? sortByKey(own, descending) : Uint32Array.from({ length: count }, (_, i) => (descending ? count - 1 - i : i));
  const ranks = new Uint32Array(count);
  for (let rank = 0; rank < count; rank++) ranks[neurons[rank]] = rank;
  return { neurons, ranks, keys: own };
}
