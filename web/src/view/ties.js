/** Rows with the same key: only their numbers order them. A bracket beside their ranks says so, the card and the panel with how many. */

import { count, plural } from "../model/format.js";
import { APART_ROW } from "../model/layout.js";
import { phrase } from "../model/order.js";

/** @typedef {{from: number, to: number, goesOnAbove: boolean, goesOnBelow: boolean}} Run of lines on screen, `to` excluded */
/** @typedef {{from: number, count: number}} Tied ranks from 0 */

/** How far the ends of a bracket reach towards the ranks. CSS pixels. */
const HOOK = 3;
/** In rows that do not stand apart, lower brackets are nothing to see. */
const HEIGHT_LEAST = 8;

/**
 * Runs of lines whose keys are equal. Of lines that are sums of several neurons keys are means: since rows are sorted, two
 * means that follow each other are equal only where all of their keys are.
 * @param {Int32Array} rows a line each
 * @param {(row: number) => {key: number} | null} facts
 * @returns {Run[]}
 */
export function tiedRuns(rows, facts) {
  const key = (/** @type {number} */ row) => facts(row)?.key ?? Number.NaN;
  /** @type {Run[]} */
  const runs = [];
  let from = 0;
  for (let line = 1; line <= rows.length; line++) {
    const own = key(rows[from]);
    if (line < rows.length && key(rows[line]) === own) continue;
    const goesOnAbove = from === 0 && key(rows[0] - 1) === own;
    const goesOnBelow = line === rows.length && key(rows[line - 1] + 1) === own;
    if (line - from > 1 || goesOnAbove || goesOnBelow) runs.push({ from, to: line, goesOnAbove, goesOnBelow });
    from = line;
  }
  return runs;
}

/**
 * Whether the row before or after a rank is at hand and has the same key.
 * @param {(row: number) => {key: number} | null} facts
 * @param {number} rank
 */
export function isTied(facts, rank) {
  const key = facts(rank)?.key;
  return key !== undefined && [rank - 1, rank + 1].some((row) => facts(row)?.key === key);
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels, clipped to the plot's height
 * @param {readonly Run[]} runs
 * @param {{x: number, y: number, lineHeight: number}} place of the brackets, and of the first line's top
 * @param {import("./theme.js").Theme} theme
 */
export function paintTies(context, runs, { x, y, lineHeight }, theme) {
  context.fillStyle = theme.quiet;
  const gap = lineHeight >= 4 ? 1.5 : 0;
  for (const { from, to, goesOnAbove, goesOnBelow } of runs) {
    const top = Math.round(y + from * lineHeight + (goesOnAbove ? 0 : gap));
    const bottom = Math.round(y + to * lineHeight - (goesOnBelow ? 0 : gap));
    if (lineHeight < APART_ROW && bottom - top < HEIGHT_LEAST) continue;
    context.fillRect(x, top, 1, bottom - top);
    if (!goesOnAbove) context.fillRect(x - HOOK, top, HOOK, 1);
    if (!goesOnBelow) context.fillRect(x - HOOK, bottom - 1, HOOK, 1);
  }
}

/**
 * That others have the same key, in words; empty where none has.
 * @param {Tied} tied
 * @param {import("../types").Order} order
 * @param {import("../types").Metadata} metadata
 */
export function tiedWords({ from, count: ranks }, order, metadata) {
  if (ranks < 2) return "";
  return `${plural(ranks - 1, "other")} ${ranks === 2 ? "has" : "have"} the same ${phrase(order, metadata)}: ranks ${count(from + 1)}–${count(from + ranks)} are in original order.`;
}
