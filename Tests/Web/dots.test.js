import assert from "node:assert/strict";
import { test } from "node:test";
import { FORMS, formOf } from "../../web/src/model/colormap.js";
import { markers } from "../../web/src/view/dots.js";
import { dotSvg } from "../../web/src/view/marks.js";

const pairs = Array.from({ length: 12 }, (_, pair) => ["benign", "attacked"].map((kind) => ({ kind, pair, name: `${kind} ${pair}` }))).flat();

test("ten pairs have forms of their own, without regard to colour", () => {
  const forms = Array.from({ length: FORMS }, (_, n) => JSON.stringify(formOf(n)));
  assert.ok(FORMS >= 10);
  assert.equal(new Set(forms).size, FORMS);
  assert.deepEqual(formOf(FORMS), formOf(0));
});

test("both of a pair have the form of the pair, by the order in which pairs were chosen", () => {
  const looks = markers([6, 20, 7, 21, 0], { instances: pairs }, "light");
  const form = (index) => ({ shape: looks.get(index).shape, hollow: looks.get(index).hollow });
  assert.deepEqual([6, 7].map(form), [formOf(0), formOf(0)]);
  assert.deepEqual([20, 21].map(form), [formOf(1), formOf(1)]);
  assert.deepEqual(form(0), formOf(2));
});

test("the legend's marks differ as the plot's do", () => {
  globalThis.document = { createElementNS: (_, name) => ({ name, attributes: {}, children: [], setAttribute(key, value) { this.attributes[key] = value; }, append(...more) { this.children.push(...more); } }) };
  try {
    const marks = Array.from({ length: FORMS }, (_, n) => JSON.stringify(dotSvg({ colour: [10, 20, 30], ...formOf(n) }).children));
    assert.equal(new Set(marks).size, FORMS);
  } finally {
    delete globalThis.document;
  }
});
