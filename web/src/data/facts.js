/** Exact figures of single neurons: kept, and asked for one at a time while the pointer moves. */

import { LruCache } from "../model/cache.js";
import { isMoment } from "../model/moments.js";
import { RequestError } from "./queue.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../types").NeuronGroup} NeuronGroup */

const CACHE_BYTES_MAX = 16 * 1024 * 1024;
/** The server gives histograms of at most so many groups at once. */
const GROUPS_MAX = 64;
/** About what a parsed answer weighs, and each group's 256 numbers in it. */
const FACTS_BYTES = 600;
const GROUP_BYTES = 2600;

export class FactsSource {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {LruCache<NeuronFacts>} */
    this.cache = new LruCache(CACHE_BYTES_MAX);
    /** @type {LruCache<NeuronGroup>} */
    this.moments = new LruCache(CACHE_BYTES_MAX);
  }

  /** Groups of the data set that are asked for: without a chosen class the figures are those of all rows. */
  get groups() {
    const { state, metadata } = this.app;
    const stored = state.groups.filter((group) => !isMoment(metadata, group));
    return (stored.length > 0 ? stored : [0]).slice(0, GROUPS_MAX);
  }

  /**
   * The chosen instances that a layer knows.
   * @param {string} layer
   */
  instances(layer) {
    return this.app.instancesIn(this.app.layer(layer));
  }

  /**
   * The chosen groups of the moment that a layer knows.
   * @param {string} layer
   */
  chosenMoments(layer) {
    return this.app.groupsIn(this.app.layer(layer)).filter((group) => isMoment(this.app.metadata, group));
  }

  /**
   * What the figures are of: they are others when it is.
   * @param {string} layer
   * @param {number} neuron
   */
  url(layer, neuron) {
    return this.app.urls.neuron(layer, neuron, this.groups, this.instances(layer));
  }

  /** @param {string} layer @param {number} neuron */
  key(layer, neuron) {
    return [this.url(layer, neuron), ...this.chosenMoments(layer)].join("|");
  }

  /** @param {string} layer @param {number} neuron */
  known(layer, neuron) {
    return this.cache.get(this.key(layer, neuron));
  }

  /**
   * In the chosen groups, in the order in which they were chosen.
   * @param {string} layer
   * @param {number} neuron
   * @param {AbortSignal} [signal]
   * @returns {Promise<NeuronFacts>}
   */
  async facts(layer, neuron, signal) {
    const key = this.key(layer, neuron);
    const known = this.cache.get(key);
    if (known) return known;
    const { groups, instances } = this.app.state;
    const [facts, moments] = await Promise.all([
      this.app.json(this.url(layer, neuron), PRIORITY.person, signal),
      Promise.all(this.chosenMoments(layer).map((group) => this.moment(layer, neuron, group, signal))),
    ]);
    facts.groups = [...facts.groups, ...moments.flatMap((group) => group ?? [])].sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
    facts.instances = facts.instances.map(this.numbered, this);
    facts.instances.sort(
      (/** @type {{instance: number}} */ a, /** @type {{instance: number}} */ b) => instances.indexOf(a.instance) - instances.indexOf(b.instance),
    );
    this.cache.set(key, facts, FACTS_BYTES + facts.groups.length * GROUP_BYTES);
    return facts;
  }

  /**
   * In a group of the moment. Of its median and the like two bounds are known: the middle stands for them.
   * @param {string} layer
   * @param {number} neuron
   * @param {number} group
   * @param {AbortSignal} [signal]
   * @returns {Promise<NeuronGroup | null>} null where this layer has no such group
   */
  async moment(layer, neuron, group, signal) {
    const { where = "", name } = this.app.metadata.groups[group];
    const url = this.app.urls.neuronWhere(layer, neuron, where);
    const known = this.moments.get(url);
    if (known) return { ...known, name };
    try {
      const [figures] = (await this.app.json(url, PRIORITY.person, signal)).groups;
      const found = { ...ofBounds(figures), group, name };
      this.moments.set(url, found, GROUP_BYTES);
      return found;
    } catch (error) {
      // The tiles of the picture are refused as well, and the notice tells why.
      if (error instanceof RequestError && (error.status === 404 || error.status === 400)) return null;
      throw error;
    }
  }

  /**
   * Any row of the data by its place among the instances: of its value two bounds are known, of which the middle stands for it.
   * @param {Record<string, any>} one as the server tells it
   * @returns {import("../types").NeuronInstance}
   */
  numbered(one) {
    if (one.row === undefined) return /** @type {any} */ (one);
    const instance = this.app.metadata.instances.findIndex(({ row }) => row === one.row);
    const value = one.low === null || one.high === null ? one.low ?? one.high : (one.low + one.high) / 2;
    return /** @type {any} */ ({ ...one, instance, value });
  }

  /**
   * In all groups of the data set, of which as many have counts as the server gives at once, and with the chosen instances.
   * @param {string} layer
   * @param {number} neuron
   * @param {AbortSignal} [signal]
   * @returns {Promise<NeuronFacts>}
   */
  async all(layer, neuron, signal) {
    const { urls, metadata } = this.app;
    const groups = metadata.groups.flatMap((_, group) => (isMoment(metadata, group) ? [] : [group]));
    const counted = groups.length <= GROUPS_MAX ? groups : [...new Set([0, ...this.groups])].slice(0, GROUPS_MAX);
    const url = urls.neuron(layer, neuron, counted, this.instances(layer));
    const key = groups.length > counted.length ? `all ${url}` : url;
    const known = this.cache.get(key);
    if (known) return known;
    const [facts, rest] = await Promise.all([
      this.app.json(url, PRIORITY.person, signal),
      groups.length > counted.length ? this.app.json(urls.neuronOfAll(layer, neuron), PRIORITY.person, signal) : null,
    ]);
    facts.instances = facts.instances.map(this.numbered, this);
    if (rest) facts.groups.push(...rest.groups.filter((/** @type {NeuronGroup} */ one) => !counted.includes(one.group)));
    this.cache.set(key, facts, FACTS_BYTES + facts.groups.length * GROUP_BYTES);
    return facts;
  }
}

/**
 * @param {Record<string, any>} figures of a group of the moment: `median_low` and `median_high` in place of `median`
 * @returns {any}
 */
function ofBounds(figures) {
  /** @type {Record<string, any>} */
  const out = { ...figures };
  for (const [name, low] of Object.entries(figures)) {
    if (!name.endsWith("_low")) continue;
    const figure = name.slice(0, -4);
    const high = figures[`${figure}_high`];
    out[figure] = low === null || high === null ? low ?? high : (low + high) / 2;
  }
  return out;
}
