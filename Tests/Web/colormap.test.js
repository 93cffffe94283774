import assert from "node:assert/strict";
import { test } from "node:test";
import { css, inkOn, inkTable, instanceColour, oklch, opacity, paletteColour, paletteNumbers, ramp, rgb } from "../../web/src/model/colormap.js";

/** Machado, Oliveira and Fernandes 2009, severity 1. */
const EYES = {
  usual: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
};

/** Oklab as seen by such eyes. */
function seen(colour, eyes) {
  const linear = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const [r, g, b] = eyes.map((row) => Math.max(0, row[0] * linear[0] + row[1] * linear[1] + row[2] * linear[2]));
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s, 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s, 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s];
}
const apart = (a, b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);

test("the first ten class colours are told apart, also by colour-blind eyes", () => {
  for (const theme of ["light", "dark"]) {
    for (const [name, eyes] of Object.entries(EYES)) {
      const least = name === "usual" ? 0.09 : 0.04;
      const colours = Array.from({ length: 10 }, (_, n) => seen(paletteColour(n, theme), eyes));
      for (let i = 0; i < 10; i++) for (let j = 0; j < i; j++) assert.ok(apart(colours[i], colours[j]) > least, `${theme} ${name} ${j} ${i}: ${apart(colours[i], colours[j])}`);
    }
  }
});

test("no class looks like an attacked or a benign dot", () => {
  for (const theme of ["light", "dark"]) {
    for (let n = 0; n < 40; n++) {
      for (const kind of ["attacked", "benign"]) assert.ok(apart(seen(paletteColour(n, theme), EYES.usual), seen(instanceColour(kind, 0, theme), EYES.usual)) > 0.08, `${theme} ${n} ${kind}`);
    }
  }
});

test("hundreds of classes have a colour each", () => {
  const colours = new Set(Array.from({ length: 200 }, (_, n) => paletteColour(n, "light").join()));
  assert.ok(colours.size > 190);
});

test("groups of the first visit take the clearest colours; all rows takes none", () => {
  const groups = [{ kind: "all" }, ...Array.from({ length: 5 }, () => ({ kind: "class" }))];
  assert.deepEqual(paletteNumbers({ groups, start: { groups: [4, 2] } }), [-1, 2, 1, 3, 0, 4]);
  assert.deepEqual(paletteNumbers({ groups }), [-1, 0, 1, 2, 3, 4]);
});

test("opacity grows from 0 to 1 at the full share, by every curve", () => {
  for (const curve of ["linear", "root", "log"]) {
    assert.equal(opacity(curve, 0.1, 0), 0);
    assert.ok(Math.abs(opacity(curve, 0.1, 0.1) - 1) < 1e-12);
    assert.ok(Math.abs(opacity(curve, 0.1, 0.7) - 1) < 1e-12);
    assert.ok(opacity(curve, 0.1, 0.02) < opacity(curve, 0.1, 0.03));
  }
});

test("a full ink on white paper is the class's colour; no density leaves the paper", () => {
  const colour = rgb("#6a44b8");
  const table = inkTable(colour, "light", "root", 0.1, 1);
  assert.deepEqual([...table.subarray(0, 3)], [256, 256, 256]);
  const printed = [0, 1, 2].map((c) => (255 * table[255 * 3 + c]) >> 8);
  printed.forEach((v, c) => assert.ok(Math.abs(v - colour[c]) <= 1));
  assert.deepEqual(inkOn(colour, [255, 255, 255], "light", 1), colour);
  assert.deepEqual(inkOn(colour, [20, 22, 26], "dark", 0), [20, 22, 26]);
});

test("inks mix the same in any order", () => {
  const a = inkTable(rgb("#dc8400"), "light", "linear", 1, 1);
  const b = inkTable(rgb("#6a44b8"), "light", "linear", 1, 1);
  for (const q of [60, 140, 255]) {
    for (let c = 0; c < 3; c++) assert.ok(Math.abs(((((255 * a[q * 3 + c]) >> 8) * b[q * 3 + c]) >> 8) - ((((255 * b[q * 3 + c]) >> 8) * a[q * 3 + c]) >> 8)) <= 1);
  }
});

test("the legend's ramps go from paper to the class, and of two classes to what both give", () => {
  const [orange, purple, paper] = [rgb("#dc8400"), rgb("#6a44b8"), rgb("#ffffff")];
  const alone = ramp([orange], paper, "light", "linear", 4);
  assert.deepEqual([alone.length, alone[0], alone[4]], [5, css(paper), css(orange)]);
  const both = ramp([orange, purple], paper, "light", "linear", 4);
  assert.equal(both[4], css(inkOn(purple, orange, "light", 1)), "one ink on the other");
  assert.notDeepEqual(ramp([orange], paper, "light", "root", 4), alone);
});

test("OKLCH white, black and a known colour", () => {
  assert.deepEqual(oklch(1, 0, 0), [255, 255, 255]);
  assert.deepEqual(oklch(0, 0, 0), [0, 0, 0]);
  const red = oklch(0.62796, 0.25768, 29.234);
  assert.ok(Math.abs(red[0] - 255) <= 1 && red[1] <= 2 && red[2] <= 2, String(red));
});
