/** The lines above a column: its name, its hidden neurons, its sort, its zoom. */

import { el, set, setText } from "../dom.js";
import { count, plural } from "../model/format.js";
import { phrase } from "../model/order.js";
import { fit, setAcross, zoomBy } from "./navigate.js";

/** @typedef {import("./column.js").Column} Column */

export class ColumnHead {
  /**
   * @param {Column} column
   * @param {{openSort: (column: Column, button: HTMLElement) => void, openHidden: (column: Column, button: HTMLElement) => void}} on
   */
  constructor(column, on) {
    this.column = column;
    this.first = "";
    const { app, layer } = column;
    this.hidden = el("button", { type: "button", class: "hidden-strip", "aria-haspopup": "dialog" });
    this.hidden.addEventListener("click", () => on.openHidden(column, this.hidden));
    this.dead = el("span", { class: "quiet dead", title: "Neurons that are exactly 0 for every row of the data" });
    this.grain = el("span", { class: "grain quiet" });
    this.sort = el("button", { type: "button", class: "sort-button", "aria-haspopup": "dialog" });
    this.sort.addEventListener("click", () => on.openSort(column, this.sort));
    this.direction = el("button", { type: "button", class: "direction-button", onClick: () => this.turn() });
    /** @param {string} text @param {string} title @param {string} name @param {() => void} run */
    const zoom = (text, title, name, run) => el("button", { type: "button", class: `icon-button zoom-${name}`, title, "aria-label": `${title}: ${layer.name}`, onClick: run }, text);
    this.across = el("button", { type: "button", class: "across-fit", title: "Only a part of the axis is in view: show it whole (0)", onClick: () => setAcross(column, null) }, "↔ whole axis");
    const middle = () => column.layout.plotTop + column.layout.plotHeight / 2;
    column.head.append(
      el("div", { class: "head-line" },
        el("h2", {}, layer.name), el("span", { class: "quiet neurons" }, plural(layer.neurons, "neuron")), this.dead, this.hidden,
        this.across, el("span", { class: "zoom-buttons" },
          zoom("−", "Zoom out", "out", () => zoomBy(column, 1 / 1.6, middle())),
          zoom("+", "Zoom in", "in", () => zoomBy(column, 1.6, middle())),
          zoom("all", "Whole layer", "fit", () => fit(column)))),
      el("div", { class: "head-line" }, el("span", { class: "sort-label quiet" }, "sort"), this.sort, this.direction, this.grain),
    );
    app.onChange(() => this.update());
    this.update();
  }

  turn() {
    const { app, layer } = this.column;
    app.update((draft) => {
      const state = draft.columns[layer.id];
      state.direction = state.direction === "ascending" ? "descending" : "ascending";
      state.top = 0;
    });
  }

  update() {
    const { column } = this;
    const state = column.app.state.columns[column.layer.id];
    if (!state) return;
    const words = phrase(state.order, column.app.metadata);
    setText(this.sort, words);
    set(this.sort, "aria-label", `Sort ${column.layer.name}: by ${words}`);
    set(this.sort, "title", `Sorted by ${words}`);
    const down = state.direction === "descending";
    const first = state.order.kind === "index" ? (down ? "last to first" : "first to last") : down ? "largest first" : "smallest first";
    if (this.first !== first) this.direction.replaceChildren(down ? "↓" : "↑", el("span", { class: "words" }, ` ${first}`));
    this.first = first;
    set(this.direction, "aria-label", `Direction: ${first}. Turn round`);
    set(this.direction, "title", "Turn the order round");
    this.hidden.hidden = state.hidden.length === 0;
    setText(this.hidden, `${count(state.hidden.length)} hidden ⤺`);
    set(this.hidden, "aria-label", `${plural(state.hidden.length, "neuron")} hidden in ${column.layer.name}: bring back`);
  }

  /** Says how many neurons a row of pixels stands for; called each frame. */
  tick() {
    const { column } = this;
    const per = 2 ** column.level;
    const dead = column.app.summaries.get(column.layer.id)?.dead[0] ?? 0;
    setText(this.dead, dead > 0 ? `${count(dead)} always 0` : "");
    this.across.hidden = column.state.across === null;
    const hidden = column.state.hidden.length > 0;
    const text = per > 1 ? `1 row = ${count(per)} neurons${hidden ? ", hidden ones too" : ""}` : "";
    if (this.grain.title === text) return;
    this.grain.title = text;
    this.grain.replaceChildren(el("span", { class: "long" }, text), el("span", { class: "short", "aria-hidden": "true" }, per > 1 ? `${count(per)} a row` : ""));
  }
}
