/**
 * Bins of a symmetric logarithmic axis: each as wide on screen as the others, put together from windows of the axis that are the
 * finer the nearer they lie to 0. Pure.
 */

import { logOf, ofLog, windowFor } from "./scales.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("./scales.js").FinerBins} FinerBins */
/** @typedef {{exponent: number, origin: number}} Grid */
/**
 * @typedef {object} Warp
 * @property {string} key tells it from others
 * @property {number} unit of the scale (`symlogUnit`)
 * @property {number} step width of a bin on the logarithmic scale
 * @property {number} first bin, counted from 0 on that scale
 * @property {number} bins
 * @property {(FinerBins | null)[]} sources the coarsest first; null: the whole axis
 */

/** Windows that are put together, at most. */
const SOURCES_MAX = 6;
/** Bins of a window that may be in use. */
const IN_WINDOW = 255;

/**
 * @param {Grid} shared
 * @param {Part} part in view
 * @param {number} unit
 * @param {number} most bins
 * @returns {Warp}
 */
export function warpFor(shared, part, unit, most) {
  const from = logOf(part.lo, unit);
  const to = logOf(part.hi, unit);
  const step = 2 ** Math.ceil(Math.log2((to - from) / most) - 1e-9);
  const first = Math.floor(from / step + 1e-9);
  const bins = Math.max(1, Math.ceil(to / step - 1e-9) - first);
  /** @type {(FinerBins | null)[]} */
  const sources = [];
  let { lo, hi } = part;
  for (;;) {
    const finer = windowFor(shared, { lo, hi }, IN_WINDOW);
    const before = sources[sources.length - 1];
    if (sources.length > 0 && (finer?.zoom ?? 0) <= (before?.zoom ?? 0)) break;
    sources.push(finer);
    // Nearer to 0 than this, bins on the screen are narrower than these.
    const reach = 2 ** (shared.exponent - (finer?.zoom ?? 0)) / step - unit;
    if (sources.length === SOURCES_MAX || !(reach > Math.max(0, part.lo, -part.hi))) break;
    lo = Math.max(part.lo, -reach);
    hi = Math.min(part.hi, reach);
  }
  const key = `${unit}|${step}|${first}|${bins}|${sources.map((one) => (one ? `${one.zoom}.${one.from}` : "-"))}`;
  return { key, unit, step, first, bins, sources };
}

/** @typedef {{source: Int32Array, bin: Int32Array, target: Int32Array, share: Float64Array}} Plan what goes where, and how much of it */
/** @type {Map<string, Plan>} */
const plans = new Map();
const PLANS_MAX = 40;

/**
 * @param {Grid} shared
 * @param {Warp} warp
 * @returns {Plan}
 */
function planOf(shared, warp) {
  const name = `${shared.exponent}|${shared.origin}|${warp.key}`;
  const known = plans.get(name);
  if (known) return known;
  /** @type {[number, number, number, number][]} */
  const parts = [];
  const grids = warp.sources.map((finer) => {
    const zoom = finer?.zoom ?? 0;
    return { width: 2 ** (shared.exponent - zoom), start: shared.origin * 2 ** zoom + (finer?.from ?? 0) };
  });
  for (let target = 0; target < warp.bins; target++) {
    const lo = ofLog((warp.first + target) * warp.step, warp.unit);
    const hi = ofLog((warp.first + target + 1) * warp.step, warp.unit);
    // The finest that reaches over all of it; at the ends of the axis, the coarsest.
    let source = grids.length - 1;
    while (source > 0 && !(lo >= grids[source].start * grids[source].width && hi <= (grids[source].start + 256) * grids[source].width)) source--;
    const { width, start } = grids[source];
    const last = Math.min(256, Math.ceil(hi / width) - start);
    for (let bin = Math.max(0, Math.floor(lo / width) - start); bin < last; bin++) {
      const share = Math.min(1, hi / width - start - bin) - Math.max(0, lo / width - start - bin);
      if (share > 0) parts.push([source, bin, target, share]);
    }
  }
  const plan = {
    source: Int32Array.from(parts, (part) => part[0]), bin: Int32Array.from(parts, (part) => part[1]),
    target: Int32Array.from(parts, (part) => part[2]), share: Float64Array.from(parts, (part) => part[3]),
  };
  if (plans.size >= PLANS_MAX) plans.clear();
  plans.set(name, plan);
  return plan;
}

/**
 * @param {Grid} shared
 * @param {Warp} warp
 * @param {Tile[]} tiles of the same rows, one for each source
 * @param {number} zeroBin the bin of the whole axis that holds exact zeros; -1: none
 * @returns {Tile}
 */
export function warped(shared, warp, tiles, zeroBin) {
  const { source, bin, target, share } = planOf(shared, warp);
  const { rows } = tiles[0];
  const sums = new Float64Array(rows * warp.bins);
  let most = 0;
  for (let row = 0; row < rows; row++) {
    const out = row * warp.bins;
    for (let i = 0; i < source.length; i++) {
      const tile = tiles[source[i]];
      const q = tile.densities[row * 256 + bin[i]];
      if (q === 0) continue;
      // The whole axis holds exact zeros, too: shares are squares.
      const z = source[i] === 0 && warp.sources[0] === null && bin[i] === zeroBin ? tile.zeros[row] : 0;
      const sum = (sums[out + target[i]] += share[i] * tile.scale * Math.max(0, q * q - z * z));
      if (sum > most) most = sum;
    }
  }
  const densities = new Uint8Array(rows * warp.bins);
  if (most > 0) for (let i = 0; i < sums.length; i++) if (sums[i] > 0) densities[i] = Math.max(1, Math.floor(255 * Math.sqrt(sums[i] / most) + 0.5));
  const { level, first, zeros, zeroScale } = tiles[0];
  return { rows, bins: warp.bins, level, first, scale: most > 0 ? most / 255 ** 2 : 1, densities, zeros, zeroScale };
}
