/** Selecting rows: by dragging over their numbers, with Shift or Ctrl, with the keys. What is selected is a step that can be undone. */

import { plural } from "../model/format.js";
import { SET_MAX } from "../model/finding.js";

/** @typedef {import("./column.js").Column} Column */

/**
 * Selects these neurons of a layer; none: nothing is selected any more.
 * @param {import("../app.js").App} app
 * @param {string} layer
 * @param {readonly number[]} neurons
 * @param {import("../app.js").History} [history]
 */
export function pick(app, layer, neurons, history = "push") {
  const unique = [...new Set(neurons)];
  if (unique.length > SET_MAX) app.tell(`${SET_MAX} neurons can be selected at most: these are the first.`);
  const kept = unique.slice(0, SET_MAX);
  const { picked } = app.state;
  if (picked === null && kept.length === 0) return;
  if (picked?.layer === layer && picked.neurons.join() === kept.join()) return;
  app.update((draft) => {
    draft.picked = kept.length > 0 ? { layer, neurons: kept } : null;
  }, history);
  app.announce(kept.length > 0 ? `${plural(kept.length, "neuron")} of ${app.layer(layer).name} selected` : "nothing is selected");
}

/** @param {Column} column @param {number} neuron */
export function toggle(column, neuron) {
  const { app, layer, picked } = column;
  pick(app, layer.id, picked.includes(neuron) ? picked.filter((n) => n !== neuron) : [...picked, neuron]);
}

/**
 * Neurons of the rows between two places of the canvas, as far as they are on screen.
 * @param {Column} column
 * @param {number} from CSS pixels from the canvas' top
 * @param {number} to
 */
export function rowsBetween(column, from, to) {
  const { layout, screen, arrangement, data } = column.frame;
  const line = (/** @type {number} */ y) => Math.floor((y - layout.plotTop - screen.y) / screen.height);
  const first = Math.max(0, line(Math.min(from, to)));
  const last = Math.min(screen.rows.length - 1, line(Math.max(from, to)));
  return [...screen.rows.subarray(first, last + 1)].flatMap((row) => data.rowFacts(arrangement.query, 0, row)?.neuron ?? []);
}

/**
 * Extends what is selected to a row: from the row that was selected last, over all between them that are shown.
 * @param {Column} column
 * @param {number} rank
 */
export async function extend(column, rank) {
  const { app, layer, picked, data, frame: { arrangement: { query }, hiddenRanks } } = column;
  const anchor = picked[picked.length - 1];
  if (anchor === undefined) return;
  try {
    const { tables } = await new Promise(app.withFilters);
    const from = (await app.json(app.urls.find(layer.id, query, anchor), 1)).rank;
    const low = Math.min(from, rank);
    const hidden = new Set(hiddenRanks);
    const between = (await tables.between(layer.id, query, low, Math.max(from, rank) + 1)).filter((_, i) => !hidden.has(low + i));
    if (data.shown?.query !== query) return;
    if (from > rank) between.reverse();
    pick(app, layer.id, [...picked.filter((neuron) => !between.includes(neuron)), ...between]);
  } catch {
    // The notice at the top tells why.
  }
}

/**
 * The keys went from one row to another: both are selected, or, on the way back, the one that was left no more.
 * @param {Column} column
 * @param {number} from
 * @param {number} to
 */
export function extendByKeys(column, from, to) {
  const { app, layer, picked } = column;
  const neurons = from !== to && picked.includes(to) ? picked.filter((neuron) => neuron !== from && neuron !== to) : picked.filter((neuron) => neuron !== from);
  // A row of keystrokes is one step.
  pick(app, layer.id, from !== to && picked.includes(to) ? [...neurons, to] : [...new Set([...neurons, from, to])], picked.length > 0 ? "replace" : "push");
}
