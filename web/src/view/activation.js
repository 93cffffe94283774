/** The Activation view: a column for each chosen layer, and what the pointer and keyboard do in them. */

import { byId, el } from "../dom.js";
import { count } from "../model/format.js";
import { AXIS_HEIGHT } from "../model/layout.js";
import { HIDDEN_MAX, PINNED_MAX } from "../model/state.js";
import { Column } from "./column.js";
import { neuronOf } from "./columnframe.js";
import { ColumnHead } from "./columnhead.js";
import { ContextHelp } from "./contexthelp.js";
import { attachGestures } from "./gestures.js";
import { HoverCard } from "./hovercard.js";
import { attachKeys } from "./keys.js";
import { NOTHING_TO_SCROLL, zoomToNames } from "./navigate.js";

/** @typedef {import("./columnframe.js").Hit} Hit */

export class ActivationView {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/facts.js").FactsSource} facts
   * @param {import("./columnhead.js").Menus} menus
   */
  constructor(app, facts, menus) {
    this.app = app;
    this.menus = menus;
    this.element = byId("columns");
    this.card = new HoverCard(app, facts);
    this.help = new ContextHelp();
    /** @type {Map<string, {column: Column, head: ColumnHead}>} */
    this.columns = new Map();
    this.arrange();
    app.onChange((state, before) => {
      if (state.layers.join() !== before.layers.join()) this.arrange();
    });
  }

  /** Columns in the order of the network, kept where they were: their tiles and cursor survive a toggle. */
  arrange() {
    const { state } = this.app;
    const wanted = this.app.metadata.layers.filter((layer) => state.layers.includes(layer.id));
    for (const layer of wanted) if (!this.columns.has(layer.id)) this.columns.set(layer.id, this.make(layer));
    const elements = wanted.map((layer) => /** @type {{column: Column}} */ (this.columns.get(layer.id)).column.element);
    const empty = el("p", { class: "empty" }, "Choose a layer on the left to see its neurons.");
    if (elements.length === 0) this.element.replaceChildren(empty);
    else if ([...this.element.children].some((child, i) => child !== elements[i]) || this.element.children.length !== elements.length) {
      this.element.replaceChildren(...elements);
    }
    this.element.style.setProperty("--columns", String(Math.max(1, elements.length)));
  }

  /** @returns {Column[]} those on screen, left to right */
  shown() {
    return this.app.metadata.layers.flatMap((layer) => {
      const entry = this.app.state.layers.includes(layer.id) ? this.columns.get(layer.id) : undefined;
      return entry ? [entry.column] : [];
    });
  }

  /** @param {import("../types").Layer} layer */
  make(layer) {
    const { app } = this;
    const column = new Column(app, layer);
    const head = new ColumnHead(column, this.menus);
    attachGestures(column, {
      click: (y, _x, event) => this.click(column, y, event),
      hover: (y, event) => this.hover(column, y, event),
      nothingToScroll: () => app.tell(NOTHING_TO_SCROLL),
    });
    attachKeys(column, {
      hide: (neuron) => this.toggleHidden(column, neuron),
      pin: (neuron) => this.togglePinned(column, neuron),
      open: (neuron) => this.open(column, neuron),
      moved: (neuron, rank) => {
        app.announce(`neuron ${neuron}, rank ${count(rank + 1)}`);
        // The open panel goes along.
        if (app.state.panel?.layer === layer.id && app.state.panel.neuron !== neuron) this.open(column, neuron, "replace");
      },
    });
    return { column, head };
  }

  /** @param {Column} column @param {number} y @param {PointerEvent} event */
  click(column, y, event) {
    const hit = column.hit(y);
    if (!hit) return;
    const { frame } = column;
    const neuron = neuronOf(frame, hit);
    if (event.shiftKey && neuron !== null) this.togglePinned(column, neuron);
    else if (hit.kind === "row" && frame.thin) zoomToNames(column, y);
    else if (neuron === null) return;
    else {
      // Its rank is on screen: no need to ask for it before the row can be framed, or go.
      if (hit.kind === "row") column.data.learn(neuron, hit.row);
      this.open(column, neuron);
    }
    this.card.hide();
  }

  /** @param {Column} column @param {number | null} y @param {PointerEvent | null} event */
  hover(column, y, event) {
    const hit = y === null ? null : column.hit(y);
    const before = JSON.stringify(column.hovered);
    column.hovered = hit;
    if (JSON.stringify(hit) !== before) this.app.redraw();
    this.help.at(y === null ? "rest" : y < AXIS_HEIGHT ? "axis" : placeOf(column.frame, hit));
    column.canvas.classList.toggle("over-row", hit !== null);
    column.canvas.classList.toggle("over-thin", hit?.kind === "row" && column.frame.thin);
    if (hit && event && event.pointerType !== "touch") this.card.show(column.frame, hit, { x: event.clientX, y: event.clientY }, column);
    else this.card.hide();
  }

  /** @param {Column} column @param {number} neuron @param {import("../app.js").History} [history] */
  open(column, neuron, history = "push") {
    column.cursor = neuron;
    this.app.update((draft) => {
      draft.panel = { layer: column.layer.id, neuron };
    }, history);
  }

  /** @param {Column} column @param {number} neuron */
  toggleHidden(column, neuron) {
    const { hidden } = column.state;
    if (!hidden.includes(neuron) && hidden.length >= HIDDEN_MAX) return this.app.tell(`${HIDDEN_MAX} neurons are hidden already; bring some back first.`);
    this.app.update((draft) => {
      const state = draft.columns[column.layer.id];
      state.hidden = hidden.includes(neuron) ? hidden.filter((n) => n !== neuron) : [...hidden, neuron];
    });
    const now = column.state.hidden.length;
    this.app.announce(`neuron ${neuron} ${hidden.includes(neuron) ? "back" : "hidden"}, ${count(now)} hidden in ${column.layer.name}`);
    if (!hidden.includes(neuron)) this.app.tell(`Neuron ${neuron} is hidden.`, { label: "Undo", run: () => this.app.undo() });
  }

  /** @param {Column} column @param {number} neuron */
  togglePinned(column, neuron) {
    const { pinned } = column.state;
    if (!pinned.includes(neuron) && pinned.length >= PINNED_MAX) return this.app.tell(`${PINNED_MAX} neurons are pinned already; unpin one first.`);
    this.app.update((draft) => {
      draft.columns[column.layer.id].pinned = pinned.includes(neuron) ? pinned.filter((n) => n !== neuron) : [...pinned, neuron];
    });
    this.app.announce(`neuron ${neuron} ${pinned.includes(neuron) ? "unpinned" : "pinned"}`);
  }

  /** One frame of all columns. */
  render() {
    /** @type {import("../data/tiles.js").Want[]} */
    const wants = [];
    let covered = true;
    let sharp = true;
    const columns = this.shown();
    let thin = columns.length > 0;
    let whole = true;
    for (const column of columns) {
      const result = column.render(wants);
      covered &&= result.covered;
      sharp &&= result.sharp;
      thin &&= column.frame.thin;
      whole &&= column.frame.view.span === null;
      this.columns.get(column.layer.id)?.head.tick(column.frame);
    }
    this.app.source.sync(wants);
    this.help.sees(thin, whole);
    return { covered, sharp };
  }
}

/**
 * The name towards the context help of what is under the pointer.
 * @param {import("./columnframe.js").Frame} frame
 * @param {Hit | null} hit
 */
function placeOf({ thin }, hit) {
  if (hit?.kind !== "row") return hit?.kind ?? "rest";
  if (thin) return hit.level > 0 ? "sum" : "thin";
  return "row";
}
