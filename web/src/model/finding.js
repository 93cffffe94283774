/**
 * What was found and chosen among neurons, and its form in links: the condition that filters them, named sets, the selected rows. Pure.
 *
 *     filter=only.zeros(all)+%3D%3D+1   sets=strong!dense_1.a.1f!conv.3,dead!…   picked=dense_1.a.1f
 *
 * Neurons are numbers to the base of 36, as in the rest of a link; layers are their ids.
 */

/** @typedef {import("../types").State} State */
/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {import("../types").NamedSet} NamedSet */

/** Neurons of a set in one layer, sets, and letters of a name: what a link has room for. */
export const SET_MAX = 500;
export const SETS_MAX = 24;
export const SET_NAME_MAX = 40;
const WAYS = /** @type {const} */ (["only", "mark", "hide"]);

/** @param {string} text without what separates in links */
const packed = (text) => encodeURIComponent(text).replace(/%20/g, "+").replace(/[!.]/g, (one) => (one === "!" ? "%21" : "%2E"));

/** @param {string} text */
function unpacked(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, "%20"));
  } catch {
    return "";
  }
}

/** @param {string} layer @param {readonly number[]} neurons */
const members = (layer, neurons) => [layer, ...[...neurons].sort((a, b) => a - b).map((n) => n.toString(36))].join(".");

/**
 * @param {string} text of `members`
 * @param {Metadata} metadata
 * @returns {{layer: string, neurons: number[]} | null} null where there is no such layer, or none of its neurons
 */
function membersOf(text, metadata) {
  const [id, ...numbers] = text.split(".");
  const layer = metadata.layers.find((one) => one.id === id);
  if (!layer) return null;
  const neurons = numbers.flatMap((one) => (/^[0-9a-z]{1,7}$/.test(one) ? [Number.parseInt(one, 36)] : [])).filter((n) => n < layer.neurons);
  return neurons.length > 0 ? { layer: id, neurons: [...new Set(neurons)].slice(0, SET_MAX) } : null;
}

/**
 * @param {Pick<State, "filter" | "sets" | "picked">} state
 * @returns {[string, string][]}
 */
export function encodeFinding({ filter, sets, picked }) {
  /** @type {[string, string][]} */
  const out = [];
  if (filter) out.push(["filter", `${filter.way}.${packed(filter.where)}`]);
  if (sets.length > 0) out.push(["sets", sets.map(({ name, layers }) => [packed(name), ...Object.entries(layers).map(([layer, neurons]) => members(layer, neurons))].join("!")).join(",")]);
  if (picked) out.push(["picked", members(picked.layer, picked.neurons)]);
  return out;
}

/**
 * @param {ReadonlyMap<string, string>} fields of a link
 * @param {Metadata} metadata
 * @returns {Pick<State, "filter" | "sets" | "picked">}
 */
export function decodeFinding(fields, metadata) {
  const [way, ...rest] = (fields.get("filter") ?? "").split(".");
  const where = unpacked(rest.join("."));
  const known = WAYS.find((one) => one === way);
  /** @type {NamedSet[]} */
  const sets = [];
  for (const text of (fields.get("sets") ?? "").split(",").slice(0, SETS_MAX)) {
    const [name, ...parts] = text.split("!");
    const layers = Object.fromEntries(parts.flatMap((part) => {
      const found = membersOf(part, metadata);
      return found ? [[found.layer, found.neurons]] : [];
    }));
    const title = unpacked(name).slice(0, SET_NAME_MAX);
    if (title && Object.keys(layers).length > 0 && !sets.some((one) => one.name === title)) sets.push({ name: title, layers });
  }
  return { filter: known && where ? { where, way: known } : null, sets, picked: membersOf(fields.get("picked") ?? "", metadata) };
}

/**
 * A name that no set has yet, made of one that is wished for.
 * @param {readonly NamedSet[]} sets
 * @param {string} wish
 */
export function freeName(sets, wish) {
  const name = wish.trim().slice(0, SET_NAME_MAX) || "set";
  const taken = new Set(sets.map((one) => one.name));
  if (!taken.has(name)) return name;
  for (let n = 2; ; n++) if (!taken.has(`${name} ${n}`)) return `${name} ${n}`;
}

/** @param {NamedSet} set neurons in all layers */
export const sizeOf = (set) => Object.values(set.layers).reduce((sum, neurons) => sum + neurons.length, 0);
