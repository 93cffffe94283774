import assert from "node:assert/strict";
import { test } from "node:test";
import { auroc, neuronAxis, quantile, ranked, within, withoutZeros } from "../../web/src/model/neuronaxis.js";

const grid = { exponent: -2, origin: 0, tails: false };

/** A group of these values, counted on the grid. */
function group(values, number = 1, { exponent, origin } = grid) {
  const counts = new Array(256).fill(0);
  for (const value of values) counts[Math.floor(value / 2 ** exponent) - origin]++;
  const sorted = [...values].sort((a, b) => a - b);
  return { group: number, name: `g${number}`, counts, count: values.length, zeros: values.filter((v) => v === 0).length, nan: 0, infinite: 0, median: sorted[sorted.length >> 1] ?? null, maximum: sorted[sorted.length - 1] ?? null };
}

test("the axis holds all values but a few far ones, and says how many lie beyond", () => {
  const values = Array.from({ length: 1000 }, (_, i) => (i % 40) / 10);
  const plain = neuronAxis(grid, [group(values)], 64);
  assert.ok(plain.lo === 0 && plain.hi >= 4 && plain.above === 0);
  const tail = neuronAxis(grid, [group([...values, 60, 62])], 64);
  assert.deepEqual([tail.lo, tail.hi, tail.above], [plain.lo, plain.hi, 2]);
  assert.ok((plain.end - plain.first) / plain.per <= 64 && plain.first % plain.per === 0);
});

test("a neuron that is always 0, one of a single value, and one without any have an axis", () => {
  for (const values of [[0, 0, 0], [5, 5], []]) {
    const axis = neuronAxis(grid, [group(values)], 64);
    assert.ok(axis.hi > axis.lo && axis.end - axis.first >= 16, JSON.stringify(axis));
    for (const value of values) assert.ok(value >= axis.lo && value <= axis.hi);
  }
  const negative = { exponent: 0, origin: -128, tails: false };
  const axis = neuronAxis(negative, [group([-3, -1, 0, 2], 1, negative)], 64);
  assert.ok(axis.lo <= -3 && axis.hi >= 3 && axis.zeroBin === 128);
});

test("how surely one group lies above another, beside the pairs themselves", () => {
  const [a, b] = [[0, 0, 0, 0.1, 0.3, 1.2], [0, 0.3, 0.6, 1.3, 2]].map((values) => values);
  const exact = a.flatMap((x) => b.map((y) => (y > x ? 1 : y === x ? 0.5 : 0))).reduce((sum, n) => sum + n, 0) / (a.length * b.length);
  const found = auroc(group(a), group(b), 0);
  assert.ok(Math.abs(found.auroc - exact) <= found.bound + 1e-12, `${found.auroc} ± ${found.bound}, ${exact}`);
  assert.equal(auroc(group([0, 0]), group([0, 0]), 0).auroc, 0.5);
  assert.deepEqual(auroc(group([0, 0]), group([1, 1]), 0), { auroc: 1, bound: 0 });
  assert.equal(auroc(group([]), group([1]), -1), null);
});

test("zeros are apart, counts between edges are exact, quantiles lie in their bin", () => {
  const one = group([0, 0, 0, 0.1, 0.3, 0.6, 0.6, 2]);
  assert.deepEqual(withoutZeros(one, 0).slice(0, 3), [1, 1, 2]);
  assert.equal(within(one, { first: 1, end: 3 }), 3);
  assert.equal(within(one, { first: 0, end: 256 }), 8);
  const axis = neuronAxis(grid, [one], 64);
  assert.equal(quantile(one, axis, 0.3), 0);
  assert.ok(Math.abs(quantile(one, axis, 0.99) - 2) <= 0.25);
  assert.equal(quantile({ ...one, counts: undefined }, axis, 0.5), null);
});

test("classes are ranked by median, then by fewer zeros; those without values last", () => {
  const order = ranked([group([0, 0, 0], 1), group([0, 0, 1], 2), group([], 3), group([2, 2, 2], 4)]).map((one) => one.group);
  assert.deepEqual(order, [4, 2, 1, 3]);
});
