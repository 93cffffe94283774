/** The overview: the whole layer beside its column, with a frame that can be dragged, drawn from the layer's coarsest tiles. */

import { el, context2d } from "../dom.js";
import { positionOf } from "../model/viewport.js";
import { paintLines } from "./painter.js";
import { NOTHING_TO_SCROLL, scrollTo } from "./navigate.js";

export const MINIMAP_WIDTH = 30;
/** A frame this high is held where it was taken; a lower one comes to the pointer with its middle. CSS pixels. */
const HELD_FROM = 16;

export class Minimap {
  /** @param {import("./column.js").Column} column */
  constructor(column) {
    this.column = column;
    this.canvas = el("canvas", { class: "minimap-canvas" });
    this.context = context2d(this.canvas);
    this.window = el("div", { class: "minimap-window" });
    // The keyboard scrolls through the plot itself: this is the pointer's way, and says nothing new to a screen reader.
    this.element = el("div", { class: "minimap", "aria-hidden": "true", title: "Overview of the whole layer. The frame is what the column shows: drag it to scroll", "data-guide": "minimap" },
      this.canvas, this.window, el("span", { class: "minimap-caption" }, "overview"));
    this.drawn = "";
    /** Pixels from the frame's middle to where it is held. */
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
    const frame = this.window.getBoundingClientRect();
    this.held = event.target === this.window && frame.height >= HELD_FROM ? event.clientY - frame.top - frame.height / 2 : 0;
    this.scrubTo(event.clientY);
  }

  /**
   * Brings the frame to a height of the page.
   * @param {number} clientY
   */
  scrubTo(clientY) {
    const { column } = this;
    const box = this.canvas.getBoundingClientRect();
    const { layout } = column;
    const share = (clientY - this.held - box.top - layout.plotTop) / this.height;
    const span = column.view.span ?? column.total;
    scrollTo(column, share * column.total - span / 2);
  }

  /**
   * @param {import("./columndata.js").Arrangement} of
   * @param {{rowHeight: number}} screen
   */
  render(of, screen) {
    const { column } = this;
    const { layout } = column;
    const { top, span } = column.view;
    this.height = Math.min(layout.plotHeight, span === null ? column.total * screen.rowHeight : layout.plotHeight);
    const rows = span ?? layout.plotHeight / screen.rowHeight;
    const share = Math.min(1, rows / column.total);
    const height = Math.max(6, share * this.height);
    const offset = Math.min(this.height - height, (top / column.total) * this.height);
    this.window.style.transform = `translateY(${layout.plotTop + offset}px)`;
    this.window.style.height = `${height}px`;
    this.paint(of);
  }

  /** @param {import("./columndata.js").Arrangement} of */
  paint(of) {
    const { column } = this;
    const { layout, app, data } = column;
    const { state, theme } = app;
    const ratio = devicePixelRatio;
    const axis = column.axis.of(of, MINIMAP_WIDTH, data.top, column.axis.whole());
    const there = state.groups.filter((group) => data.bestTile(of, group, data.top, 0));
    const marks = column.marks.tracked().map((neuron) => data.rank(of, neuron));
    const key = [of.query, of.axis, of.bins, state.axis, state.symlog, there, theme.name, state.curve, app.full, column.height, this.height, layout.plotTop, ratio, marks, column.state.hidden.length, axis !== null].join("|");
    if (key === this.drawn || !axis) return;
    this.drawn = key;
    const { canvas, context } = this;
    canvas.width = Math.round(MINIMAP_WIDTH * ratio);
    canvas.height = Math.round(column.height * ratio);
    const total = Math.ceil(column.layer.neurons / 2 ** data.top);
    const rows = Int32Array.from({ length: total }, (_, i) => i);
    const inks = there.map((group) => ({
      colour: app.colour(group),
      resolve: (/** @type {number} */ index) => data.bestTile(of, group, data.top, index),
    }));
    const lineHeight = (this.height * ratio) / total;
    const look = { theme: theme.name, paper: theme.paper, curve: state.curve, full: app.full, lanes: false };
    paintLines(context, { rows, inks, firstBin: axis.first, endBin: axis.end, zeroBin: axis.zeroBin, edges: axis.edges, lookup: axis.lookup },
      { x: 0, y: layout.plotTop * ratio, width: canvas.width, lineHeight }, look);
    context.fillStyle = theme.accent;
    for (const rank of marks) {
      if (rank === undefined) continue;
      const y = layout.plotTop + (positionOf(rank, []) / column.layer.neurons) * this.height;
      context.fillRect(canvas.width - 6 * ratio, Math.round(y * ratio), 6 * ratio, 2 * ratio);
    }
  }
}
