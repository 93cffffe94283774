import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeOrder, encodeOrder, exists, expression, indexOf, ITEM_KINDS, itemOf, ITEMS, itemsOf, parseExpression, phrase, subjects } from "../../web/src/model/order.js";

const metadata = {
  groups: ["all", "a,median(b)", "(c)", "a"].map((name) => ({ name })), instances: ["x),value(y", "attacked 0"].map((name) => ({ name })),
};
const items = ITEM_KINDS.flatMap((kind) => subjects(kind, metadata).map((_, index) => itemOf(kind, index)));
const orders = [{ kind: "index" }, ...items, ...items.map((item) => ({ kind: "absolute", item })), ...items.flatMap((a) => items.map((b) => ({ kind: "difference", a, b })))];

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
  assert.deepEqual(items.map(indexOf), ITEM_KINDS.flatMap((kind) => subjects(kind, metadata).map((_, index) => index)));
  assert.deepEqual([itemOf("value", 1), itemOf("median", 2)], [{ kind: "value", instance: 1 }, { kind: "median", group: 2 }]);
  assert.deepEqual(orders.map((order) => itemsOf(order).length).slice(0, 2), [0, 1]);
});

test("what is no ordering of these data is none", () => {
  for (const text of ["", "median", "median()", "median(gone)", "mode(a)", "median(a", "value(a)", "difference(median(a))", "difference(median(a),gone)", "Index"]) {
    assert.equal(parseExpression(text, metadata), null, text);
  }
});

// Tests/ViewsTests/OrderTableTests.swift holds the server to the same.
test("kinds and names of orderings are the server's", () => {
  const golden = JSON.parse(readFileSync(new URL("../../Tiles/golden/orderings.json", import.meta.url), "utf8"));
  assert.deepEqual(Object.fromEntries(ITEM_KINDS.map((kind) => [kind, ITEMS[kind].of])), golden.items);
  const names = { groups: golden.groups.map((name) => ({ name })), instances: golden.instances.map((name) => ({ name })) };
  for (const { text, items } of golden.read) {
    const order = parseExpression(text, names);
    assert.ok(order, text);
    assert.deepEqual(itemsOf(order).map((item) => [item.kind, indexOf(item)]), items, text);
    assert.equal(expression(order, names), text);
  }
  for (const text of golden.refused) assert.equal(parseExpression(text, names), null, text);
});
