/** What is drawn over a column's rows: the hovered row, the cursor, the pinned neurons, and where they went when the order changed. */

import { count } from "../model/format.js";
import { lineOf, positionOf } from "../model/viewport.js";
import { tracked } from "./columnframe.js";

/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {{neuron: number, from: number, to: number}} Move ranks */

/** A tracked neuron's mark travels to its new rank this long, and its trail stays a little longer. */
const TRAVEL_MS = 450;
const TRAIL_MS = 1600;
/** Moves told in words; the others are seen. */
const TOLD_MAX = 3;

export class ColumnMarks {
  /** @param {{tell: (text: string) => void, redraw: () => void}} page */
  constructor(page) {
    this.page = page;
    this.query = "";
    /**
     * Ranks of the tracked neurons in the ordering on screen.
     * @type {Map<number, number>}
     */
    this.ranks = new Map();
    /**
     * Where the tracked neurons were before the order changed.
     * @type {Map<number, number>}
     */
    this.before = new Map();
    /** @type {Move[]} */
    this.moves = [];
    this.since = 0;
  }

  /**
   * Notes where tracked neurons are; when all of them are known in a new ordering, tells where they went.
   * @param {Frame} frame
   */
  follow(frame) {
    const { arrangement: of, data } = frame;
    const neurons = tracked(frame);
    if (of.query !== this.query) {
      this.before = this.query ? this.ranks : new Map();
      this.ranks = new Map();
      this.moves = [];
      this.query = of.query;
    }
    for (const neuron of neurons) {
      const rank = data.rank(of, neuron);
      if (rank !== undefined) this.ranks.set(neuron, rank);
    }
    if (this.before.size === 0) return;
    const moves = neurons.flatMap((neuron) => {
      const from = this.before.get(neuron);
      const to = this.ranks.get(neuron);
      return from === undefined || to === undefined ? [] : [{ neuron, from, to }];
    });
    if (moves.length < [...this.before.keys()].filter((neuron) => neurons.includes(neuron)).length) return;
    this.before = new Map();
    if (moves.length === 0) return;
    this.moves = moves;
    this.since = performance.now();
    this.page.tell(moves.slice(0, TOLD_MAX).map(({ neuron, from, to }) => `neuron ${neuron}: rank ${count(from + 1)} → ${count(to + 1)}`).join(" · ")
      + (moves.length > TOLD_MAX ? ` · ${count(moves.length - TOLD_MAX)} more marked` : ""));
  }

  /**
   * @param {CanvasRenderingContext2D} context CSS pixels
   * @param {Frame} frame
   */
  paint(context, frame) {
    const { arrangement: of, layout, data, theme, screen, hiddenRanks, column, cursor, hovered, view: { top } } = frame;
    /** @param {number} rank */
    const yOf = (rank) => layout.plotTop + (positionOf(rank, hiddenRanks) - top) * screen.rowHeight;
    const height = Math.max(1, screen.rowHeight);
    this.follow(frame);
    this.paintMoves(context, frame, yOf);
    /** @param {number} y @param {number} h @param {string} colour @param {number} [width] */
    const band = (y, h, colour, width = 1) => {
      context.strokeStyle = colour;
      context.lineWidth = width;
      const pad = h < 6 ? 1.5 : 0.5;
      context.strokeRect(layout.neuronX + 4.5, y - pad, layout.plotX + layout.plotWidth - layout.neuronX + 2, h - 1 + 2 * pad);
    };
    for (const neuron of column.pinned) {
      const rank = data.rank(of, neuron);
      if (rank === undefined) continue;
      context.fillStyle = theme.accent;
      context.fillRect(layout.neuronX + 3, yOf(rank), 3, Math.max(2, height - (height >= 6 ? 1 : 0)));
    }
    paintFound(context, frame, yOf);
    paintPicked(context, frame);
    if (cursor !== null && !column.hidden.includes(cursor)) {
      const rank = data.rank(of, cursor);
      if (rank !== undefined) band(yOf(rank), height, theme.accent);
    }
    const open = frame.state.panel?.layer === frame.layer.id ? frame.state.panel.neuron : null;
    if (open !== null && !column.hidden.includes(open)) {
      const rank = data.rank(of, open);
      if (rank !== undefined) band(yOf(rank), height, theme.ink, 1.25);
    }
    if (hovered?.kind === "row" && hovered.level === screen.level) {
      const per = 2 ** screen.level;
      const position = screen.level === 0 ? positionOf(hovered.row, hiddenRanks) : hovered.row * per;
      band(layout.plotTop + (position - top) * screen.rowHeight, Math.max(1, per * screen.rowHeight), theme.ink);
    }
  }

