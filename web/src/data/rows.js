/** What rows are: those that fire a neuron, their pictures and texts, those for which an expression holds. Kept, and asked for once. */

import { LruCache } from "../model/cache.js";
import { PRIORITY } from "./tiles.js";

/** @typedef {{row: number, low: number | null, high: number | null, label?: string, prediction?: string}} FiringRow */
/** @typedef {{rows: FiringRow[], tied?: number}} Firing how many rows could stand in the last place as well as the one that does */
/** @typedef {{row: number, label?: string, prediction?: string, margin?: number | null, columns: Record<string, unknown>}} TableRow */
/** @typedef {{total: number, rows: TableRow[]}} Found */
/** @typedef {{labels: string[], predictions: string[], cells: [number, number, number][]}} Confusion */

const ANSWERS_BYTES_MAX = 8 * 1024 * 1024;
const PICTURES_BYTES_MAX = 32 * 1024 * 1024;
/** About what a row's answer weighs. */
const ROW_BYTES = 200;

export class RowSource {
  /** @param {import("../app.js").App} app */
  constructor(app) {
    this.app = app;
    /** @type {LruCache<any>} */
    this.answers = new LruCache(ANSWERS_BYTES_MAX);
    /** @type {LruCache<ImageBitmap>} */
    this.seen = new LruCache(PICTURES_BYTES_MAX);
  }

  /**
   * @param {string} url
   * @param {AbortSignal} [signal]
   * @param {number} [priority]
   */
  async answer(url, signal, priority = PRIORITY.person) {
    const known = this.answers.get(url);
    if (known) return known;
    const answer = await this.app.json(url, priority, signal);
    this.answers.set(url, answer, ROW_BYTES * (1 + (answer.rows?.length ?? answer.cells?.length ?? 1)));
    return answer;
  }

  /**
   * The rows that fire a neuron most, or least, among those of a group.
   * @param {string} layer
   * @param {number} neuron
   * @param {number} group
   * @param {"highest" | "lowest"} end
   * @param {AbortSignal} [signal]
   * @param {number} [priority]
   * @returns {Promise<Firing>}
   */
  firing(layer, neuron, group, end, signal, priority) {
    return this.answer(this.app.urls.firing(layer, neuron, group, end), signal, priority);
  }

  /**
   * Rows for which an expression holds.
   * @param {string} where
   * @param {number} count
   * @param {AbortSignal} [signal]
   * @returns {Promise<Found>}
   */
  where(where, count, signal) {
    return this.answer(this.app.urls.tableWhere(where, 0, count), signal);
  }

  /** @param {number} row @param {AbortSignal} [signal] @returns {Promise<TableRow>} */
  async row(row, signal) {
    return (await this.answer(this.app.urls.table(row, 1), signal)).rows[0];
  }

  /** @returns {Promise<Confusion>} */
  confusion() {
    return this.answer(this.app.urls.confusion());
  }

  /**
   * @param {number[]} rows
   * @param {AbortSignal} [signal]
   * @returns {Promise<Map<number, string>>} by row
   */
  texts(rows, signal) {
    const { app } = this;
    const ask = async (/** @type {string} */ url) => (await app.json(url, PRIORITY.person, signal)).texts.map((/** @type {{text: string}} */ { text }) => text);
    return together(rows, this.answers, app.urls.texts, ask, (text) => ROW_BYTES + 2 * text.length);
  }

  /**
   * @param {number[]} rows
   * @param {AbortSignal} [signal]
   * @param {number} [priority]
   * @returns {Promise<Map<number, ImageBitmap>>} by row
   */
  pictures(rows, signal, priority = PRIORITY.person) {
    const { urls, queue } = this.app;
    const ask = async (/** @type {string} */ url) => (await queue.request({ url, kind: "pictures", priority, signal })).data;
    return together(rows, this.seen, urls.pictures, ask, ({ width, height }) => 4 * width * height);
  }
}

/**
 * What some rows have: of those that are not kept, in one answer.
 * @template T
 * @param {number[]} rows
 * @param {LruCache<T>} kept by the URL of a row alone
 * @param {(rows: number[]) => string} urlOf
 * @param {(url: string) => Promise<T[]>} ask the answer, in the order of the rows' numbers
 * @param {(one: T) => number} bytesOf
 * @returns {Promise<Map<number, T>>} by row
 */
async function together(rows, kept, urlOf, ask, bytesOf) {
  /** @type {Map<number, T>} */
  const found = new Map();
  for (const row of rows) {
    const known = kept.get(urlOf([row]));
    if (known !== undefined) found.set(row, known);
  }
  const missing = rows.filter((row) => !found.has(row)).sort((a, b) => a - b);
  if (missing.length === 0) return found;
  const fresh = await ask(urlOf(missing));
  for (const [at, row] of missing.entries()) {
    found.set(row, fresh[at]);
    kept.set(urlOf([row]), fresh[at], bytesOf(fresh[at]));
  }
  return found;
}
