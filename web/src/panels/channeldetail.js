/** The open channel: its maps large, one place for all of them, what is known there, and the places that tell most. */

import { context2d, el, set, setText } from "../dom.js";
import { placeOf } from "../model/coordinates.js";
import { count, figure, percent } from "../model/format.js";
import { mapOf, weight } from "../model/channels.js";
import { inksOf, medianScale, paintMap, sizeIn } from "../view/channelmaps.js";
import { shortFigure } from "./channellist.js";

/** @typedef {import("./channels.js").Shown} Shown */
/** @typedef {import("../data/channels.js").ChannelMap} ChannelMap */

/** CSS pixels of a large map, and of the numbers beside it. */
const MAP = 182;
const MARGIN = 20;
/** Places listed. */
const TOP_MAX = 4;

export class ChannelDetail {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../view/column.js").Column} column
   * @param {{close: () => void, alone: (channel: number) => void, show: (neuron: number) => void}} on
   */
  constructor(app, column, on) {
    this.app = app;
    this.column = column;
    this.on = on;
    /** @type {Shown | null} */
    this.shown = null;
    this.channel = -1;
    this.position = 0;
    this.title = el("h3");
    this.maps = el("div", { class: "channel-large", tabindex: 0, role: "application", "aria-roledescription": "maps of positions" });
    this.words = el("p", { class: "channel-words", role: "status" });
    this.panelButton = el("button", { type: "button", onClick: () => this.openNeuron() }, "Open neuron");
    this.top = el("ul", { class: "channel-top", "aria-label": "Places that tell most in this channel" });
    this.alone = el("button", { type: "button", onClick: () => on.alone(this.channel) });
    this.element = el("aside", { class: "channel-detail", hidden: true, "aria-label": "The open channel" },
      el("header", {}, this.title, el("div", { class: "buttons" }, this.alone, el("button", { type: "button", class: "icon-button", "aria-label": "Close the channel", title: "Close (Esc)", onClick: on.close }, "×"))),
      this.maps, this.words, el("div", { class: "buttons" }, this.panelButton, el("button", { type: "button", onClick: () => on.show(this.neuron) }, "Show it in the picture")), this.top);
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      on.close();
    });
    this.maps.addEventListener("keydown", (event) => this.key(event));
    this.maps.addEventListener("pointermove", (event) => this.point(event, false));
    this.maps.addEventListener("pointerleave", () => this.tell(this.position));
    this.maps.addEventListener("click", (event) => this.point(event, true));
  }

  get neuron() {
    return this.shown?.grid.neuron(this.channel, this.position) ?? 0;
  }

  /** @param {Shown} shown @param {number | null} open */
  draw(shown, open) {
    this.element.hidden = open === null;
    this.shown = shown;
    if (open === null) return;
    const { grid, maps, figures, order, by } = shown;
    const { panel } = this.app.state;
    const ranked = this.rankedPositions(open);
    if (open !== this.channel) this.position = ranked[0] ?? 0;
    if (panel?.layer === this.column.layer.id && grid.place(panel.neuron).channel === open) this.position = grid.place(panel.neuron).position;
    this.channel = open;
    const size = grid.rows * grid.columns;
    setText(this.title, `channel ${open}`);
    set(this.title, "title", `place ${order.indexOf(open) + 1} of ${order.length}`);
    setText(this.alone, `Show its ${count(size)} as rows`);
    this.maps.replaceChildren(...maps.map((map) => el("figure", {}, el("figcaption", {}, this.caption(map)), this.canvas(shown, map))));
    set(this.maps, "aria-label", `Maps of channel ${open}: ${maps.map(({ title }) => title).join(", ")}. Arrow keys move, Enter opens the neuron.`);
    this.top.replaceChildren(el("li", { class: "quiet" }, by === "index" ? "" : `${maps.find((map) => map.figure === by)?.title}: ${shortFigure(figures[open])}`),
      ...ranked.slice(0, TOP_MAX).map((position) => el("li", {}, el("button", { type: "button", onClick: () => this.go(position) }, this.inWords(position, true)))));
    this.tell(this.position);
  }

  /** @param {number} channel @returns {number[]} its places, those first that count most */
  rankedPositions(channel) {
    const { grid, maps, by } = /** @type {Shown} */ (this.shown);
    const map = maps.find((one) => one.figure === by) ?? maps[0];
    const values = mapOf(grid, map.values, channel).map((value) => weight(map.figure, value));
    return [...values.keys()].filter((i) => !Number.isNaN(values[i])).sort((a, b) => values[b] - values[a] || a - b);
  }

  /** @param {ChannelMap} map */
  caption({ group, figure: kind, title, scale }) {
    if (group !== null) return `${title} median, to ${figure(medianScale(/** @type {Shown} */ (this.shown).grid, /** @type {Shown} */ (this.shown).maps, this.channel), 2)}, √`;
    return kind === "auroc" ? "AUROC, .1 to .9" : kind === "zeros" ? "share of zeros" : `${title}, ±${figure(scale, 2)}`;
  }

  /** @param {Shown} shown @param {ChannelMap} map */
  canvas(shown, map) {
    const { grid, maps, groups } = shown;
    const ratio = devicePixelRatio;
    const { width, height } = sizeIn(grid, MAP);
    const canvas = el("canvas", { class: "channel-map-large", "aria-hidden": "true" });
    const [w, h] = [width + MARGIN, height + MARGIN];
    canvas.style.width = `${w}px`;
    canvas.style.height = `${h}px`;
    canvas.width = Math.round(w * ratio);
    canvas.height = Math.round(h * ratio);
    const context = context2d(canvas);
    const { theme } = this.app;
    paintMap(context, grid, map, this.channel, { inks: inksOf(this.app, map, groups), scale: medianScale(grid, maps, this.channel) }, { x: MARGIN * ratio, y: 0, width: width * ratio, height: height * ratio });
    context.scale(ratio, ratio);
    context.strokeStyle = theme.rule;
    context.strokeRect(MARGIN + 0.5, 0.5, width - 1, height - 1);
    context.fillStyle = theme.quiet;
    context.font = `11px ${theme.font}`;
    const [cw, ch] = [width / grid.columns, height / grid.rows];
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const x of ticks(grid.columns)) context.fillText(String(x), MARGIN + (x + 0.5) * cw, height + 5);
    context.textAlign = "right";
    context.textBaseline = "middle";
    if (grid.rows > 1) for (const y of ticks(grid.rows)) context.fillText(String(y), MARGIN - 5, Math.max(6, (y + 0.5) * ch));
    context.strokeStyle = theme.ink;
    context.lineWidth = 1.5;
    context.strokeRect(MARGIN + (this.position % grid.columns) * cw, Math.floor(this.position / grid.columns) * ch, cw, ch);
    return canvas;
  }

  /** @param {PointerEvent | MouseEvent} event @param {boolean} choose */
  point(event, choose) {
    const canvas = /** @type {HTMLElement} */ (event.target).closest("canvas");
    if (!canvas || !this.shown) return this.tell(this.position);
    const { grid } = this.shown;
    const box = canvas.getBoundingClientRect();
    const { width, height } = sizeIn(grid, MAP);
    const x = Math.floor(((event.clientX - box.left - MARGIN) / width) * grid.columns);
    const y = Math.floor(((event.clientY - box.top) / height) * grid.rows);
    if (x < 0 || x >= grid.columns || y < 0 || y >= grid.rows) return this.tell(this.position);
    const position = y * grid.columns + x;
    if (!choose) return this.tell(position);
    this.position = position;
    this.openNeuron();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.shown || event.ctrlKey || event.metaKey || event.altKey) return;
    const { columns, rows } = this.shown.grid;
    const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (event.key === "Enter") this.openNeuron();
    else if (by === undefined) return;
    else {
      const next = this.position + by;
      const inRow = Math.abs(by) > 1 || Math.floor(next / columns) === Math.floor(this.position / columns);
      if (next >= 0 && next < rows * columns && inRow) this.go(next);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} position */
  go(position) {
    this.position = position;
    const { panel } = this.app.state;
    // An open panel goes along.
    if (panel?.layer === this.column.layer.id) return this.openNeuron("replace");
    if (this.shown) this.draw(this.shown, this.channel);
  }

  /** @param {import("../app.js").History} [history] */
  openNeuron(history = "push") {
    const { neuron } = this;
    this.column.cursor = neuron;
    this.app.update((draft) => {
      draft.panel = { layer: this.column.layer.id, neuron };
    }, history);
  }

  /** @param {number} position */
  tell(position) {
    setText(this.words, this.inWords(position, false));
  }

  /** @param {number} position @param {boolean} short */
  inWords(position, short) {
    const { grid, maps } = /** @type {Shown} */ (this.shown);
    const neuron = grid.neuron(this.channel, position);
    const place = placeOf(this.column.layer, neuron, this.app.metadata);
    const told = maps.map(({ figure: kind, title, values }) => `${title} ${kind === "auroc" ? shortFigure(values[neuron]) : kind === "zeros" ? percent(values[neuron]) : figure(values[neuron])}`);
    return `${short ? place : `${place} · neuron ${count(neuron)}`}: ${told.join(", ")}`;
  }
}

/** @param {number} size @returns {number[]} a few round numbers from 0 on */
function ticks(size) {
  const by = [1, 2, 4, 5, 10, 20, 50, 100, 200].find((step) => size / step <= 5) ?? Math.ceil(size / 4);
  return Array.from({ length: Math.ceil(size / by) }, (_, i) => i * by);
}
