/** What the maps of channels show, for all neurons of a layer: medians of two classes, what tells them apart, zeros, and the chosen instance. */

import { usualSize } from "../model/channels.js";
import { groupName } from "../model/names.js";
import { argumentFor, itemOf } from "../model/order.js";

/** @typedef {import("../model/channels.js").Figure} Figure */
/**
 * One kind of map. `first`, `second`: medians of the two classes; `change`: the attacked instance less its benign twin, or else the value of one.
 * @typedef {object} ChannelMap
 * @property {Exclude<Figure, "index">} figure
 * @property {string} title
 * @property {number | null} group whose colour it has
 * @property {ArrayLike<number>} values by neuron
 * @property {number} scale the value that is drawn fully opaque; 0: each channel has its own
 */

/**
 * What is asked for in this view: its key is another one when that is.
 * @param {import("../app.js").App} app
 * @param {import("../types").Layer} layer
 */
export function channelRequest(app, layer) {
  const { metadata } = app;
  const groups = app.groupsIn(layer).slice(0, 2);
  const placed = app.instancesIn(layer);
  const attacked = placed.find((i) => metadata.instances[i].kind !== "benign") ?? placed[0];
  const pair = attacked === undefined ? undefined : metadata.instances[attacked].pair;
  const twin = pair === undefined ? undefined : placed.find((i) => i !== attacked && metadata.instances[i].pair === pair && metadata.instances[i].kind === "benign");
  return { groups: groups.length > 0 ? groups : [0], attacked, twin, key: `${layer.id}|${groups}|${attacked}|${twin}` };
}

/**
 * @param {import("../app.js").App} app
 * @param {import("./tables.js").NeuronTables} tables
 * @param {import("../types").Layer} layer
 * @param {ReturnType<typeof channelRequest>} request
 * @returns {Promise<ChannelMap[]>} those that there is something to show in
 */
export async function channelMaps(app, tables, layer, { groups, attacked, twin }) {
  const { metadata } = app;
  /** @param {number} group */
  const argument = (group) => argumentFor("group", group, metadata);
  const [a, b] = groups;
  const [first, second, auroc, zeros, value, before] = await Promise.all([
    tables.keys(layer.id, itemOf("median", argument(a))),
    b === undefined ? null : tables.keys(layer.id, itemOf("median", argument(b))),
    b === undefined ? null : tables.keys(layer.id, itemOf("auroc", argument(a), argument(b))),
    tables.keys(layer.id, itemOf("zeros", 0)),
    attacked === undefined ? null : tables.values(layer.id, attacked),
    twin === undefined ? null : tables.values(layer.id, twin),
  ]);
  /** @type {ChannelMap[]} */
  const maps = [{ figure: "first", title: groupName(metadata.groups[a]), group: a, values: first, scale: 0 }];
  if (second && b !== undefined) maps.push({ figure: "second", title: groupName(metadata.groups[b]), group: b, values: second, scale: 0 });
  if (auroc) maps.push({ figure: "auroc", title: "AUROC", group: null, values: auroc, scale: 0.4 });
  maps.push({ figure: "zeros", title: "zeros", group: null, values: zeros, scale: 1 });
  if (value && attacked !== undefined) {
    const change = before ? value.map((v, n) => v - before[n]) : value;
    maps.push({ figure: "change", title: twin === undefined ? metadata.instances[attacked].name : "attacked − benign", group: null, values: change, scale: usualSize(change) });
  }
  return maps;
}
