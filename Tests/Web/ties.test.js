import assert from "node:assert/strict";
import { test } from "node:test";
import { tiedRuns, tiedWords } from "../../web/src/view/ties.js";
import { tied } from "../../web/src/data/static/order.js";

/** @param {number[]} keys @param {number[]} rows */
const runs = (keys, rows) => tiedRuns(Int32Array.from(rows), (row) => (row >= 0 && row < keys.length ? { key: keys[row] } : null));

test("equal keys that follow each other are a run, and it is told whether it goes on beyond the screen", () => {
  const keys = [5, 3, 3, 3, 1, 0, 0, -0, Number.NaN, Number.NaN];
  assert.deepEqual(runs(keys, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), [
    { from: 1, to: 4, goesOnAbove: false, goesOnBelow: false }, { from: 5, to: 8, goesOnAbove: false, goesOnBelow: false },
  ]);
  assert.deepEqual(runs(keys, [2, 3, 4, 5]), [
    { from: 0, to: 2, goesOnAbove: true, goesOnBelow: false }, { from: 3, to: 4, goesOnAbove: false, goesOnBelow: true },
  ]);
  assert.deepEqual(runs(keys, [2]), [{ from: 0, to: 1, goesOnAbove: true, goesOnBelow: true }]);
  assert.deepEqual(runs(keys, [0]), []);
  assert.deepEqual(runs(keys, []), []);
});

test("what is not at hand ties with nothing", () => {
  assert.deepEqual(tiedRuns(Int32Array.of(4, 5, 6), () => null), []);
});

test("words say how many and at which ranks", () => {
  const metadata = /** @type {any} */ ({ groups: [{ name: "all rows", kind: "all" }, { name: "cat", kind: "class" }], instances: [] });
  const order = /** @type {any} */ ({ kind: "median", group: 1 });
  assert.equal(tiedWords({ from: 446, count: 66 }, order, metadata), "65 others have the same median of cat: ranks 447–512 are in original order.");
  assert.equal(tiedWords({ from: 0, count: 2 }, order, metadata), "1 other has the same median of cat: ranks 1–2 are in original order.");
  assert.equal(tiedWords({ from: 3, count: 1 }, order, metadata), "");
});

test("a site of plain files finds the same ranks by looking at all keys", () => {
  const keys = Float64Array.of(0, 2, 0, Number.NaN, 2, Number.NaN, 7);
  const neurons = Uint32Array.of(6, 1, 4, 0, 2, 3, 5);
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((rank) => tied({ neurons, keys }, rank)),
    [{ from: 0, count: 1 }, { from: 1, count: 2 }, { from: 1, count: 2 }, { from: 3, count: 2 }, { from: 3, count: 2 }, { from: 5, count: 2 }, { from: 5, count: 2 }]);
  assert.deepEqual(tied({ neurons, keys: null }, 3), { from: 3, count: 1 });
});
