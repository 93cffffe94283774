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
      name: "dense", sortedBy: { words: "median of bag", direction: "ascending" },
      rows: [{ pinned: false, firstRank: 1, lastRank: 1, neuron: 17, key: 0.25, values: [{ lowest: 1, mean: 1, highest: 1 }], groups: [{ group: 3, zeroShare: 0.5 }] }],
    }],
  }));
  const lines = text.trimEnd().split("\r\n");
  assert.equal(lines[1], "layer,pinned,first_rank,last_rank,neuron,sorted_by,direction,sort_key,attacked 0: lowest,attacked 0: mean,attacked 0: highest,bag: share of zeros");
  assert.equal(lines[2], "dense,false,1,1,17,median of bag,ascending,0.25,1,1,1,0.5");
});
