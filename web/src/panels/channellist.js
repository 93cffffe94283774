/** The list of channels: a line each, with its maps, a bar and a figure of what it is sorted by. Drawn when it comes into view. */

import { context2d, el, set } from "../dom.js";
import { css } from "../model/colormap.js";
import { aligned, bare, count, decimals, figure } from "../model/format.js";
import { inksOf, medianScale, paintMap, sizeIn } from "../view/channelmaps.js";
import { listKeys, oneTabStop } from "./listkeys.js";

/** @typedef {import("./channels.js").Shown} Shown */

/** CSS pixels of a map's square, and between two. */
const MAP = 42;
const GAP = 4;
const BAR = 46;
/** The list has no more columns on any screen. */
const COLUMNS_MAX = 12;

/**
 * A figure that is read against others of less than 1: three decimals, without the 0 before them.
 * @param {number} value
 */
export const shortFigure = (value) => (Number.isFinite(value) && Math.abs(value) < 1 ? bare(value, 3) : figure(value));

export class ChannelList {
  /** @param {import("../app.js").App} app @param {(channel: number) => void} open */
  constructor(app, open) {
    this.app = app;
    this.open = open;
    this.head = el("div", { class: "channel-columns", "aria-hidden": "true" });
    this.rows = el("ul", { class: "channel-rows", "aria-label": "Channels" });
    this.legend = el("p", { class: "channel-legend quiet" });
    this.element = el("div", { class: "channel-list" }, this.head, this.rows, this.legend);
    listKeys(this.rows);
    /** @type {WeakMap<Element, () => void>} */
    this.painters = new WeakMap();
    this.seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        this.seen.unobserve(target);
        this.painters.get(target)?.();
      }
    }, { rootMargin: "200px" });
    /** @type {HTMLElement | null} */
    this.pressed = null;
  }

  focus() {
    (this.pressed ?? /** @type {HTMLElement | null} */ (this.rows.querySelector("button[tabindex='0']")))?.focus();
  }

  /** @param {number | null} open */
  mark(open) {
    for (const button of this.rows.querySelectorAll("button")) set(button, "aria-pressed", String(Number(button.dataset.channel) === open));
  }

  /** @param {Shown} shown */
  draw(shown) {
    const { grid, maps, groups, figures, order, by } = shown;
    const width = maps.length * MAP + (maps.length - 1) * GAP;
    const top = Math.max(1e-9, ...figures.filter(Number.isFinite).map(Math.abs));
    const places = decimals(figures);
    const focused = this.rows.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.channel : undefined;
    // One for each column of the list: what has no column is on the next line, and not seen.
    this.head.replaceChildren(...Array.from({ length: COLUMNS_MAX }, () => el("div", { class: "channel-row channel-heads" }, el("span", { class: "channel-rank" }), el("span", { class: "channel-name" }, "channel"),
      ...maps.map(({ title }) => el("span", { class: "channel-map", title }, title === "attacked − benign" ? "att−ben" : title)), el("span", {}, by === "auroc" ? "|AUROC − ½|" : by === "index" ? "" : maps.find((one) => one.figure === by)?.title ?? ""))));
    this.seen.disconnect();
    this.element.style.setProperty("--channel-row", `${width + 66 + BAR + 58}px`);
    this.rows.replaceChildren(...order.map((channel, rank) => {
      const scale = medianScale(grid, maps, channel);
      const canvas = el("canvas", { class: "channel-maps", "aria-hidden": "true" });
      canvas.style.width = `${width}px`;
      canvas.style.height = `${MAP}px`;
      const value = figures[channel];
      const told = by === "index" ? "" : by === "auroc" ? shortFigure(value) : aligned(value, places);
      const bar = el("span", { class: "channel-bar", "aria-hidden": "true" });
      bar.style.setProperty("--share", `${by === "index" || !Number.isFinite(value) ? 0 : (Math.abs(value) / top) * 100}%`);
      if (shown.chance !== null) bar.style.setProperty("--chance", `${Math.min(100, (shown.chance / top) * 100)}%`);
      const button = el("button", { type: "button", class: "channel-row", "data-channel": channel, "aria-label": `Channel ${channel}, ${told ? `${told}, ` : ""}place ${rank + 1} of ${order.length}`, onClick: () => {
        this.pressed = button;
        this.open(channel);
      } }, el("span", { class: "channel-rank" }, String(rank + 1)), el("span", { class: "channel-name" }, el("b", {}, String(channel)), el("span", { class: "quiet" }, `to ${figure(scale, 2)}`)), canvas, bar, el("span", { class: "channel-figure" }, told));
      this.painters.set(canvas, () => this.paint(canvas, shown, channel, scale));
      this.seen.observe(canvas);
      return el("li", {}, button);
    }));
    oneTabStop(this.rows);
    if (focused) /** @type {HTMLElement | null} */ (this.rows.querySelector(`[data-channel="${focused}"]`))?.focus();
    const inks = maps.map((map) => inksOf(this.app, map, groups));
    this.legend.replaceChildren(...maps.map((map, i) => el("span", { class: "key" }, ramp(css(inks[i].above), map.figure === "auroc" || map.figure === "change" ? css(inks[i].below) : null),
      map.group !== null ? `${map.title}: median, √` : map.figure === "auroc" ? ".1 to .9 AUROC" : map.figure === "zeros" ? "share of zeros" : `±${figure(map.scale, 2)} ${map.title}`)));
    set(this.element, "data-channels", count(order.length));
  }

  /** @param {HTMLCanvasElement} canvas @param {Shown} shown @param {number} channel @param {number} scale */
  paint(canvas, { grid, maps, groups }, channel, scale) {
    const ratio = devicePixelRatio;
    canvas.width = Math.round((maps.length * MAP + (maps.length - 1) * GAP) * ratio);
    canvas.height = Math.round(MAP * ratio);
    const context = context2d(canvas);
    const { width, height } = sizeIn(grid, MAP * ratio);
    maps.forEach((map, i) => {
      const x = Math.round(i * (MAP + GAP) * ratio);
      paintMap(context, grid, map, channel, { inks: inksOf(this.app, map, groups), scale }, { x, y: 0, width, height });
      context.strokeStyle = this.app.theme.rule;
      context.strokeRect(x + 0.5, 0.5, width - 1, height - 1);
    });
  }
}

/** @param {string} above @param {string | null} below */
function ramp(above, below) {
  const box = el("span", { class: "ramp", "aria-hidden": "true" });
  box.style.background = `linear-gradient(to right, ${below ?? "var(--paper)"}, ${below ? "var(--paper), " : ""}${above})`;
  return box;
}
