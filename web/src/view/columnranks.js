/** Ranks of the neurons of a layer that are followed, in the orderings of late: asked for one by one, and remembered. */

import { RequestError } from "../data/queue.js";
import { PRIORITY } from "../data/tiles.js";
import { AskedOnce } from "../model/cache.js";

/** @typedef {import("./columndata.js").Arrangement} Arrangement */

/** Orderings whose ranks are remembered, in a layer. */
const RANKED_ORDERS_MAX = 12;
/** Answers on equal keys that are remembered. */
const TIES_MAX = 400;

export class ColumnRanks {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
    /** @type {Map<string, Map<number, number | null>>} */
    this.known = new Map();
    /**
     * Ranks with the same key, by ordering and neuron.
     * @type {AskedOnce<import("./ties.js").Tied>}
     */
    this.ties = new AskedOnce(TIES_MAX);
    /** `TileSource.retries` when the ranks were asked for. */
    this.retries = app.source.retries;
  }

  /**
   * Rank of a neuron in an arrangement; undefined while it is being asked for.
   * @param {Pick<Arrangement, "query" | "order" | "direction">} of
   * @param {number} neuron
   * @returns {number | undefined}
   */
  of({ query, order, direction }, neuron) {
    if (order.kind === "index") return direction === "ascending" ? neuron : this.layer.neurons - 1 - neuron;
    if (this.retries !== this.app.source.retries) {
      this.retries = this.app.source.retries;
      this.known.clear();
    }
    let known = this.known.get(query);
    if (!known) {
      this.known.set(query, (known = new Map()));
      if (this.known.size > RANKED_ORDERS_MAX) this.known.delete([...this.known.keys()][0]);
    }
    const rank = known.get(neuron);
    if (rank === undefined) {
      known.set(neuron, null);
      void this.find(query, neuron, known);
    }
    return rank ?? undefined;
  }

  /** @param {string} query @param {number} neuron @param {Map<number, number | null>} known */
  async find(query, neuron, known) {
    try {
      const found = await this.app.json(this.app.urls.find(this.layer.id, query, neuron), PRIORITY.sharp);
      known.set(neuron, found.rank);
      this.app.redraw();
    } catch (error) {
      // Asked for again when next needed; but what the server refuses would be refused in every frame.
      if (error instanceof RequestError && error.aborted) known.delete(neuron);
      else this.app.refused(/** @type {RequestError} */ (error));
    }
  }

  /**
   * At which ranks the key of a neuron stands, its own among them.
   * @param {Pick<Arrangement, "query" | "order">} of
   * @param {number} neuron
   * @returns {Promise<import("./ties.js").Tied | null>} null where no key says anything
   */
  async tied({ query, order }, neuron) {
    if (order.kind === "index") return null;
    return this.ties.get(`${query}|${neuron}`, async () => (await this.app.json(this.app.urls.findTies(this.layer.id, query, neuron), PRIORITY.person)).ties);
  }

  /** @param {string} query @param {number} neuron @param {number} rank */
  learn(query, neuron, rank) {
    this.known.get(query)?.set(neuron, rank) ?? this.known.set(query, new Map([[neuron, rank]]));
  }
}
