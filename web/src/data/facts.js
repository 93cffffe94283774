/** Exact figures of single neurons: kept, and asked for one at a time while the pointer moves. */

import { LruCache } from "../model/cache.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */

const CACHE_BYTES_MAX = 16 * 1024 * 1024;
/** The server gives histograms of at most so many groups at once. */
const GROUPS_MAX = 64;

export class FactsSource {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {LruCache<NeuronFacts>} */
    this.cache = new LruCache(CACHE_BYTES_MAX);
  }

  /** @param {string} layer @param {number} neuron */
  url(layer, neuron) {
    const { groups, instances } = this.app.state;
    // Without a chosen class the figures are those of all rows.
    return this.app.urls.neuron(layer, neuron, (groups.length > 0 ? groups : [0]).slice(0, GROUPS_MAX), instances);
  }

  /** @param {string} layer @param {number} neuron */
  known(layer, neuron) {
    return this.cache.get(this.url(layer, neuron));
  }

  /**
   * @param {string} layer
   * @param {number} neuron
   * @param {AbortSignal} [signal]
   * @returns {Promise<NeuronFacts>}
   */
  async facts(layer, neuron, signal) {
    const url = this.url(layer, neuron);
    const known = this.cache.get(url);
    if (known) return known;
    const { groups, instances } = this.app.state;
    const facts = await this.app.json(url, PRIORITY.person, signal);
    // They come in the order of their numbers, and are shown in the order they were chosen in.
    facts.groups.sort((/** @type {{group: number}} */ a, /** @type {{group: number}} */ b) => groups.indexOf(a.group) - groups.indexOf(b.group));
    facts.instances.sort(
      (/** @type {{instance: number}} */ a, /** @type {{instance: number}} */ b) => instances.indexOf(a.instance) - instances.indexOf(b.instance),
    );
    // About what the parsed object weighs: 256 numbers a group.
    this.cache.set(url, facts, 600 + facts.groups.length * 2600);
    return facts;
  }
}
