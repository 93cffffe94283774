import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeFinding, encodeFinding, freeName, SET_MAX, sizeOf } from "../../web/src/model/finding.js";
import { decodeState, encodeState, firstVisit } from "../../web/src/model/state.js";

const layer = (id, neurons) => ({ id, name: id, neurons, samples: 1, shared: { exponent: 0, origin: 0 } });
const metadata = { name: "a", version: "b", rows: 9, layers: [layer("conv", 6272), layer("dense_1", 512)], groups: [{ name: "all", kind: "all", rows: 9 }], instances: [] };
const fields = (state) => new Map(encodeFinding(state));

test("a filter, sets and what is selected survive a link", () => {
  const state = {
    filter: { where: "zeros(all) == 1 and set(a,b!c.d;e=f) or median(cät) > 50 %", way: "mark" },
    sets: [{ name: "a,b!c.d;e=f", layers: { dense_1: [0, 511, 36], conv: [6271] } }, { name: "ü", layers: { conv: [5] } }], picked: { layer: "dense_1", neurons: [9, 3] },
  };
  const text = [...fields(state).values()].join("");
  assert.ok(!/[;=]/.test(text), text);
  const back = decodeFinding(fields(state), metadata);
  assert.deepEqual(back.filter, state.filter);
  assert.deepEqual(back.sets, [{ name: "a,b!c.d;e=f", layers: { dense_1: [0, 36, 511], conv: [6271] } }, { name: "ü", layers: { conv: [5] } }]);
  assert.deepEqual(back.picked, { layer: "dense_1", neurons: [3, 9] });
  assert.deepEqual(sizeOf(back.sets[0]), 4);
  const whole = { ...firstVisit(metadata), ...back };
  assert.deepEqual(decodeState(encodeState(whole, metadata), metadata), whole);
});

test("a view without any of them has nothing of it in its link", () => {
  assert.deepEqual(encodeFinding({ filter: null, sets: [], picked: null }), []);
  assert.deepEqual(decodeFinding(new Map(), metadata), { filter: null, sets: [], picked: null });
});

test("nonsense is left out", () => {
  const back = decodeFinding(new Map([["filter", "burn.nan"], ["sets", "!dense_1.a,%E0%A4%A!dense_1.a,x!gone.1,y!dense_1.zzzz.-1.!,z!dense_1.1.1,z!dense_1.2"], ["picked", "dense_1.zzzzzzzz"]]), metadata);
  assert.deepEqual(back, { filter: null, sets: [{ name: "z", layers: { dense_1: [1] } }], picked: null });
  assert.deepEqual(decodeFinding(new Map([["filter", "only."]]), metadata).filter, null);
  const many = Array.from({ length: 2000 }, (_, n) => n.toString(36)).join(".");
  assert.equal(decodeFinding(new Map([["picked", `conv.${many}`]]), metadata).picked.neurons.length, SET_MAX);
});

test("names of sets differ", () => {
  const sets = [{ name: "a", layers: {} }, { name: "a 2", layers: {} }];
  assert.deepEqual([freeName(sets, " a "), freeName(sets, "b"), freeName([], "")], ["a 3", "b", "set"]);
});
