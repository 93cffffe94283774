import assert from "node:assert/strict";
import { test } from "node:test";
import { paintAxis } from "../../web/src/view/axis.js";

/** Right ends of the words that are drawn, six pixels a character. */
function rightEnds(layout, title, beyond) {
  const ends = new Map();
  const context = {
    textAlign: "left",
    measureText: (text) => ({ width: 6 * text.length }),
    fillText(text, x) {
      ends.set(text, this.textAlign === "right" ? x : x + 6 * text.length);
    },
    fillRect() {}, beginPath() {}, moveTo() {}, lineTo() {}, stroke() {}, fill() {},
  };
  paintAxis(context, { plotX: 60, plotWidth: 400, plotTop: 40, plotHeight: 300, zeroWidth: 0, ...layout }, { scale: null, ends: null, above: 0, below: 0 }, { font: "sans-serif" }, title, beyond);
  return ends;
}

test("the words at the plot's right end leave a gap before the overview's caption, where no figures stand between", () => {
  const beyond = "7 neurons reach further";
  assert.equal(rightEnds({ keyX: 500 }, "activation", beyond).get(beyond), 460);
  assert.ok(rightEnds({ keyX: 0 }, "activation", beyond).get(beyond) <= 452);
});

test("a title that has no room beside them is shortened, and they are left out where even that has none", () => {
  const beyond = "7 neurons reach further";
  const long = "activation · one axis for the layer · a part of it";
  assert.deepEqual([...rightEnds({ keyX: 0 }, long, beyond).keys()], ["activation", beyond]);
  assert.deepEqual([...rightEnds({ keyX: 0, plotWidth: 150 }, long, beyond).keys()], ["activation"]);
  assert.deepEqual([...rightEnds({ keyX: 0 }, long, "").keys()], [long]);
});
