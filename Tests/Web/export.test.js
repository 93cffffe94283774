import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, csv } from "../../web/src/export/csv.js";

test("cells are quoted where they must be", () => {
  assert.equal(cell("a"), "a");
  assert.equal(cell('say "hi", then\ngo'), '"say ""hi"", then\ngo"');
  assert.equal(cell(null), "");
  assert.equal(cell(0.5), "0.5");
});

test("a table has a line a row and a column an instance's figure", () => {
  const text = csv(/** @type {any} */ ({
    dataset: { name: "d", version: "v" }, link: "http://x/#1",
    instances: [{ name: "attacked 0" }], groups: [{ group: 3, name: "bag" }],
    layers: [{
      name: "dense", axes: ["y", "ch"], sortedBy: { words: "median of bag", direction: "ascending" },
      rows: [{ pinned: false, firstRank: 1, lastRank: 1, neuron: 17, place: { y: 2, ch: 1 }, key: 0.25, values: [{ lowest: 1, mean: 1, highest: 1 }], groups: [{ group: 3, zeroShare: 3 / 195, figures: { count: 195, zeros: 3, nan: 0, infinite: 0, minimum: 0, maximum: 2, mean: 0.5, deviation: 0.25, median: 0.125, lower_quartile: 0, upper_quartile: null } }] }],
    }],
  }), "it's.csv");
  const lines = text.trimEnd().split("\r\n");
  assert.equal(lines[1], '# pandas.read_csv("it\'s.csv", comment="#")');
  assert.equal(lines[2], "layer,pinned,first_rank,last_rank,neuron,y,ch,sorted_by,direction,sort_key,attacked 0: lowest,attacked 0: mean,attacked 0: highest,bag: share of zeros,"
    + "bag: count,bag: zeros,bag: nan,bag: infinite,bag: minimum,bag: maximum,bag: mean,bag: deviation,bag: median,bag: lower_quartile,bag: upper_quartile");
  assert.equal(lines[3], `dense,false,1,1,17,2,1,median of bag,ascending,0.25,1,1,1,${3 / 195},195,3,0,0,0,2,0.5,0.25,0.125,0,`);
});
