/**
 * Orderings of neurons: one table of what they can be ordered by, and from it their form in links, their names towards the server
 * (Tiles/FORMAT.md §6) and the reader's words. Pure.
 */

/** @typedef {import("../types").Order} Order */
/** @typedef {import("../types").Item} Item */
/** @typedef {import("../types").Direction} Direction */
/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {import("../types").Argument} Argument */
/** @typedef {keyof typeof ITEMS} ItemKind as the server names it */
/** @typedef {keyof typeof ARGUMENTS} ArgumentName */

/**
 * What an argument of an item is of: a list of the metadata. A class may also be an expression (`where`), an instance any row; `other` is the
 * second class of two.
 */
export const ARGUMENTS = { group: /** @type {const} */ ("groups"), other: /** @type {const} */ ("groups"), instance: /** @type {const} */ ("instances") };

/**
 * Figures of neurons, by the server's name and in the order in which menus offer them. `of` are the arguments, `letter` stands for it in
 * links, `title` is what people call it, `between` stands between two arguments.
 */
export const ITEMS = {
  median: { of: /** @type {const} */ (["group"]), letter: "m", title: "median" },
  value: { of: /** @type {const} */ (["instance"]), letter: "v", title: "value" },
  mean: { of: /** @type {const} */ (["group"]), letter: "a", title: "mean" },
  deviation: { of: /** @type {const} */ (["group"]), letter: "d", title: "standard deviation" },
  minimum: { of: /** @type {const} */ (["group"]), letter: "l", title: "minimum" },
  maximum: { of: /** @type {const} */ (["group"]), letter: "h", title: "maximum" },
  zeros: { of: /** @type {const} */ (["group"]), letter: "z", title: "zero share" },
  percentile: { of: /** @type {const} */ (["instance", "group"]), letter: "p", title: "percentile", between: "in" },
  contribution: { of: /** @type {const} */ (["instance"]), letter: "c", title: "contribution" },
  auroc: { of: /** @type {const} */ (["group", "other"]), letter: "u", title: "AUROC", between: "against" },
  wasserstein: { of: /** @type {const} */ (["group", "other"]), letter: "w", title: "Wasserstein distance", between: "and" },
  kolmogorov_smirnov: { of: /** @type {const} */ (["group", "other"]), letter: "k", title: "Kolmogorov–Smirnov distance", between: "and" },
};

export const ITEM_KINDS = /** @type {ItemKind[]} */ (Object.keys(ITEMS));

/** @param {ItemKind} kind @param {...Argument} values of its arguments, in their order @returns {Item} */
export function itemOf(kind, ...values) {
  return /** @type {Item} */ (Object.fromEntries([["kind", kind], ...ITEMS[kind].of.map((name, place) => [name, values[place]])]));
}

/**
 * What an item is of, in the order of its arguments.
 * @param {Item} item
 * @returns {{name: ArgumentName, value: Argument}[]}
 */
export function argumentsOf(item) {
  return ITEMS[item.kind].of.map((name) => ({ name, value: /** @type {any} */ (item)[name] }));
}

/** @param {ItemKind} kind */
export const ofTwoClasses = (kind) => ITEMS[kind].of.length > 1 && /** @type {readonly ArgumentName[]} */ (ITEMS[kind].of).every((name) => ARGUMENTS[name] === "groups");

/** @param {ItemKind} kind what stands between its arguments in words */
export const between = (kind) => /** @type {{between?: string}} */ (ITEMS[kind]).between ?? "";

/**
 * The argument for an entry of a list of the metadata: its number, but of groups and rows that the reader made on the page what they are.
 * @param {ArgumentName} name
 * @param {number} index
 * @param {Metadata} metadata
 * @returns {Argument}
 */
export function argumentFor(name, index, metadata) {
  const { groups, instances } = metadata;
  if (ARGUMENTS[name] === "instances") return instances[index].row === undefined ? index : { row: /** @type {number} */ (instances[index].row) };
  return groups[index].kind === "moment" ? { where: groups[index].where ?? "" } : index;
}

/**
 * What the first argument of a kind can be of.
 * @param {ItemKind} kind
 * @param {Metadata} metadata
 * @returns {readonly {name: string}[]}
 */
