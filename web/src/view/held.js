/** What a picture was made of: as long as the same is at hand, another would be the same. */

import { tilesOf } from "../model/viewport.js";

/** @typedef {import("./columnframe.js").Frame} Frame */

/**
 * All at hand of what a frame shows, with what stands beside its rows: tiles, rows and values, and gaps where there are none.
 * @param {Frame} frame
 * @param {readonly number[]} groups
 * @param {readonly number[]} instances
 * @returns {unknown[]}
 */
export function heldOf({ arrangement: of, pinned, data, screen: { rows, level }, column }, groups, instances) {
  /** @type {unknown[]} */
  const held = [];
  /** @param {import("./columndata.js").Arrangement} of @param {number} level @param {number} index */
  const place = (of, level, index) => {
    for (const group of groups) held.push(data.bestTile(of, group, level, index)?.tile);
    held.push(data.bestRows(of.query, level, index)?.rows);
    for (const instance of instances) held.push(data.bestValues(of.query, level, index, instance)?.values);
  };
  // The overview, and the values that say whether an instance has any here.
  place(data.base(of), data.top, 0);
  for (const index of tilesOf(rows)) place(of, level, index);
  // Whether the rows before and after have the same key.
  if (rows.length > 0) for (const row of [rows[0] - 1, rows[rows.length - 1] + 1]) held.push(row < 0 ? null : data.bestRows(of.query, level, row >> 8)?.rows);
  for (const index of new Set(column.pinned.map((neuron) => neuron >> 8))) place(pinned.arrangement, 0, index);
  return held;
}
