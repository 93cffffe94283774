import assert from "node:assert/strict";
import { test } from "node:test";
import { PRIORITY } from "../../web/src/data/tiles.js";
import { inTurn } from "../../web/src/view/turn.js";

/** @param {number} level @param {number} first tile @param {number} end tile */
const screen = (level, first, end) => ({ level, rows: Int32Array.from({ length: (end - first) * 256 }, (_, i) => first * 256 + i) });
const names = (places) => places.map(({ level, index, priority }) => `${Object.keys(PRIORITY).find((name) => PRIORITY[name] === priority)} ${level}/${index}`);

test("at rest all that is seen is asked for, from the middle outwards", () => {
  assert.deepEqual(names(inTurn(screen(3, 4, 7), [])), ["sharp 3/5", "sharp 3/4", "sharp 3/6"]);
});

test("scrolling: what stays, what comes, what leaves", () => {
  assert.deepEqual(names(inTurn(screen(0, 4, 7), [screen(0, 5, 8)])), ["sharp 0/5", "sharp 0/6", "next 0/7", "leaving 0/4"]);
});

test("zooming in: the middle of this level while it stays, the next level, the rest of this one", () => {
  assert.deepEqual(names(inTurn(screen(3, 4, 7), [screen(3, 5, 6), screen(2, 10, 12)])),
    ["sharp 3/5", "next 2/10", "next 2/11", "leaving 3/4", "leaving 3/6"]);
});
