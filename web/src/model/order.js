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
 * `letter` stands for it in links, `title` is what people call it.
 */
export const ITEMS = {
  median: { of: /** @type {const} */ ("group"), letter: "m", title: "median" },
  value: { of: /** @type {const} */ ("instance"), letter: "v", title: "value" },
  mean: { of: /** @type {const} */ ("group"), letter: "a", title: "mean" },
  deviation: { of: /** @type {const} */ ("group"), letter: "d", title: "standard deviation" },
  minimum: { of: /** @type {const} */ ("group"), letter: "l", title: "minimum" },
  maximum: { of: /** @type {const} */ ("group"), letter: "h", title: "maximum" },
  zeros: { of: /** @type {const} */ ("group"), letter: "z", title: "zero share" },
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
  if (order.kind === "index") return [];
  if (order.kind === "difference") return [order.a, order.b];
  return [order.kind === "absolute" ? order.item : order];
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
 * As in links: `i`, `m3`, `a3`, `v1`, `v1-m3`, `abs-v1`.
 * @param {Order} order
 */
export function encodeOrder(order) {
  if (order.kind === "index") return "i";
  return (order.kind === "absolute" ? "abs-" : "") + itemsOf(order).map(encodeItem).join("-");
}

/** @param {string} text @returns {Order | null} null for what is not an ordering */
export function decodeOrder(text) {
  if (text === "i") return { kind: "index" };
  const parts = text.split("-");
  if (parts.length === 1) return decodeItem(text);
  const a = decodeItem(parts[0]);
  const b = decodeItem(parts[1]);
  if (parts.length === 2 && parts[0] === "abs" && b) return { kind: "absolute", item: b };
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
  if (order.kind === "absolute") return `absolute(${expression(order.item, metadata)})`;
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
  const match = /^(absolute|difference)\(([\s\S]+)\)$/.exec(text);
  if (one || !match) return one;
  const inner = match[2];
  if (match[1] === "absolute") {
    const item = parseItem(inner, metadata);
    return item && { kind: "absolute", item };
  }
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
 * In plain words: `median of bag`, `value of attacked 7 − median of bag`, `absolute median of bag`, `neuron index`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function phrase(order, metadata) {
  if (order.kind === "index") return "neuron index";
  const items = itemsOf(order).map((item) => `${ITEMS[item.kind].title} of ${nameOf(item, metadata)}`).join(" − ");
  return order.kind === "absolute" ? `absolute ${items}` : items;
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

/** Kinds of orderings, the most telling first. */
const KINDS = /** @type {Order["kind"][]} */ ([...new Set(["median", "value", "difference", ...ITEM_KINDS, "absolute", "index"])]);

/** @param {Order["kind"]} kind in words */
function family(kind) {
  if (kind === "index") return "neuron index";
  if (kind === "difference") return "difference";
  if (kind === "absolute") return "absolute value";
  return `${ITEMS[kind].of === "group" ? "class" : "instance"} ${ITEMS[kind].title}`;
}

/** @param {Order["kind"]} kind @returns {kind is ItemKind} */
const isItem = (kind) => kind in ITEMS;

/**
 * What else one can sort by: the kinds that the ordering is not of, the most telling first.
 * @param {Order} order
 * @param {Metadata} metadata
 */
export function otherKinds(order, metadata) {
  return KINDS.filter((kind) => kind !== order.kind && (!isItem(kind) || subjects(kind, metadata).length > 0)).map(family);
}
