import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { guideFor } from "../../web/src/model/guide.js";
import { otherKinds } from "../../web/src/model/order.js";
import { axisTitle } from "../../web/src/view/axis.js";

const pointer = { touch: false, sums: false };
const said = (place, now) => guideFor(place, now).map((way) => way.join(" ")).join("; ");

test("at rest it says how to hide, bring back, pin and move", () => {
  assert.match(said("rest", pointer), /^click a bar to hide its neuron; Shift-click to pin it on top; “hidden” above to bring back; .*to scroll; .*to zoom$/);
  assert.match(said("rest", { touch: false, sums: true }), /^click to zoom in to single neurons/, "a click on several neurons hides none");
  assert.equal(said("nowhere", pointer), said("rest", pointer));
});

test("a finger is told of nothing that it cannot do", () => {
  for (const sums of [false, true]) {
    for (const place of ["rest", "row", "axis", "sort", "keys"]) assert.doesNotMatch(said(place, { touch: true, sums }), /click|hover|wheel|Shift|Ctrl/i);
  }
  assert.match(said("rest", { touch: true, sums: false }), /^tap a bar to hide/);
});

test("every part of the page that names itself to the guide is known to it", () => {
  const web = new URL("../../web/", import.meta.url);
  const sources = readdirSync(web, { recursive: true }).filter((name) => /\.(js|html)$/.test(name)).map((name) => readFileSync(new URL(name, web), "utf8"));
  const places = sources.flatMap((text) => [...text.matchAll(/data-guide"?[:=] ?"([a-z]+)"/g)].map((match) => match[1]));
  assert.ok(new Set(places).size >= 6, places.join());
  for (const place of [...places, "hidden", "pins", "row", "named", "sum", "pinned", "axis", "keys"]) assert.notEqual(said(place, pointer), said("rest", pointer), place);
});

test("beside what a layer is sorted by stand the other kinds", () => {
  const metadata = { instances: [{}], groups: [{}] };
  assert.deepEqual(otherKinds({ kind: "value", instance: 0 }, metadata), ["class median", "difference", "neuron index"]);
  assert.deepEqual(otherKinds({ kind: "mean", group: 0 }, metadata), ["instance value", "difference", "neuron index"]);
  assert.deepEqual(otherKinds({ kind: "difference" }, { ...metadata, instances: [] }), ["class median", "neuron index"]);
});

test("the axis says what it measures and whose it is, as far as there is room", () => {
  assert.equal(axisTitle({ axis: "shared", symlog: false }, 400, false), "activation · one axis for the layer");
  assert.equal(axisTitle({ axis: "own", symlog: true }, 400, false), "activation · each neuron on its own axis · symlog");
  assert.equal(axisTitle({ axis: "whole", symlog: false }, 400, false), "activation · one axis for the layer, all values");
  assert.equal(axisTitle({ axis: "shared", symlog: false }, 230, true), "activation");
});
