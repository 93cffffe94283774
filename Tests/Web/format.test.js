import assert from "node:assert/strict";
import { test } from "node:test";
import { aligned, alignedPercent, count, decimals, figure, ordinal, percent, plural, standing } from "../../web/src/model/format.js";
import { inTwo, tree, withoutCommonPath } from "../../web/src/model/names.js";

test("counts carry thousands separators", () => {
  assert.equal(count(1234567), "1,234,567");
  assert.equal(plural(1, "neuron"), "1 neuron");
  assert.equal(plural(0, "class", "classes"), "0 classes");
});

test("figures keep their digits and tell what is no number", () => {
  assert.equal(figure(0), "0");
  assert.equal(figure(-0), "0");
  assert.equal(figure(3.10004), "3.1");
  assert.equal(figure(-0.03125, 4), "−0.03125");
  assert.equal(figure(123456), "123456");
  assert.equal(figure(1.5e-7), "1.5e−7");
  assert.equal(figure(2e30), "2e30");
  assert.equal(figure(null), "–");
  assert.equal(figure(Number.NaN), "–");
  assert.equal(figure(-Infinity), "−∞");
});

test("a small share never reads as nothing, nor a large one as all", () => {
  assert.equal(percent(0), "0%");
  assert.equal(percent(0.0001), "<0.1%");
  assert.equal(percent(0.9999), ">99.9%");
  assert.equal(percent(1), "100%");
  assert.equal(percent(0.042), "4.2%");
});

test("figures under each other have the same decimals, as many as the largest needs", () => {
  assert.equal(decimals([0.02, null, -3.1234]), 3);
  assert.deepEqual([0.02, -3.1234, 0, null].map((value) => aligned(value, 3)), ["0.020", "−3.123", "0.000", "–"]);
  assert.deepEqual([12.3, 123.4, 1234, 99999].map((value) => decimals([value])), [2, 1, 0, 0]);
  assert.deepEqual([0.31, 0.031, 0].map((value) => decimals([value])), [3, 4, 0]);
  assert.equal(decimals([Number.NaN, Infinity, 0.5]), 3);
  assert.equal(aligned(-Infinity, 3), "−∞");
  // Where no decimals would do, each says its power of ten.
  assert.equal(aligned(2e30, decimals([2e30, 1])), "2e30");
});

test("what fixed decimals would make nothing says that it is not", () => {
  assert.equal(aligned(0.0002, 3), "< 0.001");
  assert.equal(aligned(-0.0002, 3), "> −0.001");
  assert.deepEqual([0, 0.0002, 0.42, 0.9999, 1, Number.NaN].map(alignedPercent), ["0.0%", "<0.1%", "42.0%", ">99.9%", "100.0%", "–"]);
});

test("ordinals", () => {
  assert.deepEqual([1, 2, 3, 4, 11, 12, 13, 21, 99.8].map(ordinal), ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "99.8th"]);
});

test("standing of a value in words", () => {
  assert.equal(standing(99.7, 99.9, "cat"), "99.8th percentile of cat");
  assert.equal(standing(100, 100, "cat"), "above every cat");
  assert.equal(standing(0, 0, "cat"), "below every cat");
  assert.equal(standing(0, 62, "cat"), "among the lowest 62% of cat");
  assert.equal(standing(0, 100, "cat"), "the same as every cat");
  assert.equal(standing(99.5, 100, "cat"), "among the highest 0.5% of cat");
});

test("names lose the path that all have in common, and nothing else", () => {
  assert.deepEqual(withoutCommonPath(["activations/conv_1", "activations/conv_2", "activations/fc"]), ["conv_1", "conv_2", "fc"]);
  assert.deepEqual(withoutCommonPath(["a/b/x", "a/c/x"]), ["b/x", "c/x"]);
  assert.deepEqual(withoutCommonPath(["conv_1", "conv_2"]), ["conv_1", "conv_2"]);
  assert.deepEqual(withoutCommonPath(["a/x", "a/x/y"]), ["x", "x/y"]);
  assert.deepEqual(withoutCommonPath(["only/one"]), ["only/one"]);
  assert.deepEqual(withoutCommonPath(["model.layers.0.mlp", "model.layers.11.mlp"]), ["0.mlp", "11.mlp"]);
});

test("names of many layers with parts make a tree, and long ones are cut in their middle", () => {
  const names = Array.from({ length: 8 }, (_, i) => [`${i}.attn.out`, `${i}.mlp.down_proj`]).flat();
  const made = tree([...names, "norm"]);
  assert.equal(made.length, 9);
  assert.deepEqual(made[1], { part: "1", members: [{ index: 2, rest: "attn.out" }, { index: 3, rest: "mlp.down_proj" }] });
  assert.deepEqual(made[8], { part: "", members: [{ index: 16, rest: "norm" }] });
  assert.deepEqual(tree(["0.a", "0.b"]).map(({ part }) => part), ["", ""], "a few need none");
  assert.deepEqual(inTwo("mlp.down_proj"), ["", "mlp.down_proj"]);
  assert.deepEqual(inTwo("model.layers.11.mlp.down_proj"), ["model.layers.11", ".mlp.down_proj"]);
});
