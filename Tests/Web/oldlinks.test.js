import assert from "node:assert/strict";
import { test } from "node:test";
import { freshDivergence } from "../../web/src/model/divergencestate.js";
import { decodeState, encodeState } from "../../web/src/model/state.js";

// Links as version 0.3.0 wrote them, and before it: kept as they were.
const metadata = /** @type {any} */ ({
  name: "fashion-mnist", version: "0123456789abcdef", rows: 2000,
  layers: ["conv_4", "dense_1", "dense_2", "logits"].map((id, i) => ({ id, name: id, neurons: [6272, 512, 512, 10][i], samples: 1, shared: { exponent: -3, origin: -2 } })),
  groups: ["all", "T-shirt/top", "trouser", "sandal", "sneaker"].map((name, i) => ({ name, kind: i ? "class" : "all", rows: 200 })),
  instances: [0, 1].flatMap((pair) => ["benign", "attacked"].map((kind) => ({ name: `${kind} ${pair}`, kind, pair }))),
});
const START = "#1;d=fashion-mnist;v=0123456789abcdef;l=dense_1,dense_2";
const DIFFERENCE = { kind: "difference", a: { kind: "value", instance: 1 }, b: { kind: "median", group: 3 } };

/** @param {string} hash */
const opened = (hash) => /** @type {import("../../web/src/types").State} */ (decodeState(hash, metadata));

test("the first view", () => {
  const state = opened(`${START};g=1,2;i=0,1;s0=v1~;s1=v1~`);
  assert.deepEqual([state.layers, state.groups, state.instances], [["dense_1", "dense_2"], [1, 2], [0, 1]]);
  for (const id of state.layers) assert.deepEqual([state.columns[id].order, state.columns[id].direction, state.columns[id].span], [{ kind: "value", instance: 1 }, "descending", null]);
  // What it did not say is as fits the data now.
  assert.deepEqual([state.axis, state.symlog, state.bins, state.full, state.lanes, state.hatched, state.linked, state.panel], ["shared", null, null, null, null, false, false, null]);
});

test("order, hidden and pinned neurons, rows and the part of the axis in view", () => {
  const state = opened(`${START};g=3,4;i=0,1,3;s0=v1-m3~;h0=3.14;p0=7.2s;y0=12.5_40;x0=0.25_1.5;s1=i`);
  const { dense_1: first, dense_2: second } = state.columns;
  assert.deepEqual([first.order, first.direction, first.hidden, first.pinned, first.top, first.span, first.across], [DIFFERENCE, "descending", [3, 40], [7, 100], 12.5, 40, { lo: 0.25, hi: 1.5 }]);
  assert.deepEqual([second.order, second.direction, second.hidden, second.across], [{ kind: "index" }, "ascending", [], null]);
});

test("everything that could be said of how it is drawn, and the open neuron", () => {
  const state = opened(`${START};g=3,4;i=0,1,3;s0=v1-m3~;s1=i;a=own;z=symlog;c=log;b=64;f=0.05;m=lanes;k=1;n=dense_2.17`);
  assert.deepEqual([state.axis, state.symlog, state.curve, state.bins, state.full, state.lanes, state.hatched, state.linked, state.panel], ["own", true, "log", 64, 0.05, true, false, true, { layer: "dense_2", neuron: 17 }]);
  const hatched = opened(`${START};g=3,4;s0=i;a=whole;m=hatched`);
  assert.deepEqual([hatched.axis, hatched.hatched, hatched.lanes], ["whole", true, false]);
  const logarithmic = opened(`${START};g=3,4;s0=i;a=symlog`);
  assert.deepEqual([logarithmic.axis, logarithmic.symlog], ["whole", true]);
});

test("what an old link says is what the link of today says", () => {
  const state = opened(`${START};g=3,4;i=0,1,3;s0=v1-m3~;h0=3.14;p0=7.2s;y0=12.5_40;x0=0.25_1.5;s1=i;a=own;z=symlog;c=log;b=64;f=0.05;m=lanes;k=1;n=dense_2.17`);
  assert.deepEqual(opened(encodeState(state, metadata)), state);
});

const NAMES = "u=g3.sandal,g4.sneaker,i0.benign%200,i1.attacked%200,i3.attacked%201";
const OF_TWO = "g=3,4;i=0,1,3";
/** @param {string} sort @param {string} [names] */
const sorted = (sort, names = "") => `${OF_TWO};${names && `${names};`}s0=${sort}~;s1=${sort}`;
/**
 * What earlier commits wrote: each as the first that wrote it so, and what it means.
 * @type {[string, string, object][]} commit, link after the layers, what is in the state, of which `order` is that of both layers
 */
