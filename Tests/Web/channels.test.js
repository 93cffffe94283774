import assert from "node:assert/strict";
import { test } from "node:test";
import { aggregate, chance, channelGrid, decodeChannels, encodeChannels, inOrder, mapOf, usualSize, weight } from "../../web/src/model/channels.js";
import { placeOf } from "../../web/src/model/coordinates.js";

const layer = (axes, shape, reduce = "flatten") => ({ id: "a", name: "a", samples: 1, axes, shape, reduce, neurons: shape.slice(1).reduce((a, b) => a * b, 1), shared: { exponent: 0, origin: 0 } });

test("a map goes through the positions of a channel row by row, wherever channels stand", () => {
  for (const [axes, shape] of [["NHWC", [9, 2, 3, 4]], ["NCHW", [9, 4, 2, 3]], ["NTC", [9, 6, 4]], ["NCL", [9, 4, 6]]]) {
    const one = layer(axes, shape);
    const grid = channelGrid(one);
    assert.deepEqual([grid.channels, grid.rows * grid.columns], [4, 6], axes);
    const seen = new Set();
    for (let channel = 0; channel < 4; channel++) {
      for (let position = 0; position < 6; position++) {
        const neuron = grid.neuron(channel, position);
        seen.add(neuron);
        assert.deepEqual(grid.place(neuron), { channel, position });
        const place = placeOf(one, neuron, { layers: [], groups: [] });
        assert.ok(place.includes(`ch ${channel}`), place);
        if (grid.rows > 1) assert.ok(place.includes(`y ${Math.floor(position / 3)}`) && place.includes(`x ${position % 3}`), `${place} ${position}`);
      }
    }
    assert.equal(seen.size, 24);
    assert.deepEqual([...mapOf(grid, Float64Array.from({ length: 24 }, (_, n) => n), 1)], Array.from({ length: 6 }, (_, p) => grid.neuron(1, p)));
  }
});

test("layers without positions or channels have no maps", () => {
  for (const [axes, shape] of [["ND", [9, 512]], ["NC", [9, 32]], ["NTD", [9, 4, 8]]]) assert.equal(channelGrid(layer(axes, shape)), null, axes);
  assert.equal(channelGrid(layer("NHWC", [9, 2, 3, 4], "mean")), null);
});

test("channels are sorted by one figure of their positions, what is not known last", () => {
  assert.deepEqual([aggregate([1, Number.NaN, 3], "mean"), aggregate([1, Number.NaN, 3], "max"), aggregate([Number.NaN], "mean")], [2, 3, Number.NaN]);
  assert.deepEqual(inOrder([1, Number.NaN, 3, 1], false), [2, 0, 3, 1]);
  assert.deepEqual(inOrder([1, Number.NaN, 3, 1], true), [0, 3, 2, 1]);
  assert.deepEqual([weight("auroc", 0.25), weight("change", -2), weight("first", -2)], [0.25, 2, -2]);
});

test("by chance |AUROC − ½| is as far on average as labels that mean nothing make it", () => {
  // Mann and Whitney's variance of 195 and 200 values.
  assert.ok(Math.abs(chance(195, 200) - 0.0232) < 0.0001, String(chance(195, 200)));
});

test("a few outliers do not set a scale", () => {
  assert.equal(usualSize([...Array(999).fill(-0.5), 100]), 0.5);
  assert.deepEqual([usualSize([]), usualSize([0, 0, 3]), usualSize([Number.NaN, Infinity, -2])], [1, 3, 2]);
});

test("the channel view survives a link, and nonsense is left out", () => {
  const metadata = { layers: [layer("NHWC", [9, 2, 3, 4])] };
  for (const channels of [{ a: { by: "zeros", over: "max", least: true, open: 3 } }, { a: { by: "auroc", over: "mean", least: false, open: null } }]) {
    const [[key, text]] = encodeChannels(channels);
    assert.equal(key, "channels");
    assert.deepEqual(decodeChannels(text, metadata), channels);
  }
  assert.deepEqual(encodeChannels({}), []);
  assert.deepEqual(decodeChannels("gone.zeros,a.burn.sideways.99", metadata), { a: { by: "auroc", over: "mean", least: false, open: null } });
  assert.deepEqual(decodeChannels("", metadata), {});
});
