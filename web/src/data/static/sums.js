/** Counts into displayed rows, and rows into tiles, as Tiles/HTTP.md says; the server does the same. Pure. */

/** @typedef {import("../../types").Tile} Tile */
/** @typedef {Uint8Array | Uint16Array | Uint32Array} Counts */
/** @typedef {{exponents: Int16Array, origins: Float64Array}} Grids */
/** @typedef {{exponent: number, origin: number, spreads: boolean}} Target bins `2^exponent` wide, the first of them number `origin` from 0;
 *   `spreads`: exact zeros are left out, and own bins wider than these are divided among them */

/** Sums of counts of consecutive displayed rows. */
export class Sums {
  /** @param {number} rows @param {number} bins */
  constructor(rows, bins) {
    this.rows = rows;
    this.bins = bins;
    this.sums = new Float64Array(rows * bins);
    this.zeros = new Float64Array(rows);
    this.totals = new Float64Array(rows);
  }

  /**
   * Adds a neuron's counts as they are.
   * @param {Counts} counts
   * @param {number} at its first count
   * @param {number} bins of the counts; a whole multiple of the sums'
   * @param {number} row
   */
  add(counts, at, bins, row) {
    const step = bins / this.bins;
    let o = row * this.bins;
    let total = 0;
    if (step === 1) {
      for (let i = 0; i < bins; i++, o++) {
        const count = counts[at + i];
        this.sums[o] += count;
        total += count;
      }
    } else {
      for (let i = 0; i < bins; i++) {
        const count = counts[at + i];
        this.sums[o + Math.floor(i / step)] += count;
        total += count;
      }
    }
    this.totals[row] += total;
  }

  /**
   * Adds a neuron's own 256 bins to another axis of 256.
   * @param {Uint32Array} counts from which the exact zeros are taken out, where they do not belong
   * @param {number} end from here on they are all 0
   * @param {number} zeros values that are exactly 0
   * @param {number} ownExponent
   * @param {number} ownOrigin
   * @param {Target} target
   * @param {number} row
   */
  project(counts, end, zeros, ownExponent, ownOrigin, target, row) {
    const { sums } = this;
    const { origin } = target;
    const o = row * 256;
    let total = 0;
    for (let i = 0; i < end; i++) total += counts[i];
    this.totals[row] += total;
    if (target.spreads && ownOrigin <= 0 && ownOrigin > -256) {
      const zero = 0 - ownOrigin; // −0 would be a slow index
      counts[zero] -= Math.min(zeros, counts[zero]);
    }
    const shift = target.exponent - ownExponent;
    // Most neurons: bins as wide as the axis's or narrower, and numbers that fit a shift.
    if (shift >= 0 && shift < 31 && Math.abs(ownOrigin) < 2 ** 30) {
      for (let i = 0; i < end; i++) {
        const bin = ((ownOrigin + i) >> shift) - origin;
        if (bin >= 0 && bin < 256) sums[o + bin] += counts[i];
      }
      return;
    }
    const width = 2 ** -shift;
    if (width <= 1) {
      for (let i = 0; i < end; i++) {
        const own = ownOrigin + i;
        // A product that vanished still lies below 0.
        const scaled = Math.floor(own * width);
        const bin = (own < 0 && scaled === 0 ? -1 : scaled) - origin;
        if (bin >= 0 && bin < 256) sums[o + bin] += counts[i];
      }
      return;
    }
    const last = Math.min(end, Math.ceil((origin + 256) / width) - ownOrigin);
    for (let i = Math.max(0, Math.floor(origin / width) - ownOrigin); i < last; i++) {
      const start = (ownOrigin + i) * width - origin;
      const stop = Math.min(256, start + width);
      const share = counts[i] / width;
      for (let bin = Math.max(0, start); bin < stop; bin++) sums[o + bin] += share;
    }
  }

  /** The next level: every two neighbouring rows as one. */
  halved() {
    const half = new Sums(Math.ceil(this.rows / 2), this.bins);
    for (let row = 0; row < this.rows; row++) {
      const o = (row >> 1) * this.bins;
      const at = row * this.bins;
      for (let bin = 0; bin < this.bins; bin++) half.sums[o + bin] += this.sums[at + bin];
      half.zeros[row >> 1] += this.zeros[row];
      half.totals[row >> 1] += this.totals[row];
    }
    return half;
  }

  /** @param {number} bins fewer: sums of neighbours */
  coarsened(bins) {
    if (bins === this.bins) return this;
    const coarse = new Sums(this.rows, bins);
    const step = this.bins / bins;
    for (let i = 0; i < this.sums.length; i++) coarse.sums[Math.floor(i / step)] += this.sums[i];
    coarse.zeros.set(this.zeros);
    coarse.totals.set(this.totals);
    return coarse;
  }

  /**
   * Codes up to 256 rows as a tile.
   * @param {number} first
   * @param {number} level
   * @param {number} firstRow displayed row of `first`
   * @param {boolean} isWindow
   * @returns {Tile}
   */
  tile(first, level, firstRow, isWindow) {
    const rows = Math.min(256, this.rows - first);
    const { bins } = this;
    let largest = 0;
    let mostZeros = 0;
    for (let row = first; row < first + rows; row++) {
      const total = this.totals[row];
      if (total === 0) continue;
      let most = 0;
      for (let i = row * bins; i < (row + 1) * bins; i++) most = Math.max(most, this.sums[i]);
      largest = Math.max(largest, most / total);
      mostZeros = Math.max(mostZeros, this.zeros[row] / total);
    }
    if (!isWindow) largest = Math.max(largest, mostZeros);
    const scale = largest > 0 ? Math.fround(largest) : 1;
    const zeroScale = !isWindow ? scale : mostZeros > 0 ? Math.fround(mostZeros) : 1;
    const densities = new Uint8Array(rows * bins);
    const zeros = new Uint8Array(rows);
    for (let row = 0; row < rows; row++) {
      const total = Math.max(1, this.totals[first + row]);
      const at = (first + row) * bins;
      for (let bin = 0; bin < bins; bin++) densities[row * bins + bin] = code(this.sums[at + bin], total * scale);
      zeros[row] = code(this.zeros[first + row], total * zeroScale);
    }
    return { rows, bins, level, scale, first: firstRow, densities, zeros, zeroScale: isWindow ? zeroScale : scale };
  }
}

/** @param {number} count @param {number} full the count coded as 255 */
function code(count, full) {
  return count === 0 ? 0 : Math.min(255, Math.max(1, Math.floor(255 * Math.sqrt(count / full) + 0.5)));
}
