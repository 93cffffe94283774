/**
 * The plain files of a site (Tiles/STATIC.md): whole, named by the hash of what they hold, mostly gzip. Kept unpacked, within a
 * number of bytes; each is fetched once, however many ask for it.
 */

import { LruCache } from "../../model/cache.js";

/** Bytes of unpacked files kept: 64 bins of a quarter-million neurons are some 15 MB a group, 256 bins some 50. */
const BYTES_MAX = 512 * 1024 * 1024;
/** Files fetched at once; the page's own queue counts requests of the page, not files. */
const FETCHES_MAX = 6;

/** A request that names what is not there. */
export class NotThere extends Error {}

/** A file that is not there, or cannot be had; `status` 0: no answer. */
export class FileError extends Error {
  /** @param {string} name @param {number} status */
  constructor(name, status) {
    super(`${name}: ${status === 0 ? "no answer" : `status ${status}`}`);
    this.status = status;
  }
}

export class Files {
  /** @param {string} root the site's address, with a slash at its end */
  constructor(root) {
    this.root = root;
    /** @type {LruCache<ArrayBuffer>} */
    this.cache = new LruCache(BYTES_MAX);
    /** @type {Map<string, Promise<ArrayBuffer>>} */
    this.pending = new Map();
    this.running = 0;
    /** @type {(() => void)[]} */
    this.waiting = [];
    this.bytesFetched = 0;
  }

  /**
   * @param {string} path
   * @param {(unpacked: ArrayBuffer) => ArrayBuffer} [prepare] makes of the file what is kept; the same for a path every time
   * @returns {Promise<ArrayBuffer>}
   */
  bytes(path, prepare = (buffer) => buffer) {
    const known = this.cache.get(path);
    if (known) return Promise.resolve(known);
    let promise = this.pending.get(path);
    if (!promise) {
      promise = this.load(path, prepare).finally(() => this.pending.delete(path));
      this.pending.set(path, promise);
    }
    return promise;
  }

  /** @param {string} path @returns {Promise<any>} */
  async json(path) {
    const parse = (/** @type {ArrayBuffer} */ buffer) => JSON.parse(new TextDecoder().decode(buffer));
    const checked = (/** @type {ArrayBuffer} */ buffer) => {
      parse(buffer);
      return buffer;
    };
    // What cannot be parsed is not kept: for the next who asks it is fetched anew.
    return parse(await this.bytes(path, checked));
  }

  /** @param {string} path @param {(unpacked: ArrayBuffer) => ArrayBuffer} prepare */
  async load(path, prepare) {
    if (this.running >= FETCHES_MAX) await new Promise((/** @type {(value: void) => void} */ go) => this.waiting.push(go));
    this.running++;
    try {
      const packed = await this.fetch(path);
      const buffer = prepare(await unpack(packed));
      this.bytesFetched += packed.byteLength;
      this.cache.set(path, buffer, buffer.byteLength);
      return buffer;
    } finally {
      this.running--;
      this.waiting.shift()?.();
    }
  }

  /** @param {string} path */
  async fetch(path) {
    /** @type {Response} */
    let response;
    try {
      response = await fetch(this.root + path);
    } catch {
      throw new FileError(path, 0);
    }
    if (!response.ok) throw new FileError(path, response.status);
    try {
      return await response.arrayBuffer();
    } catch {
      // The connection ended in the middle.
      throw new FileError(path, 0);
    }
  }
}

/**
 * Some hosts unpack gzip on the way, others send the file as it is: its first bytes tell.
 * @param {ArrayBuffer} buffer
 * @returns {Promise<ArrayBuffer>}
 */
async function unpack(buffer) {
  const head = new Uint8Array(buffer, 0, Math.min(2, buffer.byteLength));
  if (head[0] !== 0x1f || head[1] !== 0x8b) return buffer;
  // Younger than the types that the client is checked with.
  const { DecompressionStream } = /** @type {any} */ (globalThis);
  const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).arrayBuffer();
}
