/** The lines above a column: its name, what of it is hidden and pinned, its zoom; what it is sorted by. */

import { el, set, setText, svg } from "../dom.js";
import { count, plural } from "../model/format.js";
import { inTwo } from "../model/names.js";
import { otherKinds, phrase } from "../model/order.js";
import { controlKeys } from "./controlkeys.js";
import { canZoom, fit, setAcross, zoomBy } from "./navigate.js";

/** @typedef {import("./column.js").Column} Column */
/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {"hidden" | "pinned"} Listed */
/**
 * @typedef {object} Menus
 * @property {(column: Column, button: HTMLElement) => void} openSort
 * @property {(column: Column, button: HTMLElement, kind: Listed) => void} openList
 */

const GLASS = "M11.2 11.2 14 14M6.8 12.1a5.3 5.3 0 1 0 0-10.6 5.3 5.3 0 0 0 0 10.6z";
const ICONS = {
  out: `${GLASS}M4.5 6.8h4.6`,
  in: `${GLASS}M4.5 6.8h4.6M6.8 4.5v4.6`,
  // All of a height.
  fit: "M2.5 1.5h11M2.5 14.5h11M8 4v8M5.8 6.2 8 4l2.2 2.2M5.8 9.8 8 12l2.2-2.2",
};

/** One press of a zoom button. */
const ZOOM_STEP = 1.6;

export class ColumnHead {
  /**
   * @param {Column} column
   * @param {Menus} on
   */
  constructor(column, on) {
    this.column = column;
    this.first = "";
    /**
     * Whether values that were looked at are all NaN.
     * @type {WeakMap<Float32Array, boolean>}
     */
    this.empty = new WeakMap();
    const { app, layer } = column;
    /** @param {Listed} kind @param {string} help */
    const strip = (kind, help) => {
      const button = el("button", { type: "button", class: `kept-strip ${kind}-strip`, "aria-haspopup": "dialog", "data-help": help });
      button.addEventListener("click", () => on.openList(column, button, kind));
      return button;
    };
    this.hidden = strip("hidden", "hidden");
    this.pinned = strip("pinned", "pins");
    this.dead = el("span", { class: "quiet dead", title: "Neurons that are exactly 0 for every row of the data" });
    this.neurons = el("span", { class: "quiet neurons" });
    this.odd = el("span", { class: "odd", title: "Values of this layer that are not a number, or infinite. Rows that have some carry a mark of this colour" });
    this.grain = el("span", { class: "grain quiet" });
    this.sort = el("button", { type: "button", class: "sort-button", "aria-haspopup": "dialog", "data-help": "sort" });
    this.sort.addEventListener("click", () => on.openSort(column, this.sort));
    // A second way to the same menu, for the eye: the button beside it has all the words.
    this.others = el("span", { class: "sort-others quiet", "aria-hidden": "true", "data-help": "sort" });
    this.others.addEventListener("click", () => on.openSort(column, this.sort));
    this.direction = el("button", { type: "button", class: "direction-button", "data-help": "direction", onClick: () => this.turn() });
    this.across = el("button", { type: "button", class: "across-fit", title: "Only part of the x axis is in view. Show all of it (0)", onClick: () => setAcross(column, null) }, "↔ whole axis");
    this.across.hidden = true;
    this.lacking = el("p", { class: "plot-note", hidden: true });
    column.canvas.after(this.across, this.lacking);
    /** @param {keyof typeof ICONS} name @param {string} title @param {() => void} run @param {string} [text] */
    const zoom = (name, title, run, text) => el("button", { type: "button", class: `zoom-button zoom-${name}`, title, "aria-label": `${text ?? title.split(" (")[0]}: ${layer.name}`, onClick: run },
      svg("svg", { viewBox: "0 0 16 16", width: 15, height: 15, "aria-hidden": "true" }, svg("path", { d: ICONS[name] })), text && el("span", {}, text));
    const middle = () => column.layout.plotTop + column.layout.plotHeight / 2;
    this.out = zoom("out", "Zoom out (−)", () => zoomBy(column, 1 / ZOOM_STEP, middle()));
    this.in = zoom("in", "Zoom in (+)", () => zoomBy(column, ZOOM_STEP, middle()));
    this.whole = zoom("fit", "Zoom out to the whole layer (0)", () => fit(column), "whole layer");
    column.head.append(
      el("div", { class: "head-line" },
        el("h2", { title: layer.name, "aria-label": layer.name }, el("bdi", { class: "two" }, ...inTwo(app.shortNames.get(layer.id) ?? layer.name).map((text, i) => el("span", { class: i === 0 ? "start" : "end" }, text)))), el("span", { class: "facts" }, this.odd, this.neurons, this.dead),
        this.hidden, this.pinned, el("span", { class: "zoom-buttons" }, this.out, this.in, this.whole)),
      el("div", { class: "head-line sort-line" }, el("span", { class: "sort-label quiet" }, "Sort by"), this.sort, this.direction, el("span", { class: "sort-more" }, this.others), this.grain),
    );
    controlKeys(column.head, `Order and zoom of ${layer.name}`, ".sort-button");
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
    const { metadata } = column.app;
    const state = column.app.state.columns[column.layer.id];
    if (!state) return;
    const words = phrase(state.order, metadata);
    const others = otherKinds(state.order, metadata);
    setText(this.sort, words);
    set(this.sort, "aria-label", `Sort ${column.layer.name}: by ${words}`);
    set(this.sort, "title", `Sorted by ${words}. Choose another: ${others.join(", ")}`);
    // Both names of a difference matter more than the word before them, where there is no room for all.
    this.sort.parentElement?.classList.toggle("long", state.order.kind === "difference");
    setText(this.others, `or ${others.slice(0, 2).join(", ")} …`);
    const down = state.direction === "descending";
    const first = state.order.kind === "index" ? (down ? "last to first" : "first to last") : down ? "largest first" : "smallest first";
    if (this.first !== first) this.direction.replaceChildren(down ? "↓" : "↑", el("span", { class: "words" }, ` ${first}`));
    this.first = first;
    set(this.direction, "aria-label", `Direction: ${first}. Reverse`);
    set(this.direction, "title", `Now ${state.direction}: ${first}. Click to reverse`);
    this.tell(this.hidden, state.hidden.length, "hidden", "bring back");
    this.tell(this.pinned, state.pinned.length, "pinned", "unpin");
  }

