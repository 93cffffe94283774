/** What neurons of a static site are ordered by, from its files (FORMAT.md §6). */

import { percentile } from "./figures.js";
import { pairFigures } from "./pairs.js";
import { NotThere } from "./files.js";
import { argumentsOf, ITEMS, ofTwoClasses } from "../../model/order.js";

/** @typedef {import("./layer.js").StaticLayer} StaticLayer */
/** @typedef {import("../../model/order.js").ItemKind} ItemKind */

/**
 * The keys of an item.
 * @param {StaticLayer} layer
 * @param {import("../../types").Item} item
 * @returns {Promise<Float64Array>}
 */
export async function keysOf(layer, item) {
  const [first, second] = argumentsOf(item).map(({ value }) => {
    if (typeof value !== "number") throw new NotThere(`a site of plain files has no values of single rows, and so no ${ITEMS[item.kind].title} of them`);
    return value;
  });
  if (item.kind === "contribution") throw new NotThere("a site of plain files does not tell what speaks for the class that the network named");
  if (item.kind === "percentile") return percentiles(layer, first, second);
  if (ofTwoClasses(item.kind)) return pairs(layer, item.kind, first, second);
  return item.kind === "value" ? Float64Array.from(await layer.values(first)) : figure(layer, item.kind, first);
}

/** @param {StaticLayer} layer @param {ItemKind} kind of one group @param {number} group @returns {Promise<Float64Array>} */
async function figure(layer, kind, group) {
  const names = layer.index.keys[kind];
  if (!names) throw new NotThere(`this site was exported without the ${ITEMS[kind].title} of each class`);
  return new Float64Array(await layer.bytes(names[group]));
}

/** @param {StaticLayer} layer @param {number} instance @param {number} group the middle of both bounds, by neuron */
async function percentiles(layer, instance, group) {
  const [values, minimum, maximum, { exponents, origins }] = await Promise.all([layer.values(instance), figure(layer, "minimum", group), figure(layer, "maximum", group), layer.grid()]);
  const { block } = layer.index.counts["own/256"];
  const counts = new Uint32Array(256);
  const known = (/** @type {number} */ number) => (Number.isNaN(number) ? null : number);
  return await everyNeuron(layer, async (i) => {
    const packed = await layer.block("own/256", group, i);
    return (neuron) => {
      packed.read(neuron - i * block, counts);
      const own = { counts: Array.from(counts), minimum: known(minimum[neuron]), maximum: known(maximum[neuron]) };
      const found = percentile(values[neuron], { group, ...own }, { exponent: exponents[neuron], origin: origins[neuron] });
      return found ? found.low / 2 + found.high / 2 : Number.NaN;
    };
  });
}

/** @param {StaticLayer} layer @param {ItemKind} kind of two groups @param {number} first @param {number} second */
async function pairs(layer, kind, first, second) {
  const [{ exponents, origins, tails }, zeros, others] = await Promise.all([layer.grid(), layer.zeros(first), layer.zeros(second)]);
  const { block } = layer.index.counts["own/256"];
  const [a, b] = [new Uint32Array(256), new Uint32Array(256)];
  return await everyNeuron(layer, async (i) => {
    const [mine, theirs] = await Promise.all([layer.block("own/256", first, i), layer.block("own/256", second, i)]);
    return (neuron) => {
      mine.read(neuron - i * block, a);
      theirs.read(neuron - i * block, b);
      const { auroc, area, distance } = pairFigures(a, b, [zeros[neuron], others[neuron]], -origins[neuron], tails[neuron] !== 0);
      return kind === "auroc" ? auroc : kind === "wasserstein" ? area * 2 ** exponents[neuron] : distance;
    };
  });
}

/**
 * A number of every neuron, block of counts by block.
 * @param {StaticLayer} layer
 * @param {(block: number) => Promise<(neuron: number) => number>} load
 */
async function everyNeuron({ layer: { neurons }, index }, load) {
  const { block, groups } = index.counts["own/256"];
  const numbers = new Float64Array(neurons).fill(Number.NaN);
  for (let i = 0; i < groups[0].length; i++) {
    const number = await load(i);
    for (let neuron = i * block; neuron < Math.min((i + 1) * block, neurons); neuron++) numbers[neuron] = number(neuron);
  }
  return numbers;
}
