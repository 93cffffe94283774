/** The counts of some neurons as files hold them (Tiles/STATIC.md): without what is 0. Pure. */

/** Bins of a block. */
const BLOCK = 16;
/** A count has at most so many bytes. */
const SECTIONS_MAX = 4;

export class PackedCounts {
  /**
   * @param {ArrayBuffer} buffer the unpacked file
   * @param {number} rows neurons
   * @param {number} bins
   */
  constructor(buffer, rows, bins) {
    this.bins = bins;
    this.bytes = new Uint8Array(buffer);
    /** @type {{masks: Uint16Array, starts: Uint32Array}[]} of the lowest bytes, of the next ones, … */
    this.sections = [];
    let at = 0;
    while (at + 2 * rows <= buffer.byteLength && this.sections.length < SECTIONS_MAX) {
      const masks = new Uint16Array(buffer, at, rows);
      const starts = new Uint32Array(rows);
      at += 2 * rows;
      for (let row = 0; row < rows; row++) {
        starts[row] = at;
        at += BLOCK * ones(masks[row]);
      }
      this.sections.push({ masks, starts });
    }
    if (at !== buffer.byteLength || at === 0) throw new Error(`${buffer.byteLength} bytes are not the counts of ${rows} neurons`);
  }

  /**
   * @param {number} row
   * @param {Uint32Array} counts receives those of the row, `bins` of them
   * @returns {number} the bin from which on they are all 0
   */
  read(row, counts) {
    const { bytes, sections } = this;
    let end = 0;
    counts.fill(0);
    for (let section = 0; section < sections.length; section++) {
      let from = sections[section].starts[row];
      for (let left = sections[section].masks[row]; left !== 0; left &= left - 1) {
        const first = BLOCK * (31 - Math.clz32(left & -left));
        for (let i = first; i < first + BLOCK; i++) counts[i] |= bytes[from++] << (8 * section);
        end = Math.max(end, first + BLOCK);
      }
    }
    return end;
  }
}

/** @param {number} mask of 16 bits */
function ones(mask) {
  let count = 0;
  for (let left = mask; left !== 0; left &= left - 1) count++;
  return count;
}
