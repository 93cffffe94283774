import assert from "node:assert/strict";
import { test } from "node:test";
import { dumpNotes } from "../../web/src/panels/dumpnotes.js";

test("lines are the program's own words, guesses first", () => {
  const provenance = { assumed: ["/pred holds the predictions."], left_out: [{ path: "/a", why: "it is a table" }, { path: "/b", why: "a: b" }] };
  assert.deepEqual(dumpNotes(provenance), {
    words: "1 assumed · 2 left out",
    lines: ["Assumed: /pred holds the predictions.", "Left out: /a: it is a table", "Left out: /b: a: b"],
  });
});

test("one kind alone says nothing of the other", () => {
  assert.equal(dumpNotes({ assumed: ["x"], left_out: [] }).words, "1 assumed");
  assert.equal(dumpNotes({ left_out: [{ path: "/a", why: "b" }] }).words, "1 left out");
});

test("stores of earlier versions, and odd ones, have no lines", () => {
  for (const provenance of [undefined, null, {}, { tool: "x" }, { assumed: "no list", left_out: 3 }]) {
    assert.deepEqual(dumpNotes(provenance), { words: "", lines: [] });
  }
});
