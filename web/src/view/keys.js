/** The keyboard on a column's plot. */

import { positionOf, rankAt } from "../model/viewport.js";
import { fit, page, panAcrossBy, reveal, scrollTo, setAcross, zoomAcrossBy, zoomBy } from "./navigate.js";

/** @typedef {import("./column.js").Column} Column */

/** Steps that may wait for the server: a key held down must not leave a queue behind. */
const STEPS_MAX = 4;

/**
 * @param {Column} column
 * @param {{extend: (from: number, to: number) => void, unpick: () => void, hide: (neuron: number) => void, pin: (neuron: number) => void, open: (neuron: number) => void, moved: (neuron: number, rank: number) => void}} on
 */
export function attachKeys(column, on) {
  // One after the other: a step begins where the one before it ended, however fast the keys come.
  let last = Promise.resolve();
  let waiting = 0;
  /** @param {number} by @param {boolean} [extending] */
  const step = (by, extending = false) => {
    if (waiting >= STEPS_MAX) return;
    waiting++;
    last = last.then(() => {
      const from = column.cursor;
      return move(column, by, (neuron, rank) => {
        on.moved(neuron, rank);
        if (extending) on.extend(from ?? neuron, neuron);
      });
    }).finally(() => waiting--);
  };
  column.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actionOf(event.key, column, event.shiftKey);
    const cursor = column.cursor;
    if (action) action();
    else if (event.key === "Enter" && cursor !== null) on.open(cursor);
    else if ((event.key === "h" || event.key === "Delete") && cursor !== null) {
      on.hide(cursor);
      // The cursor goes on to the row that took its place: a row of keystrokes hides a row of neurons.
      step(0);
    } else if (event.key === "p" && cursor !== null) on.pin(cursor);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** @param {string} key @param {Column} c @param {boolean} shift @returns {(() => void) | null} */
  function actionOf(key, c, shift) {
    const middle = c.layout.plotTop + c.layout.plotHeight / 2;
    const around = cursorY(c) ?? middle;
    switch (key) {
      case "ArrowDown": return () => step(1, shift);
      case "ArrowUp": return () => step(-1, shift);
      case "PageDown": return () => scrollTo(c, c.view.top + page(c) * 0.9);
      case "PageUp": return () => scrollTo(c, c.view.top - page(c) * 0.9);
      case "Home": return () => scrollTo(c, 0);
      case "End": return () => scrollTo(c, c.total);
      case "+": case "=": return () => zoomBy(c, 1.5, around);
      case "-": case "_": return () => zoomBy(c, 1 / 1.5, around);
      case "0": return () => {
        setAcross(c, null);
        fit(c);
      };
      case ">": case ".": return () => zoomAcrossBy(c, 1.5, c.layout.plotX + c.layout.plotWidth / 2);
      case "<": case ",": return () => zoomAcrossBy(c, 1 / 1.5, c.layout.plotX + c.layout.plotWidth / 2);
      case "ArrowRight": return () => panAcrossBy(c, c.axis.scale(c.layout.plotWidth), c.layout.plotWidth / 8);
      case "ArrowLeft": return () => panAcrossBy(c, c.axis.scale(c.layout.plotWidth), -c.layout.plotWidth / 8);
      case "Escape": if (c.picked.length > 0) return on.unpick;
        return c.cursor === null ? null : () => {
        c.cursor = null;
        c.app.redraw();
      };
      default: return null;
    }
  }
}

/**
 * Where the cursor's row is on the canvas, if it is in view.
 * @param {Column} column
 */
function cursorY(column) {
  const { arrangement, screen, layout, data } = column.frame;
  if (column.cursor === null) return null;
  const rank = data.rank(arrangement, column.cursor);
  if (rank === undefined) return null;
  const y = (positionOf(rank, data.hiddenRanks(arrangement)) + 0.5 - column.view.top) * screen.rowHeight;
  return y >= 0 && y <= layout.plotHeight ? layout.plotTop + y : null;
}

/**
 * Moves the cursor by rows; from nowhere, to the first row in view.
 * @param {Column} column
 * @param {number} by
 * @param {(neuron: number, rank: number) => void} moved
 */
async function move(column, by, moved) {
  const { data, app, layer } = column;
  const of = data.shown;
  if (!of) return;
  const hidden = data.hiddenRanks(of);
  let position = Math.ceil(column.view.top);
  const rank = column.cursor === null ? undefined : data.rank(of, column.cursor);
  if (rank !== undefined) position = Math.min(column.total - 1, Math.max(0, positionOf(rank, hidden) + by));
  const next = rankAt(position, hidden);
  let neuron = data.rowFacts(of.query, 0, next)?.neuron;
  if (neuron === undefined) {
    try {
      neuron = (await app.json(app.urls.findRank(layer.id, of.query, next), 1)).neuron;
    } catch {
      return;
    }
  }
  if (neuron === undefined) return;
  // The next step starts from here, and must not wait to be told where that is.
  if (data.shown?.query === of.query) data.learn(neuron, next);
  column.cursor = neuron;
  reveal(column, position, false);
  app.redraw();
  moved(neuron, next);
}
