import assert from "node:assert/strict";
import { test } from "node:test";
import { versionUrls } from "../../web/src/data/api.js";
import { paletteNumbers } from "../../web/src/model/colormap.js";
import { brushed, brushOf, confused, decodeMoments, describe, encodeMoments, freeColour, momentGroup, quoted, rowInstance } from "../../web/src/model/moments.js";
import { rowQuery } from "../../web/src/model/rowquery.js";
import { decodeState, emptyState, encodeState, freshColumn } from "../../web/src/model/state.js";

const data = () => ({
  name: "fashion", version: "abc", rows: 100,
  layers: [{ id: "dense_1", name: "dense_1", neurons: 8 }],
  groups: [{ name: "all", kind: "all", rows: 100 }, ...["cat", "dog", "ankle boot"].map((name) => ({ name, kind: "class", rows: 30 }))],
  instances: [{ name: "attacked 0", kind: "attacked", pair: 0 }],
  table: { label: true, prediction: true, texts: false, columns: [{ name: "split", kind: "text", values: ["train", "val"] }], pictures: { height: 2, width: 2, channels: 1 } },
});

test("a brush is an expression, and is found again in it", () => {
  for (const layer of ["dense_1", 'a "b", \\ (c)', "x.y*z"]) {
    for (const part of [{ from: 0.53125, below: 2 }, { from: -1e-7, below: null }, { from: null, below: 1.5e30 }]) {
      assert.deepEqual(brushOf(brushed(layer, 17, part), layer, 17), part);
      assert.equal(brushOf(brushed(layer, 17, part), layer, 1), null);
      assert.equal(brushOf(brushed(layer, 17, part), `${layer}x`, 17), null);
    }
  }
  assert.equal(brushed("fc", 3, { from: 0, below: 0.5 }), 'value("fc", 3) >= 0 and value("fc", 3) < 0.5');
  assert.equal(brushed("fc", 3, { from: null, below: null }), "");
  assert.equal(brushOf('label == "cat"', "fc", 3), null);
});

test("expressions have short names", () => {
  assert.equal(describe(confused('a "b"', "c\\d")), 'a "b", named c\\d');
  assert.equal(describe(brushed("fc", 3, { from: 0.5, below: null })), "fc 3 ≥ 0.5");
  assert.equal(describe(brushed("fc", 3, { from: 0.5, below: 1 })), "fc 3 in 0.5 – 1");
  assert.equal(describe("row < 3"), "row < 3");
  assert.equal(quoted('a"\\'), '"a\\"\\\\"');
});

test("groups of the moment come back from links, with name and colour, whatever they hold", () => {
  const metadata = data();
  const moments = ['label == "a;b,c!d=e"', "row < 3", "label in [1, 2]"].map((where, i) => momentGroup(metadata, { where, name: i === 1 ? "fi,rst!;" : undefined, colour: 10 + i }));
  const text = encodeMoments(moments, metadata);
  assert.doesNotMatch(text, /;|=/);
  const other = data();
  const back = decodeMoments(text, other);
  assert.deepEqual(back.map((group) => other.groups[group]), moments.map((group) => metadata.groups[group]));
  for (const odd of ["", "x", "1.", "1.%", "99999.a", "1.a!%"]) assert.ok(decodeMoments(odd, data()).length <= 1, odd);
});

