import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeOrder, encodeOrder, exists, expression, phrase, promise } from "../../web/src/model/order.js";
import { decodeState, encodeState, firstVisit, hasFewRows, linkTarget, splitToken } from "../../web/src/model/state.js";

const layer = (id, neurons) => ({ id, name: id, neurons, samples: 1, shared: { exponent: 0, origin: 0 } });
const metadata = {
  name: "fashion mnist/ü", version: "0123456789abcdef", rows: 100,
  layers: [layer("conv", 6272), layer("dense_1", 512), layer("dense_2", 512), layer("logits", 10)],
  groups: [{ name: "all", kind: "all", rows: 100 }, { name: "bag", kind: "class", rows: 50 }, { name: "ankle boot", kind: "class", rows: 50 }],
  instances: [{ name: "benign 0", kind: "benign", pair: 0 }, { name: "attacked 0", kind: "attacked", pair: 0 }, { name: "benign 1", kind: "benign", pair: 1 }],
};

test("orderings survive the short form", () => {
  for (const text of ["i", "m1", "a2", "v1", "v1-m2", "m1-m2"]) assert.equal(encodeOrder(decodeOrder(text)), text);
  for (const text of ["", "x3", "m", "v1-", "v1-m2-m3", "m1e3", "i-m1"]) assert.equal(decodeOrder(text), null, text);
});

test("orderings in the server's words and in the reader's", () => {
  const order = decodeOrder("v1-m2");
  assert.equal(expression(order, metadata), "difference(value(attacked 0),median(ankle boot))");
  assert.equal(phrase(order, metadata), "value of attacked 0 − median of ankle boot");
  assert.equal(promise(order, "descending", metadata), "Neurons where the value of attacked 0 exceeds the median of ankle boot most come first.");
  assert.equal(promise(order, "ascending", metadata), "Neurons where the median of ankle boot exceeds the value of attacked 0 most come first.");
  assert.equal(promise(decodeOrder("m1"), "ascending", metadata), "Neurons with the smallest median of bag come first; ties by index.");
  assert.ok(!exists(decodeOrder("v9"), metadata));
  assert.ok(!exists(decodeOrder("v0-m7"), metadata));
});

test("a first visit without the job's advice takes the last layers before the last, two classes, the first pair", () => {
  const state = firstVisit(metadata);
  assert.deepEqual(state.layers, ["dense_1", "dense_2"]);
  assert.deepEqual(state.groups, [1, 2]);
  assert.deepEqual(state.instances, [0, 1]);
  assert.deepEqual(state.columns.dense_1.order, { kind: "value", instance: 1 });
});

test("a first visit follows the job's advice, where it can be followed", () => {
  const state = firstVisit({ ...metadata, start: { layers: ["conv", "gone"], groups: [2, 99], instances: [2], text: "" } });
  assert.deepEqual([state.layers, state.groups, state.instances], [["conv"], [2], [2]]);
});

test("a whole view survives its link", () => {
  const state = firstVisit(metadata);
  state.columns.dense_1 = { order: decodeOrder("v1-m2"), direction: "ascending", hidden: [5, 511, 300], pinned: [7], top: 12.5, span: 40.25, across: { lo: -0.25, hi: 1.5e-3 }, fit: { lo: -2, hi: 3.5, unit: 0.25, most: 128 } };
  Object.assign(state, { axis: "own", symlog: true, curve: "log", full: 0.02, bins: 16, lanes: true, linked: true, panel: { layer: "dense_2", neuron: 17 }, groups: [0, 2], instances: [2, 1] });
  const back = decodeState(encodeState(state), metadata);
  assert.deepEqual({ ...back, columns: { ...back.columns, dense_1: { ...back.columns.dense_1, hidden: null } } }, { ...state, columns: { ...state.columns, dense_1: { ...state.columns.dense_1, hidden: null } } });
  assert.deepEqual(back.columns.dense_1.hidden, [5, 300, 511]);
  assert.deepEqual(linkTarget(encodeState(state)), { dataset: metadata.name, version: metadata.version });
});

test("few rows a class are shown in coarser bins, until the reader chooses", () => {
  assert.ok(hasFewRows(metadata));
  assert.ok(!hasFewRows({ groups: [{ name: "all", kind: "all", rows: 9 }, { name: "a", kind: "class", rows: 1000 }] }));
});

test("the first visit's link is short", () => {
  assert.ok(encodeState(firstVisit(metadata)).length < 140, encodeState(firstVisit(metadata)));
});

test("links of the first form keep their meaning", () => {
  // A link somebody has kept: this text must go on being understood.
  const state = decodeState("#1;d=fashion;v=abc;l=dense_1,logits;g=1,2;i=0,1;s0=v1-m2~;h0=2.a.zz;p0=5;y0=3.5_20;s1=m1;a=own;b=64;c=linear;f=0.05;m=lanes;k=1;n=logits.3", metadata);
  assert.deepEqual(state.layers, ["dense_1", "logits"]);
  assert.deepEqual(state.columns.dense_1, { order: decodeOrder("v1-m2"), direction: "descending", hidden: [2, 10], pinned: [5], top: 3.5, span: 20, across: null, fit: null });
  assert.deepEqual(state.columns.logits, { order: decodeOrder("m1"), direction: "ascending", hidden: [], pinned: [], top: 0, span: null, across: null, fit: null });
  assert.deepEqual([state.axis, state.bins, state.curve, state.full, state.lanes, state.linked], ["own", 64, "linear", 0.05, true, true]);
  assert.deepEqual(state.panel, { layer: "logits", neuron: 3 });
  const striped = decodeState("#1;l=logits;m=hatched", metadata);
  assert.deepEqual([striped.lanes, striped.hatched, encodeState(striped).includes("m=hatched")], [false, true, true]);
  const logarithmic = decodeState("#1;l=logits;a=symlog", metadata);
  assert.deepEqual([logarithmic.axis, logarithmic.symlog], ["whole", true]);
});

test("nonsense in a link is left out, never an error", () => {
  assert.equal(decodeState("", metadata), null);
  assert.equal(decodeState("#2;l=dense_1", metadata), null);
  assert.equal(decodeState("#section", metadata), null);
  const state = decodeState("#1;d=%E0%A4%A;l=gone,dense_1,dense_1;g=99,x,-1,1e9;i=77;s0=q;h1=!!.zzzzzzzz;y1=-5_0;x1=3_1;x0=a_b;f=9;n=logits.999;;=;a=__proto__", metadata);
  assert.deepEqual([state.layers, state.groups, state.instances, state.panel, state.full, state.bins, state.axis], [["dense_1"], [], [], null, null, null, "shared"]);
  assert.deepEqual(state.columns.dense_1.hidden, []);
  assert.equal(state.columns.dense_1.span, null);
});

test("a token is taken out of a link wherever it stands, and the rest stays", () => {
  for (const [hash, token, rest] of [
    ["", null, ""], ["#1;d=a;l=b", null, "#1;d=a;l=b"], ["#token=abc", "abc", ""], ["#token=a%3Bb;1;d=x;l=y", "a;b", "#1;d=x;l=y"],
    ["#1;d=x;token=abc;l=y", "abc", "#1;d=x;l=y"], ["#1;d=token%3Dno", null, "#1;d=token%3Dno"], ["#token=one;token=two", "one", ""], ["#token=", "", ""],
  ]) assert.deepEqual(splitToken(hash), { token, rest }, hash);
});
