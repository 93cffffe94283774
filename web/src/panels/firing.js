/** The rows that fire a neuron most, and least: of all rows exactly, of a class to the bin. */

import { el, set } from "../dom.js";
import { count, figure } from "../model/format.js";
import { PRIORITY } from "../data/tiles.js";
import { enter, isInstance, roving, rowCards } from "./rowcards.js";

/** @typedef {import("../data/rows.js").FiringRow} FiringRow */

const COLUMNS = 4;
const ENDS = /** @type {const} */ (["highest", "lowest"]);

export class FiringView {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/rows.js").RowSource} rows
   */
  constructor(app, rows) {
    this.app = app;
    this.rows = rows;
    /** The group among whose rows they are looked for. */
    this.group = 0;
    this.showing = "";
    this.tabs = "";
    /** @type {AbortController | null} */
    this.asking = null;
    this.choice = el("div", { class: "firing-choice", role: "radiogroup", "aria-label": "Among which rows" });
    this.choice.addEventListener("keydown", (event) => this.key(event));
    this.lists = ENDS.map((end) => {
      const head = el("h3", { id: `firing-${end}` });
      const list = el("div", { class: "row-cards", role: "group", "aria-labelledby": `firing-${end}` });
      roving(list, COLUMNS);
      return { end, head, list };
    });
    this.element = el("section", { class: "firing-rows", "aria-label": "Rows that fire it" }, this.choice,
      el("div", { class: "firing-lists" }, ...this.lists.map(({ head, list }) => el("div", {}, head, list))));
  }

  update() {
    const { app } = this;
    const { panel, groups } = app.state;
    if (!panel) {
      this.asking?.abort();
      this.showing = "";
      return;
    }
    if (this.group !== 0 && !groups.includes(this.group)) this.group = 0;
    this.offer();
    const key = `${panel.layer}|${panel.neuron}|${this.group}|${app.theme.name}`;
    if (key !== this.showing) {
      this.showing = key;
      void this.load(panel.layer, panel.neuron, key);
    }
    for (const card of this.element.querySelectorAll(".row-card")) set(card, "aria-pressed", String(isInstance(app, Number(/** @type {HTMLElement} */ (card).dataset.row))));
  }

  /** The groups to choose from: all rows, and those on screen. */
  offer() {
    const { app } = this;
    const groups = [0, ...app.state.groups.filter((group) => group !== 0)];
    const key = `${groups.map((group) => app.metadata.groups[group].name)}|${this.group}`;
    if (key === this.tabs) return;
    this.tabs = key;
    const focused = this.choice.contains(document.activeElement);
    this.choice.hidden = app.isPlain;
    this.choice.replaceChildren(...groups.map((group) => el("button", {
      type: "button", role: "radio", "aria-checked": String(group === this.group), tabindex: group === this.group ? 0 : -1, "data-group": group, onClick: () => this.choose(group),
    }, group === 0 ? "all rows" : app.metadata.groups[group].name)));
    if (focused) /** @type {HTMLElement | null} */ (this.choice.querySelector("[aria-checked=true]"))?.focus();
  }

  /** @param {number} group */
  choose(group) {
    this.group = group;
    this.update();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const by = event.key === "ArrowRight" || event.key === "ArrowDown" ? 1 : event.key === "ArrowLeft" || event.key === "ArrowUp" ? -1 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const groups = [...this.choice.children].map((one) => Number(/** @type {HTMLElement} */ (one).dataset.group));
    this.choose(groups[(groups.indexOf(this.group) + by + groups.length) % groups.length]);
  }

  /**
   * Asks for what the panel of a neuron would show, when nothing else is under way: the pointer rests on it.
   * @param {string} layer
   * @param {number} neuron
   * @param {AbortSignal} signal
   */
  async foresee(layer, neuron, signal) {
    if (!this.app.metadata.table?.pictures) return;
    try {
      for (const end of ENDS) {
        const { rows } = await this.rows.firing(layer, neuron, 0, end, signal, PRIORITY.next);
        await this.rows.pictures(rows.map(({ row }) => row), signal, PRIORITY.next);
      }
    } catch {
      // The pointer has gone on, or the panel will ask again and tell.
    }
  }

  /** @param {string} layer @param {number} neuron @param {string} key */
  async load(layer, neuron, key) {
    this.asking?.abort();
    this.asking = new AbortController();
    const { signal } = this.asking;
    await Promise.all(this.lists.map(async ({ end, head, list }) => {
      try {
        const found = await this.rows.firing(layer, neuron, this.group, end, signal);
        if (this.showing !== key) return;
        head.replaceChildren(end === "highest" ? "Fire it most" : "Least", el("span", { class: "quiet" }, ` ${this.range(found, end)}`));
        list.classList.toggle("texts", !this.app.metadata.table?.pictures);
        list.replaceChildren(...rowCards(this.app, this.rows, found.rows, valueWords, signal));
        enter(list);
      } catch (error) {
        if (this.showing !== key || /** @type {import("../data/queue.js").RequestError} */ (error).aborted) return;
        head.textContent = end === "highest" ? "Fire it most" : "Least";
        list.replaceChildren(el("p", { class: "quiet" }, /** @type {any} */ (error).detail ?? String(error)));
      }
    }));
  }

  /**
   * From where to where, and whether they tie at 0. Of other values nobody knows how many are the same.
   * @param {import("../data/rows.js").Firing} firing
   * @param {"highest" | "lowest"} end
   */
  range({ rows: found, tied = 0 }, end) {
    if (found.length === 0) return "no row has a finite value";
    const [first, last] = [found[0], found[found.length - 1]];
    const exact = found.every((row) => row.low === row.high && row.low !== null);
    const zeros = found.filter((row) => row.low === 0 && row.high === 0).length;
    const ties = last.low === 0 && last.high === 0 && tied > zeros ? `${count(tied)} tie at 0; the first ${zeros}` : "";
    if (exact && found.length > 1 && first.low === last.low) return ties || `all ${found.length} at ${figure(first.low)}`;
    if (exact) return `${figure(first.low)} to ${figure(last.low)}${ties && `: ${ties}`}`;
    return end === "highest" ? `${figure(first.high)} to ${figure(last.low)}, to the bin` : `${figure(first.low)} to ${figure(last.high)}, to the bin`;
  }
}

/** @param {FiringRow} row */
function valueWords({ low, high }) {
  if (low === high) return figure(low, 4);
  if (low === null) return `below ${figure(high, 4)}`;
  return high === null ? `${figure(low, 4)} or more` : `from ${figure(low, 4)} to below ${figure(high, 4)}`;
}
