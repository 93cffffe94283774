import assert from "node:assert/strict";
import { test } from "node:test";
import { RATES, nearestRate, rates, ringing, roc, thinned, thresholdFor, wilson, worth } from "../../web/src/model/roc.js";

/** Numbers with many ties, from a seed. */
function numbers(seed, count, levels) {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * levels) / levels;
  });
}

/** How often one of the kind rings before an ordinary input, pair by pair. */
const byPairs = (ordinary, kind) => kind.reduce((sum, k) => sum + ordinary.reduce((n, o) => n + (k < o ? 1 : k === o ? 0.5 : 0), 0), 0) / ordinary.length / kind.length;

test("the area under the curve is what counting pairs gives, ties half", () => {
  for (const [seed, levels] of [[1, 4], [2, 50], [3, 1000]]) {
    const [ordinary, kind] = [numbers(seed, 83, levels), numbers(seed + 7, 41, levels)];
    assert.ok(Math.abs(roc(ordinary, kind).area - byPairs(ordinary, kind)) < 1e-12, `${seed}`);
  }
  assert.equal(roc([3, 4], [1, 2]).area, 1);
  assert.equal(roc([1, 2], [3, 4]).area, 0);
  assert.equal(roc([1, 1], [1]).area, 0.5);
});

test("every point of the curve is the shares at some threshold, from nothing to all", () => {
  const [ordinary, kind] = [numbers(5, 60, 12), numbers(6, 30, 12)];
  const { points } = roc(ordinary, kind);
  assert.deepEqual(points[0], { x: 0, y: 0 });
  assert.deepEqual(points[points.length - 1], { x: 1, y: 1 });
  const thresholds = [...new Set([...ordinary, ...kind])].sort((a, b) => a - b);
  assert.deepEqual(points.slice(1), thresholds.map((t) => ({ x: ringing(ordinary, t), y: ringing(kind, t) })));
});

test("without inputs of a side there is no curve", () => {
  assert.equal(roc([], [1]), null);
  assert.equal(roc([1], []), null);
});

test("a threshold for a rate lets no more than that ring, and the next one would", () => {
  const ordinary = numbers(9, 97, 40);
  for (const rate of [0, 0.01, 0.05, 0.1, 0.33, 1]) {
    const threshold = thresholdFor(ordinary, rate);
    assert.ok(ringing(ordinary, threshold) <= rate + 1e-9);
    const next = Math.min(...ordinary.filter((one) => one > threshold));
    if (next < Infinity) assert.ok(ringing(ordinary, next) > rate, `${rate}`);
  }
  assert.equal(thresholdFor([1, 2, 3], 0.3), -Infinity);
  assert.equal(thresholdFor([1, 1, 1, 2], 0.5), -Infinity);
  assert.equal(thresholdFor(Array.from({ length: 100 }, (_, i) => i), 0.29), 28);
});

test("Wilson's interval, beside published figures", () => {
  // 17 of 46 and 0 of 46, as Jobs/demo/ANSWER.md has them.
  const some = wilson(17, 46);
  assert.deepEqual([some.low, some.high].map((x) => Math.round(1000 * x)), [245, 514]);
  const none = wilson(0, 46);
  assert.deepEqual([none.low, none.high].map((x) => Math.round(1000 * x)), [0, 77]);
});

test("what an alarm is worth at a prevalence", () => {
  // DIVERGENCES: one in a hundred, 51 % found, 5 % false: 9 % of the alarms.
  assert.equal(Math.round(100 * worth(100, 0.51, 0.05)), 9);
  assert.equal(worth(100, 0, 0), null);
  assert.equal(worth(10, 1, 0), 1);
});

test("a rate at which some class can never ring is not offered", () => {
  assert.deepEqual(rates(0.01), RATES.filter((rate) => rate >= 0.01));
  assert.deepEqual(rates(0.0091).slice(0, 2), [0.01, 0.015]);
  assert.deepEqual(rates(0.6), [0.6]);
  assert.equal(nearestRate(rates(0.01), 0.05), rates(0.01).indexOf(0.05));
  assert.equal(nearestRate([0.1, 0.2], 0.001), 0);
});

test("a thinned curve keeps its ends and its corners", () => {
  const straight = Array.from({ length: 11 }, (_, i) => ({ x: i / 10, y: i / 10 }));
  assert.deepEqual(thinned(straight, 0), [straight[0], straight[10]]);
  const { points } = roc(numbers(11, 500, 500), numbers(12, 200, 500));
  const few = thinned(points, 1 / 200);
  assert.ok(few.length < points.length && few.every((point) => points.includes(point)));
});
