import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { argumentFor, ARGUMENTS, argumentsOf, decodeOrder, encodeOrder, exists, expression, ITEM_KINDS, itemOf, ITEMS, itemsOf, parseExpression, phrase } from "../../web/src/model/order.js";

const metadata = {
  groups: ["all", "a,median(b)", "(c)", "a"].map((name) => ({ name })), instances: ["x),value(y", "attacked 0"].map((name) => ({ name })), rows: 20,
};
/** All that an argument can be of: a few of each. */
const values = {
  group: [...metadata.groups.keys(), { where: "label == 3" }, { where: 'label in ["a,b", "), c(~.-;"] and not (row < 3)' }], instance: [...metadata.instances.keys(), { row: 0 }, { row: 17 }],
};
values.other = values.group;
const items = ITEM_KINDS.flatMap((kind) => ITEMS[kind].of.reduce((lists, name) => lists.flatMap((list) => values[name].map((value) => [...list, value])), [[]]).map((list) => itemOf(kind, ...list)));
const orders = [{ kind: "index" }, ...items, ...items.map((item) => ({ kind: "absolute", item })), ...items.flatMap((a) => items.flatMap((b) => [{ kind: "difference", a, b }, { kind: "difference", a, b, absolute: true }]))];

test("every ordering survives its short form and its name towards the server, whatever brackets and commas names hold", () => {
  assert.ok(orders.length > 100);
  for (const order of orders) {
    assert.deepEqual(decodeOrder(encodeOrder(order)), order);
    assert.deepEqual(parseExpression(expression(order, metadata), metadata), order, expression(order, metadata));
    assert.ok(exists(order, metadata) && phrase(order, metadata));
  }
});

test("the table is one to one: a letter and a field for each kind", () => {
  assert.equal(new Set(ITEM_KINDS.map((kind) => ITEMS[kind].letter)).size, ITEM_KINDS.length);
  assert.ok(!ITEM_KINDS.some((kind) => ITEMS[kind].letter === "i"), "i is the index");
  assert.deepEqual([itemOf("value", 1), itemOf("median", 2), itemOf("percentile", { row: 17 }, 2)], [{ kind: "value", instance: 1 }, { kind: "median", group: 2 }, { kind: "percentile", instance: { row: 17 }, group: 2 }]);
  assert.deepEqual(argumentsOf(itemOf("percentile", 1, 2)), [{ name: "instance", value: 1 }, { name: "group", value: 2 }]);
  const links = { m3: itemOf("median", 3), v1: itemOf("value", 1), vr17: itemOf("value", { row: 17 }), "p1.3": itemOf("percentile", 1, 3), "pr0.2": itemOf("percentile", { row: 0 }, 2), "u1.3": itemOf("auroc", 1, 3), "w2.wrow%20%3C%203": itemOf("wasserstein", 2, { where: "row < 3" }), "k0.0": itemOf("kolmogorov_smirnov", 0, 0), "mwrow%20%3C%203": itemOf("median", { where: "row < 3" }) };
  for (const [link, item] of Object.entries(links)) {
    assert.equal(encodeOrder(item), link);
    assert.deepEqual(decodeOrder(link), item);
  }
  for (const link of ["", "m", "x3", "mr3", "vw3", "p3", "p3.", "p1.2.3", "m3.1", "mw", "mw%zz", "m3-", "abs-", "abs", "m3-abs-m3", "abs-m3-", "abs-m3-m3-m3", "m3-m3-m3", "u1", "u1.r3", "w1.2.3"]) assert.equal(decodeOrder(link), null, link);
  assert.deepEqual(orders.map((order) => itemsOf(order).length).slice(0, 2), [0, 1]);
});

test("groups and rows that the reader made are named as the server reads them", () => {
  const made = { ...metadata, groups: [...metadata.groups, { name: "my cats", kind: "moment", where: "label == 3" }], instances: [...metadata.instances, { name: "row 17", kind: "row", row: 17 }] };
  const item = itemOf("percentile", argumentFor("instance", 2, made), argumentFor("group", 4, made));
  assert.deepEqual(item, { kind: "percentile", instance: { row: 17 }, group: { where: "label == 3" } });
  assert.equal(expression(item, made), "percentile(row 17,where:(label == 3))");
  assert.deepEqual([argumentFor("group", 3, made), argumentFor("instance", 1, made)], [3, 1]);
});

test("what is no ordering of these data is none", () => {
  for (const text of ["", "median", "median()", "median(gone)", "mode(a)", "median(a", "value(a)", "difference(median(a))", "difference(median(a),gone)", "Index"]) {
    assert.equal(parseExpression(text, metadata), null, text);
  }
});

// Tests/ViewsTests/OrderTableTests.swift holds the server to the same.
test("kinds and names of orderings are the server's", () => {
  const golden = JSON.parse(readFileSync(new URL("../../Tiles/golden/orderings.json", import.meta.url), "utf8"));
  assert.deepEqual(Object.fromEntries(ITEM_KINDS.map((kind) => [kind, ITEMS[kind].of.map((name) => ARGUMENTS[name].slice(0, -1))])), golden.items);
  const names = { groups: golden.groups.map((name) => ({ name })), instances: golden.instances.map((name) => ({ name })), rows: golden.rows };
  for (const { text, items } of golden.read) {
    const order = parseExpression(text, names);
    assert.ok(order, text);
    const word = (/** @type {any} */ value) => (typeof value === "number" ? value : "row" in value ? `row ${value.row}` : `where:(${value.where})`);
    assert.deepEqual(itemsOf(order).map((item) => [item.kind, ...argumentsOf(item).map(({ value }) => word(value))]), items, text);
    assert.equal(expression(order, names), text);
  }
  for (const text of golden.refused) assert.equal(parseExpression(text, names), null, text);
});
