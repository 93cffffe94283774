import assert from "node:assert/strict";
import { test } from "node:test";
import { inkTable } from "../../web/src/model/colormap.js";
import { paintLines, warpedLine, withoutZeros } from "../../web/src/view/painter.js";

test("a bin without its zeros: nothing where it held nothing else, never nothing where it did", () => {
  for (let q = 0; q < 256; q++) {
    assert.equal(withoutZeros(q, q), 0);
    assert.equal(withoutZeros(q, 0), q);
    for (let zeros = 0; zeros < q; zeros += 5) {
      const left = withoutZeros(q, zeros);
      assert.ok(left >= 1 && left <= q);
      assert.ok(Math.abs(left * left - (q * q - zeros * zeros)) <= left + 1, "the difference of the shares, to half a step");
    }
  }
});

test("a line whose pixels have bins of their own takes each from its bin, without the zeros, and leaves the others as they were", () => {
  const table = new Uint16Array(768).fill(256);
  table.set([128, 64, 256], 9 * 3);
  table.set([0, 0, 0], 40 * 3);
  const densities = Uint8Array.from([41, 9, 0]);
  const pixels = new Uint32Array(5).fill(0xffc8c8c8);
  // The bin of zeros holds 41, of which 9 are zeros: 40 are left.
  warpedLine(pixels, 1, table, densities, Int16Array.from([-1, 0, 1, 2]), 0, 9);
  assert.deepEqual([...new Uint8Array(pixels.buffer)], [
    200, 200, 200, 255, 200, 200, 200, 255, 0, 0, 0, 255, 100, 50, 200, 255, 200, 200, 200, 255,
  ]);
});

/** What was last put on a canvas: the painter keeps the canvases that it made. */
let bytes = new Uint8Array(0);
globalThis.document = { createElement: () => ({ width: 0, height: 0, getContext: () => ({
  putImageData: (image, _x, _y, _dx, _dy, width, height) => (bytes = Uint8Array.from(image.data.subarray(0, width * height * 4))), drawImage() {},
}) }) };
globalThis.ImageData = class {
  constructor(width, height) {
    Object.assign(this, { width, height, data: new Uint8ClampedArray(width * height * 4) });
  }
};

/** What `paintLines` puts on its canvas. */
function painted(rows, inks, axis, look) {
  paintLines({ drawImage() {} }, { rows, inks, axis }, { x: 0, y: 0, width: 900, lineHeight: 2 }, look);
  return bytes;
}

for (const theme of ["light", "dark"]) {
  for (const lanes of [false, true]) {
    test(`densities multiply onto ${theme} paper${lanes ? ", in lanes" : ""}: every byte as reckoned one by one`, () => {
      const [bins, first, end, zeroBin] = [16, 2, 13, 5];
      let seed = 7;
      const random = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
      const colours = [[220, 130, 0], [100, 60, 180], [10, 200, 90]];
      const tiles = colours.map(() => ({ bins, first: 0, rows: 4, scale: 0.5, zeroScale: 1, zeros: Uint8Array.from([0, 30, 90, 255]), densities: Uint8Array.from({ length: 4 * bins }, () => (random() < 0.4 ? 0 : 255 * random())) }));
      const look = { theme, paper: theme === "dark" ? [20, 22, 26] : [255, 254, 250], curve: "root", full: 0.3, lanes };
      const rows = Int32Array.from([0, 1, 2, 3]);
      const inks = colours.map((colour, i) => ({ colour, resolve: () => ({ tile: tiles[i], shift: 0 }) }));
      const expected = [];
      for (const row of rows) {
        for (const lane of lanes ? colours.keys() : [null]) {
          for (let bin = first; bin < end; bin++) {
            const pixel = theme === "dark" ? look.paper.map((c) => 255 - c) : [...look.paper];
            tiles.forEach((tile, i) => {
              if (lane !== null && lane !== i) return;
              const coded = tile.densities[row * bins + bin];
              const q = bin === zeroBin ? withoutZeros(coded, tile.zeros[row]) : coded;
              const table = inkTable(colours[i], theme, look.curve, look.full, tile.scale);
              pixel.forEach((c, channel) => (pixel[channel] = Math.floor((c * table[q * 3 + channel]) / 256)));
            });
            expected.push(...(theme === "dark" ? pixel.map((c) => 255 - c) : pixel), 255);
          }
        }
      }
      assert.deepEqual([...painted(rows, inks, { first, end, zeroBin, lookup: null }, look)], expected);
    });
  }
}
