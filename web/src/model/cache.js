/**
 * A cache of at most so many bytes; the entry unused for longest goes first. Pure.
 * @template T
 */
export class LruCache {
  /** @param {number} bytesMax */
  constructor(bytesMax) {
    this.bytesMax = bytesMax;
    this.bytes = 0;
    /**
     * In order of use, the oldest first: a Map remembers insertion.
     * @type {Map<string, {value: T, bytes: number}>}
     */
    this.entries = new Map();
  }

  /** @param {string} key @returns {T | undefined} */
  get(key) {
    const entry = this.entries.get(key);
    if (!entry) return undefined;
    this.entries.delete(key);
    this.entries.set(key, entry);
    return entry.value;
  }

  /** @param {string} key @param {T} value @param {number} bytes */
  set(key, value, bytes) {
    this.bytes -= this.entries.get(key)?.bytes ?? 0;
    this.entries.delete(key);
    this.entries.set(key, { value, bytes });
    this.bytes += bytes;
    for (const [oldest, entry] of this.entries) {
      if (this.bytes <= this.bytesMax || oldest === key) break;
      this.entries.delete(oldest);
      this.bytes -= entry.bytes;
    }
  }

  clear() {
    this.entries.clear();
    this.bytes = 0;
  }
}
