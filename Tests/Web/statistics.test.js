import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { STATISTICS, columns } from "../../web/src/model/statistics.js";

test("statistics are those of the format, in its order", () => {
  const lines = readFileSync(new URL("../../Tiles/FORMAT.md", import.meta.url), "utf8").split("\n");
  const first = lines.findIndex((line) => line.startsWith("| name | type |")) + 2;
  const table = lines.slice(first, lines.findIndex((line, i) => i > first && !line.startsWith("|")));
  const names = table.flatMap((line) => line.split("|")[1].replaceAll("`", "").split(",").map((name) => name.trim()));
  assert.ok(names.length > 10);
  assert.deepEqual(STATISTICS.map(({ name }) => name), names);
});

test("a table shows each in its place, NaN and infinities only where there are any", () => {
  const group = /** @type {any} */ (Object.fromEntries(STATISTICS.map(({ name }) => [name, 0])));
  const usual = ["n", "zero", "minimum", "lower quartile", "median", "upper quartile", "maximum", "mean", "std. dev."];
  assert.deepEqual(columns([group, group]).map(({ title }) => title), usual);
  for (const odd of [{ nan: 1 }, { infinite: 2 }]) assert.deepEqual(columns([group, { ...group, ...odd }]).map(({ title }) => title), [...usual, "NaN", "±∞"]);
  assert.equal(new Set(STATISTICS.map(({ place }) => place)).size, STATISTICS.length);
});
