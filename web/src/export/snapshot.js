/** Exactly what is on screen, as data: the rows in view with their keys, values and densities, and where all of it came from. */

import { expression, phrase } from "../model/order.js";
import { reachesAbove, reachesBelow } from "../view/rowmarks.js";

/** @typedef {import("../view/columnframe.js").Frame} Frame */

/**
 * @typedef {object} SnapshotRow
 * @property {boolean} pinned
 * @property {number | null} firstRank from 1; null for a pinned neuron whose rank is not known yet
 * @property {number | null} lastRank
 * @property {number | null} neuron null for a row of several
 * @property {number | null} key what the column is sorted by; the mean where the row stands for several
 * @property {{instance: number, lowest: number | null, mean: number | null, highest: number | null}[]} values
 * @property {{group: number, zeroShare: number, densities: number[]}[]} groups densities: share of the group in each bin
 */

/** @param {number} v */
const finite = (v) => (Number.isFinite(v) ? v : null);
/** @param {number} share Four digits are more than an 8-bit density holds. */
const rounded = (share) => Number(share.toPrecision(4));

/**
 * @param {import("../app.js").App} app
 * @param {Frame[]} frames of the columns on screen
 * @param {string} link
 */
export function snapshot(app, frames, link) {
  const { metadata, state } = app;
  return {
    tool: "Neural Divergence",
    link,
    dataset: { name: metadata.name, title: metadata.title ?? null, version: metadata.version, rows: metadata.rows },
    provenance: metadata.provenance ?? null,
    groups: state.groups.map((group) => ({ group, name: metadata.groups[group].name, rows: metadata.groups[group].rows })),
    instances: state.instances.map((instance) => ({ instance, ...metadata.instances[instance] })),
    opacity: { curve: state.curve, fullAtShare: frames.map(({ full }) => full) },
    layers: frames.map(layerSnapshot),
  };
}

/** @param {Frame} frame */
function layerSnapshot(frame) {
  const { arrangement: of, data, layer, layout, screen, axis, column, state, metadata } = frame;
  const pinned = column.pinned.slice(0, layout.pinnedRows).map((neuron) => {
    const rank = data.rank(of, neuron) ?? null;
    return row(frame, frame.pinned.arrangement, neuron, 0, { pinned: true, first: rank, last: rank });
  });
  const per = 2 ** screen.level;
  const rows = [...screen.rows].map((r) => row(frame, of, r, screen.level, {
    pinned: false, first: r * per, last: Math.min(layer.neurons, (r + 1) * per) - 1,
  }));
  return {
    layer: layer.id, name: layer.name, neurons: layer.neurons, neuronsPerRow: per,
    sortedBy: { order: expression(of.order, metadata), words: phrase(of.order, metadata), direction: of.direction },
    hidden: column.hidden,
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
 * @param {{pinned: boolean, first: number | null, last: number | null}} where
 * @returns {SnapshotRow}
 */
function row({ data, axis, state }, of, r, level, where) {
  const fact = data.rowFacts(of.query, level, r);
  return {
    pinned: where.pinned,
    firstRank: where.first === null ? null : where.first + 1, lastRank: where.last === null ? null : where.last + 1,
    neuron: level === 0 && fact ? fact.neuron : null,
    // A pinned row comes from the index order: its key there is only its number.
    key: where.pinned || !fact ? null : finite(fact.key),
    values: state.instances.map((instance) => {
      const hit = data.bestValues(of.query, level, r >> 8, instance);
      const at = hit && hit.shift === 0 ? (r - hit.first) * 3 : -1;
      const [lowest, mean, highest] = hit && at >= 0 ? [0, 1, 2].map((i) => finite(hit.values[at + i])) : [null, null, null];
      return { instance, lowest, mean, highest };
    }),
    groups: state.groups.flatMap((group) => {
      const hit = data.bestTile(of, group, level, r >> 8);
      if (!hit || hit.shift !== 0) return [];
      const { tile } = hit;
      const at = r - tile.first;
      /** @param {number} q */
      const share = (q) => rounded(tile.scale * (q / 255) ** 2);
      const from = at * tile.bins + (axis?.first ?? 0);
      const to = at * tile.bins + (axis?.end ?? tile.bins);
      return [{ group, zeroShare: rounded(tile.zeroScale * (tile.zeros[at] / 255) ** 2), densities: Array.from(tile.densities.subarray(from, to), share) }];
    }),
  };
}
