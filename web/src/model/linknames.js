/**
 * Names in links, beside the numbers of groups and instances: in another version of the data a number may be another's. Pure.
 *
 * The form is `u=g1.cat,g2.dog,i0.benign%207`: `g` group or `i` instance, its number in the link, its name.
 */

import { ARGUMENTS, argumentsOf, itemOf, itemsOf } from "./order.js";

/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {import("../types").State} State */
/** @typedef {import("../types").Order} Order */

/**
 * Names of all that a view names by number.
 * @param {State} state
 * @param {Metadata} metadata
 */
export function encodeNames(state, metadata) {
  const items = state.layers.flatMap((id) => (state.columns[id] ? itemsOf(state.columns[id].order) : []));
  /** @param {"groups" | "instances"} list */
  const numbers = (list) => items.flatMap(argumentsOf).flatMap(({ name, value }) => (ARGUMENTS[name] === list && typeof value === "number" ? [value] : []));
  const groups = new Set([...state.groups, ...numbers("groups")]);
  const viewed = state.divergence?.instance ?? null;
  const instances = new Set([...state.instances, ...numbers("instances"), ...(viewed === null || metadata.instances[viewed]?.row !== undefined ? [] : [viewed])]);
  /** @param {string} letter @param {Set<number>} numbers @param {readonly {name: string}[]} all */
  const named = (letter, numbers, all) => [...numbers].sort((a, b) => a - b).filter((n) => n < all.length).map((n) => `${letter}${n}.${encodeURIComponent(all[n].name)}`);
  return [...named("g", groups, metadata.groups), ...named("i", instances, metadata.instances)].join(",");
}

/**
 * What the numbers of a link are in these data; a number without a name is itself.
 * @typedef {object} LinkNames
 * @property {(n: number) => number | null} group null: it is gone
 * @property {(n: number) => number | null} instance
 * @property {string[]} gone
 */

/**
 * @param {string} text as `encodeNames` made it
 * @param {Metadata} metadata
 * @returns {LinkNames}
 */
export function decodeNames(text, metadata) {
  /** @type {Record<string, Map<number, number | null>>} */
  const found = { g: new Map(), i: new Map() };
  /** @type {string[]} */
  const gone = [];
  for (const part of text.split(",")) {
    const match = /^([gi])(\d{1,9})\.(.*)$/.exec(part);
    if (!match) continue;
    const all = match[1] === "g" ? metadata.groups : metadata.instances;
    const number = Number(match[2]);
    /** @type {string} */
    let name;
    try {
      name = decodeURIComponent(match[3]);
    } catch {
      continue;
    }
    const index = all[number]?.name === name ? number : all.findIndex((one) => one.name === name);
    found[match[1]].set(number, index < 0 ? null : index);
    if (index < 0) gone.push(name);
  }
  /** @param {Map<number, number | null>} map */
  const of = (map) => (/** @type {number} */ n) => map.get(n) === undefined ? n : /** @type {number | null} */ (map.get(n));
  return { group: of(found.g), instance: of(found.i), gone };
}

/**
 * An order of a link in these data; null where something it names is gone.
 * @param {Order} order
 * @param {LinkNames} names
 * @returns {Order | null}
 */
export function renumbered(order, names) {
  if (order.kind === "index") return order;
  if (order.kind === "difference") {
    const a = renumbered(order.a, names);
    const b = renumbered(order.b, names);
    return a && b ? /** @type {Order} */ ({ ...order, a, b }) : null;
  }
  if (order.kind === "absolute") {
    const item = renumbered(order.item, names);
    return item && /** @type {Order} */ ({ ...order, item });
  }
  const values = argumentsOf(order).flatMap(({ name, value }) => (typeof value === "number" ? (ARGUMENTS[name] === "groups" ? names.group(value) : names.instance(value)) ?? [] : value));
  return values.length === argumentsOf(order).length ? itemOf(order.kind, ...values) : null;
}