  /**
   * Always there, so that it is known beforehand where hidden neurons come back.
   * @param {HTMLElement} strip
   * @param {number} many
   * @param {Listed} kind
   * @param {string} undo
   */
  tell(strip, many, kind, undo) {
    setText(strip, `${count(many)} ${kind}${many > 0 && kind === "hidden" ? " ⤺" : ""}`);
    strip.classList.toggle("some", many > 0);
    set(strip, "aria-label", `${plural(many, "neuron")} ${kind} in ${this.column.layer.name}${many > 0 ? `: ${undo}` : ""}`);
    set(strip, "title", many > 0 ? `List them, and ${undo}` : kind === "hidden" ? "Once zoomed in, click a neuron’s bar, then h or Hide; bring it back here" : "Shift-click a neuron’s bar to keep it on top");
  }

  /**
   * Says how many neurons a row of pixels stands for, and greys what would do nothing; called each frame.
   * @param {Frame} frame
   */
  tick({ view, screen, layer, total, column, state, metadata, data, arrangement }) {
    // Not `disabled`: the button that was just pressed would lose the keyboard's focus.
    for (const button of [this.out, this.whole]) set(button, "aria-disabled", view.span === null && "true");
    set(this.in, "aria-disabled", !canZoom(this.column, ZOOM_STEP) && "true");
    const per = 2 ** screen.level;
    const { applied } = data.filter;
    const found = applied && (applied.way === "mark" ? `${count(applied.count)} of ${plural(layer.neurons, "neuron")} marked` : `${count(total)} of ${plural(layer.neurons, "neuron")}`);
    setText(this.neurons, found ?? plural(layer.neurons, "neuron"));
    this.neurons.classList.toggle("found", found !== null);
    const summary = this.column.app.summaries.get(layer.id);
    const dead = summary?.dead[0] ?? 0;
    setText(this.dead, dead > 0 ? `${count(dead)} always 0` : "");
    const nan = summary?.nan[0] ?? 0;
    const infinite = summary?.infinite[0] ?? 0;
    setText(this.odd, [nan > 0 ? `${count(nan)} NaN` : "", infinite > 0 ? `${count(infinite)} ∞` : ""].filter(Boolean).join(" · "));
    this.across.hidden = column.across === null;
    const { app } = this.column;
    const lacking = this.without(data, arrangement, app.instancesIn(layer)).map((i) => metadata.instances[i].name);
    // Made on the page of single rows, of which this layer keeps no codes.
    const [known, placed] = [app.groupsIn(layer), app.instancesIn(layer)];
    const unknown = [...state.groups.filter((group) => !known.includes(group)).map((group) => metadata.groups[group].name), ...state.instances.filter((i) => !placed.includes(i)).map((i) => metadata.instances[i].name)];
    const notes = [lacking.length > 0 ? `${lacking.join(", ")}: no value in this layer` : "", unknown.length > 0 ? `${unknown.join(", ")}: not in this layer, which ${app.isPlain ? "comes from plain files" : "has no codes of single rows"}` : ""].filter(Boolean);
    this.lacking.hidden = notes.length === 0;
    if (notes.length > 0) setText(this.lacking, notes.join(" · "));
    const words = per > 1 ? `1 row = ${count(per)} neurons` : "";
    const title = words && column.hidden.length > 0 ? `${words}, including hidden ones` : words;
    if (this.grain.title === title) return;
    this.grain.title = title;
    this.grain.replaceChildren(el("span", { class: "long" }, words), el("span", { class: "short", "aria-hidden": "true" }, per > 1 ? `${count(per)} a row` : ""));
  }

  /**
   * Those of the instances that have no finite value in the whole layer, as far as it is known.
   * @param {import("./columndata.js").ColumnData} data
   * @param {import("./columndata.js").Arrangement} of
   * @param {readonly number[]} instances
   */
  without(data, of, instances) {
    return instances.filter((instance) => {
      const values = this.column.app.source.values(data.rowsKey(of.query, data.top, 0), instance);
      if (!values) return false;
      let empty = this.empty.get(values);
      if (empty === undefined) this.empty.set(values, (empty = values.every(Number.isNaN)));
      return empty;
    });
  }
}
