/** Exactly what is on screen, as data: the rows in view with their keys, values and figures, and where all of it came from. */

import { classesOf, indicesOf, neuronAxes } from "../model/coordinates.js";
import { expression, phrase } from "../model/order.js";
import { STATISTICS } from "../model/statistics.js";
import { reachesAbove, reachesBelow } from "../view/rowmarks.js";

/** @typedef {import("../view/columnframe.js").Frame} Frame */
/** @typedef {import("./exact.js").Exact} Exact */

/**
 * @typedef {object} SnapshotRow
 * @property {boolean} pinned
 * @property {number | null} firstRank from 1; null for a pinned neuron whose rank is not known yet
 * @property {number | null} lastRank
 * @property {number | null} neuron null for a row of several
 * @property {Record<string, number>} [place] indices along the layer's axes
 * @property {string} [class] that a neuron of the last layer stands for
 * @property {number | null} key what the column is sorted by; the mean where the row stands for several
 * @property {{instance: number, lowest: number | null, mean: number | null, highest: number | null}[]} values
 * @property {SnapshotGroup[]} groups
 */
/**
 * Of a neuron its exact figures, with the counts of its own 256 bins. Of a row of several, what the picture shows: `densities`, the
 * share of the group in each bin, in eight bits.
 * @typedef {{group: number, zeroShare: number | null, figures?: import("../model/statistics.js").Figures, counts?: number[], densities?: number[]}} SnapshotGroup
 */

/** @param {number | undefined} v */
const finite = (v) => (v !== undefined && Number.isFinite(v) ? v : null);
/** @param {number} share Four digits are more than an 8-bit density holds. */
const rounded = (share) => Number(share.toPrecision(4));

/**
 * @param {import("../app.js").App} app
 * @param {readonly Frame[]} frames of the columns on screen
 * @param {string} link
 * @param {Exact} exact
 */
export function snapshot(app, frames, link, exact) {
  const { metadata, state } = app;
  return {
    tool: "Neural Divergence",
    link,
    dataset: named(metadata),
    ...(app.other && { beside: named(app.other.metadata) }),
    provenance: metadata.provenance ?? null,
    groups: state.groups.map((group) => ({ group, name: metadata.groups[group].name, rows: metadata.groups[group].rows })),
    instances: state.instances.map((instance) => ({ instance, ...metadata.instances[instance] })),
    opacity: { curve: state.curve, fullAtShare: frames.map(({ full }) => full) },
    layers: frames.map((frame) => layerSnapshot(frame, app.layer(frame.layer.id).name, exact)),
  };
}

/** @param {import("../types").Metadata} metadata */
const named = ({ name, title, version, rows }) => ({ name, title: title ?? null, version, rows });

/** @param {Frame} frame @param {string} name of the layer, in any version @param {Exact} exact */
function layerSnapshot(frame, name, exact) {
  const { arrangement: of, layer, screen, axis, column, state, metadata } = frame;
  const pinned = column.pinned.map((neuron) => {
    const place = exact.place(frame, neuron);
    return row(frame, frame.pinned.arrangement, neuron, 0, { pinned: true, first: place?.rank ?? null, last: place?.rank ?? null, key: place?.key, neuron }, exact);
  });
  const { applied } = frame.data.filter;
  const per = 2 ** screen.level;
  const rows = [...screen.rows].map((r) => {
    const fact = frame.data.rowFacts(of.query, screen.level, r);
    return row(frame, of, r, screen.level, {
      pinned: false, first: r * per, last: Math.min(layer.neurons, (r + 1) * per) - 1, key: fact?.key, neuron: screen.level === 0 && fact ? fact.neuron : null,
    }, exact);
  });
  return {
    layer: layer.id, name, dataset: { name: metadata.name, version: metadata.version }, neurons: layer.neurons, neuronsPerRow: per, axes: neuronAxes(layer).map(({ name }) => name),
    sortedBy: { order: expression(of.order, metadata), words: phrase(of.order, metadata), direction: of.direction },
    hidden: column.hidden,
    ...(applied && state.filter && { filter: { condition: state.filter.where, way: applied.way, neurons: applied.count } }),
    axis: {
      kind: of.mode, scale: axis?.scale?.symlog ?? state.symlog === true ? "symlog" : "linear", lowest: axis?.scale?.lo ?? null, highest: axis?.scale?.hi ?? null,
      ownRange: axis && !axis.scale ? [axis.part.lo, axis.part.hi] : null,
      bins: axis ? axis.end - axis.first : 0, binEdges: axis?.scale ? [...axis.binEdges] : null,
      zerosInBins: of.finer === null && of.warp === null, shareBelow: axis?.below ?? null, shareAbove: axis?.above ?? null, neuronsBeyond: neuronsBeyond(frame),
    },
    rows: [...pinned, ...rows],
  };
}

