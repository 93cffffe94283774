/** Orderings: short in links, exact towards the server, plain on screen. Pure. */

/** @typedef {import("../types").Order} Order */
/** @typedef {import("../types").Item} Item */
/** @typedef {import("../types").Direction} Direction */
/** @typedef {import("../types").Metadata} Metadata */

const LETTER = { median: "m", mean: "a", value: "v" };

/** @param {Item} item */
function encodeItem(item) {
  return LETTER[item.kind] + (item.kind === "value" ? item.instance : item.group);
}

/** @param {string} text @returns {Item | null} */
function decodeItem(text) {
  const match = /^([mav])(\d{1,9})$/.exec(text);
  if (!match) return null;
  const index = Number(match[2]);
  if (match[1] === "v") return { kind: "value", instance: index };
  return { kind: match[1] === "m" ? "median" : "mean", group: index };
}

/**
 * As in links: `i`, `m3`, `a3`, `v1`, `v1-m3`.
 * @param {Order} order
 */
export function encodeOrder(order) {
  if (order.kind === "index") return "i";
  if (order.kind === "difference") return `${encodeItem(order.a)}-${encodeItem(order.b)}`;
  return encodeItem(order);
}

/** @param {string} text @returns {Order | null} null for what is not an ordering */
export function decodeOrder(text) {
  if (text === "i") return { kind: "index" };
  const parts = text.split("-");
  if (parts.length === 1) return decodeItem(text);
  const a = decodeItem(parts[0]);
  const b = decodeItem(parts[1]);
  return parts.length === 2 && a && b ? { kind: "difference", a, b } : null;
}

/** @param {Item} item @param {Metadata} metadata */
function nameOf(item, metadata) {
  return item.kind === "value" ? metadata.instances[item.instance].name : metadata.groups[item.group].name;
}

/**
 * As the server reads it (FORMAT.md §6): `median(bag)`, `difference(value(attacked 7),median(bag))`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function expression(order, metadata) {
  if (order.kind === "index") return "index";
  if (order.kind === "difference") return `difference(${expression(order.a, metadata)},${expression(order.b, metadata)})`;
  return `${order.kind}(${nameOf(order, metadata)})`;
}

/**
 * Whether all items of the ordering are there.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {boolean}
 */
export function exists(order, metadata) {
  if (order.kind === "index") return true;
  if (order.kind === "difference") return exists(order.a, metadata) && exists(order.b, metadata);
  return order.kind === "value" ? order.instance < metadata.instances.length : order.group < metadata.groups.length;
}

/**
 * In plain words: `median of bag`, `value of attacked 7 − median of bag`, `neuron index`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function phrase(order, metadata) {
  if (order.kind === "index") return "neuron index";
  if (order.kind === "difference") return `${phrase(order.a, metadata)} − ${phrase(order.b, metadata)}`;
  return `${order.kind} of ${nameOf(order, metadata)}`;
}

/**
 * One sentence that tells what sorting so will do.
 * @param {Order} order
 * @param {Direction} direction
 * @param {Metadata} metadata
 */
export function promise(order, direction, metadata) {
  const down = direction === "descending";
  if (order.kind === "index") return `Neurons stand in the network’s own order, ${down ? "last" : "first"} index first.`;
  if (order.kind !== "difference") {
    return `Neurons with the ${down ? "largest" : "smallest"} ${phrase(order, metadata)} come first; equal ones by index.`;
  }
  const [more, less] = down ? [order.a, order.b] : [order.b, order.a];
  return `Neurons where the ${phrase(more, metadata)} exceeds the ${phrase(less, metadata)} most come first.`;
}

/**
 * What else one can sort by: the kinds that the ordering is not of, the most telling first.
 * @param {Order} order
 * @param {Metadata} metadata
 */
export function otherKinds(order, metadata) {
  const kinds = { median: "class median", value: metadata.instances.length > 0 ? "instance value" : "", difference: "difference", index: "neuron index" };
  return Object.entries(kinds).flatMap(([kind, words]) => (words === "" || kind === (order.kind === "mean" ? "median" : order.kind) ? [] : [words]));
}

/** @param {Order} a @param {Order} b */
export function same(a, b) {
  return encodeOrder(a) === encodeOrder(b);
}
