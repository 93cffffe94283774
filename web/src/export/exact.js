/** Exact figures of the rows on screen: asked for, since tiles hold densities in eight bits. */

import { PRIORITY } from "../data/tiles.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../view/columnframe.js").Frame} Frame */
/**
 * @typedef {object} Exact
 * @property {(frame: Frame, neuron: number) => NeuronFacts | undefined} facts
 * @property {(frame: Frame, neuron: number) => {rank: number, key: number} | undefined} place of pinned neurons in the layer's order
 */
/** @typedef {{frame: Frame, app: import("../app.js").App, facts: import("../data/facts.js").FactsSource}} Drawn a column's frame, and where its version is asked for more */

/** Requests that wait at a time: the queue has room for others beside them. */
const AT_ONCE = 24;

/**
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => Promise<void>} run
 */
async function inTurns(all, run) {
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, all.length) }, async () => {
    while (next < all.length) await run(all[next++]);
  }));
}

/**
 * All that the rows of these columns need to be told exactly. Rows that stand for several neurons have no figures of their own.
 * @param {readonly Drawn[]} columns
 * @returns {Promise<Exact>}
 */
export async function exactly(columns) {
  /** @type {Map<string, NeuronFacts>} */
  const found = new Map();
  /** @type {Map<string, {rank: number, key: number}>} */
  const places = new Map();
  /** @param {Frame} frame @param {number} neuron */
  const key = ({ metadata, layer }, neuron) => `${metadata.name}/${metadata.version}/${layer.id}/${neuron}`;
  await Promise.all(columns.map(async ({ frame, facts }) => {
    const rows = frame.screen.level > 0 ? [] : [...frame.screen.rows].flatMap((row) => frame.data.rowFacts(frame.arrangement.query, 0, row)?.neuron ?? []);
    for (const [neuron, told] of await facts.many(frame.layer.id, [...frame.column.pinned, ...rows])) found.set(key(frame, neuron), told);
  }));
  const pinned = columns.flatMap(({ frame, app }) => frame.column.pinned.map((neuron) => ({ frame, app, neuron })));
  await inTurns(pinned, async ({ frame, app, neuron }) => {
    const { layer, arrangement: { query } } = frame;
    const { rank } = await app.json(app.urls.find(layer.id, query, neuron), PRIORITY.person);
    const { data } = await app.queue.request({ url: app.urls.rows(layer.id, 0, rank >> 8, query, []), kind: "rows", priority: PRIORITY.person });
    places.set(key(frame, neuron), { rank, key: data.keys[rank & 255] });
  });
  return { facts: (frame, neuron) => found.get(key(frame, neuron)), place: (frame, neuron) => places.get(key(frame, neuron)) };
}
