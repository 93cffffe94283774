/**
 * Which rows of a column a condition leaves. What is shown stays until all is known that the next takes: for which neurons the condition
 * holds, and where they stand in the ordering on screen.
 */

import { clampView, rowHeight } from "../model/viewport.js";

/** @typedef {{mask: Uint8Array, count: number, way: "only" | "mark" | "hide"}} Applied `count`: neurons for which the condition holds */

/** Orderings whose ranks are remembered. */
const ORDERS_MAX = 4;
/** CSS pixels of a row, at least: rows of scattered neurons cannot be summed up, and each may cost a tile in a large layer. */
const ROW_LEAST = 1;
const SCATTERED_ROW_LEAST = 6;
const SCATTERED_FROM = 16_384;

export class ColumnFilter {
  /** @param {import("../app.js").App} app @param {import("../types").Layer} layer */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
    /** @type {Applied | null} */
    this.applied = null;
    /** @type {{of: Applied, hidden: string, mask: Uint8Array, count: number} | null} */
    this.without = null;
    /** @type {Map<string, {mask: Uint8Array, ranks: number[]}>} */
    this.ranked = new Map();
  }

  /**
   * Takes up what the state asks for, once it is known.
   * @param {string} query of the ordering that is wanted
   * @returns {boolean} whether it is taken up, or cannot be
   */
  follow(query) {
    const { app: { state: { filter }, filters }, layer } = this;
    if (!filter) this.applied = null;
    if (!filter) return true;
    const answer = filters?.of(layer.id, filter.where);
    if (!answer || answer.state === "reading") return false;
    if (answer.state === "fault") this.applied = null;
    else if (this.applied?.mask !== answer.mask || this.applied.way !== filter.way) {
      if (!this.order(query)) return false;
      this.applied = { mask: answer.mask, count: answer.count, way: filter.way };
    }
    return true;
  }

  /** Whether rows are left out, so that none may be a sum of several. */
  get leavesOut() {
    return this.applied !== null && this.applied.way !== "mark";
  }

  /** @param {string} query @returns {Uint32Array | null} */
  order(query) {
    return this.app.filters?.order(this.layer.id, query) ?? null;
  }

  /**
   * The neurons that are not shown: those that the condition takes away, and the hidden ones.
   * @param {readonly number[]} hidden
   */
  gone(hidden) {
    const { applied: of } = this;
    if (!of) throw new Error("no condition is applied");
    // The list itself is another one after every step.
    const list = hidden.join();
    if (this.without?.of === of && this.without.hidden === list) return this.without;
    const mask = of.mask.map((bit) => (of.way === "hide" ? bit : 1 - bit));
    for (const neuron of hidden) mask[neuron] = 1;
    this.without = { of, hidden: list, mask, count: mask.reduce((sum, bit) => sum + bit, 0) };
    return this.without;
  }

  /**
   * Ranks of the neurons of a mask, ascending; none while the ordering is not here.
   * @param {string} query
   * @param {Uint8Array} mask
   * @returns {readonly number[]}
   */
  ranks(query, mask) {
    const known = this.ranked.get(query);
    if (known?.mask === mask) return known.ranks;
    const order = this.order(query);
    if (!order) return [];
    /** @type {number[]} */
    const ranks = [];
    order.forEach((neuron, rank) => {
      if (mask[neuron]) ranks.push(rank);
    });
    this.ranked.delete(query);
    if (this.ranked.size >= ORDERS_MAX) this.ranked.delete([...this.ranked.keys()][0]);
    this.ranked.set(query, { mask, ranks });
    return ranks;
  }

  /**
   * A view in which no row is a sum of several.
   * @param {{top: number, span: number | null}} view
   * @param {number} total
   * @param {number} height CSS pixels
   * @param {number} top that the reader chose
   */
  readable(view, total, height, top) {
    const least = this.layer.neurons > SCATTERED_FROM ? SCATTERED_ROW_LEAST : ROW_LEAST;
    return !this.leavesOut || rowHeight(total, view.span, height) >= least ? view : clampView({ top, span: height / least }, total, height);
  }
}