export function subjects(kind, metadata) {
  return metadata[ARGUMENTS[ITEMS[kind].of[0]]];
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

/**
 * Whether the key's sign does not count.
 * @param {Order} order
 */
export const isAbsolute = (order) => order.kind === "absolute" || (order.kind === "difference" && order.absolute === true);

/**
 * @param {Item} a
 * @param {Item} b
 * @param {boolean} absolute whether the sign does not count
 * @returns {Order}
 */
export const differenceOf = (a, b, absolute) => ({ kind: "difference", a, b, ...(absolute && { absolute: /** @type {true} */ (true) }) });

/**
 * An argument as in links: `3`, `r17` for row 17, `w…` for an expression.
 * @param {Argument} value
 */
export function encodeArgument(value) {
  if (typeof value === "number") return String(value);
  // What is left as it is by encodeURIComponent means something in links.
  return "row" in value ? `r${value.row}` : `w${encodeURIComponent(value.where).replace(/[-.!~*'()]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

/** @param {ArgumentName} name @param {string} text @returns {Argument | null} */
export function decodeArgument(name, text) {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  if (ARGUMENTS[name] === "instances") return /^r\d{1,9}$/.test(text) ? { row: Number(text.slice(1)) } : null;
  try {
    return /^w./.test(text) ? { where: decodeURIComponent(text.slice(1)) } : null;
  } catch {
    return null;
  }
}

/** @param {Item} item */
const encodeItem = (item) => ITEMS[item.kind].letter + argumentsOf(item).map(({ value }) => encodeArgument(value)).join(".");

/** @param {string} text @returns {Item | null} */
function decodeItem(text) {
  const kind = ITEM_KINDS.find((one) => ITEMS[one].letter === text[0]);
  if (!kind) return null;
  const names = ITEMS[kind].of;
  const parts = text.slice(1).split(".");
  const values = parts.flatMap((part, place) => (place < names.length ? decodeArgument(names[place], part) ?? [] : []));
  return parts.length === names.length && values.length === names.length ? itemOf(kind, ...values) : null;
}

/**
 * As in links: `i`, `m3`, `a3`, `v1`, `vr17`, `p1.3`, `v1-m3`, `abs-v1`, `abs-v1-m3`.
 * @param {Order} order
 */
export function encodeOrder(order) {
  if (order.kind === "index") return "i";
  return (isAbsolute(order) ? "abs-" : "") + itemsOf(order).map(encodeItem).join("-");
}

/** @param {string} text @returns {Order | null} null for what is not an ordering */
export function decodeOrder(text) {
  if (text === "i") return { kind: "index" };
  const absolute = text.startsWith("abs-");
  const [a, b, ...more] = text.slice(absolute ? 4 : 0).split("-").map(decodeItem);
  if (!a || b === null || more.length > 0) return null;
  if (b) return differenceOf(a, b, absolute);
  return absolute ? { kind: "absolute", item: a } : a;
}

/** @param {ArgumentName} name @param {Argument} value @param {Metadata} metadata as the server reads it */
function argumentText(name, value, metadata) {
  if (typeof value === "number") return metadata[ARGUMENTS[name]][value].name;
  return "row" in value ? `row ${value.row}` : `where:(${value.where})`;
}

/**
 * As the server reads it (FORMAT.md §6): `median(bag)`, `difference(value(attacked 7),median(bag))`, `percentile(row 17,bag)`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function expression(order, metadata) {
  if (order.kind === "index") return "index";
  if (order.kind === "absolute") return `absolute(${expression(order.item, metadata)})`;
  if (order.kind === "difference") {
    const difference = `difference(${expression(order.a, metadata)},${expression(order.b, metadata)})`;
    return order.absolute ? `absolute(${difference})` : difference;
  }
  return `${order.kind}(${argumentsOf(order).map(({ name, value }) => argumentText(name, value, metadata)).join(",")})`;
}

/**
 * Cuts a text at commas into so many parts that are known: of the places where it can be cut, the first counts.
 * @template Part
 * @param {string} text
 * @param {number} count
 * @param {(text: string, place: number) => Part | null} read
 * @param {number} [place] of the first part
 * @returns {Part[] | null}
 */
function cut(text, count, read, place = 0) {
  if (place === count - 1) {
    const part = read(text, place);
    return part === null ? null : [part];
  }
  for (let comma = text.indexOf(","); comma >= 0; comma = text.indexOf(",", comma + 1)) {
    const part = read(text.slice(0, comma), place);
    const rest = part !== null && cut(text.slice(comma + 1), count, read, place + 1);
    if (part !== null && rest) return [part, ...rest];
  }
  return null;
}

/**
 * Whether quotes and brackets are closed, so that the text may be an expression. The server reads the language itself.
 * @param {string} text
 */
function isClosed(text) {
  const bare = text.replace(/"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'/g, "");
  let depth = 0;
  for (const one of bare) {
    if (one === "(") depth++;
    if (one === "\"" || one === "'" || (one === ")" && --depth < 0)) return false;
  }
  return depth === 0;
}

/** @param {ArgumentName} name @param {string} text @param {Metadata} metadata @returns {Argument | null} */
function parseArgument(name, text, metadata) {
  const index = metadata[ARGUMENTS[name]].findIndex((one) => one.name === text);
  if (index >= 0) return index;
  if (ARGUMENTS[name] === "instances") {
    const row = /^row (0|[1-9]\d{0,14})$/.exec(text);
    return row && Number(row[1]) < metadata.rows ? { row: Number(row[1]) } : null;
  }
  const where = /^where:\(([\s\S]+)\)$/.exec(text);
  return where && isClosed(where[1]) ? { where: where[1] } : null;
}

/** @param {string} text @param {Metadata} metadata @returns {Item | null} */
function parseItem(text, metadata) {
  const kind = ITEM_KINDS.find((one) => text.startsWith(`${one}(`));
  if (!kind || !text.endsWith(")")) return null;
  const names = ITEMS[kind].of;
  const values = cut(text.slice(kind.length + 1, -1), names.length, (part, place) => parseArgument(names[place], part, metadata));
  return values && itemOf(kind, ...values);
}

/**
 * The ordering that `expression` writes so. Names may hold commas and brackets: of the places where arguments can be cut apart, the first
 * counts at which all of them are known.
 * @param {string} text
 * @param {Metadata} metadata
 * @returns {Order | null} null where the text is no ordering of these data
 */
export function parseExpression(text, metadata) {
  if (text === "index") return { kind: "index" };
  const one = parseItem(text, metadata);
  if (one) return one;
  const signless = /^absolute\(([\s\S]+)\)$/.exec(text);
  const item = signless && parseItem(signless[1], metadata);
  if (item) return { kind: "absolute", item };
  const match = /^difference\(([\s\S]+)\)$/.exec(signless ? signless[1] : text);
  const items = match && cut(match[1], 2, (part) => parseItem(part, metadata));
  return items && differenceOf(items[0], items[1], signless !== null);
}

/**
 * Whether all that the ordering names is there. What an expression names, only the server knows.
 * @param {Order} order
 * @param {Metadata} metadata
 */
export function exists(order, metadata) {
  return itemsOf(order).flatMap(argumentsOf).every(({ name, value }) =>
    typeof value === "number" ? value < metadata[ARGUMENTS[name]].length : "where" in value || value.row < metadata.rows);
}

/**
 * Whether an order is of a group in two stores: that of an item of two groups which are the same.
 * @param {Order} order
 */
export const comparesStores = (order) => itemsOf(order).some(isOfTwoStores);

/** @param {Item} item */
function isOfTwoStores(item) {
  const [a, b] = argumentsOf(item).map(({ value }) => encodeArgument(value));
  return ofTwoClasses(item.kind) && a === b;
}

/** @param {Item} item @param {Metadata} metadata in words: `median of bag`, `percentile of row 17 in bag` */
function itemPhrase(item, metadata) {
  const names = argumentsOf(item).map(({ name, value }) => (typeof value === "object" && "where" in value ? value.where : argumentText(name, value, metadata)));
  if (isOfTwoStores(item)) return `what changed in ${names[0] === "all" ? "all rows" : names[0]} (${ITEMS[item.kind].title})`;
  return `${ITEMS[item.kind].title} of ${names.join(` ${between(item.kind)} `)}`;
}

/**
 * In plain words: `median of bag`, `value of attacked 7 − median of bag`, `absolute median of bag`, `|median of bag − median of cat|`, `original order`.
 * @param {Order} order
 * @param {Metadata} metadata
 * @returns {string}
 */
export function phrase(order, metadata) {
  if (order.kind === "index") return "original order";
  const items = itemsOf(order).map((item) => itemPhrase(item, metadata)).join(" − ");
  if (!isAbsolute(order)) return items;
  return order.kind === "difference" ? `|${items}|` : `absolute ${items}`;
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
  if (order.kind === "difference" && order.absolute) {
    return `Neurons where ${itemPhrase(order.a, metadata)} and ${itemPhrase(order.b, metadata)} lie ${down ? "farthest apart" : "closest together"} come first; ties by index.`;
  }
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
  if (kind === "index") return "original order";
  if (kind === "difference") return "difference";
  if (kind === "absolute") return "absolute value";
  if (ofTwoClasses(kind)) return `${ITEMS[kind].title} of two classes`;
  return `${ITEMS[kind].of[0] === "group" ? "class" : "instance"} ${ITEMS[kind].title}`;
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
