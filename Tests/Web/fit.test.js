import assert from "node:assert/strict";
import { test } from "node:test";
import { binsFor, binWidthFor, coarser, fitAxis, spreadOf, suits } from "../../web/src/model/fit.js";
import { logOf, ofLog } from "../../web/src/model/scales.js";
import { warped, warpFor } from "../../web/src/model/warp.js";

/** Rows as the server tells them: minimum, 0.1 %, 5 %, 95 %, 99.9 %, maximum of normal values. */
const row = (scale, at = 0) => [-3.9, -3.1, -1.64, 1.64, 3.1, 3.9].map((z) => at + z * scale);
const shared = { exponent: 6, origin: -128 };
const wishes = { shared, zeros: false, few: false, bins: null, symlog: null };
const binsOf = (fit, own) => (own[3] - own[2]) / binWidthFor(shared, fit, fit.most);

test("one neuron hot by 300 or by a million moves no axis; a hundred of them make it logarithmic", () => {
  const cold = Array.from({ length: 400 }, () => row(1));
  for (const hot of [300, 1e6]) {
    const axis = { exponent: Math.ceil(Math.log2(hot / 16)), origin: -128 };
    const fit = fitAxis(spreadOf([...cold, row(hot)]), { ...wishes, shared: axis });
    assert.ok(fit.unit === 0 && fit.hi < 5 && fit.lo > -5 && fit.hi > 3, JSON.stringify(fit));
    assert.ok((row(1)[3] - row(1)[2]) / binWidthFor(axis, fit, fit.most) >= 8);
  }
  const fit = fitAxis(spreadOf([...cold.slice(100), ...Array.from({ length: 100 }, () => row(300))]), wishes);
  assert.ok(fit.unit > 0 && fit.unit < 1 && fit.hi > 900, JSON.stringify(fit));
});

test("a window begins and ends between two bins, holds the bulk, and has at most as many bins as asked for", () => {
  for (let scale = 0.01; scale < 4; scale *= 1.7) {
    for (const few of [false, true]) {
      const fit = fitAxis(spreadOf(Array.from({ length: 50 }, (_, i) => row(scale * (1 + (i % 7) / 10), scale))), { ...wishes, few });
      const width = binWidthFor(shared, fit, fit.most);
      assert.ok(fit.lo <= scale * -2 && fit.hi >= scale * 4 && (fit.hi - fit.lo) / width <= fit.most + 1e-9, JSON.stringify(fit));
      assert.ok(binsOf(fit, row(scale)) >= 8);
    }
  }
});

test("0 is in view where it is near: a ReLU's axis begins there", () => {
  const fit = fitAxis(spreadOf(Array.from({ length: 20 }, () => [0, 0.01, 0.1, 2, 3, 4])), { ...wishes, zeros: true });
  assert.equal(fit.lo, 0);
  const far = fitAxis(spreadOf(Array.from({ length: 20 }, () => row(1, 1000))), wishes);
  assert.ok(far.lo > 900, "far from 0 it is not");
});

test("constant neurons say nothing", () => {
  assert.equal(fitAxis(spreadOf([[1, 1, 1, 1, 1, 1], [NaN, NaN, NaN, NaN, NaN, NaN]]), wishes), null);
});

test("rows that scroll by move no window until it suits too few of them, and then the new one suits", () => {
  const fit = fitAxis(spreadOf(Array.from({ length: 60 }, () => row(1))), wishes);
  for (let scale = 0.5; scale < 1.25; scale += 0.05) {
    const rows = Array.from({ length: 40 }, () => row(scale));
    assert.ok(suits(rows, fit, fitAxis(spreadOf(rows), wishes), shared), String(scale));
  }
  for (const scale of [0.05, 2, 30]) {
    const rows = Array.from({ length: 40 }, () => row(scale));
    const better = fitAxis(spreadOf(rows), wishes);
    assert.ok(!suits(rows, fit, better, shared), String(scale));
    assert.ok(suits(rows, better, better, shared));
  }
});

test("of few rows a class, bins are as coarse as a shape allows", () => {
  const spread = spreadOf(Array.from({ length: 40 }, () => row(1)));
  const fit = { lo: -4, hi: 4, unit: 0, most: 255 };
  const now = coarser(spread, fit, shared);
  assert.ok(now && now.most === 64 && binsOf(now, row(1)) >= 12);
  assert.equal(coarser(spread, now, shared), null);
});

test("the bins that are asked for cover a part, wherever it lies", () => {
  for (const most of [64, 128, 255]) {
    for (let i = 0; i < 300; i++) {
      const span = 16384 / 2 ** (1 + i / 20);
      const lo = -8192 + (16384 - span) * ((i * 0.618) % 1);
      const { finer, bins } = binsFor(shared, { lo, hi: lo + span }, most);
      if (!finer) continue;
      assert.equal(bins, 256);
      const width = 2 ** (6 - finer.zoom);
      const start = -8192 + finer.from * width;
      assert.ok(start <= lo + 1e-6 && start + 256 * width >= lo + span - 1e-6, `${most} ${span} ${lo}`);
    }
  }
});

test("logarithmic bins are put together from windows without losing a value", () => {
  const part = { lo: -3000, hi: 5000 };
  const warp = warpFor(shared, part, 0.5, 128);
  assert.ok(warp.sources.length > 1 && warp.bins <= 129);
  // One value in each of some places, counted by every window as the server would.
  const values = [-2500, -700, -30, -2, -0.4, 0.3, 1.5, 12, 80, 900, 4400];
  const tiles = warp.sources.map((finer) => {
    const zoom = finer?.zoom ?? 0;
    const width = 2 ** (6 - zoom);
    const start = -128 * 2 ** zoom + (finer?.from ?? 0);
    const densities = new Uint8Array(256);
    for (const value of values) {
      const bin = Math.floor(value / width) - start;
      if (bin >= 0 && bin < 256) densities[bin] = Math.round(Math.sqrt(densities[bin] ** 2 + 255 ** 2 / values.length));
    }
    return { rows: 1, bins: 256, level: 0, first: 0, scale: 1, densities, zeros: new Uint8Array(1), zeroScale: 1 };
  });
  const made = warped(shared, warp, tiles, -1);
  const share = (bin) => made.scale * (made.densities[bin] / 255) ** 2;
  let total = 0;
  for (let bin = 0; bin < made.bins; bin++) total += share(bin);
  assert.ok(Math.abs(total - 1) < 0.05, String(total));
  for (const value of values) {
    const bin = Math.floor(logOf(value, 0.5) / warp.step) - warp.first;
    // A bin of a window may be some of these wide.
    assert.ok([-1, 0, 1].some((by) => share(bin + by) > 0), String(value));
    assert.ok(ofLog((warp.first + bin) * warp.step, 0.5) <= value);
  }
});
