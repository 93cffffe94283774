import assert from "node:assert/strict";
import { test } from "node:test";
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
