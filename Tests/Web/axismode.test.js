import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { AXIS_DEFAULT, AXIS_NAMES, axisMode, layerBins } from "../../web/src/model/axes.js";
import { logOf } from "../../web/src/model/scales.js";
import { warpFor } from "../../web/src/model/warp.js";

const counts = new Array(64).fill(0);
counts[2] = 5000;
counts[10] = 5000;
counts[40] = 1;
// Activations from −8 to 24 in bins of an eighth; zeros are in bin 64.
const grid = { exponent: -3, origin: -64 };
const summary = { id: "a", neurons: 3, shared: grid, distribution: { bins: 64, counts: [counts] }, zeros: [0.1], dead: [0], nan: 0, infinite: 0 };
const grids = [{ exponent: -3, origin: -64 }, { exponent: -5, origin: 0 }, { exponent: 0, origin: -7 }];
const wishes = { shared: grid, zeros: true, few: false, bins: 256, symlog: false };
const request = (mode, more = {}) => {
  const { lo, hi } = mode.fit(summary, wishes);
  return { summary, grid, bins: 256, finer: null, warp: null, unit: 0, part: { lo, hi }, symlog: false, width: 400, ratio: 2, level: 0, gridOf: (row) => grids[row] ?? null, ...more };
};

test("modes on the layer's axis differ in what they leave out; an own axis is measured in shares", () => {
  assert.deepEqual(axisMode("shared").fit(summary, wishes), { lo: -7, hi: -2.5, unit: 0, most: 255 }, "of a summary that says nothing of the neurons");
  assert.deepEqual(axisMode("whole").fit(summary, wishes), { lo: -7, hi: 12.5, unit: 0, most: 255 });
  assert.deepEqual(axisMode("own").fit(summary, wishes), { lo: 0, hi: 1, unit: 0, most: 256 });
  assert.ok(AXIS_NAMES.includes(AXIS_DEFAULT));
});

test("in every mode, linear and symlog, whole and in part, a value lies in its own bin", () => {
  for (const name of AXIS_NAMES) {
    const mode = axisMode(name);
    const { lo, hi } = mode.fit(summary, wishes);
    for (const symlog of [false, true]) {
      for (const part of [{ lo, hi }, { lo: lo + (hi - lo) * 0.2, hi: lo + (hi - lo) * 0.7 }]) {
        const warp = symlog && mode.tiles === "shared" ? warpFor(grid, part, 0.1, 128) : null;
        const axis = mode.layOut(request(mode, { symlog, part, warp, unit: warp ? 0.1 : 0 }));
        assert.ok(axis.toPixel && axis.x <= 0 && axis.end > axis.first, name);
        for (const [row, own] of grids.entries()) {
          const of = mode.tiles === "own" ? own : grid;
          for (let bin = 0; bin < 256; bin += 5) {
            const value = (of.origin + bin + 0.5) * 2 ** of.exponent;
            const x = axis.toPixel(value, row);
            if (x < 1 || x > 399) continue;
            // Where the middle of the bin is drawn: by its table of pixels, or evenly; and where it belongs.
            const drawn = axis.lookup ? axis.lookup(row)[Math.floor(x * 2)] : axis.first + Math.floor(((x - axis.x) / axis.width) * (axis.end - axis.first));
            const meant = warp ? Math.floor(logOf(value, warp.unit) / warp.step) - warp.first : bin;
            assert.ok(Math.abs(drawn - meant) <= (axis.lookup ? 1 : 0), `${name} ${symlog} ${row}: bin ${bin} is drawn as ${drawn}`);
          }
        }
      }
    }
  }
});

test("a value has no place where rows of several neurons have no scale in common, or where the neuron is not known", () => {
  const own = axisMode("own");
  assert.equal(own.layOut(request(own, { level: 3 })).toPixel, null);
  assert.ok(Number.isNaN(own.layOut(request(own)).toPixel(1, 99)));
  assert.ok(axisMode("shared").layOut(request(axisMode("shared"), { level: 3 })).toPixel);
});

test("where rows have no scale in common, words stand at the ends", () => {
  const own = axisMode("own");
  assert.deepEqual(own.layOut(request(own)).ends, ["each neuron’s lowest", "highest"]);
  assert.deepEqual(own.layOut(request(own, { part: { lo: 0.25, hi: 0.5 } })).ends, ["25% of each neuron’s range", "50%"]);
  for (const name of AXIS_NAMES) {
    const { scale, ends } = axisMode(name).layOut(request(axisMode(name)));
    assert.ok((scale === null) === (ends !== null), name);
  }
});

test("zeros have their bin on the layer's axis, none in finer bins, and none where each neuron has another", () => {
  for (const name of ["shared", "whole"]) {
    const mode = axisMode(name);
    assert.equal(mode.layOut(request(mode)).zeroBin, 64);
    assert.equal(mode.layOut(request(mode, { finer: { zoom: 2, from: 128 } })).zeroBin, -1);
  }
  assert.equal(axisMode("own").layOut(request(axisMode("own"))).zeroBin, -1);
  assert.ok(axisMode("own").layOut(request(axisMode("own"), { summary: { ...summary, shared: { exponent: 0, origin: 0 } } })).zeroBin === 0);
});

test("bins of the layer's axis, whole or of a part, nest", () => {
  assert.deepEqual(layerBins({ grid, bins: 64, finer: null }), { start: -8, width: 0.5 });
  assert.deepEqual(layerBins({ grid, bins: 256, finer: { zoom: 2, from: 128 } }), { start: -4, width: 1 / 32 });
});

const source = new URL("../../web/src/", import.meta.url);
const text = (name) => readFileSync(new URL(name, source), "utf8");
const modules = readdirSync(source, { recursive: true }).filter((name) => name.endsWith(".js"));

test("no other module tells one mode from another", () => {
  const names = AXIS_NAMES.join("|");
  // A static site reads the server's parameter of the same name.
  for (const name of modules.filter((one) => one !== "model/axes.js" && !one.startsWith("data/static/"))) {
    assert.doesNotMatch(text(name), new RegExp(`[=!]== "(${names})"|case "(${names})"`), name);
  }
});

test("what paints, tells or exports a column reads a frame of it, and knows no column", () => {
  for (const name of ["view/columnpaint.js", "view/columnmarks.js", "view/description.js", "view/hovercard.js", "view/axis.js", "view/painter.js", "export/snapshot.js", "export/figure.js"]) {
    assert.doesNotMatch(text(name), /column\.js|\bcolumn\.(app|data|axis|marks|cursor|hovered|layer)\b/, name);
  }
});
