import assert from "node:assert/strict";
import { test } from "node:test";
import { lackingLines } from "../../web/src/view/lacking.js";

test("lines of tiles that are lacking, in runs", () => {
  const rows = Int32Array.from([254, 255, 256, 300, 511, 512, 1024]);
  assert.deepEqual(lackingLines(rows, () => false), []);
  assert.deepEqual(lackingLines(rows, () => true), [{ from: 0, to: 7 }]);
  assert.deepEqual(lackingLines(rows, (index) => index === 1), [{ from: 2, to: 5 }]);
  assert.deepEqual(lackingLines(rows, (index) => index === 0 || index === 4), [{ from: 0, to: 2 }, { from: 6, to: 7 }]);
  assert.deepEqual(lackingLines(new Int32Array(0), () => true), []);
});
