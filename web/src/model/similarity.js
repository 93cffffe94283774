/** How much the distributions of two classes have in common. Pure. */

/** @typedef {import("../types").Tile} Tile */

/**
 * For every neuron of a tile the share in which two groups' distributions coincide, `Σ min(p, q)` over the bins: 1 where they
 * are the same, 0 where no bin holds both. Added up, so that several tiles make one mean.
 * @param {Tile} a
 * @param {Tile} b rows and bins as in `a`
 * @returns {{sum: number, neurons: number}} neurons: those with values of both groups
 */
export function overlap(a, b) {
  let sum = 0;
  let neurons = 0;
  for (let row = 0; row < a.rows; row++) {
    let both = 0;
    let inA = 0;
    let inB = 0;
    for (let bin = 0, at = row * a.bins; bin < a.bins; bin++, at++) {
      const p = a.scale * (a.densities[at] / 255) ** 2;
      const q = b.scale * (b.densities[at] / 255) ** 2;
      both += Math.min(p, q);
      inA += p;
      inB += q;
    }
    if (inA === 0 || inB === 0) continue;
    // Shares are coded in 8 bits: their sums are 1 only nearly.
    sum += Math.min(1, both / Math.min(inA, inB));
    neurons++;
  }
  return { sum, neurons };
}

/**
 * Tiles of single neurons, evenly over a layer, at most `most` of them.
 * @param {number} neurons
 * @param {number} most
 * @returns {number[]} indices
 */
export function sampleTiles(neurons, most) {
  const tiles = Math.ceil(neurons / 256);
  const take = Math.min(tiles, most);
  return Array.from({ length: take }, (_, i) => Math.floor((i * tiles) / take));
}
