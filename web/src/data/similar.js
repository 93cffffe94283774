/**
 * Which classes are like a class, in a layer: how much their distributions coincide, neuron by neuron. Worked out here, from
 * small tiles of single neurons that are asked for when nothing else is under way.
 */

import { AskedOnce } from "../model/cache.js";
import { overlap, sampleTiles } from "../model/similarity.js";
import { orderQuery } from "./api.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {import("../types").Tile} Tile */

/** Tiles of 256 neurons a class: all of a layer of up to 1,024; a sample of a larger one, and of layers with hundreds of classes. */
const TILES_MAX = 4;
const MANY_CLASSES = 64;
/** Requests under way for this at once: the queue is the picture's first. */
const AT_ONCE = 24;
const LAYERS_KEPT = 4;

export class SimilarClasses {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {AskedOnce<Map<number, Tile[]>>} */
    this.layers = new AskedOnce(LAYERS_KEPT);
    this.classes = app.metadata.groups.flatMap((group, g) => (group.kind === "class" && group.rows > 0 ? [g] : []));
  }

  /**
   * The other classes, the most similar first.
   * @param {string} layer
   * @param {number} group
   * @returns {Promise<{group: number, overlap: number}[]>}
   */
  async to(layer, group) {
    const tiles = await this.tiles(layer);
    const own = tiles.get(group) ?? [];
    return this.classes.flatMap((other) => {
      if (other === group) return [];
      const parts = (tiles.get(other) ?? []).map((tile, i) => (own[i] ? overlap(own[i], tile) : { sum: 0, neurons: 0 }));
      const neurons = parts.reduce((n, part) => n + part.neurons, 0);
      return neurons === 0 ? [] : [{ group: other, overlap: parts.reduce((sum, part) => sum + part.sum, 0) / neurons }];
    }).sort((a, b) => b.overlap - a.overlap);
  }

  /** @param {string} layer */
  tiles(layer) {
    return this.layers.get(layer, () => this.load(layer));
  }

  /** @param {string} layer @returns {Promise<Map<number, Tile[]>>} */
  async load(layer) {
    const { app, classes } = this;
    const indices = sampleTiles(app.layer(layer).neurons, classes.length > MANY_CLASSES ? 1 : TILES_MAX);
    const query = `${orderQuery("index", "ascending")}&axis=own&bins=16`;
    /** @type {Map<number, Tile[]>} */
    const tiles = new Map(classes.map((group) => [group, []]));
    const jobs = classes.flatMap((group) => indices.map((index, i) => ({ group, index, i })));
    for (let at = 0; at < jobs.length; at += AT_ONCE) {
      await Promise.all(jobs.slice(at, at + AT_ONCE).map(async ({ group, index, i }) => {
        const { data } = await app.queue.request({ url: app.urls.tile(layer, group, 0, index, query), kind: "tile", priority: PRIORITY.thumbnail });
        const list = tiles.get(group);
        if (list) list[i] = data;
      }));
    }
    return tiles;
  }
}
