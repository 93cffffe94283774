import assert from "node:assert/strict";
import { test } from "node:test";
import { pairFigures } from "../../web/src/data/static/pairs.js";

/** @param {Record<number, number>} some counts by bin */
const counts = (some) => Uint32Array.from({ length: 256 }, (_, bin) => some[bin] ?? 0);

test("what tells two groups apart, by hand", () => {
  const apart = pairFigures(counts({ 3: 2 }), counts({ 5: 4 }), [0, 0], -1, false);
  assert.deepEqual(apart, { auroc: 1, area: 2, distance: 1 });
  const same = pairFigures(counts({ 3: 2, 9: 2 }), counts({ 3: 5, 9: 5 }), [0, 0], -1, false);
  assert.deepEqual(same, { auroc: 0.5, area: 0, distance: 0 });
  // All zeros of one group lie below the others in the same bin.
  const zeros = pairFigures(counts({ 7: 4 }), counts({ 7: 4 }), [4, 0], 7, false);
  assert.deepEqual(zeros, { auroc: 1, area: 0.5, distance: 1 });
  // In a tail nobody knows where, nor how far it reaches.
  const tails = pairFigures(counts({ 0: 4 }), counts({ 1: 4 }), [4, 0], 0, true);
  assert.deepEqual(tails, { auroc: 1, area: 0.5, distance: 1 });
});

test("without values of one of the groups there is no figure", () => {
  const none = pairFigures(counts({ 3: 2 }), counts({}), [0, 0], 3, false);
  assert.ok(Object.values(none).every(Number.isNaN));
});
