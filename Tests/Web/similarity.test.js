import assert from "node:assert/strict";
import { test } from "node:test";
import { overlap, sampleTiles } from "../../web/src/model/similarity.js";

/** A tile of rows of shares, coded as on the wire. */
const tile = (rows, scale = 1) => ({
  rows: rows.length, bins: rows[0].length, level: 0, scale, first: 0, zeroScale: scale, zeros: new Uint8Array(rows.length),
  densities: Uint8Array.from(rows.flat().map((share) => Math.round(255 * Math.sqrt(share / scale)))),
});

test("the overlap is the share in which two distributions coincide, neuron by neuron", () => {
  const a = tile([[0.5, 0.5, 0, 0], [1, 0, 0, 0], [0.25, 0.25, 0.25, 0.25]]);
  const same = overlap(a, a);
  assert.ok(Math.abs(same.sum - 3) < 1e-9 && same.neurons === 3);
  const b = tile([[0, 0.5, 0.5, 0], [0, 0, 0, 1], [0.5, 0.5, 0, 0]], 0.5);
  const { sum, neurons } = overlap(a, tile([[0, 0.5, 0.5, 0], [0, 0, 0, 1], [0.5, 0.5, 0, 0]]));
  assert.equal(neurons, 3);
  assert.ok(Math.abs(sum - (0.5 + 0 + 0.5)) < 0.02, `${sum}`);
  // Tiles of another scale say the same.
  assert.ok(Math.abs(overlap(tile([[0.5, 0.5, 0, 0]]), { ...b, rows: 1 }).sum - 0.5) < 0.02);
});

test("neurons without values of either class count for nothing", () => {
  assert.deepEqual(overlap(tile([[0, 0]]), tile([[1, 0]])), { sum: 0, neurons: 0 });
});

test("a sample of tiles is spread over the layer, and is all of it where that is little", () => {
  assert.deepEqual(sampleTiles(512, 4), [0, 1]);
  assert.deepEqual(sampleTiles(10, 4), [0]);
  assert.deepEqual(sampleTiles(262144, 4), [0, 256, 512, 768]);
});
