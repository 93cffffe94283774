import assert from "node:assert/strict";
import { test } from "node:test";
import { axisDomain, binOfZero, binsInView, bulk, makeScale, outside, ownLookup, ownScale, panAcross, symlogUnit, windowFor, zoomAcross } from "../../web/src/model/scales.js";
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
    const scale = makeScale(-3, 20, 400, symlog ? symlogUnit(-3, 20) : 0);
    for (const value of [-3, -0.01, 0, 0.5, 19.9]) assert.ok(Math.abs(scale.toValue(scale.toPixel(value)) - value) < 1e-9);
    assert.ok(Math.abs(scale.toPixel(-3)) < 1e-9);
    assert.ok(Math.abs(scale.toPixel(20) - 400) < 1e-9);
  }
});

test("symlog ticks keep their distance and include zero", () => {
  const scale = makeScale(-100, 100, 400, 1);
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

const counts = new Array(64).fill(0);
counts[0] = 1;
counts[31] = 1;
const summary = { id: "a", neurons: 1, shared: { exponent: -3, origin: -8 }, distribution: { bins: 64, counts: [counts] }, zeros: [0], dead: [0], nan: 0, infinite: 0 };

test("the domain of an axis begins and ends between two bins; the bin of zeros is told for every number of bins", () => {
  assert.deepEqual([256, 64, 16].map((bins) => axisDomain(summary, 0, bins)), Array(3).fill({ lo: -1, hi: 15, below: 0, above: 0 }));
  assert.deepEqual([256, 64, 16].map((bins) => binOfZero({ ...summary, zeros: [0.5] }, bins)), [8, 2, 0]);
});

test("what lies outside a part of the axis is told as shares", () => {
  assert.deepEqual(outside(summary, { lo: -1, hi: 15 }), { below: 0, above: 0 });
  assert.deepEqual(outside(summary, { lo: 2, hi: 4 }), { below: 0.5, above: 0.5 });
});

test("bins in view cover the part, and their edges lie where the scale says", () => {
  const scale = makeScale(0.3, 2.1, 600);
  const { first, end, edges } = binsInView(scale, -1, 0.125, 256);
  assert.deepEqual([first, end, edges.length], [10, 25, 16]);
  assert.ok(edges[0] <= 0 && edges[15] >= 600);
  for (let i = 0; i < edges.length; i++) assert.ok(Math.abs(scale.toValue(edges[i]) - (-1 + (10 + i) * 0.125)) < 1e-9);
});

test("a window of finer bins covers any part with 64 to 128 of them, and never leaves the axis", () => {
  const shared = { exponent: -3, origin: -8 };
  assert.equal(windowFor(shared, { lo: -1, hi: 31 }), null, "the whole axis needs none");
  for (let step = 0; step < 400; step++) {
    const span = 32 / 2 ** (1 + step / 40);
    const lo = -1 + (32 - span) * ((step * 0.618) % 1);
    const window = windowFor(shared, { lo, hi: lo + span });
    if (span > 16) continue;
    if (!window) {
      assert.ok(span * 8 > 64, `${span}`);
      continue;
    }
    const width = 2 ** (-3 - window.zoom);
    const start = -1 + window.from * width;
    assert.ok(start <= lo + 1e-9 && start + 256 * width >= lo + span - 1e-9, `${lo} ${span}`);
    assert.ok(span / width <= 128 && (span / width > 63 || window.zoom === 16));
    assert.ok(window.from >= 0 && window.from + 256 <= 256 * 2 ** window.zoom);
  }
});

test("zooming along the axis keeps what is under the pointer, and the whole axis is called so", () => {
  const whole = { lo: -1, hi: 7 };
  for (const unit of [0, 0.07]) {
    let scale = makeScale(-1, 7, 500, unit);
    for (const share of [0, 0.3, 1]) {
      const part = zoomAcross(scale, whole, 2, share);
      assert.ok(Math.abs(makeScale(part.lo, part.hi, 500, unit).toPixel(scale.toValue(500 * share)) - 500 * share) < 1e-6);
    }
    scale = makeScale(1, 3, 500, unit);
    assert.equal(zoomAcross(scale, whole, 1e-3, 0.5), null);
    assert.deepEqual(panAcross(scale, whole, 0), { lo: scale.toValue(0), hi: scale.toValue(500) });
    assert.ok(Math.abs(panAcross(scale, whole, 1e9).hi - 7) < 1e-9);
    assert.ok(Math.abs(panAcross(scale, whole, -1e9).lo + 1) < 1e-9);
  }
});

test("own axes: shares and bins agree, linear and symlog; every pixel has the bin it lies in", () => {
  for (const symlog of [false, true]) {
    const own = ownScale(-40, symlog);
    assert.ok(Math.abs(own.toShare(0)) < 1e-9 && Math.abs(own.toShare(256) - 1) < 1e-9);
    for (const bin of [0, 39, 40, 41, 200]) assert.ok(Math.abs(own.toBin(own.toShare(bin)) - bin) < 1e-6);
  }
  const lookup = ownLookup(0, { lo: 0, hi: 1 }, 500, 64);
  assert.deepEqual([lookup[0], lookup[499]], [0, 63]);
  for (let x = 1; x < 500; x++) assert.ok(lookup[x] >= lookup[x - 1]);
  // Logarithmic: the lower half of the axis is less than a quarter of the bins.
  assert.ok(lookup[250] < 16);
});
