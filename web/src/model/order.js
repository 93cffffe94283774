/**
 * Orderings of neurons: one table of what they can be ordered by, and from it their form in links, their names towards the server
 * (Tiles/FORMAT.md §6) and the reader's words. Pure.
 */

/** @typedef {import("../types").Order} Order */
/** @typedef {import("../types").Item} Item */
/** @typedef {import("../types").Direction} Direction */
/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {keyof typeof ITEMS} ItemKind as the server names it */

/**
 * A neuron's figure of one group, or its value for one instance, by the server's name and in the order in which menus offer them.
 * `letter` stands for it in links, `family` is what the line above a column calls it and its like.
 */
export const ITEMS = {
  median: { of: /** @type {const} */ ("group"), letter: "m", family: "class median" },
  value: { of: /** @type {const} */ ("instance"), letter: "v", family: "instance value" },
  mean: { of: /** @type {const} */ ("group"), letter: "a", family: "class median" },
};

export const ITEM_KINDS = /** @type {ItemKind[]} */ (Object.keys(ITEMS));

/** @param {ItemKind} kind @param {number} index of the group or instance @returns {Item} */
export function itemOf(kind, index) {
  return /** @type {Item} */ ({ kind, [ITEMS[kind].of]: index });
}

/** @param {Item} item @returns {number} its group or instance */
export function indexOf(item) {
  return "instance" in item ? item.instance : item.group;
}

/**
 * What an item of a kind can be of.
 * @param {ItemKind} kind
 * @param {Metadata} metadata
 * @returns {readonly {name: string}[]}
 */
export function subjects(kind, { groups, instances }) {
  return ITEMS[kind].of === "instance" ? instances : groups;
}

/**
 * The items whose figures make up the sort key: none for the index, two for a difference.
 * @param {Order} order
 * @returns {Item[]}
 */
export function itemsOf(order) {
  return order.kind === "index" ? [] : order.kind === "difference" ? [order.a, order.b] : [order];
}

/** @param {Item} item */
const encodeItem = (item) => ITEMS[item.kind].letter + indexOf(item);

/** @param {string} text @returns {Item | null} */
function decodeItem(text) {
  const match = /^([a-z])(\d{1,9})$/.exec(text);
  const kind = match && ITEM_KINDS.find((one) => ITEMS[one].letter === match[1]);
  return match && kind ? itemOf(kind, Number(match[2])) : null;
}

/**
 * As in links: `i`, `m3`, `a3`, `v1`, `v1-m3`.
 * @param {Order} order
 */
export function encodeOrder(order) {
  return order.kind === "index" ? "i" : itemsOf(order).map(encodeItem).join("-");
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
const nameOf = (item, metadata) => subjects(item.kind, metadata)[indexOf(item)].name;

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

/** @param {string} text @param {Metadata} metadata @returns {Item | null} */
function parseItem(text, metadata) {
  const kind = ITEM_KINDS.find((one) => text.startsWith(`${one}(`));
  if (!kind || !text.endsWith(")")) return null;
  const name = text.slice(kind.length + 1, -1);
  const index = subjects(kind, metadata).findIndex((one) => one.name === name);
  return index < 0 ? null : itemOf(kind, index);
}

/**
 * The ordering that `expression` writes so. Names may hold commas and brackets: of the places where a difference can be cut, the one
 * counts at which both halves are known.
 * @param {string} text
 * @param {Metadata} metadata
 * @returns {Order | null} null where the text is no ordering of these data
 */
export function parseExpression(text, metadata) {
  if (text === "index") return { kind: "index" };
  const one = parseItem(text, metadata);
  const match = /^difference\(([\s\S]+)\)$/.exec(text);
  if (one || !match) return one;
  const inner = match[1];
  for (let comma = inner.indexOf(","); comma >= 0; comma = inner.indexOf(",", comma + 1)) {
    const a = parseItem(inner.slice(0, comma), metadata);
    const b = parseItem(inner.slice(comma + 1), metadata);
    if (a && b) return { kind: "difference", a, b };
  }
  return null;
}

/**
 * Whether all items of the ordering are there.
 * @param {Order} order
 * @param {Metadata} metadata
 */
export function exists(order, metadata) {
  return itemsOf(order).every((item) => indexOf(item) < subjects(item.kind, metadata).length);
}

/**
 * In plain words: `median of bag`, `value of attacked 7 − median of bag`, `neuron index`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function phrase(order, metadata) {
  return order.kind === "index" ? "neuron index" : itemsOf(order).map((item) => `${item.kind} of ${nameOf(item, metadata)}`).join(" − ");
}

/**
 * One sentence that tells what sorting so will do.
 * @param {Order} order
 * @param {Direction} direction
 * @param {Metadata} metadata
 */
export function promise(order, direction, metadata) {
  const down = direction === "descending";
  if (order.kind === "index") return `Neurons are in their original order, ${down ? "last to first" : "first to last"}.`;
  if (order.kind !== "difference") {
    return `Neurons with the ${down ? "largest" : "smallest"} ${phrase(order, metadata)} come first; ties by index.`;
  }
  const [more, less] = down ? [order.a, order.b] : [order.b, order.a];
  return `Neurons where the ${phrase(more, metadata)} exceeds the ${phrase(less, metadata)} most come first.`;
}

/** @param {Order} order */
const familyOf = (order) => (order.kind === "index" ? "neuron index" : order.kind === "difference" ? "difference" : ITEMS[order.kind].family);

/**
 * What else one can sort by: the kinds that the ordering is not of, the most telling first.
 * @param {Order} order
 * @param {Metadata} metadata
 */
export function otherKinds(order, metadata) {
  const items = ITEM_KINDS.filter((kind) => subjects(kind, metadata).length > 0).map((kind) => ITEMS[kind].family);
  return [...new Set([...items, "difference", "neuron index"])].filter((family) => family !== familyOf(order));
}
