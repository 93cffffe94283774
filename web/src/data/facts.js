/** Exact figures of single neurons: kept, asked for one at a time while the pointer moves, and as many as a page has at once. */

import { LruCache } from "../model/cache.js";
import { isMoment } from "../model/moments.js";
import { RequestError } from "./queue.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../types").NeuronGroup} NeuronGroup */

const CACHE_BYTES_MAX = 16 * 1024 * 1024;
/** The server gives histograms of at most so many groups at once. */
const GROUPS_MAX = 64;
/** It answers for at most so many neurons at once, with at most so many histograms and places of instances in them (HTTP.md). */
const NEURONS_MAX = 256;
const HISTOGRAMS_MAX = 4096;
const PLACES_MAX = 65_536;
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
    const [facts, moments] = await Promise.all([
      this.app.json(this.url(layer, neuron), PRIORITY.person, signal),
      Promise.all(this.chosenMoments(layer).map((group) => this.moment(layer, neuron, group, signal))),
    ]);
    return this.keep(key, facts, moments.flatMap((group) => group ?? []));
  }

  /**
   * Of many neurons, in few requests.
   * @param {string} layer
   * @param {readonly number[]} neurons
   * @returns {Promise<Map<number, NeuronFacts>>} by neuron
   */
  async many(layer, neurons) {
    const { app, groups } = this;
    const instances = this.instances(layer);
    const chosen = this.chosenMoments(layer);
    /** @type {Map<number, NeuronFacts>} */
    const found = new Map();
    const missing = [...new Set(neurons)].filter((neuron) => {
      const known = this.known(layer, neuron);
      if (known) found.set(neuron, known);
      return !known;
    });
    const keys = new Map(missing.map((neuron) => [neuron, this.key(layer, neuron)]));
    await Promise.all(pages(missing, pageOf(groups.length, instances.length)).map(async (page) => {
      const [{ neurons: all }, moments] = await Promise.all([
        app.json(app.urls.neurons(layer, page, groups, instances), PRIORITY.person),
        Promise.all(chosen.map((group) => this.momentOfMany(layer, page, group))),
      ]);
      for (const facts of all) found.set(facts.neuron, this.keep(keys.get(facts.neuron) ?? "", facts, moments.flatMap((of) => of.get(facts.neuron) ?? [])));
    }));
    return found;
  }

  /**
   * As the page shows it: groups and instances in the order in which they were chosen.
   * @param {string} key
   * @param {any} facts as the server tells them
   * @param {NeuronGroup[]} moments
   * @returns {NeuronFacts}
   */
  keep(key, facts, moments) {
    const { groups, instances } = this.app.state;
    facts.groups = [...facts.groups, ...moments].sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group));
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
      return refused(error);
    }
  }

  /**
   * The same of many neurons.
   * @param {string} layer
   * @param {readonly number[]} neurons
   * @param {number} group
   * @returns {Promise<Map<number, NeuronGroup>>} by neuron; empty where this layer has no such group
   */
  async momentOfMany(layer, neurons, group) {
    const { where = "", name } = this.app.metadata.groups[group];
    try {
      const { neurons: all } = await this.app.json(this.app.urls.neuronsWhere(layer, neurons, where), PRIORITY.person);
      return new Map(all.map((/** @type {any} */ one) => [one.neuron, { ...ofBounds(one.groups[0]), group, name }]));
    } catch (error) {
      return refused(error) ?? new Map();
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
 * A layer that has no such group of the moment: the tiles of the picture are refused as well, and the notice tells why.
 * @param {unknown} error thrown on where it is another
 */
function refused(error) {
  if (error instanceof RequestError && (error.status === 404 || error.status === 400)) return null;
  throw error;
}

/**
 * How many neurons one answer has room for.
 * @param {number} groups
 * @param {number} instances
 */
export function pageOf(groups, instances) {
  const histograms = Math.max(1, groups);
  return Math.max(1, Math.min(NEURONS_MAX, Math.floor(HISTOGRAMS_MAX / histograms), Math.floor(PLACES_MAX / (histograms * Math.max(1, instances)))));
}

/**
 * A list in pieces.
 * @param {readonly number[]} list
 * @param {number} size
 */
export function pages(list, size) {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
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
