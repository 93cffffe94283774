/** What tells two groups of a neuron's values apart, from the counts of a site (Tiles/COMPARING.md). Pure. */

/**
 * In whole numbers that are divided once, as the server does it: the same figures to the bit.
 * @param {Uint32Array} a `[bin]` of the neuron's own grid
 * @param {Uint32Array} b
 * @param {[number, number]} zeros exact zeros of each group, a cell of their own below the rest of their bin
 * @param {number} zeroBin the bin that begins at 0; beyond the grid: none
 * @param {boolean} tails whether the first and the last bin hold all that lies beyond: they have no width then
 * @returns {{auroc: number, area: number, distance: number}} `area` in widths of a bin; NaN without values of one of the groups
 */
export function pairFigures(a, b, zeros, zeroBin, tails) {
  const sum = (/** @type {Uint32Array} */ counts) => counts.reduce((all, count) => all + count, 0);
  const [n, m] = [sum(a), sum(b)];
  // 0/0 is another NaN on another processor.
  if (n === 0 || m === 0) return { auroc: Number.NaN, area: Number.NaN, distance: Number.NaN };
  let [below, pairs, difference, area, distance] = [0, 0, 0, 0, 0];
  /** @param {number} p @param {number} q @param {boolean} hasWidth */
  const cell = (p, q, hasWidth) => {
    pairs += q * (2 * below + p);
    below += p;
    const left = Math.abs(difference);
    difference += p * m - q * n;
    const right = Math.abs(difference);
    if (hasWidth) area += left + right;
    distance = Math.max(distance, right);
  };
  for (let bin = 0; bin < a.length; bin++) {
    const isTail = tails && (bin === 0 || bin === a.length - 1);
    const [x, y] = bin === zeroBin && !isTail ? [Math.min(zeros[0], a[bin]), Math.min(zeros[1], b[bin])] : [0, 0];
    if (x + y > 0) cell(x, y, false);
    cell(a[bin] - x, b[bin] - y, !isTail);
  }
  return { auroc: pairs / (2 * n * m), area: area / (2 * n * m), distance: distance / (n * m) };
}
