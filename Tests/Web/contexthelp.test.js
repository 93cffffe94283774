import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { helpFor } from "../../web/src/model/contexthelp.js";
import { otherKinds } from "../../web/src/model/order.js";
import { axisTitle, rowsTitle } from "../../web/src/view/axis.js";
import { overlap } from "../../web/src/view/legend.js";

const pointer = { touch: false, thin: false, whole: false };
const said = (place, now) => helpFor(place, now).map((way) => way.join(" ")).join("; ");

test("at rest it says how to open, pin, hide, bring back and move", () => {
  assert.match(said("rest", pointer), /^click a row for its panel; Shift-click to pin it on top; h to hide the one the keys are at; “hidden” above to bring back; .*to scroll; .*to zoom$/);
  const first = said("rest", { ...pointer, thin: true, whole: true });
  assert.match(first, /^click to zoom in there; then click a row for its panel; /, "a click on rows that cannot be aimed at opens none");
  assert.match(first, /wheel or drag to scroll, once zoomed in/, "there is nowhere to scroll to yet");
  assert.match(said("rest", { ...pointer, thin: true }), /wheel or drag to scroll;/);
  assert.equal(said("nowhere", pointer), said("rest", pointer));
});

test("a finger is told of nothing that it cannot do", () => {
  for (const thin of [false, true]) {
    for (const place of ["rest", "row", "axis", "sort", "keys"]) assert.doesNotMatch(said(place, { touch: true, thin, whole: thin }), /click|hover|wheel|Shift|Ctrl/i);
  }
  assert.match(said("rest", { ...pointer, touch: true }), /^tap a row to open, pin, hide/);
  assert.match(said("channels", { ...pointer, touch: true }), /^tap a channel to open its maps; tap a cell/, "there are no rows of neurons");
  assert.match(said("rest", { touch: true, thin: true, whole: true }), /^tap to zoom in there; drag to scroll, once zoomed in/);
});

test("every part of the page that names itself to the context help is known to it", () => {
  const web = new URL("../../web/", import.meta.url);
  const sources = readdirSync(web, { recursive: true }).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, web), "utf8"));
  const places = sources.flatMap((text) => [...text.matchAll(/data-help"?[:=] ?"([a-z]+)"/g)].map((match) => match[1]));
  assert.ok(new Set(places).size >= 6, places.join());
  for (const place of [...places, "hidden", "pins", "row", "thin", "sum", "pinned", "axis", "keys"]) assert.notEqual(said(place, pointer), said("rest", pointer), place);
});

test("beside what a layer is sorted by stand the other kinds", () => {
  const metadata = { instances: [{}], groups: [{}] };
  const figures = ["class mean", "class standard deviation", "class minimum", "class maximum", "class zero share"];
  const pairs = ["AUROC of two classes", "Wasserstein distance of two classes", "Kolmogorov–Smirnov distance of two classes"];
  assert.deepEqual(otherKinds({ kind: "value", instance: 0 }, metadata), ["class median", "difference", ...figures, "instance percentile", "instance contribution", ...pairs, "absolute value", "original order"]);
  assert.deepEqual(otherKinds({ kind: "mean", group: 0 }, metadata), ["class median", "instance value", "difference", ...figures.slice(1), "instance percentile", "instance contribution", ...pairs, "absolute value", "original order"]);
  assert.deepEqual(otherKinds({ kind: "difference" }, { ...metadata, instances: [] }), ["class median", ...figures, ...pairs, "absolute value", "original order"]);
});

test("the axis says what it measures and whose it is, as far as there is room", () => {
  assert.equal(axisTitle({ axis: "shared", symlog: false }, 400, false), "activation · one axis for the layer");
  assert.equal(axisTitle({ axis: "own", symlog: true }, 400, false), "activation · each neuron on its own axis · symlog");
  assert.equal(axisTitle({ axis: "whole", symlog: false }, 400, false), "activation · one axis for the layer, all values");
  assert.equal(axisTitle({ axis: "shared", symlog: false }, 230, true), "activation");
});

test("the rows say what they are and how they stand, as far as there is room", () => {
  const metadata = { groups: [{ name: "sandal" }, { name: "sneaker" }], instances: [{ name: "attacked 0" }] };
  const median = { kind: "median", group: 1 };
  assert.equal(rowsTitle(median, "descending", metadata, 600), "neurons, ranked by median of sneaker, largest first");
  assert.equal(rowsTitle(median, "ascending", metadata, 600), "neurons, ranked by median of sneaker, smallest first");
  const difference = { kind: "difference", a: { kind: "value", instance: 0 }, b: median };
  assert.equal(rowsTitle(difference, "descending", metadata, 600), "neurons, ranked by value of attacked 0 − median of sneaker, largest first");
  assert.equal(rowsTitle(difference, "descending", metadata, 320), "neurons, by value of attacked 0 − median of sneaker");
  assert.equal(rowsTitle(difference, "descending", metadata, 200), "neurons, largest first");
  assert.equal(rowsTitle(difference, "descending", metadata, 100), "neurons");
  assert.equal(rowsTitle({ kind: "index" }, "ascending", metadata, 600), "neurons, in original order");
  assert.equal(rowsTitle({ kind: "index" }, "descending", metadata, 600), "neurons, in original order, last first");
});

test("the legend shows what two classes give together where they are overlaid", () => {
  assert.deepEqual(overlap({ groups: [3, 5], lanes: false }), { groups: [3, 5], name: "both" });
  assert.deepEqual(overlap({ groups: [3, 5, 7], lanes: false })?.groups, [3, 5, 7], "all that are chosen");
  assert.equal(overlap({ groups: [3], lanes: false }), null);
  assert.equal(overlap({ groups: [3, 5], lanes: true }), null, "in lanes none lies on another");
});
