/**
 * Whole orderings of a layer: every neuron's rank and key, put together from rows of single neurons, 256 at a time. What filters and maps of
 * channels are made of. Exact: keys come as float64. Kept, and asked for once.
 */

import { AskedOnce } from "../model/cache.js";
import { expression } from "../model/order.js";
import { orderQuery } from "./api.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../types").Order} Order */
/** @typedef {{neurons: Uint32Array, keys: Float64Array}} Table by rank */
/** @typedef {{nan: Uint8Array, infinite: Uint8Array}} Flags 1 or 0 by neuron: whether it has such values among all rows */

const BYTES_MAX = 64 * 1024 * 1024;
/** Requests that wait at a time: the queue has room for others beside them. */
const AT_ONCE = 24;
const ROWS = 256;
const INDEX = orderQuery("index", "ascending");

/**
 * The query of an ordering in this version: a column of another one is in the order of this.
 * @param {string} query
 */
export const withoutOther = (query) => query.replace(/&of=[^&]*/, "");

export class NeuronTables {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {AskedOnce<any>} */
    this.asked = new AskedOnce(BYTES_MAX);
  }

  /**
   * Rows of single neurons, tile by tile, in no order of their own.
   * @param {string} layer
   * @param {string} query
   * @param {{from?: number, to?: number, instances?: readonly number[], spread?: boolean}} of ranks `from` to `to`, excluded
   * @param {(tile: import("../types").RowsTile) => void} each
   */
  async tiles(layer, query, { from = 0, to = this.app.layer(layer).neurons, instances = [], spread = false }, each) {
    const own = withoutOther(query);
    const last = Math.ceil(to / ROWS);
    let next = Math.floor(from / ROWS);
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, last - next) }, async () => {
      while (next < last) {
        const url = this.app.urls.ranks(layer, next++, own, instances, spread);
        each((await this.app.queue.request({ url, kind: "rows", priority: PRIORITY.person })).data);
      }
    }));
  }

  /**
   * An ordering as the server is asked for it.
   * @param {string} layer
   * @param {string} query
   * @returns {Promise<Table>}
   */
  table(layer, query) {
    const { neurons: n } = this.app.layer(layer);
    return this.asked.get(`${layer}?${query}`, async () => {
      const out = { neurons: new Uint32Array(n), keys: new Float64Array(n) };
      await this.tiles(layer, query, {}, ({ first, neurons, keys }) => {
        out.neurons.set(neurons, first);
        out.keys.set(keys, first);
      });
      return out;
    }, 12 * n);
  }

  /**
   * Keys of an ordering, by neuron.
   * @param {string} layer
   * @param {Order} order
   * @returns {Promise<Float64Array>}
   */
  keys(layer, order) {
    const query = orderQuery(expression(order, this.app.metadata), "ascending");
    return this.asked.get(`${layer} keys ${query}`, async () => {
      const { neurons, keys } = await this.table(layer, query);
      const out = new Float64Array(keys.length);
      neurons.forEach((neuron, rank) => {
        out[neuron] = keys[rank];
      });
      return out;
    }, 8 * this.app.layer(layer).neurons);
  }

  /**
   * Values of instances, by neuron; of any row of the data the middle of what is known of it.
   * @param {string} layer
   * @param {number} instance
   * @returns {Promise<Float32Array>}
   */
  values(layer, instance) {
    const { neurons: n } = this.app.layer(layer);
    return this.asked.get(`${layer} values ${this.app.urls.ranks(layer, 0, INDEX, [instance], false)}`, async () => {
      const out = new Float32Array(n);
      await this.tiles(layer, INDEX, { instances: [instance] }, ({ first, rows, values: [values] }) => {
        for (let i = 0; i < rows; i++) out[first + i] = values[3 * i + 1];
      });
      return out;
    }, 4 * n);
  }

  /**
   * Which neurons have NaN or infinities: none is asked for where the layer has none.
   * @param {string} layer
   * @returns {Promise<Flags>}
   */
  flags(layer) {
    const { neurons: n } = this.app.layer(layer);
    return this.asked.get(`${layer} flags`, async () => {
      const out = { nan: new Uint8Array(n), infinite: new Uint8Array(n) };
      const summary = await this.app.summary(layer, PRIORITY.person);
      if (summary.nan[0] === 0 && summary.infinite[0] === 0) return out;
      await this.tiles(layer, INDEX, { spread: true }, ({ first, odd }) => {
        odd.forEach((bits, i) => {
          out.nan[first + i] = bits & 1;
          out.infinite[first + i] = (bits >> 1) & 1;
        });
      });
      return out;
    }, 2 * n);
  }

  /**
   * Neurons of some ranks, in their order.
   * @param {string} layer
   * @param {string} query
   * @param {number} from
   * @param {number} to excluded
   * @returns {Promise<number[]>}
   */
  async between(layer, query, from, to) {
    const out = new Array(to - from).fill(0);
    await this.tiles(layer, query, { from, to }, ({ first, neurons }) => {
      neurons.forEach((neuron, i) => {
        if (first + i >= from && first + i < to) out[first + i - from] = neuron;
      });
    });
    return out;
  }
}