const WRITTEN = [
  ["5586d0f", sorted("i"), { order: { kind: "index" } }],
  ["5586d0f", sorted("m3"), { order: { kind: "median", group: 3 } }],
  ["5586d0f", sorted("v1"), { order: { kind: "value", instance: 1 } }],
  ["5586d0f", sorted("a2"), { order: { kind: "mean", group: 2 } }],
  ["5586d0f", sorted("v1-m3"), { order: DIFFERENCE }],
  ["5586d0f", `${OF_TWO};s0=i;a=symlog`, { axis: "whole", symlog: true }],
  ["5586d0f", `${OF_TWO};s0=i;a=own;c=linear;f=0.05;k=1;n=dense_2.17`, { axis: "own", curve: "linear", full: 0.05, linked: true, panel: { layer: "dense_2", neuron: 17 } }],
  ["1cb9315", `${OF_TWO};s0=i;b=16`, { bins: 16 }],
  ["9c2c2b0", `${OF_TWO};s0=i;a=whole;z=symlog`, { axis: "whole", symlog: true }],
  ["1e33756", `${OF_TWO};s0=i;m=hatched`, { hatched: true, lanes: false }],
  ["8dc2fc7", sorted("d3"), { order: { kind: "deviation", group: 3 } }],
  ["8dc2fc7", sorted("l3"), { order: { kind: "minimum", group: 3 } }],
  ["8dc2fc7", sorted("h3"), { order: { kind: "maximum", group: 3 } }],
  ["8dc2fc7", sorted("z3"), { order: { kind: "zeros", group: 3 } }],
  ["8dc2fc7", sorted("abs-m3"), { order: { kind: "absolute", item: { kind: "median", group: 3 } } }],
  ["8dc2fc7", sorted("h2-l3"), { order: { kind: "difference", a: { kind: "maximum", group: 2 }, b: { kind: "minimum", group: 3 } } }],
  ["8b3de14", sorted("v1-m3", NAMES), { order: DIFFERENCE, groups: [3, 4], instances: [0, 1, 3] }],
  // In a version where sneakers were number 3 and sandals 4.
  ["8b3de14", sorted("v1-m4", "u=g3.sneaker,g4.sandal,i1.attacked%200"), { order: DIFFERENCE, groups: [4, 3] }],
  ["d2ec888", sorted("abs-v1", NAMES), { order: { kind: "absolute", item: { kind: "value", instance: 1 } } }],
  ["479873f", sorted("p1.3", NAMES), { order: { kind: "percentile", instance: 1, group: 3 } }],
  ["479873f", sorted("pr17.3", NAMES), { order: { kind: "percentile", instance: { row: 17 }, group: 3 } }],
  ["479873f", sorted("mwlabel%20%3D%3D%20%22sandal%22", NAMES), { order: { kind: "median", group: { where: 'label == "sandal"' } } }],
  ["eeb51ec", `g=3,4;i=0,r17;${NAMES};s0=i`, { instances: [0, 4] }],
  ["4231e24", `${OF_TWO};${NAMES};s0=i;z=linear`, { symlog: false }],
  ["967d012", sorted("u3.4", NAMES), { order: { kind: "auroc", group: 3, other: 4 } }],
  ["967d012", sorted("w3.4", NAMES), { order: { kind: "wasserstein", group: 3, other: 4 } }],
  ["967d012", sorted("k3.4", NAMES), { order: { kind: "kolmogorov_smirnov", group: 3, other: 4 } }],
  ["984b28f", sorted("c1", NAMES), { order: { kind: "contribution", instance: 1 } }],
  ["bf2f176", `${OF_TWO};${NAMES};s0=i;m=overlaid`, { hatched: false, lanes: false }],
  ["461929a", `${OF_TWO};${NAMES};s0=i;other=after/fedcba9876543210`, { other: { name: "after", version: "fedcba9876543210" } }],
  ["461929a", `${OF_TWO};${NAMES};s0=i;filter=mark.zeros(sandal)+%3C+50+%25+and+median(sneaker)+%3E+0%2E5`, { filter: { where: "zeros(sandal) < 50 % and median(sneaker) > 0.5", way: "mark" } }],
  ["461929a", `${OF_TWO};${NAMES};s0=i;filter=hide.set(a+b%3Bc);sets=a+b%3Bc!dense_1.1.2.14`, { filter: { where: "set(a b;c)", way: "hide" }, sets: [{ name: "a b;c", layers: { dense_1: [1, 2, 40] } }] }],
  ["461929a", `${OF_TWO};${NAMES};s0=i;picked=dense_1.1.2.3`, { picked: { layer: "dense_1", neurons: [1, 2, 3] } }],
  ["1d11f09", `${OF_TWO};${NAMES};s0=i;j=1`, { divergence: { ...freshDivergence(), instance: 1 } }],
];

test("what each earlier commit wrote first", () => {
  for (const [commit, link, { order, ...rest }] of /** @type {[string, string, any][]} */ (WRITTEN)) {
    const data = structuredClone(metadata);
    const state = /** @type {any} */ (decodeState(`${START};${link}`, data));
    for (const [name, value] of Object.entries(rest)) assert.deepEqual(state[name], value, `${commit} ${link}: ${name}`);
    if (!order) continue;
    for (const [id, direction] of [["dense_1", "descending"], ["dense_2", "ascending"]]) assert.deepEqual([state.columns[id].order, state.columns[id].direction], [order, direction], `${commit} ${link}`);
  }
});

test("where the window of the rows stood, as 4231e24 wrote it", () => {
  const { dense_1: column } = opened(`${START};${OF_TWO};${NAMES};s0=v1-m3~;h0=3.14;p0=7.2s;y0=12.5_40;w0=-1.5_3.25_0_128;x0=0.25_1.5;s1=i`).columns;
  assert.deepEqual([column.fit, column.top, column.span, column.across], [{ lo: -1.5, hi: 3.25, unit: 0, most: 128 }, 12.5, 40, { lo: 0.25, hi: 1.5 }]);
});
