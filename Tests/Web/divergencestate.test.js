import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeDivergence, encodeDivergence, freshDivergence, subjectOf, subjects } from "../../web/src/model/divergencestate.js";
import { decodeState, emptyState, encodeState, goneNames } from "../../web/src/model/state.js";

const instances = [
  { name: "benign 0", kind: "benign", pair: 0 }, { name: "attacked 0", kind: "attacked", pair: 0 }, { name: "pgd 0", kind: "pgd", pair: 0 },
  { name: "alone", kind: "foreign" }, { name: "benign 1", kind: "benign", pair: 1 },
];
const metadata = { name: "data", version: "0123456789abcdef", rows: 100, layers: [{ id: "a", neurons: 5 }, { id: "b", neurons: 5 }], groups: [{ name: "all", kind: "all", rows: 100 }], instances };

test("the view is about the attacked one of a pair, beside its twin, however the pair was chosen", () => {
  for (const chosen of [[0, 1], [1], [0], [1, 0]]) assert.deepEqual(subjects(chosen, metadata), [{ own: 1, twin: 0 }], String(chosen));
  assert.deepEqual(subjects([0, 2, 1], metadata), [{ own: 1, twin: 0 }, { own: 2, twin: 0 }]);
  assert.deepEqual(subjects([3, 4], metadata), [{ own: 3, twin: null }, { own: 4, twin: null }]);
  assert.deepEqual(subjects([], metadata), []);
});

test("of several the one that was named, as long as it is chosen", () => {
  const at = (instance, chosen) => subjectOf({ instances: chosen, divergence: { ...freshDivergence(), instance } }, metadata)?.own;
  assert.equal(at(3, [0, 1, 3]), 3);
  assert.equal(at(3, [0, 1]), 1);
  assert.equal(at(null, [3, 1]), 3);
  assert.equal(subjectOf({ instances: [], divergence: null }, metadata), null);
});

test("links hold the view: nothing where it is closed, little where it is as at first", () => {
  const state = { ...emptyState(), dataset: "data", version: metadata.version, layers: ["a"], instances: [0, 1, 3] };
  assert.ok(!encodeState(state, metadata).includes(";j="));
  state.divergence = freshDivergence();
  assert.match(encodeState(state, metadata), /;j=$/);
  state.divergence = { instance: 3, layer: "b", rate: 0.015, oneIn: 1000, kind: "one pixel, first; of 2" };
  const link = encodeState(state, metadata);
  assert.deepEqual(decodeState(link, metadata).divergence, state.divergence);
  assert.deepEqual(decodeState(link.replace(/;j=[^;]*/, ";j="), metadata).divergence, freshDivergence());
  assert.equal(decodeState(link.replace(/;j=[^;]*/, ""), metadata).divergence, null);
});

test("in other data the instance is found by its name, or said to be gone", () => {
  const state = { ...emptyState(), dataset: "data", version: metadata.version, layers: ["a"], instances: [], divergence: { ...freshDivergence(), instance: 3 } };
  const link = encodeState(state, metadata);
  const other = { ...metadata, instances: [instances[3], ...instances.slice(0, 3)] };
  assert.equal(decodeState(link, other).divergence.instance, 0);
  const without = { ...metadata, instances: instances.slice(0, 3) };
  assert.equal(decodeState(link, without).divergence.instance, null);
  assert.deepEqual(goneNames(link, without), ["alone"]);
});

test("any row of the data is named by its number", () => {
  const data = { ...metadata, instances: [...instances, { name: "row 17", kind: "row", row: 17 }] };
  const state = { ...emptyState(), dataset: "data", version: metadata.version, layers: ["a"], instances: [5], divergence: { ...freshDivergence(), instance: 5 } };
  const link = encodeState(state, data);
  assert.match(link, /;j=r17$/);
  const fresh = { ...metadata, instances: [...instances] };
  assert.equal(fresh.instances[decodeState(link, fresh).divergence.instance].row, 17);
  assert.deepEqual(goneNames(link, metadata), []);
});

test("what is mistyped is as at first", () => {
  for (const text of ["x", "99", "1,nowhere", "1,a,0", "1,a,2", "1,a,x", "1,a,0.05,1", "1,a,,x", "1,a,,,%E0%A4%A"]) {
    const state = decodeDivergence(text, metadata, (t) => (/^[0-4]$/.test(t) ? Number(t) : null));
    assert.equal(state.rate, 0.05, text);
    assert.equal(state.oneIn, 100, text);
    assert.equal(state.kind, null, text);
  }
  assert.equal(encodeDivergence(freshDivergence(), String), "");
});
