/** How ordinary inputs are for their classes, and what tells classes apart, as the server says it (Tiles/HTTP.md): kept, and asked for once. */

import { AskedOnce } from "../model/cache.js";
import { expression, itemOf, argumentFor } from "../model/order.js";
import { orderQuery } from "./api.js";
import { pageOf, pages } from "./facts.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../model/ladder.js").LayerStanding} LayerStanding */
/** @typedef {import("../model/ladder.js").LayerBands} LayerBands */
/**
 * An input beside those that the network took for the same class.
 * @typedef {object} Standing
 * @property {number} [row]
 * @property {number} [instance]
 * @property {number} [source_row]
 * @property {string} [prediction]
 * @property {string} [label]
 * @property {number | null} margin
 * @property {number | null} margin_p
 * @property {number | null} omnibus
 * @property {number | null} omnibus_p
 * @property {number | null} alarm_p
 * @property {number | null} alarm_p_least
 */
/** @typedef {Standing & {calibrating?: number, contrast?: {named: string, other: string}, without_contrast?: string, layers: LayerStanding[]}} Detail */
/** @typedef {{named: number, other: number}} Contrast groups */
/** @typedef {{neuron: number, contribution: number, values: (number | null)[]}} Responsible `values` of the instances that were asked for */
/** @typedef {{layer: string, separation?: number | null, null?: number | null, beyond?: number, neurons?: number, best?: {neuron: number, auroc: number}, untold?: string}} LayerSeparation */
/** @typedef {{group: number, name: string, separation: number | null, null: number | null, beyond: number, neurons: number}} ClassSeparation */

/** Rows that stand for all, where there are more; the server tells so many at once. */
const ROWS_MAX = 4096;
const PAGE = 1024;
/** Instances that an alarm is asked about, at most. */
const INSTANCES_MAX = 4096;
const ANSWERS_MAX = 256;

export class DivergenceSource {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {AskedOnce<any>} */
    this.asked = new AskedOnce(ANSWERS_MAX);
  }

  /** @param {string} url @param {number} [priority] */
  json(url, priority = PRIORITY.person) {
    return this.asked.get(url, () => this.app.json(url, priority));
  }

  /**
   * An input in every layer.
   * @param {number} instance
   * @param {Contrast | null} contrast between other classes than its own
   * @returns {Promise<Detail>}
   */
  detail(instance, contrast) {
    return this.json(this.app.urls.divergence(instance, contrast));
  }

  /**
   * How the rows of two classes are spread between them, by layer.
   * @param {Contrast} contrast
   * @returns {Promise<{layers: LayerBands[]}>}
   */
  bands(contrast) {
    return this.json(this.app.urls.ladder(contrast));
  }

  /**
   * Ordinary rows: all, or some that stand for all.
   * @returns {Promise<{of: number, rows: Standing[]}>}
   */
  rows() {
    const total = this.app.metadata.rows;
    const count = Math.min(total, ROWS_MAX);
    return this.asked.get("rows", async () => ({ of: total, rows: await this.pages("rows", count, total > ROWS_MAX ? ROWS_MAX : null) }));
  }

  /** @returns {Promise<Standing[]>} the stored instances */
  instances() {
    const total = this.app.metadata.instances.filter((one) => one.row === undefined).length;
    return this.asked.get("instances", () => this.pages("instances", Math.min(total, INSTANCES_MAX), null));
  }

  /**
   * @param {"rows" | "instances"} list
   * @param {number} count
   * @param {number | null} sample
   * @returns {Promise<Standing[]>}
   */
  async pages(list, count, sample) {
    const starts = Array.from({ length: Math.ceil(count / PAGE) }, (_, i) => i * PAGE);
    const pages = await Promise.all(starts.map((from) => this.app.json(this.app.urls.divergences(list, from, Math.min(PAGE, count - from), sample), PRIORITY.minimap)));
    return pages.flatMap((page) => page[list]);
  }

  /**
   * The neurons of a layer that speak most for the class that the network named.
   * @param {string} layer
   * @param {number} instance
   * @param {readonly number[]} shown instances whose values are told
   * @returns {Promise<Responsible[]>} at most 256
   */
  responsible(layer, instance, shown) {
    const { app } = this;
    const order = itemOf("contribution", argumentFor("instance", instance, app.metadata));
    const url = app.urls.rows(layer, 0, 0, orderQuery(expression(order, app.metadata), "descending"), shown);
    return this.asked.get(url, async () => {
      /** @type {import("../types").RowsTile} */
      const tile = (await app.queue.request({ url, kind: "rows", priority: PRIORITY.person })).data;
      return Array.from({ length: tile.rows }, (_, row) => ({
        neuron: tile.neurons[row], contribution: tile.keys[row],
        values: tile.values.map((values) => (Number.isFinite(values[3 * row + 1]) ? values[3 * row + 1] : null)),
      })).filter(({ contribution }) => Number.isFinite(contribution));
    });
  }

  /**
   * Neurons in some groups, with counts, and a row in them.
   * @param {string} layer
   * @param {readonly number[]} neurons
   * @param {readonly number[]} groups
   * @param {number | undefined} row
   * @returns {Promise<import("../types").NeuronFacts[]>} in the order of `neurons`
   */
  async neurons(layer, neurons, groups, row) {
    const size = pageOf(groups.length, row === undefined ? 0 : 1);
    const found = await Promise.all(pages(neurons, size).map((page) => this.json(this.app.urls.neuronsWithRow(layer, page, groups, row))));
    const known = new Map(found.flatMap(({ neurons: all }) => all.map((/** @type {import("../types").NeuronFacts} */ one) => [one.neuron, one])));
    return neurons.map((neuron) => known.get(neuron));
  }

  /**
   * The layers by how well they tell two groups apart.
   * @param {number} a
   * @param {number} b
   * @returns {Promise<LayerSeparation[]>}
   */
  async separation(a, b) {
    return (await this.json(this.app.urls.separation(a, b), PRIORITY.thumbnail)).layers;
  }

  /**
   * The classes by how badly a layer tells them from a group.
   * @param {string} layer
   * @param {number} group
   * @returns {Promise<ClassSeparation[]>}
   */
  async similar(layer, group) {
    return (await this.json(this.app.urls.similar(layer, group), PRIORITY.thumbnail)).classes;
  }
}
