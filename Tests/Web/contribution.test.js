import assert from "node:assert/strict";
import { test } from "node:test";
import { cellOf, contribution } from "../../web/src/model/contribution.js";

const grid = { exponent: -4, origin: -32, tails: false };

/** Values with zeros, from a seed. */
function values(seed, count) {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return Array.from({ length: count }, () => (next() < 0.3 ? 0 : next() * 8 - 1.5));
}

const counted = (some) => {
  const counts = new Array(256).fill(0);
  for (const value of some) counts[Math.floor(value * 16) + 32]++;
  return { counts, zeros: some.filter((value) => value === 0).length };
};

/** From single values, as FORMAT.md writes it. */
function byHand(classes, value, out) {
  const cell = (v) => (v === 0 ? 16 : v < -2 ? 17 : v >= 14 ? 18 : Math.floor((Math.floor(v * 16) + 32) / 16));
  const h = classes.map((some, k) => some.filter((_, i) => !(out && out.k === k && out.i === i)).map(cell));
  const b = cell(value);
  const inCell = h.map((some) => some.filter((one) => one === b).length);
  const sizes = h.map((some) => some.length);
  const total = (list) => list.reduce((x, y) => x + y, 0);
  const q = (total(inCell) + 0.5) / (total(sizes) + 9.5);
  const p = (k) => (inCell[k] + q) / (sizes[k] + 1);
  return Math.log(p(0)) - Math.log(p(1));
}

test("cells: groups of sixteen bins, zeros apart, what is beyond the grid", () => {
  assert.deepEqual([0, -2, -1.0001, -1, 13.99, 14, -2.01].map((value) => cellOf(grid, value)), [16, 0, 0, 1, 15, 18, 17]);
  assert.deepEqual([0, 99, -99].map((value) => cellOf({ ...grid, tails: true }, value)), [16, 15, 0]);
});

test("what a neuron says is what counting single values gives, with a row taken out or none", () => {
  const classes = [values(1, 40), values(2, 55), values(3, 30)];
  const groups = { named: counted(classes[0]), other: counted(classes[1]), all: counted(classes.flat()) };
  for (const value of [0, -1.4, 0.3, 2.2, 6.4, 20, -5]) {
    assert.ok(Math.abs(contribution(grid, groups, value, null) - byHand(classes, value, null)) < 1e-12, `${value}`);
    for (const [k, of] of [[0, "named"], [1, "other"], [2, "neither"]]) {
      for (const i of [0, 3, 11]) {
        const without = { cell: cellOf(grid, classes[k][i]), of };
        assert.ok(Math.abs(contribution(grid, groups, value, without) - byHand(classes, value, { k, i })) < 1e-12, `${value} without ${of} ${i}`);
      }
    }
  }
});
