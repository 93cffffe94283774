import assert from "node:assert/strict";
import { test } from "node:test";
import { coarsen } from "../../web/src/view/histogram.js";
import { withoutZeros } from "../../web/src/view/painter.js";

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

test("coarser bins are sums of neighbours", () => {
  assert.deepEqual(coarsen([1, 2, 3, 4], 2), { per: 2, counts: [3, 7] });
  assert.deepEqual(coarsen([1, 2, 3, 4], 4), { per: 1, counts: [1, 2, 3, 4] });
});
