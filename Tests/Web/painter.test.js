import assert from "node:assert/strict";
import { test } from "node:test";
import { warpedLine, withoutZeros } from "../../web/src/view/painter.js";

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
