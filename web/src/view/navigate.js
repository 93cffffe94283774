/** Moving through a column's rows: what wheel, drag, pinch, keyboard, minimap and jumps have in common. */

import { clampView, positionOf, rowHeight, zoomAt } from "../model/viewport.js";
import { rowToRead } from "../model/layout.js";
import { panAcross, zoomAcross } from "../model/scales.js";

/** @typedef {import("./column.js").Column} Column */

/** Said to whom scrolls where there is nowhere to go. */
export const NOTHING_TO_SCROLL = "The whole layer is in view. Zoom in to scroll: click a row, Ctrl + wheel, pinch or press +.";

/**
 * Puts a view in place; columns that move together follow by the share of their layer.
 * @param {Column} column
 * @param {{top: number, span: number | null}} view
 * @param {import("../app.js").History} [history]
 */
export function setView(column, view, history = "quiet") {
  const { app, layer } = column;
  const next = clampView(view, column.total, column.layout.plotHeight);
  app.update((draft) => {
    Object.assign(draft.columns[layer.id], next);
    if (!draft.linked) return;
    for (const id of draft.layers) {
      if (id === layer.id) continue;
      const share = app.layer(id).neurons / layer.neurons;
      draft.columns[id].top = next.top * share;
      draft.columns[id].span = next.span === null ? null : next.span * share;
    }
  }, history);
}

/** @param {Column} column @param {number} top rows */
export function scrollTo(column, top) {
  const view = column.view;
  if (view.span !== null) setView(column, { ...view, top });
}

/** @param {Column} column @param {number} factor @param {number} y CSS pixels from the canvas' top */
export function zoomBy(column, factor, y) {
  const at = Math.min(Math.max(0, y - column.layout.plotTop), column.layout.plotHeight);
  setView(column, zoomAt(column.view, column.total, column.layout.plotHeight, factor, at));
}

/**
 * Whether zooming so would show other rows.
 * @param {Column} column
 * @param {number} factor
 */
export function canZoom(column, factor) {
  const { view } = column;
  return zoomAt(view, column.total, column.layout.plotHeight, factor, 0).span !== view.span;
}

/** @param {Column} column */
export function fit(column) {
  setView(column, { top: 0, span: null });
}

/**
 * Puts a part of the axis in view; null is the whole.
 * @param {Column} column
 * @param {import("../types").Part | null} part
 * @param {import("../app.js").History} [history]
 */
export function setAcross(column, part, history = "quiet") {
  // To the digits that a link holds: it must show the same, to the pixel.
  const rounded = part && { lo: Number(part.lo.toPrecision(10)), hi: Number(part.hi.toPrecision(10)) };
  column.app.update((draft) => {
    draft.columns[column.layer.id].across = rounded;
  }, history);
}

/** @param {Column} column @param {number} factor > 1 nearer @param {number} x CSS pixels from the canvas' left */
export function zoomAcrossBy(column, factor, x) {
  const { plotX, plotWidth } = column.layout;
  const scale = column.axis.scale(plotWidth);
  const whole = column.axis.fit();
  if (!scale || !whole) return;
  setAcross(column, zoomAcross(scale, whole, factor, Math.min(1, Math.max(0, (x - plotX) / plotWidth)), column.leastAcross()));
}

/**
 * Moves along the axis, where only a part of it is in view.
 * @param {Column} column
 * @param {import("../types").Scale | null} scale that the pixels are of
 * @param {number} pixels to the right
 */
export function panAcrossBy(column, scale, pixels) {
  const whole = column.axis.fit();
  if (scale && whole && column.state.across) setAcross(column, panAcross(scale, whole, pixels));
}

/**
 * So near that every row carries its numbers, around a place.
 * @param {Column} column
 * @param {number} y
 */
export function zoomToNames(column, y) {
  const factor = Math.max(1.5, rowToRead(column.app.state) / column.frame.screen.rowHeight);
  zoomBy(column, factor, y);
}

/**
 * Brings a position into view, at a readable size if `near`.
 * @param {Column} column
 * @param {number} position
 * @param {boolean} near
 */
export function reveal(column, position, near) {
  const { plotHeight } = column.layout;
  let { top, span } = column.view;
  const tall = rowToRead(column.app.state);
  if (near && column.frame.screen.rowHeight < tall) span = plotHeight / (tall + 2);
  if (span === null) return;
  const margin = Math.min(2, span / 4);
  if (near) {
    if (position < top + margin || position > top + span - margin - 1) top = position - span / 2;
  } else if (position < top + margin) top = position - margin;
  else if (position + 1 > top + span - margin) top = position + 1 - span + margin;
  setView(column, { top, span });
}

/**
 * Goes to a neuron: in view, readable, and marked.
 * @param {Column} column
 * @param {number} neuron
 * @param {boolean} [near]
 * @returns {Promise<number | null>} its rank; null where the server did not say
 */
export async function jump(column, neuron, near = true) {
  const of = column.frame.arrangement;
  column.cursor = neuron;
  try {
    let rank = column.data.rank(of, neuron);
    if (rank === undefined) rank = (await column.app.json(column.app.urls.find(column.layer.id, of.query, neuron), 1)).rank;
    if (rank === undefined) return null;
    reveal(column, positionOf(rank, column.data.hiddenRanks(of)), near);
    return rank;
  } catch {
    return null;
  }
}

/**
 * Rows of one screen.
 * @param {Column} column
 */
export function page(column) {
  return column.layout.plotHeight / rowHeight(column.total, column.view.span, column.layout.plotHeight);
}
