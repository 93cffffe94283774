import assert from "node:assert/strict";
import { test } from "node:test";
import { axisDomain, binOfZero, bulk, makeScale } from "../../web/src/model/scales.js";
import { label, step, symlogTicks, ticks } from "../../web/src/model/ticks.js";

test("ticks are round, inside, and hit zero exactly", () => {
  assert.deepEqual(ticks(0, 8, 8), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  assert.deepEqual(ticks(-0.31, 0.29, 6), [-0.3, -0.2, -0.1, 0, 0.1, 0.2]);
  assert.ok(ticks(-1e-3, 1e-3, 5).includes(0));
  assert.deepEqual(ticks(3, 3, 5), [3]);
});

test("steps are 1, 2 or 5 times a power of ten", () => {
  for (let span = 1e-6; span < 1e6; span *= 1.7) {
    const digit = step(span, 6) / 10 ** Math.floor(Math.log10(step(span, 6)) + 1e-9);
    assert.ok([1, 2, 5, 10].some((d) => Math.abs(digit - d) < 1e-6), `${span}: ${digit}`);
  }
});

test("labels carry the decimals that the step needs", () => {
  assert.equal(label(2, 1), "2");
  assert.equal(label(0.5, 0.5), "0.5");
  assert.equal(label(-0.25, 0.05), "−0.25");
  assert.equal(label(2e7, 1e7), "2e7");
});

test("a scale and its inverse agree, linear and symlog", () => {
  for (const symlog of [false, true]) {
    const scale = makeScale(-3, 20, 400, symlog);
    for (const value of [-3, -0.01, 0, 0.5, 19.9]) assert.ok(Math.abs(scale.toValue(scale.toPixel(value)) - value) < 1e-9);
    assert.ok(Math.abs(scale.toPixel(-3)) < 1e-9);
    assert.ok(Math.abs(scale.toPixel(20) - 400) < 1e-9);
  }
});

test("symlog ticks keep their distance and include zero", () => {
  const scale = makeScale(-100, 100, 400, true);
  const list = symlogTicks(scale, 30);
  assert.ok(list.includes(0));
  for (let i = 1; i < list.length; i++) assert.ok(scale.toPixel(list[i]) - scale.toPixel(list[i - 1]) >= 30);
});

test("the bulk leaves out far values at either end, and says how many", () => {
  const counts = new Array(64).fill(0);
  counts[0] = 9990;
  counts[10] = 9;
  counts[63] = 1;
  const cut = bulk(counts, 0.001);
  assert.deepEqual([cut.first, cut.end], [0, 11]);
  assert.equal(cut.above, 1 / 10000);
  assert.deepEqual(bulk(counts, 0), { first: 0, end: 64, below: 0, above: 0 });
  assert.deepEqual(bulk([0, 0], 0.1), { first: 0, end: 2, below: 0, above: 0 });
});

test("the domain of an axis is told in bins and in activations, and the bin of zeros with it", () => {
  const counts = new Array(64).fill(0);
  counts[0] = 1;
  counts[31] = 1;
  const summary = { id: "a", neurons: 1, shared: { exponent: -3, origin: -8 }, distribution: { bins: 64, counts: [counts] }, zeros: [0], dead: [0], nan: 0, infinite: 0 };
  const parts = [256, 64, 16].map((bins) => axisDomain(summary, 0, bins));
  assert.deepEqual(parts.map((one) => [one.firstBin, one.endBin, one.lo, one.hi, one.zeroBin]), [[0, 128, -1, 15, -1], [0, 32, -1, 15, -1], [0, 8, -1, 15, -1]]);
  assert.deepEqual([256, 64, 16].map((bins) => binOfZero({ ...summary, zeros: [0.5] }, bins)), [8, 2, 0]);
});
