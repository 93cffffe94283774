/** The keyboard on a column's plot. */

import { positionOf, rankAt } from "../model/viewport.js";
import { fit, page, panAcrossBy, reveal, scrollTo, setAcross, zoomAcrossBy, zoomBy } from "./navigate.js";

/** @typedef {import("./column.js").Column} Column */

/**
 * @param {Column} column
 * @param {{hide: (neuron: number) => void, pin: (neuron: number) => void, open: (neuron: number) => void, moved: (neuron: number, rank: number) => void}} on
 */
export function attachKeys(column, on) {
  column.canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = actionOf(event.key, column);
    const cursor = column.cursor;
    if (action) action();
    else if (event.key === "Enter" && cursor !== null) on.open(cursor);
    else if ((event.key === "h" || event.key === "Delete") && cursor !== null) {
      // The cursor goes on to the next row: a row of keystrokes hides a row of neurons.
      move(column, 1, on.moved);
      on.hide(cursor);
    } else if (event.key === "p" && cursor !== null) on.pin(cursor);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** @param {string} key @param {Column} c @returns {(() => void) | null} */
  function actionOf(key, c) {
    const middle = c.layout.plotTop + c.layout.plotHeight / 2;
    const around = cursorY(c) ?? middle;
    switch (key) {
      case "ArrowDown": return () => move(c, 1, on.moved);
      case "ArrowUp": return () => move(c, -1, on.moved);
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
      case "Escape": return c.cursor === null ? null : () => {
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
  const of = column.data.shown;
  if (!of || column.cursor === null) return null;
  const rank = column.data.rank(of, column.cursor);
  if (rank === undefined) return null;
  const y = (positionOf(rank, column.data.hiddenRanks(of)) + 0.5 - column.view.top) * column.rowHeight;
  return y >= 0 && y <= column.layout.plotHeight ? column.layout.plotTop + y : null;
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
  column.cursor = neuron;
  reveal(column, position, false);
  app.redraw();
  moved(neuron, next);
}
