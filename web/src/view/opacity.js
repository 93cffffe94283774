/** The share of a class in a bin that is drawn fully opaque: it follows what is in view, so that neither a near look nor a wide one is all solid or all pale. */

import { tilesOf } from "../model/viewport.js";

/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */

/** So many of the bins that hold anything are drawn no fuller than full. */
const BELOW_FULL = 0.99;
/** Shares are told apart in steps of a twentieth of a doubling, from 2^-40 to 1. */
const PER_OCTAVE = 20;
const OCTAVES = 40;
/** Round shares: the next larger of these is taken, so that a link shows the same. */
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** @type {WeakMap<Tile, {first: number, end: number, zeroBin: number, counts: Uint32Array}>} */
const known = new WeakMap();

/**
 * How many bins of a tile have each code.
 * @param {Tile} tile
 * @param {{first: number, end: number, zeroBin: number}} axis
 */
function codesOf(tile, { first, end, zeroBin }) {
  const before = known.get(tile);
  if (before && before.first === first && before.end === end && before.zeroBin === zeroBin) return before.counts;
  const counts = new Uint32Array(256);
  for (let row = 0; row < tile.rows; row++) {
    const at = row * tile.bins;
    for (let bin = first; bin < end; bin++) if (bin !== zeroBin) counts[tile.densities[at + bin]]++;
  }
  known.set(tile, { first, end, zeroBin, counts });
  return counts;
}

/** @param {number} share @returns {number} the next larger round one, at most 1 */
export function roundShare(share) {
  const power = 10 ** Math.floor(Math.log10(share));
  const digit = ROUND.find((one) => one * power >= share * (1 - 1e-9)) ?? 10;
  return Math.min(1, Number((digit * power).toPrecision(2)));
}

/**
 * @param {import("./columndata.js").ColumnData} data
 * @param {Arrangement} of
 * @param {{rows: Int32Array, level: number}} screen
 * @param {readonly number[]} groups
 * @param {{first: number, end: number, zeroBin: number}} axis
 * @returns {number | null} null where nothing is in view
 */
export function fullShare(data, of, { rows, level }, groups, axis) {
  const buckets = new Float64Array(PER_OCTAVE * OCTAVES + 1);
  let total = 0;
  for (const index of tilesOf(rows)) {
    for (const group of groups) {
      const tile = data.bestTile(of, group, level, index)?.tile;
      if (!tile) continue;
      const counts = codesOf(tile, axis);
      for (let q = 1; q < 256; q++) {
        if (counts[q] === 0) continue;
        const octave = Math.log2(tile.scale * (q / 255) ** 2) + OCTAVES;
        buckets[Math.max(0, Math.min(PER_OCTAVE * OCTAVES, Math.ceil(octave * PER_OCTAVE - 1e-6)))] += counts[q];
        total += counts[q];
      }
    }
  }
  if (total === 0) return null;
  let passed = 0;
  for (let i = 0; i < buckets.length; i++) {
    passed += buckets[i];
    if (passed >= BELOW_FULL * total) return roundShare(2 ** (i / PER_OCTAVE - OCTAVES));
  }
  return 1;
}
