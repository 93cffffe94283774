/**
 * Tiles at hand, and the requests for those that are wanted. Each frame says anew what it wants; what is no longer wanted
 * is released, so scrubbing through a million neurons leaves no queue behind.
 */

import { LruCache } from "../model/cache.js";

/** @typedef {import("./queue.js").Request} Request */
/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("../types").RowsTile} RowsTile */
/** @typedef {Pick<RowsTile, "rows" | "neurons" | "keys" | "exponents" | "origins" | "spread" | "odd">} RowsBase */
/** @typedef {{url: string, kind: "tile" | "rows", priority: number, key: string, instances?: readonly number[]}} Want */

/** Bytes of tiles kept. A quarter-million-neuron layer's visible part is about 1 MB for three classes. */
const CACHE_BYTES_MAX = 96 * 1024 * 1024;
/** Tiles asked for in one frame. */
const WANTS_MAX = 160;

/** Order of urgency: what fills an empty place, what sharpens the picture, what may come next, what will be gone by then. */
export const PRIORITY = { cover: 0, sharp: 1, person: 1, minimap: 2, next: 4, leaving: 4.5, thumbnail: 5 };

export class TileSource {
  /**
   * @param {import("./queue.js").RequestQueue} queue
   * @param {() => void} onArrival
   * @param {(error: import("./queue.js").RequestError, url: string) => void} onRefusal
   */
  constructor(queue, onArrival, onRefusal) {
    this.queue = queue;
    this.onArrival = onArrival;
    this.onRefusal = onRefusal;
    /** @type {LruCache<Tile | RowsBase | Float32Array>} */
    this.cache = new LruCache(CACHE_BYTES_MAX);
    /** @type {Map<string, {control: AbortController, request: Request}>} */
    this.pending = new Map();
    /**
     * Addresses the server refused, or answered with damage at every try; not asked again in this version but by `retry`.
     * @type {Set<string>}
     */
    this.refused = new Set();
    /** How often all that was refused was given another chance. */
    this.retries = 0;
  }

  /** @param {string} key @returns {Tile | undefined} */
  tile(key) {
    return /** @type {Tile | undefined} */ (this.cache.get(key));
  }

  /**
   * Keeps what was made of tiles at hand.
   * @param {string} key
   * @param {Tile} tile
   */
  keep(key, tile) {
    this.cache.set(key, tile, tile.densities.byteLength + tile.zeros.byteLength);
  }

  /** @param {string} key @returns {RowsBase | undefined} */
  rows(key) {
    return /** @type {RowsBase | undefined} */ (this.cache.get(key));
  }

  /** @param {string} key of the rows @param {number} instance @returns {Float32Array | undefined} */
  values(key, instance) {
    return /** @type {Float32Array | undefined} */ (this.cache.get(`${key}#${instance}`));
  }

  /**
   * Makes exactly these the requests under way.
   * @param {Want[]} wants
   */
  sync(wants) {
    const list = wants.length > WANTS_MAX ? [...wants].sort((a, b) => a.priority - b.priority).slice(0, WANTS_MAX) : wants;
    /** @type {Map<string, Want>} */
    const wanted = new Map();
    for (const want of list) {
      if (want.priority < (wanted.get(want.url)?.priority ?? Infinity)) wanted.set(want.url, want);
    }
    // Another ordering or part of the axis: the server may still be making what was asked for of the one before.
    const queries = new Set(list.map((want) => want.url.split("?")[1]));
    for (const [url, { control, request }] of [...this.pending]) {
      const want = wanted.get(url);
      // What was only foreseen may have come into view, and what had left it may be back.
      if (want) Object.assign(request, { priority: want.priority, spare: false });
      else if (queries.size === 0 || queries.has(url.split("?")[1])) this.queue.release(request);
      else {
        this.pending.delete(url);
        control.abort();
      }
    }
    for (const want of wanted.values()) {
      if (!this.pending.has(want.url) && !this.refused.has(want.url)) this.start(want);
    }
  }

  /** @param {Want} want */
  start(want) {
    const control = new AbortController();
    const request = { url: want.url, kind: want.kind, priority: want.priority, signal: control.signal };
    this.pending.set(want.url, { control, request });
    this.queue.request(request).then(
      ({ data, bytes }) => {
        this.pending.delete(want.url);
        if (want.kind === "tile") this.cache.set(want.key, data, bytes);
        else this.keepRows(want, data, bytes);
        this.onArrival();
      },
      (error) => {
        if (this.pending.get(want.url)?.request === request) this.pending.delete(want.url);
        if (error.aborted) return;
        if (this.refused.size < 10000) this.refused.add(want.url);
        this.onRefusal(error, want.url);
        this.onArrival();
      },
    );
  }

  /**
   * The values of each instance are kept by themselves: choosing one more asks for that one only.
   * @param {Want} want
   * @param {RowsTile} data
   * @param {number} bytes
   */
  keepRows(want, data, bytes) {
    const { rows, neurons, keys, exponents, origins, values, spread, odd } = data;
    this.cache.set(want.key, { rows, neurons, keys, exponents, origins, spread, odd }, bytes);
    (want.instances ?? []).forEach((instance, i) => this.cache.set(`${want.key}#${instance}`, values[i], values[i].byteLength));
  }

  /** Gives all that was refused another chance, when it is next wanted. */
  retry() {
    this.retries++;
    this.refused.clear();
  }

  /** Another version of the data: nothing of the old one may be seen again. */
  clear() {
    for (const { control } of this.pending.values()) control.abort();
    this.pending.clear();
    this.refused.clear();
    this.cache.clear();
  }
}
