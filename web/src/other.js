/**
 * Another version of the data beside the first: the same neuron in the same row. Its columns follow the view of the first (classes, order,
 * rows, axis); groups and instances keep the numbers that they have there, and are found here by their names.
 */

import { versionUrls } from "./data/api.js";
import { TileSource } from "./data/tiles.js";
import { hasCodes, isMoment } from "./model/moments.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./types").Metadata} Metadata */
/** @typedef {App & {first: App, shared: ReadonlySet<string>, label: string}} OtherApp `shared`: ids of the layers that both have, with as many neurons */

/**
 * Where the entries of one list stand in another, by name; -1: nowhere.
 * @param {readonly {name: string}[]} list
 * @param {readonly {name: string}[]} other
 */
function places(list, other) {
  const known = new Map(other.map(({ name }, i) => [name, i]));
  return list.map(({ name }) => known.get(name) ?? -1);
}

/**
 * @param {App} app
 * @param {Metadata} metadata of the other version
 * @param {(id: string) => import("./model/fit.js").Fit | null} fitOf the window of a layer's axis in the first version
 * @returns {OtherApp}
 */
export function otherApp(app, metadata, fitOf) {
  const label = metadata.name === app.metadata.name ? `version ${metadata.version.slice(0, 8)}` : metadata.title || metadata.name;
  const layers = metadata.layers.map((layer) => ({ ...layer, name: `${layer.name} in ${label}` }));
  // Lists of the page grow while it is open: what the reader makes is looked up when it is needed.
  const groups = places(app.metadata.groups.filter((group) => group.kind !== "moment"), metadata.groups);
  const instances = places(app.metadata.instances.filter((one) => one.row === undefined), metadata.instances);
  const own = versionUrls(metadata);
  const made = versionUrls({ ...app.metadata, name: metadata.name, version: metadata.version });
  /** @param {number} group */
  const group = (group) => groups[group] ?? group;
  /** @param {number} one an instance @returns {string} in an address: a stored one by its number here, a row as a row */
  const addressed = (one) => (one < instances.length ? String(instances[one]) : encodeURIComponent(`row ${app.metadata.instances[one].row}`));
  const hasRows = metadata.rows === app.metadata.rows;

  // Whatever is not said here is that of the first: its state, its theme, its queue.
  /** @type {any} */
  const other = Object.create(app);
  Object.assign(other, {
    first: app,
    shared: new Set(app.metadata.layers.filter((one) => metadata.layers.some((layer) => layer.id === one.id && layer.neurons === one.neurons)).map(({ id }) => id)),
    metadata: { ...app.metadata, name: metadata.name, version: metadata.version, title: metadata.title, rows: metadata.rows, layers },
    shortNames: new Map(layers.map((layer) => [layer.id, `${app.shortNames.get(layer.id) ?? layer.id} in ${label}`])),
    columnSuffix: "-other", summaries: new Map(), asked: new Map(), coarse: new Set(), other: null, fitOf, label,
    urls: {
      ...own,
      /** @param {string} layer @param {number} g @param {number} level @param {number} index @param {string} query */
      tile: (layer, g, level, index, query) => (isMoment(app.metadata, g) ? made.tile(layer, g, level, index, query) : own.tile(layer, group(g), level, index, query)),
      /** @param {string} layer @param {number} level @param {number} index @param {string} query @param {readonly number[]} list */
      rows: (layer, level, index, query, list) => own.rows(layer, level, index, query, []).replace("&instances=", `&instances=${list.map(addressed).join(",")}`),
      /** @param {string} layer @param {number} neuron @param {readonly number[]} wanted @param {readonly number[]} list */
      neuron: (layer, neuron, wanted, list) => own.neuron(layer, neuron, wanted.map(group).filter((g) => g >= 0), []).replace("&instances=", `&instances=${list.map(addressed).join(",")}`),
      /** @param {string} layer @param {readonly number[]} neurons @param {readonly number[]} wanted @param {readonly number[]} list */
      neurons: (layer, neurons, wanted, list) => own.neurons(layer, neurons, wanted.map(group).filter((g) => g >= 0), []).replace("&instances=", `&instances=${list.map(addressed).join(",")}`),
    },
    queryOf: (/** @type {string} */ id) => `${app.queryOf(id)}&of=${encodeURIComponent(`${app.metadata.name}/${app.metadata.version}`)}`,
    update: (/** @type {any} */ change, /** @type {any} */ history) => app.update(change, history),
    // One window for both: it follows the rows of the first.
    refit: () => {},
    groupsIn: (/** @type {import("./types").Layer} */ layer) => app.state.groups.filter((g) => (isMoment(app.metadata, g) ? hasCodes(layer) : groups[g] >= 0)),
    instancesIn: (/** @type {import("./types").Layer} */ layer) => app.state.instances.filter((one) => (one < instances.length ? instances[one] >= 0 : hasRows && hasCodes(layer) && layer.samples === 1)),
    json: async (/** @type {string} */ url, /** @type {number} */ priority, /** @type {AbortSignal} */ signal) => numbered(await app.json(url, priority, signal)),
  });
  other.source = new TileSource(app.queue, app.arrived, (error, url) => other.refusedTile(error, url));
  return other;

  /**
   * An answer on a neuron or on many, with the numbers that groups and instances have in the first version.
   * @param {any} answer
   */
  function numbered(answer) {
    if (Array.isArray(answer?.neurons)) return { ...answer, neurons: answer.neurons.map(numbered) };
    if (answer?.neuron === undefined || !Array.isArray(answer.groups)) return answer;
    /** @param {number} number */
    const back = (number) => groups.indexOf(number);
    return {
      ...answer, groups: answer.groups.map((/** @type {any} */ one) => (one.group === undefined ? one : { ...one, group: back(one.group) })).filter((/** @type {any} */ one) => one.group !== -1),
      instances: answer.instances.map((/** @type {any} */ one) => ({
        ...one, ...(one.instance !== undefined && { instance: instances.indexOf(one.instance) }),
        percentiles: one.percentiles.map((/** @type {any} */ p) => ({ ...p, group: back(p.group) })).filter((/** @type {any} */ p) => p.group !== -1),
      })),
    };
  }
}
