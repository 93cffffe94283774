/** For which neurons of a layer a condition holds, and where they stand in an ordering: worked out once, from whole orderings. */

import { LruCache } from "../model/cache.js";
import { ConditionFault, holds, needs, parseCondition } from "../model/condition.js";
import { neuronAxes } from "../model/coordinates.js";
import { encodeOrder } from "../model/order.js";
import { NeuronTables, withoutOther } from "./tables.js";

/** @typedef {{state: "reading"} | {state: "ready", mask: Uint8Array, count: number} | {state: "fault", message: string, at: number | null}} Answer */

/** Answers remembered. */
const KEPT_MAX = 64;

export class Filters {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    this.tables = new NeuronTables(app);
    /** @type {LruCache<Answer>} */
    this.answers = new LruCache(KEPT_MAX);
    /**
     * Orderings that are here, by layer and query.
     * @type {LruCache<Uint32Array | null>}
     */
    this.orders = new LruCache(KEPT_MAX);
  }

  /**
   * @param {string} layer
   * @param {string} where
   * @returns {Answer} what is known now; the page is told when more is
   */
  of(layer, where) {
    // Sets may change under their names.
    const key = `${layer}|${where}|${where.includes("set(") ? JSON.stringify(this.app.state.sets) : ""}`;
    const known = this.answers.get(key);
    if (known) return known;
    this.answers.set(key, { state: "reading" }, 1);
    void this.find(layer, where).then((answer) => {
      if (answer) this.answers.set(key, answer, 1);
      // Given up on the way: asked for again when next wanted.
      else this.answers.delete(key);
      if (answer) this.app.refresh();
    });
    return this.answers.get(key) ?? { state: "reading" };
  }

  /** @param {string} layer @param {string} where @returns {Promise<Answer | null>} null: not now */
  async find(layer, where) {
    const { metadata, state: { sets } } = this.app;
    const { neurons } = this.app.layer(layer);
    try {
      const condition = parseCondition(where, metadata, sets.map(({ name }) => name));
      const { orders, flags: hasFlags } = needs(condition);
      const flags = hasFlags ? await this.tables.flags(layer) : null;
      /** @type {Map<string, Float64Array>} */
      const keys = new Map();
      for (const order of orders) keys.set(encodeOrder(order), await this.tables.keys(layer, order));
      const mask = holds(condition, {
        neurons, axes: neuronAxes(this.app.layer(layer)), keys: (order) => keys.get(encodeOrder(order)) ?? [], flags: (flag) => flags?.[flag] ?? [],
        members: (name) => sets.find((set) => set.name === name)?.layers[layer] ?? [],
      });
      return { state: "ready", mask, count: mask.reduce((sum, bit) => sum + bit, 0) };
    } catch (error) {
      if (error instanceof ConditionFault) return { state: "fault", message: error.message, at: error.at };
      const { aborted, detail, message } = /** @type {any} */ (error);
      return aborted ? null : { state: "fault", message: detail ?? message ?? String(error), at: null };
    }
  }

  /**
   * The neurons of an ordering by rank; null while it is being asked for, or where it cannot be had.
   * @param {string} layer
   * @param {string} query
   * @returns {Uint32Array | null}
   */
  order(layer, query) {
    const own = withoutOther(query);
    const key = `${layer}?${own}`;
    const known = this.orders.get(key);
    if (known !== undefined) return known;
    this.orders.set(key, null, 1);
    this.tables.table(layer, own).then(({ neurons }) => {
      this.orders.set(key, neurons, 1);
      this.app.redraw();
    }, (error) => {
      this.orders.delete(key);
      if (!error.aborted) this.app.refused(error);
    });
    return null;
  }
}
