/** The overview: the whole layer beside its column, with a window that can be dragged, drawn from the layer's coarsest tiles. */

import { el, context2d } from "../dom.js";
import { positionOf, rankAt } from "../model/viewport.js";
import { tracked } from "./columnframe.js";
import { paintLines } from "./painter.js";
import { NOTHING_TO_SCROLL, scrollTo } from "./navigate.js";

/** @typedef {import("./columnframe.js").Frame} Frame */

export const MINIMAP_WIDTH = 30;
/** A window this high is held where it was taken; a lower one comes to the pointer with its middle. CSS pixels. */
const HELD_FROM = 16;

export class Minimap {
  /** @param {import("./column.js").Column} column */
  constructor(column) {
    this.column = column;
    this.canvas = el("canvas", { class: "minimap-canvas" });
    this.context = context2d(this.canvas);
    this.window = el("div", { class: "minimap-window" });
    // The keyboard scrolls through the plot itself: this is the pointer's way, and says nothing new to a screen reader.
    this.element = el("div", { class: "minimap", "aria-hidden": "true", title: "Overview of the whole layer. The frame is what the column shows: drag it to scroll", "data-help": "minimap" },
      this.canvas, this.window, el("span", { class: "minimap-caption" }, "overview"));
    this.drawn = "";
    /** Pixels from the window's middle to where it is held. */
    this.held = 0;
    /** Of the whole layer here: less than the plot's where a layer of few neurons does not fill it. */
    this.height = 0;
    this.element.addEventListener("pointerdown", (event) => this.grab(event));
    this.element.addEventListener("pointermove", (event) => {
      if (this.element.hasPointerCapture(event.pointerId)) this.scrubTo(event.clientY);
    });
  }

  /** @param {PointerEvent} event */
  grab(event) {
    event.preventDefault();
    if (this.column.view.span === null) return this.column.app.tell(NOTHING_TO_SCROLL);
    this.element.setPointerCapture(event.pointerId);
    const box = this.window.getBoundingClientRect();
    this.held = event.target === this.window && box.height >= HELD_FROM ? event.clientY - box.top - box.height / 2 : 0;
    this.scrubTo(event.clientY);
  }

  /**
   * Brings the window to a height of the page.
   * @param {number} clientY
   */
  scrubTo(clientY) {
    const { column } = this;
    const box = this.canvas.getBoundingClientRect();
    const { layout } = column;
    const share = (clientY - this.held - box.top - layout.plotTop) / this.height;
    const span = column.view.span ?? column.total;
    scrollTo(column, positionOf(share * column.layer.neurons, column.frame.hiddenRanks) - span / 2);
  }

  /** @param {Frame} frame */
  render(frame) {
    const { layout, screen, total, hiddenRanks, layer: { neurons }, view: { top, span } } = frame;
    this.height = Math.min(layout.plotHeight, span === null ? total * screen.rowHeight : layout.plotHeight);
    // The picture has all ranks, those too that are not among the rows.
    const first = span === null ? 0 : rankAt(top, hiddenRanks);
    const end = span === null ? neurons : Math.min(neurons, rankAt(Math.max(top, top + span - 1), hiddenRanks) + 1);
    const height = Math.max(6, ((end - first) / Math.max(1, neurons)) * this.height);
    const offset = Math.min(this.height - height, (first / Math.max(1, neurons)) * this.height);
    this.window.style.transform = `translateY(${layout.plotTop + offset}px)`;
    this.window.style.height = `${height}px`;
    this.paint(frame);
  }

  /** @param {Frame} frame */
  paint(frame) {
    const { layout, data, state, theme, layer, ratio, overviewFull: full, overview: { arrangement: of, axis } } = frame;
    const there = frame.inks.filter(({ group }) => data.bestTile(of, group, data.top, 0));
    const marks = tracked(frame).map((neuron) => data.rank(of, neuron));
    const key = [of.query, of.mode, of.bins, of.finer?.zoom, of.finer?.from, of.warp?.key, of.fit.lo, of.fit.hi, state.symlog, there.map(({ group }) => group), theme.name, state.curve, full, frame.height, this.height, layout.plotTop, ratio, marks, frame.total, axis !== null].join("|");
    if (key === this.drawn || !axis) return;
    this.drawn = key;
    const { canvas, context } = this;
    const [width, height] = [Math.round(MINIMAP_WIDTH * ratio), Math.round(frame.height * ratio)];
    // Another size is another buffer, even where it is the same size.
    if (canvas.width === width && canvas.height === height) context.clearRect(0, 0, width, height);
    else Object.assign(canvas, { width, height });
    const total = Math.ceil(layer.neurons / 2 ** data.top);
    const rows = Int32Array.from({ length: total }, (_, i) => i);
    const inks = there.map(({ group, colour }) => ({
      colour,
      resolve: (/** @type {number} */ index) => data.bestTile(of, group, data.top, index),
    }));
    const lineHeight = (this.height * ratio) / total;
    const look = { theme: theme.name, paper: theme.paper, curve: state.curve, full, lanes: false };
    paintLines(context, { rows, inks, axis },
      { x: 0, y: layout.plotTop * ratio, width: canvas.width, lineHeight }, look);
    context.fillStyle = theme.accent;
    for (const rank of marks) {
      if (rank === undefined) continue;
      const y = layout.plotTop + (positionOf(rank, []) / layer.neurons) * this.height;
      context.fillRect(canvas.width - 6 * ratio, Math.round(y * ratio), 6 * ratio, 2 * ratio);
    }
  }
}
