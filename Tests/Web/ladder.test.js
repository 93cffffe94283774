import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, ladderScale, pathInWords, rungNumber, rungs } from "../../web/src/model/ladder.js";

const standing = (id, contribution, other_median = -1, named_median = 3) => ({ id, in_omnibus: true, contribution, other_median, named_median });
const names = { own: "The attacked input", twin: "Its benign twin", named: "dog", other: "cat", layer: (id) => id };

test("0 is the median of the other class, 1 that of the named one, and bands and twin are on the same scale", () => {
  const [rung] = rungs([standing("a", 1)], [{ id: "a", contribution: -1 }], [{ id: "a", named: [-1, 1, 3, 5, 7], other: [-3, -2, -1, 0, 1] }]);
  assert.deepEqual(rung, { id: "a", own: 0.5, twin: 0, named: [0, 0.5, 1, 1.5, 2], other: [-0.5, -0.25, 0, 0.25, 0.5], why: "" });
  const alone = rungs([standing("a", 1)], null, null)[0];
  assert.deepEqual([alone.own, alone.twin, alone.named, alone.other], [0.5, null, null, null]);
});

test("a rung of which nothing is known says why, and is never a number", () => {
  const all = rungs([standing("a", null), { id: "b", in_omnibus: true }, standing("c", 1, null, null), standing("d", 1, 2, 2), standing("e", 1, 2, 1), standing("f", 1)], null, [{ id: "f", untold: "no codes" }]);
  for (const rung of all) assert.ok(rung.own === null && rung.why.length > 5, rung.id);
  assert.match(all[3].why, /Nothing here tells/);
  assert.equal(all[5].why, "no codes");
});

test("the ladder shows all of bands and dots, but not the far end of a class that hardly exists", () => {
  assert.deepEqual(extent([]), { lo: -0.5, hi: 1.5 });
  const rung = { id: "a", own: 2.5, twin: -0.75, named: [0, 0.5, 1, 2, 3], other: [-1, -0.5, 0, 0.5, 1], why: "" };
  assert.deepEqual(extent([rung]), { lo: -1, hi: 3 });
  assert.deepEqual(extent([rung, { ...rung, own: 40, twin: -9 }]), { lo: -4, hi: 5 });
});

test("places stay inside, in order, and 0 and 1 are marked at any width", () => {
  for (const width of [120, 300, 900]) {
    const scale = ladderScale({ lo: -1.3, hi: 3.4 }, width);
    assert.ok(scale.ticks.includes(0) && scale.ticks.includes(1) && scale.ticks.every(Number.isInteger));
    assert.ok(scale.toX(-9) === scale.toX(-1.3) && scale.toX(-9) >= 0 && scale.toX(99) <= width);
    assert.ok(scale.toX(0) < scale.toX(0.5) && scale.toX(0.5) < scale.toX(1));
  }
});

test("numbers as a table has them", () => {
  assert.deepEqual([0.594, 1.32, -0.05, -0.001, null, 12].map(rungNumber), [".59", "1.32", "−.05", ".00", "–", "12.00"]);
});

test("the path in words: from where it is away, and where it ends", () => {
  const at = (id, own, twin = 0) => ({ id, own, twin, named: [0.4, 0.8, 1, 1.2, 1.6], other: [-0.4, -0.2, 0, 0.2, 0.4], why: "" });
  assert.equal(pathInWords([at("a", 0.1), at("b", 0.5), at("c", 0.6)], names),
    "From b on, the attacked input lies beyond 95 % of the rows labelled cat. It ends at .60, among the rows labelled dog, at their near end. Its benign twin ends at .00.");
  assert.match(pathInWords([at("a", 0.5), at("b", 1)], names), /^The attacked input lies beyond 95 % of the rows labelled cat in every layer\. It ends at 1\.00, amid the rows labelled dog\./);
  // It was away and came back: no layer from which on it is.
  assert.equal(pathInWords([at("a", 0.9), at("b", 0.3, null)], names), "The attacked input ends at .30, short of 95 % of the rows labelled dog, not beyond those labelled cat.");
  assert.match(pathInWords([at("a", 2)], names), /ends at 2\.00, beyond 95 % of the rows labelled dog/);
  assert.equal(pathInWords([{ ...at("a", null), own: null }], names), "");
});
