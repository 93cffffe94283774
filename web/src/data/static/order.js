/** Orderings, computed in the browser from exported keys (FORMAT.md §6). Pure. */

/** @typedef {import("../../types").Metadata} Metadata */
/** @typedef {{kind: "median" | "mean" | "value", index: number}} Item */
/** @typedef {{neurons: Uint32Array, ranks: Uint32Array, keys: Float64Array | null}} Ordering `keys` null: the index itself */

/** @param {string} text @param {Metadata} metadata @returns {Item | null} */
function item(text, metadata) {
  const match = /^(median|mean|value)\(([\s\S]+)\)$/.exec(text);
  if (!match) return null;
  const kind = /** @type {Item["kind"]} */ (match[1]);
  const index = (kind === "value" ? metadata.instances : metadata.groups).findIndex((one) => one.name === match[2]);
  return index < 0 ? null : { kind, index };
}

/**
 * Items of an ordering: none for `index`, two for a difference. Names may hold commas and brackets: of the places where a
 * difference can be cut, the one counts at which both halves are known.
 * @param {string} text
 * @param {Metadata} metadata
 * @returns {Item[] | null} null where the text is no ordering of these data
 */
export function parseOrder(text, metadata) {
  if (text === "index") return [];
  const one = item(text, metadata);
  if (one) return [one];
  const match = /^difference\(([\s\S]+)\)$/.exec(text);
  if (!match) return null;
  const inner = match[1];
  for (let comma = inner.indexOf(","); comma >= 0; comma = inner.indexOf(",", comma + 1)) {
    const first = item(inner.slice(0, comma), metadata);
    const second = item(inner.slice(comma + 1), metadata);
    if (first && second) return [first, second];
  }
  return null;
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
