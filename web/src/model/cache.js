/** How much is let go at once when the cache is full: looking for the oldest at every arrival would cost more. */
const SLACK = 0.1;

/**
 * A cache of at most so many bytes; what was unused for longest goes first. Pure.
 * @template T
 */
export class LruCache {
  /** @param {number} bytesMax */
  constructor(bytesMax) {
    this.bytesMax = bytesMax;
    this.bytes = 0;
    this.clock = 0;
    /** @type {Map<string, {value: T, bytes: number, used: number}>} */
    this.entries = new Map();
  }

  /** @param {string} key @returns {T | undefined} */
  get(key) {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    entry.used = ++this.clock;
    return entry.value;
  }

  /** @param {string} key @param {T} value @param {number} bytes */
  set(key, value, bytes) {
    this.bytes += bytes - (this.entries.get(key)?.bytes ?? 0);
    this.entries.set(key, { value, bytes, used: ++this.clock });
    if (this.bytes > this.bytesMax) this.shrink(key);
  }

  /** @param {string} key */
  delete(key) {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
  }

  /** @param {string} newest never let go: it was just asked for */
  shrink(newest) {
    const oldest = [...this.entries].sort((a, b) => a[1].used - b[1].used);
    for (const [key] of oldest) {
      if (this.bytes <= this.bytesMax * (1 - SLACK)) return;
      if (key === newest) continue;
      this.delete(key);
    }
  }

  clear() {
    this.entries.clear();
    this.bytes = 0;
  }
}

/**
 * Answers that are asked for once. What failed is asked for again when it is next wanted.
 * @template T
 */
export class AskedOnce {
  /** @param {number} sizeMax of all that is kept, in bytes or answers */
  constructor(sizeMax) {
    /** @type {LruCache<Promise<T>>} */
    this.cache = new LruCache(sizeMax);
  }

  /**
   * @template {T} A
   * @param {string} key
   * @param {() => Promise<A>} ask
   * @param {number} [size]
   * @returns {Promise<A>}
   */
  get(key, ask, size = 1) {
    const known = this.cache.get(key);
    if (known) return /** @type {Promise<A>} */ (known);
    const asked = ask();
    this.cache.set(key, asked, size);
    asked.catch(() => {
      if (this.cache.get(key) === asked) this.cache.delete(key);
    });
    return asked;
  }
}
