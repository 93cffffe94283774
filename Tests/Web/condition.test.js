import assert from "node:assert/strict";
import { test } from "node:test";
import { ConditionFault, holds, needs, parseCondition, readyConditions } from "../../web/src/model/condition.js";
import { expression } from "../../web/src/model/order.js";
import { firstVisit } from "../../web/src/model/state.js";

const metadata = {
  name: "a", version: "b", rows: 9,
  layers: [{ id: "conv", name: "conv", neurons: 12, samples: 1, axes: "NHWC", shape: [9, 2, 3, 2], shared: { exponent: 0, origin: 0 } }],
  groups: [{ name: "all", kind: "all", rows: 9 }, { name: "cat", kind: "class", rows: 4 }, { name: "odd (a), b) <", kind: "class", rows: 5 }],
  instances: [{ name: "benign 7", kind: "benign" }, { name: "attacked 7, b", kind: "attacked" }],
};

/** Figures made up of the words, so that nothing of the reader's own is needed to tell them. */
const figures = {
  "median(cat)": [0, 1, 2, 3, 4, Number.NaN], "median(odd (a), b) <)": [5, 4, 3, 2, 1, 0], "zeros(all)": [1, 0.5, 0.25, 1, 0, Number.NaN],
  "percentile(attacked 7, b,cat)": [0.5, 1, 50, 99, 99.5, Number.NaN], "difference(median(cat),median(odd (a), b) <))": [-5, -3, -1, 1, 3, Number.NaN],
};
const known = {
  neurons: 6, axes: [{ name: "y", size: 3 }, { name: "ch", size: 2 }],
  keys: (order) => figures[expression(order, metadata)], flags: (flag) => (flag === "nan" ? [0, 0, 0, 0, 0, 1] : [0, 1, 0, 0, 0, 0]), members: (name) => (name === "my set (1)" ? [2, 5] : []),
};
const SETS = ["my set (1)"];
const found = (text) => [...holds(parseCondition(text, metadata, SETS), known).keys()].filter((n) => holds(parseCondition(text, metadata, SETS), known)[n]);

test("conditions hold for the neurons they name", () => {
  for (const [text, expected] of [
    ["median(cat) > 2", [3, 4]], ["median(cat)>=2", [2, 3, 4]], ["2 < median( cat )", [3, 4]], ["median(cat) == 2", [2]],
    ["zeros(all) == 1", [0, 3]], ["zeros(all) < 50 %", [2, 4]], ["zeros(all) <= 50%", [1, 2, 4]], ["zeros(all) != 1", [1, 2, 4]],
    ["median(cat) > median(odd (a), b) <)", [3, 4]], ["difference(median(cat),median(odd (a), b) <)) > 0", [3, 4]],
    ["percentile(attacked 7, b,cat) < 1 or percentile(attacked 7, b,cat) > 99", [0, 4]],
    ["not zeros(all) == 1", [1, 2, 4, 5]], ["not (zeros(all) == 1 or nan)", [1, 2, 4]], ["nan or infinite", [1, 5]],
    ["zeros(all) < 1 and median(cat) > 0.5 or nan", [1, 2, 4, 5]], ["set(my set (1))", [2, 5]], ["set(my set (1)) and not nan", [2]],
    ["ch == 1", [1, 3, 5]], ["y >= 1 and ch == 0", [2, 4]], ["x == 0", []], ["index < 2", [0, 1]], ["-1 < index and index < 1e0", [0]],
  ]) assert.deepEqual(found(text), expected, text);
});

test("NaN satisfies no comparison, but its denial", () => {
  assert.ok(!found("median(cat) != 1").includes(5));
  assert.ok(found("not median(cat) == 1").includes(5));
});

test("`and` binds closer than `or`, whatever the order", () => {
  assert.deepEqual(found("nan or zeros(all) == 1 and median(cat) == 3"), [3, 5]);
  assert.deepEqual(found("(nan or zeros(all) == 1) and median(cat) == 3"), [3]);
});

test("what is wrong is told with its place", () => {
  for (const [text, at, words] of [
    ["", 0, /a number or a figure is missing/], ["median(cat)", 11, /a comparison is missing/], ["median(dog) > 1", 0, /no such figure/],
    ["median(cat) > ", 14, /a number or a figure/], ["median(cat) > 1 2", 16, /something follows/], ["(nan", 4, /not closed/], ["set(none)", 0, /no such set; there is my set \(1\)/],
    ["percentile(attacked 7, b,cat) > 99 %", 0, /percent already/], ["median(cat) = 1", 12, /a comparison is missing/], ["nano", 0, /a number or a figure/],
  ]) {
    assert.throws(() => parseCondition(text, metadata, SETS), (error) => error instanceof ConditionFault && error.at === at && words.test(error.message), text);
  }
  assert.throws(() => parseCondition("not ".repeat(200) + "nan", metadata, []), ConditionFault);
  assert.throws(() => parseCondition("(".repeat(1999), metadata, []), ConditionFault);
});

test("what a condition has to know is asked for once, and no more", () => {
  const { orders, flags } = needs(parseCondition("zeros(all) == 1 and (ch == 1 or index < 3) and not set(my set (1))", metadata, SETS));
  assert.deepEqual([orders.map((order) => expression(order, metadata)), flags], [["zeros(all)"], false]);
  assert.ok(needs(parseCondition("infinite", metadata, [])).flags);
});

test("ready conditions can be read, and name what is on screen", () => {
  const state = { ...firstVisit(metadata), groups: [1, 2], instances: [0, 1] };
  const ready = readyConditions(state, metadata);
  assert.deepEqual(ready.map(({ title }) => title), ["always 0", "constant", "NaN or ∞", "attacked 7, b outside cat’s 1–99 %", "attacked 7, b outside odd (a), b) <’s 1–99 %"]);
  for (const { where } of ready) parseCondition(where, metadata, []);
  assert.deepEqual(found(ready[3].where), [0, 4]);
});
