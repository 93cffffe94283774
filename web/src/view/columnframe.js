/** What one draw of a column shows. Made once for a draw; everything that paints, tells or exports it reads it, and nothing changes it. */

import { lastRank } from "../model/viewport.js";

/** @typedef {import("./columndata.js").Arrangement} Arrangement */
/** @typedef {import("../model/axes.js").Axis} Axis */
/** @typedef {ReturnType<typeof import("../model/viewport.js").screenRows> & {level: number, rowHeight: number}} Screen rows in view, and the CSS pixels of one neuron's */
/** @typedef {{kind: "pinned", neuron: number} | {kind: "row", row: number, level: number}} Hit what lies under the pointer */
/** @typedef {{arrangement: Arrangement, axis: Axis | null}} Side rows that are drawn beside the main ones, in bins of their own */

/**
 * @typedef {object} FrameFields
 * @property {import("../types").Metadata} metadata
 * @property {import("../types").State} state of the page
 * @property {import("../types").ColumnState} column
 * @property {import("../types").Layer} layer
 * @property {import("./theme.js").Theme} theme
 * @property {import("./columndata.js").ColumnData} data tiles and rows at hand
 * @property {number} width CSS pixels
 * @property {number} height
 * @property {number} ratio device pixels per CSS pixel
 * @property {import("../model/layout.js").Layout} layout
 * @property {{top: number, span: number | null}} view rows in view
 * @property {Arrangement} arrangement
 * @property {number} total rows that can be scrolled through
 * @property {readonly number[]} hiddenRanks of the neurons that are not shown, ascending, as far as they are known
 * @property {Screen} screen
 * @property {boolean} thin whether the rows are too thin to aim at: a click on them goes nearer, and hides none
 * @property {Axis | null} axis null until the layer's summary is there
 * @property {Side} pinned the pinned neurons
 * @property {Side} overview the whole layer
 * @property {readonly {group: number, colour: import("../types").Rgb}[]} inks of the chosen groups
 * @property {ReadonlyMap<number, import("./dots.js").Marker>} markers of the chosen instances
 * @property {number} full the share of a group in a bin that is fully opaque
 * @property {number} overviewFull the same in the overview's bins
 * @property {readonly import("./lacking.js").Lines[]} lacking lines of which something could not be had
 * @property {number | null} cursor neuron that the keyboard stands on, or a jump went to
 * @property {Hit | null} hovered
 * @property {readonly number[]} picked neurons that are selected
 */
/** @typedef {Readonly<FrameFields>} Frame */

/**
 * Neurons that stay marked in every order: the pinned ones, and the one the keyboard or a jump is at.
 * @param {Frame} frame
 */
export function tracked({ cursor, column: { pinned } }) {
  return cursor === null || pinned.includes(cursor) ? pinned : [...pinned, cursor];
}

/**
 * The neuron of a hit; null for several, or while it is not known.
 * @param {Frame} frame
 * @param {Hit | null} hit
 * @returns {number | null}
 */
export function neuronOf({ arrangement, data }, hit) {
  if (!hit) return null;
  if (hit.kind === "pinned") return hit.neuron;
  return hit.level > 0 ? null : data.rowFacts(arrangement.query, 0, hit.row)?.neuron ?? null;
}

/**
 * The rank of the layer's last row, where that is in view; else null.
 * @param {Frame} frame
 */
export function lastInView({ view: { top, span }, layer, total, screen }) {
  const atEnd = span === null || top + span > total - 0.01;
  return atEnd ? lastRank(screen, layer.neurons) : null;
}
