import assert from "node:assert/strict";
import { test } from "node:test";
import { columnLayout } from "../../web/src/model/layout.js";
import { clampView, lastRank, levelFor, lineOf, positionOf, rankAt, rowHeight, screenRows, tilesOf, topLevel, zoomAt } from "../../web/src/model/viewport.js";

test("the top level is the first with at most 256 rows", () => {
  assert.deepEqual([1, 256, 257, 512, 513, 262144, 1_000_000].map(topLevel), [0, 0, 1, 1, 2, 10, 12]);
});

test("positions and ranks are inverse around hidden neurons", () => {
  const hidden = [0, 3, 4, 9];
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map((p) => rankAt(p, hidden)), [1, 2, 5, 6, 7, 8, 10]);
  for (let position = 0; position < 50; position++) assert.equal(positionOf(rankAt(position, hidden), hidden), position);
});

test("a row is never thinner than a device pixel, nor twice as high as needed", () => {
  for (const neurons of [10, 512, 6272, 262144, 1_000_000]) {
    for (const ratio of [1, 2, 3]) {
      const height = rowHeight(neurons, null, 700);
      const level = levelFor(height, ratio, 1, topLevel(neurons));
      assert.ok(height * 2 ** level * ratio >= 0.998, `${neurons}`);
      if (level > 0) assert.ok(height * 2 ** (level - 1) * ratio < 1);
    }
  }
});

test("the last rank of a screen is one of the layer's, whatever a row stands for", () => {
  assert.equal(lastRank({ rows: Int32Array.of(5, 7, 9), level: 0 }, 512), 9);
  assert.equal(lastRank({ rows: Int32Array.of(3, 4), level: 4 }, 78), 77);
});

test("hidden neurons take no line: the ranks after them stand as much higher", () => {
  const rows = Int32Array.of(4, 5, 8, 9, 11);
  assert.deepEqual([4, 5, 8, 11].map((rank) => lineOf(rows, rank)), [0, 1, 2, 4]);
  assert.deepEqual([6, 7, 10, 12].map((rank) => lineOf(rows, rank)), [2, 2, 4, 5], "a hidden one has the line of the next");
});

test("zooming keeps the row under the pointer", () => {
  let view = { top: 1000, span: 500 };
  for (const factor of [1.3, 2, 0.7, 1.9]) {
    const at = view.top + (200 / 700) * view.span;
    view = /** @type {any} */ (zoomAt(view, 262144, 700, factor, 200));
    assert.ok(Math.abs(view.top + (200 / 700) * view.span - at) < 1e-6);
  }
});

test("views stay inside the layer; all rows is the fitted view", () => {
  assert.deepEqual(clampView({ top: -5, span: 100 }, 512, 700), { top: 0, span: 100 });
  assert.deepEqual(clampView({ top: 500, span: 100 }, 512, 700), { top: 412, span: 100 });
  assert.deepEqual(clampView({ top: 3, span: 600 }, 512, 700), { top: 0, span: null });
});

test("the rows of a screen skip hidden ones and cover it whole", () => {
  const screen = screenRows({ top: 2.5, level: 0, rowHeight: 10, height: 100, neurons: 512, hiddenRanks: [4, 5] });
  assert.deepEqual([...screen.rows], [2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  assert.equal(screen.y, -5);
  assert.ok(screen.y + screen.rows.length * screen.height >= 100);
});

test("aggregated rows cover the screen, and the last may be short", () => {
  const screen = screenRows({ top: 0, level: 10, rowHeight: 700 / 262145, height: 700, neurons: 262145, hiddenRanks: [] });
  assert.equal(screen.rows.length, 257);
  assert.deepEqual(tilesOf(screen.rows), [0, 1]);
});

test("a screen asks for few tiles however large the layer", () => {
  for (let neurons = 100; neurons < 2_000_000; neurons *= 3) {
    for (const span of [null, 20, 300, 5000]) {
      const view = clampView({ top: neurons / 3, span }, neurons, 900);
      const height = rowHeight(neurons, view.span, 900);
      const level = levelFor(height, 1, 1, topLevel(neurons));
      const { rows } = screenRows({ top: view.top, level, rowHeight: height, height: 900, neurons, hiddenRanks: [] });
      assert.ok(tilesOf(rows).length <= 5, `${neurons} ${span}`);
    }
  }
});

test("a column's parts lie beside each other", () => {
  for (const width of [280, 400, 900]) {
    const at = columnLayout({ width, height: 600, neurons: 262144, zeroLanes: 3, pinned: 2 });
    assert.ok(at.rankX <= at.neuronX && at.neuronX < at.zeroX && at.zeroX + at.zeroWidth < at.plotX);
    assert.ok(at.plotX + at.plotWidth <= width);
    assert.equal(at.pinnedRows, 2);
  }
  assert.equal(columnLayout({ width: 500, height: 600, neurons: 10, zeroLanes: 0, pinned: 0 }).zeroWidth, 0);
  // The figures that rows are sorted by stand beside the plot, never on it.
  for (const width of [240, 280, 318, 400, 900]) {
    const at = columnLayout({ width, height: 600, neurons: 512, zeroLanes: 2, pinned: 0, keyed: true });
    assert.ok(at.keyX === 0 || at.keyX - (at.plotX + at.plotWidth) >= 40, `${width}`);
    assert.equal(at.keyX > 0, width >= 280);
  }
});