  /**
   * A trail from each tracked neuron's old rank to its new one, and a mark that travels along it.
   * @param {CanvasRenderingContext2D} context CSS pixels
   * @param {Frame} frame
   * @param {(rank: number) => number} yOf top of a rank's row
   */
  paintMoves(context, { layout, theme, screen }, yOf) {
    const age = performance.now() - this.since;
    if (this.moves.length === 0 || age > TRAIL_MS) return;
    const height = Math.max(1, screen.rowHeight);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const done = still ? 1 : Math.min(1, age / TRAVEL_MS);
    const eased = 1 - (1 - done) ** 3;
    const x = layout.neuronX + 4.5;
    context.save();
    context.globalAlpha = still ? 0.8 : 0.8 * Math.min(1, (TRAIL_MS - age) / 500);
    context.strokeStyle = context.fillStyle = theme.accent;
    context.lineWidth = 1.5;
    // Orders may differ by a quarter of a million ranks: what lies outside the plot is drawn to its edge only.
    const low = layout.plotTop - 20;
    const high = layout.plotTop + layout.plotHeight + 20;
    for (const { from, to } of this.moves) {
      const start = Math.min(high, Math.max(low, yOf(from) + height / 2));
      const end = Math.min(high, Math.max(low, yOf(to) + height / 2));
      const at = start + (end - start) * eased;
      context.beginPath();
      context.moveTo(x, start);
      context.lineTo(x, at);
      context.stroke();
      context.beginPath();
      context.arc(x, at, 3.5, 0, 7);
      context.fill();
    }
    context.restore();
    // With reduced motion nothing moves: one frame draws the trail, one takes it away.
    if (still) setTimeout(() => this.page.redraw(), TRAIL_MS - age + 20);
    else this.page.redraw();
  }
}

/**
 * Marks at the rows for which a condition holds, where it does not take the others away.
 * @param {CanvasRenderingContext2D} context CSS pixels
 * @param {Frame} frame
 * @param {(rank: number) => number} yOf top of a rank's row
 */
function paintFound(context, { data, arrangement, layout, theme, screen }, yOf) {
  const { applied } = data.filter;
  if (applied?.way !== "mark") return;
  const ranks = data.filter.ranks(arrangement.query, applied.mask);
  context.fillStyle = theme.ink;
  const height = Math.max(1.5, screen.rowHeight - (screen.rowHeight >= 6 ? 2 : 0));
  const bottom = layout.plotTop + layout.plotHeight;
  let last = -Infinity;
  const first = screen.rows.length > 0 ? screen.rows[0] * 2 ** screen.level : 0;
  for (let i = lineOf(ranks, first); i < ranks.length; i++) {
    const y = yOf(ranks[i]);
    if (y > bottom) break;
    // Of several in a line of pixels one is seen.
    if (y - last < 0.5) continue;
    last = y;
    context.fillRect(layout.plotX - 5, y, 4, height);
  }
}

/**
 * A tint over the rows that are selected.
 * @param {CanvasRenderingContext2D} context CSS pixels
 * @param {Frame} frame
 */
function paintPicked(context, { data, arrangement, layout, theme, screen, picked }) {
  if (picked.length === 0 || screen.level > 0) return;
  const chosen = new Set(picked);
  context.save();
  context.fillStyle = theme.accent;
  screen.rows.forEach((row, line) => {
    const fact = data.rowFacts(arrangement.query, 0, row);
    if (!fact || !chosen.has(fact.neuron)) return;
    const y = layout.plotTop + screen.y + line * screen.height;
    context.globalAlpha = 0.16;
    context.fillRect(0, y, layout.plotX + layout.plotWidth, Math.max(1, screen.height - 1));
    context.globalAlpha = 1;
    context.fillRect(0, y, 2.5, Math.max(1, screen.height - 1));
  });
  context.restore();
}