/**
 * How many neurons in view have values beyond the axis; null where rows are sums of several.
 * @param {Frame} frame
 */
function neuronsBeyond({ data, arrangement, screen, axis }) {
  if (!axis?.scale || screen.level > 0) return null;
  let beyond = 0;
  data.eachRow(arrangement.query, screen, (_line, rows, at) => {
    if (reachesAbove(rows, at, axis) || reachesBelow(rows, at, axis)) beyond++;
  });
  return beyond;
}

/**
 * @param {Frame} frame
 * @param {import("../view/columndata.js").Arrangement} of
 * @param {number} r
 * @param {number} level
 * @param {{pinned: boolean, first: number | null, last: number | null, key: number | undefined, neuron: number | null}} where
 * @param {Exact} exact
 * @returns {SnapshotRow}
 */
function row(frame, of, r, level, where, exact) {
  const { data, state, layer, metadata } = frame;
  const { neuron } = where;
  const facts = neuron === null ? undefined : exact.facts(frame, neuron);
  const axes = neuronAxes(layer);
  const name = neuron === null ? undefined : classesOf(layer, metadata)[neuron];
  return {
    pinned: where.pinned,
    firstRank: where.first === null ? null : where.first + 1, lastRank: where.last === null ? null : where.last + 1,
    neuron,
    ...(neuron !== null && axes.length > 0 && { place: Object.fromEntries(indicesOf(axes, neuron).map((index, i) => [axes[i].name, index])) }),
    ...(name !== undefined && { class: name }),
    key: finite(where.key),
    values: state.instances.map((instance) => {
      const own = facts?.instances.find((one) => one.instance === instance);
      if (own) return { instance, lowest: own.value, mean: own.value, highest: own.value };
      const hit = data.bestValues(of.query, level, r >> 8, instance);
      const at = hit && hit.shift === 0 ? (r - hit.first) * 3 : -1;
      const [lowest, mean, highest] = hit && at >= 0 ? [0, 1, 2].map((i) => finite(hit.values[at + i])) : [null, null, null];
      return { instance, lowest, mean, highest };
    }),
    groups: state.groups.flatMap((group) => {
      const own = facts?.groups.find((one) => one.group === group);
      return own ? [exactGroup(own)] : drawnGroup(frame, of, r, level, group);
    }),
  };
}

/** @param {import("../types").NeuronGroup} own @returns {SnapshotGroup} */
function exactGroup(own) {
  const figures = Object.fromEntries(STATISTICS.map(({ name }) => [name, own[name]]));
  return { group: own.group, zeroShare: own.count > 0 ? own.zeros / own.count : null, figures: /** @type {import("../model/statistics.js").Figures} */ (figures), counts: own.counts };
}

/**
 * @param {Frame} frame
 * @param {import("../view/columndata.js").Arrangement} of
 * @param {number} r
 * @param {number} level
 * @param {number} group
 * @returns {SnapshotGroup[]}
 */
function drawnGroup({ data, axis }, of, r, level, group) {
  const hit = data.bestTile(of, group, level, r >> 8);
  if (!hit || hit.shift !== 0) return [];
  const { tile } = hit;
  const at = r - tile.first;
  /** @param {number} q */
  const share = (q) => rounded(tile.scale * (q / 255) ** 2);
  const from = at * tile.bins + (axis?.first ?? 0);
  const to = at * tile.bins + (axis?.end ?? tile.bins);
  return [{ group, zeroShare: rounded(tile.zeroScale * (tile.zeros[at] / 255) ** 2), densities: Array.from(tile.densities.subarray(from, to), share) }];
}
