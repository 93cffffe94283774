/** Exact figures of the rows on screen: asked for neuron by neuron, since tiles hold densities in eight bits. */

import { PRIORITY } from "../data/tiles.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../view/columnframe.js").Frame} Frame */
/**
 * @typedef {object} Exact
 * @property {(layer: string, neuron: number) => NeuronFacts | undefined} facts
 * @property {(layer: string, neuron: number) => {rank: number, key: number} | undefined} place of pinned neurons in the layer's order
 */

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
 * All that the rows of these frames need to be told exactly. Rows that stand for several neurons have no figures of their own.
 * @param {import("../app.js").App} app
 * @param {import("../data/facts.js").FactsSource} facts
 * @param {readonly Frame[]} frames
 * @returns {Promise<Exact>}
 */
export async function exactly(app, facts, frames) {
  /** @type {Map<string, NeuronFacts>} */
  const found = new Map();
  /** @type {Map<string, {rank: number, key: number}>} */
  const places = new Map();
  const wanted = frames.flatMap(({ layer, column, screen, data, arrangement }) => [
    ...column.pinned, ...(screen.level > 0 ? [] : [...screen.rows].flatMap((row) => data.rowFacts(arrangement.query, 0, row)?.neuron ?? [])),
  ].map((neuron) => ({ layer: layer.id, neuron })));
  await inTurns(wanted, async ({ layer, neuron }) => {
    found.set(`${layer}/${neuron}`, await facts.facts(layer, neuron));
  });
  const pinned = frames.flatMap((frame) => frame.column.pinned.map((neuron) => ({ frame, neuron })));
  await inTurns(pinned, async ({ frame: { layer, arrangement: { query } }, neuron }) => {
    const { rank } = await app.json(app.urls.find(layer.id, query, neuron), PRIORITY.person);
    const { data } = await app.queue.request({ url: app.urls.rows(layer.id, 0, rank >> 8, query, []), kind: "rows", priority: PRIORITY.person });
    places.set(`${layer.id}/${neuron}`, { rank, key: data.keys[rank & 255] });
  });
  return { facts: (layer, neuron) => found.get(`${layer}/${neuron}`), place: (layer, neuron) => places.get(`${layer}/${neuron}`) };
}
