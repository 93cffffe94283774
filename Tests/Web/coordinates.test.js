import assert from "node:assert/strict";
import { test } from "node:test";
import { classesOf, indicesOf, neuronAt, neuronAxes, neuronsSought, parseFind, placeColumn, placeOf, shortPlaceOf } from "../../web/src/model/coordinates.js";

const conv = { id: "conv_4", name: "net/conv_4", neurons: 14 * 14 * 32, samples: 1, axes: "NHWC", shape: [2000, 14, 14, 32], reduce: "flatten", shared: { exponent: 0, origin: 0 } };
const torch = { ...conv, id: "t", name: "t", axes: "NCHW", shape: [2000, 32, 14, 14] };
const pooled = { ...conv, id: "p", name: "p", neurons: 32, reduce: "max" };
const dense = { id: "dense", name: "dense_1", neurons: 512, samples: 1, axes: "NU", shape: [2000, 512], shared: { exponent: 0, origin: 0 } };
const logits = { ...dense, id: "logits", name: "logits", neurons: 3, shape: [2000, 3] };
const groups = [{ name: "all", kind: "all", rows: 9 }, ...["cat", "dog", "bull dog"].map((name, label) => ({ name, kind: "class", label, rows: 3 }))];
const metadata = { name: "d", version: "v", rows: 9, layers: [conv, dense, logits], groups, instances: [] };

test("a neuron's number and its place are each other's", () => {
  const axes = neuronAxes(conv);
  assert.deepEqual(axes.map(({ name }) => name), ["y", "x", "ch"]);
  assert.deepEqual(indicesOf(axes, 1619), [3, 8, 19], "row by row, channels fastest");
  for (const layer of [conv, torch]) for (let n = 0; n < layer.neurons; n += 37) assert.equal(neuronAt(neuronAxes(layer), indicesOf(neuronAxes(layer), n)), n);
  assert.equal(neuronAt(axes, [3, 14, 0]), null);
  assert.equal(neuronAt(axes, [3, 8]), null);
});

test("a number means something only where a layer has several axes, or stands for classes", () => {
  assert.equal(placeOf(conv, 1619, metadata), "y 3, x 8, ch 19");
  assert.equal(placeOf(torch, 1619, metadata), "ch 8, y 3, x 9");
  assert.equal(shortPlaceOf(conv, 1619, metadata), "3,8,19");
  assert.equal(placeOf(dense, 17, metadata), "");
  assert.equal(placeOf(pooled, 17, metadata), "", "positions are gone: the number is the channel's");
  assert.equal(placeOf(logits, 1, metadata), "dog");
  assert.deepEqual(classesOf(dense, metadata), []);
  assert.deepEqual(classesOf(logits, { ...metadata, groups: groups.map((group) => ({ ...group, label: group.name })) }), [], "names do not say in which order a network has them");
  assert.deepEqual(placeColumn(conv, metadata), { heading: "y,x,ch", characters: 8 });
});

test("the find field takes numbers, ranks, places, channels and classes, of a layer or of any", () => {
  const all = metadata.layers;
  assert.deepEqual(parseFind("417", all), { layer: null, kind: "neuron", number: 417 });
  assert.deepEqual(parseFind(" dense_1  417 ", all), { layer: "dense_1", kind: "neuron", number: 417 });
  assert.deepEqual(parseFind("#3", all), { layer: null, kind: "rank", number: 3 });
  assert.deepEqual(parseFind("conv_4 3,7,19", all), { layer: "conv_4", kind: "place", indices: [3, 7, 19] });
  assert.deepEqual(parseFind("(y 3, x 7, ch 19)", all), { layer: null, kind: "place", indices: [3, 7, 19] });
  assert.deepEqual(parseFind("ch 19", all), { layer: null, kind: "channel", name: "ch", number: 19 });
  assert.deepEqual(parseFind("logits bull dog", all), { layer: "logits", kind: "class", name: "bull dog" });
  assert.deepEqual(parseFind("1,619", [dense]), { layer: null, kind: "neuron", number: 1619 }, "where no layer has places");
  assert.equal(parseFind("  ", all), null);
});

test("what is sought is found in the layers that have it", () => {
  const found = (text, layer) => neuronsSought(parseFind(text, metadata.layers), layer, metadata);
  assert.deepEqual(found("3,8,19", conv), [1619]);
  assert.deepEqual(found("3,8,19", dense), []);
  assert.equal(found("ch 19", conv).length, 196);
  assert.deepEqual(found("ch 19", conv).slice(0, 2), [19, 51]);
  assert.deepEqual(found("dog", logits), [1], "the name itself goes before a part of one");
  assert.deepEqual(found("bull", logits), [2]);
  assert.deepEqual(found("512", dense), []);
});