test("a link holds groups of the moment, rows and the brush; old links and strange ones still open", () => {
  const metadata = data();
  const group = momentGroup(metadata, { where: 'value("dense_1", 3) >= 0.5', colour: 3 });
  const row = rowInstance(metadata, { row: 17, label: "cat", prediction: "dog" });
  const state = { ...emptyState(), dataset: "fashion", version: "abc", layers: ["dense_1"], groups: [1, group], instances: [0, row], moments: [group], brush: group, panel: { layer: "dense_1", neuron: 3 } };
  state.columns.dense_1 = freshColumn({ groups: [1], instances: [0] }, metadata);
  const link = encodeState(state, metadata);
  assert.match(link, /;g=1,w0;i=0,r17;u=g1\.cat,i0\.attacked%200;w=3\.value/);
  assert.deepEqual(decodeState(link, metadata), state);
  const fresh = data();
  const back = decodeState(link, fresh);
  assert.deepEqual(back.groups.map((g) => fresh.groups[g].where ?? fresh.groups[g].name), ["cat", 'value("dense_1", 3) >= 0.5']);
  assert.deepEqual(fresh.instances[back.instances[1]], { name: "row 17", kind: "row", row: 17, image: "rows/17/picture" });
  // A second data set has another number of groups: the group of the moment is itself all the same.
  const larger = data();
  larger.groups.splice(1, 0, { name: "bird", kind: "class", rows: 3 });
  const moved = decodeState(link, larger);
  assert.deepEqual(moved.groups.map((g) => larger.groups[g].where ?? larger.groups[g].name), ["cat", 'value("dense_1", 3) >= 0.5']);
  assert.deepEqual(decodeState("#1;l=dense_1;g=1,2;i=0", data()).groups, [1, 2]);
  const odd = decodeState("#1;l=dense_1;g=w0,w9,7,1;i=r100,r5,rx;e=w3;w=x,3.row+%3C+3", data());
  assert.deepEqual([odd.groups, odd.instances, odd.brush], [[4, 1], [1], null]);
});

test("the addresses of a group of the moment hold its expression, and colours are free ones", () => {
  const metadata = data();
  const group = momentGroup(metadata, { where: 'label == "cat"', colour: freeColour(metadata, []) });
  const urls = versionUrls(metadata);
  assert.equal(urls.tile("fc", group, 0, 2, "order=index"), "api/v1/datasets/fashion/abc/layers/fc/tiles/0/0/2?order=index&where=label%20%3D%3D%20%22cat%22");
  assert.equal(urls.tile("fc", 2, 0, 2, "order=index"), "api/v1/datasets/fashion/abc/layers/fc/tiles/2/0/2?order=index");
  assert.equal(urls.firing("fc", 3, 0, "lowest"), "api/v1/datasets/fashion/abc/layers/fc/neurons/3/rows?end=lowest");
  assert.match(urls.firing("fc", 3, group, "lowest"), /&where=/);
  assert.equal(metadata.groups[group].colour, 3);
  assert.equal(freeColour(metadata, [group]), 4);
  assert.equal(momentGroup(metadata, { where: 'label == "cat"' }), group, "the same expression is the same group");
  assert.deepEqual(paletteNumbers(metadata), [-1, 0, 1, 2]);
});

test("what is typed to find rows", () => {
  const metadata = data();
  const where = (text) => rowQuery(text, metadata)?.where;
  assert.deepEqual(rowQuery("17", metadata), { row: 17 });
  assert.deepEqual(rowQuery(" row 17", metadata), { row: 17 });
  assert.match(rowQuery("#100", metadata).fault, /0 to 99/);
  assert.equal(where("cat → ankle boot"), 'label == "cat" and prediction == "ankle boot"');
  assert.equal(where("CAT -> boot"), 'label == "cat" and prediction == "ankle boot"');
  assert.equal(where("→ dog"), 'prediction == "dog"');
  assert.equal(where("dog →"), 'label == "dog"');
  assert.equal(where("o"), 'label in ["dog", "ankle boot"]');
  assert.equal(where("val"), 'column("split") == "val"');
  assert.equal(where('row < 3 and label != "cat"'), 'row < 3 and label != "cat"');
  assert.match(rowQuery("bird → dog", metadata).fault, /no class “bird”/);
  assert.match(rowQuery("zebra", metadata).fault, /zebra/);
  assert.equal(rowQuery("  ", metadata), null);
  assert.equal(rowQuery("→", metadata), null);
});
