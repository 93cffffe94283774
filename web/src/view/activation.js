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
import { extend, extendByKeys, pick, rowsBetween, toggle } from "./selecting.js";
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
    /**
     * Columns of the other version, by layer.
     * @type {Map<string, {column: Column, head: ColumnHead}>}
     */
    this.others = new Map();
    /** @type {HoverCard | null} */
    this.otherCard = null;
    this.arranged = "";
    this.arrange();
    app.onChange(() => this.arrange());
  }

  /**
   * Shows another version beside this one, or none.
   * @param {import("../other.js").OtherApp | null} other
   * @param {import("../data/facts.js").FactsSource | null} facts
   */
  beside(other, facts) {
    this.app.other?.source.clear();
    this.app.other = other;
    this.others.clear();
    this.otherCard?.element.remove();
    this.otherCard = other && facts ? new HoverCard(other, facts) : null;
    this.app.refresh();
  }

  /** Columns in the order of the network, kept where they were: their tiles and cursor survive a toggle. */
  arrange() {
    const { state, other } = this.app;
    const key = `${state.layers}|${other?.metadata.version}`;
    if (key === this.arranged) return;
    this.arranged = key;
    const wanted = this.app.metadata.layers.filter((layer) => state.layers.includes(layer.id));
    for (const layer of wanted) if (!this.columns.has(layer.id)) this.columns.set(layer.id, this.make(layer));
    for (const { id } of other ? wanted : []) {
      const layer = other?.shared.has(id) ? other.metadata.layers.find((one) => one.id === id) : undefined;
      if (other && layer && !this.others.has(id)) this.others.set(id, this.make(layer, other));
    }
    const elements = wanted.flatMap(({ id }) => [this.columns.get(id), this.others.get(id)].flatMap((entry) => entry?.column.element ?? []));
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

  /** Those that show rows, with those of the other version: a layer that is shown channel by channel has none. */
  drawn() {
    const { layers, channels } = this.app.state;
    return this.app.metadata.layers.filter(({ id }) => layers.includes(id) && !channels[id]).flatMap(({ id }) => [this.columns.get(id), this.others.get(id)].flatMap((entry) => entry ?? []));
  }

  /** @param {import("../types").Layer} layer @param {import("../app.js").App} [app] another version's */
  make(layer, app = this.app) {
    const column = new Column(app, layer);
    const head = new ColumnHead(column, this.menus);
    attachGestures(column, {
      click: (y, _x, event) => this.click(column, y, event),
      pick: (from, to, event, done) => this.pick(column, from, to, { adds: event.ctrlKey || event.metaKey, done }),
      hover: (y, event) => this.hover(column, y, event),
      nothingToScroll: () => app.tell(NOTHING_TO_SCROLL),
    });
    attachKeys(column, {
      extend: (from, to) => extendByKeys(column, from, to),
      unpick: () => pick(app, layer.id, []),
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
    if ((event.ctrlKey || event.metaKey) && neuron !== null) toggle(column, neuron);
    else if (event.shiftKey && neuron !== null && hit.kind === "row" && column.picked.length > 0) void extend(column, hit.row);
    else if (event.shiftKey && neuron !== null) this.togglePinned(column, neuron);
    else if (hit.kind === "row" && frame.thin) zoomToNames(column, y);
    else if (neuron === null) return;
    else {
      // Its rank is on screen: no need to ask for it before the row can be framed, or go.
      if (hit.kind === "row") column.data.learn(neuron, hit.row);
      this.open(column, neuron);
    }
    this.cardOf(column).hide();
  }

  /** @param {Column} column */
  cardOf(column) {
    return column.app === this.app ? this.card : this.otherCard ?? this.card;
  }

  /** @param {Column} column @param {number} from CSS pixels from the canvas' top @param {number} to @param {{adds: boolean, done: boolean}} how */
  pick(column, from, to, { adds, done }) {
    this.cardOf(column).hide();
    if (column.frame.screen.level > 0) {
      if (done) this.app.tell("A row here is several neurons: zoom in to select single ones.");
      return;
    }
    const neurons = [...(adds ? column.picked : []), ...rowsBetween(column, from, to)];
    column.picking = done ? null : neurons;
    if (done) pick(this.app, column.layer.id, neurons);
    else this.app.redraw();
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
    // The same row of the other version.
    for (const one of [this.columns, this.others]) {
      const twin = one.get(column.layer.id)?.column;
      if (twin && this.others.size > 0) twin.hovered = hit;
    }
    if (hit && event && event.pointerType !== "touch") this.cardOf(column).show(column.frame, hit, { x: event.clientX, y: event.clientY }, column);
    else this.cardOf(column).hide();
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
    /** @type {import("../data/tiles.js").Want[]} */
    const otherWants = [];
    let covered = true;
    let sharp = true;
    // What is shown channel by channel has no rows to draw.
    const columns = this.drawn();
    let thin = columns.length > 0;
    let whole = true;
    for (const { column, head } of columns) {
      const result = column.render(column.app === this.app ? wants : otherWants);
      covered &&= result.covered;
      sharp &&= result.sharp;
      thin &&= column.frame.thin;
      whole &&= column.frame.view.span === null;
      if (result.isNew) head.tick(column.frame);
    }
    this.app.source.sync(wants);
    this.app.other?.source.sync(otherWants);
    this.help.sees(thin, whole, columns.length > 0 || this.app.state.layers.length === 0);
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
