import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeState, encodeState, firstVisit, goneNames } from "../../web/src/model/state.js";

/** @param {string[]} classes @param {string[]} instances */
function data(classes, instances = []) {
  return {
    name: "animals", version: classes.join("").slice(0, 16), rows: 10,
    layers: [{ id: "fc", name: "fc", neurons: 5, samples: 1, shared: { exponent: 0, origin: 0 } }],
    groups: [{ name: "all", kind: "all", rows: 10 }, ...classes.map((name) => ({ name, kind: "class", rows: 3 }))],
    instances: instances.map((name) => ({ name, kind: "benign" })),
  };
}

const OLD = data(["cat", "dog", "eel"], ["a, b", "c;d=e"]);
const state = { ...firstVisit(OLD), groups: [1, 2], instances: [1] };
state.columns.fc.order = { kind: "difference", a: { kind: "value", instance: 1 }, b: { kind: "median", group: 2 } };

test("in the same version a link is what it was", () => {
  const back = decodeState(encodeState(state, OLD), OLD);
  assert.deepEqual([back.groups, back.instances, back.columns.fc.order], [[1, 2], [1], state.columns.fc.order]);
  assert.deepEqual(goneNames(encodeState(state, OLD), OLD), []);
});

test("where numbers have moved, names count", () => {
  const next = data(["bird", "cat", "dog", "eel"], ["new", "a, b", "c;d=e"]);
  const back = decodeState(encodeState(state, OLD), next);
  assert.deepEqual([back.groups, back.instances], [[2, 3], [2]]);
  assert.deepEqual(back.columns.fc.order, { kind: "difference", a: { kind: "value", instance: 2 }, b: { kind: "median", group: 3 } });
});

test("the item of an absolute order is named as well", () => {
  const view = { ...firstVisit(OLD), groups: [1] };
  view.columns.fc.order = { kind: "absolute", item: { kind: "mean", group: 3 } };
  const next = decodeState(encodeState(view, OLD), data(["bird", "cat", "dog", "eel"]));
  assert.deepEqual(next.columns.fc.order, { kind: "absolute", item: { kind: "mean", group: 4 } });
});

test("what is gone is not replaced by what has its number, and is told", () => {
  const next = data(["bird", "cat", "eel"]);
  const back = decodeState(encodeState(state, OLD), next);
  assert.deepEqual([back.groups, back.instances], [[2], []]);
  assert.deepEqual(back.columns.fc.order, { kind: "median", group: 2 });
  assert.deepEqual(goneNames(encodeState(state, OLD), next), ["dog", "c;d=e"]);
});

test("links without names, and damaged ones, go by numbers", () => {
  const plain = encodeState(state);
  assert.ok(!plain.includes("u="));
  for (const hash of [plain, `${plain};u=`, `${plain};u=g1,x9.cat,g2.%E0%A4%A`]) assert.deepEqual(decodeState(hash, OLD).groups, [1, 2]);
});
