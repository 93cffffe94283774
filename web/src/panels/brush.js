/**
 * The brush on a neuron's chart: a part of its range, from edge to edge of its bins, becomes a group of the moment that all layers show. While it
 * is dragged one group at a time is on its way: the picture changes once all of it is there, and what was passed over is never asked for.
 */

import { el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, figure, plural } from "../model/format.js";
import { brushed, brushOf, freeColour, hasCodes, isMoment, momentGroup, MOMENTS_MAX } from "../model/moments.js";
import { within } from "../model/neuronaxis.js";
import { GROUPS_MAX } from "../model/state.js";
import { tilesOf } from "../model/viewport.js";
import { PRIORITY } from "../data/tiles.js";
import { swatch } from "../view/hovercard.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../model/neuronaxis.js").NeuronAxis} NeuronAxis */
/** @typedef {{box: HTMLElement, chart: import("./neuronchart.js").Drawn, axis: NeuronAxis, facts: NeuronFacts}} Attached */
/** @typedef {{first: number, end: number}} Bins of the neuron's grid; `first` 0 and `end` 256: without end */

/** A handle is taken hold of from so near. CSS pixels. */
const GRIP = 7;
/** A pointer that moved less than this has not dragged. */
const SLACK = 3;
/** Classes told by name in the sentence. */
const NAMED_MAX = 2;

export class Brush {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../view/activation.js").ActivationView} activation
   */
  constructor(app, activation) {
    this.app = app;
    this.activation = activation;
    /** @type {Attached | null} */
    this.at = null;
    /** @type {Bins | null} what is under the hand, ahead of what the picture shows */
    this.bins = null;
    this.isDragging = false;
    /** @type {string | null} the expression whose tiles are on their way */
    this.flying = null;
    this.shade = el("div", { class: "brush-shade", hidden: true });
    const handle = (/** @type {"first" | "end"} */ end, /** @type {string} */ label) => el("div", {
      class: `brush-handle brush-${end}`, role: "slider", tabindex: 0, "aria-label": label, onKeydown: (/** @type {KeyboardEvent} */ event) => this.key(end, event),
    });
    this.handles = { first: handle("first", "Lower end of the brush"), end: handle("end", "Upper end of the brush") };
    this.area = el("div", { class: "brush-area", title: "Drag to brush: the rows in that part become a group that all layers show" });
    this.title = el("b");
    this.bar = el("div", { class: "class-bar", "aria-hidden": "true" });
    this.words = el("span");
    this.keep = el("button", { type: "button", id: "brush-keep", onClick: () => this.kept() }, "Keep as a group");
    this.clear = el("button", { type: "button", class: "icon-button", id: "brush-clear", "aria-label": "Remove the brush", title: "Remove the brush", onClick: () => this.remove() }, "×");
    this.hint = el("p", { class: "quiet brush-hint" }, "Drag over the chart: those rows become a group in all layers.");
    this.sentence = el("div", { class: "brush-words", "aria-live": "polite" }, this.title, this.bar, el("div", { class: "brush-line" }, this.words, el("span", { class: "spring" }), this.keep, this.clear));
    this.element = el("div", { class: "brush" }, this.hint, this.sentence);
    this.area.addEventListener("pointerdown", (event) => this.down(event));
  }

  /** The brushed group on screen, where it is one of this neuron. */
  get part() {
    const { state, metadata } = this.app;
    if (state.brush === null || !state.panel) return null;
    return brushOf(metadata.groups[state.brush].where ?? "", this.app.layer(state.panel.layer).name, state.panel.neuron);
  }

  /** @param {Attached} at what was drawn */
  attach(at) {
    // Figures of the same neuron that come while the hand moves, or what it left is on its way, change nothing of that.
    if (this.at?.facts.layer !== at.facts.layer || this.at.facts.neuron !== at.facts.neuron) this.bins = null;
    this.at = at;
    if (this.area.parentElement !== at.box) at.box.append(this.area, this.shade, this.handles.first, this.handles.end);
    this.update();
  }

  /** @param {{from: number | null, below: number | null}} part @returns {Bins} */
  binsOf({ from, below }) {
    const { start, binWidth } = /** @type {Attached} */ (this.at).axis;
    const bin = (/** @type {number} */ value) => Math.min(256, Math.max(0, Math.round((value - start) / binWidth)));
    return { first: from === null ? 0 : bin(from), end: below === null ? 256 : bin(below) };
  }

  update() {
    const { at, app } = this;
    const layer = app.state.panel && app.layer(app.state.panel.layer);
    if (!at || !layer || at.facts.layer !== layer.id) return;
    // A row with several samples has no one value; a site of plain files knows no single rows.
    const cannot = app.isPlain ? "A site of plain files knows no single rows: to brush, ask a server."
      : layer.samples > 1 ? "Rows have several values in this layer: there is nothing to brush."
        : hasCodes(layer) ? "" : "This layer was stored without codes of single rows (codes: columns in the job): there is nothing to brush.";
    this.area.hidden = cannot !== "";
    for (const handle of Object.values(this.handles)) handle.hidden = cannot !== "";
    const part = this.part;
    const bins = this.bins ?? (part && this.binsOf(part));
    this.hint.hidden = bins !== null;
    setText(this.hint, cannot || "Drag over the chart: those rows become a group in all layers.");
    this.sentence.hidden = this.shade.hidden = bins === null;
    set(this.element, "data-settled", String(bins !== null && this.bins === null && this.flying === null));
    this.place(at, bins);
    if (bins) this.tell(at, bins);
  }

  /** @param {Attached} at @param {Bins | null} bins */
  place({ chart, axis }, bins) {
    const { left, right, top, bottom, toX } = chart;
    const x = (/** @type {number} */ bin) => Math.min(right, Math.max(left, toX(axis.start + bin * axis.binWidth)));
    Object.assign(this.area.style, { left: `${left}px`, width: `${right - left}px`, top: `${top}px`, height: `${bottom - top + 20}px` });
    const from = bins && bins.first > 0 ? x(bins.first) : left;
    const to = bins && bins.end < 256 ? x(bins.end) : right;
    Object.assign(this.shade.style, { left: `${from}px`, width: `${Math.max(1, to - from)}px`, top: `${top}px`, height: `${bottom - top}px` });
    for (const [name, at] of /** @type {["first" | "end", number][]} */ ([["first", from], ["end", to]])) {
      const handle = this.handles[name];
      Object.assign(handle.style, { left: `${at}px`, top: `${bottom - 8}px` });
      handle.classList.toggle("set", bins !== null && (name === "first" ? bins.first > 0 : bins.end < 256));
      const bin = bins?.[name] ?? (name === "first" ? axis.first : axis.end);
      const value = axis.start + bin * axis.binWidth;
      set(handle, "aria-valuemin", String(Math.min(value, axis.lo)));
      set(handle, "aria-valuemax", String(Math.max(value, axis.hi)));
      set(handle, "aria-valuenow", String(value));
      set(handle, "aria-valuetext", bins && (name === "first" ? bins.first > 0 : bins.end < 256) ? figure(value, 4) : "no end");
    }
  }

  /**
   * How many rows, of which classes: exact, since the brush ends at edges.
   * @param {Attached} at
   * @param {Bins} bins
   */
  tell({ axis, facts }, bins) {
    const { metadata } = this.app;
    const all = facts.groups.find(({ group }) => group === 0) ?? facts.groups[0];
    const total = within(all, bins);
    const [from, below] = [bins.first, bins.end].map((bin) => figure(axis.start + bin * axis.binWidth, 4));
    const neuron = `neuron ${facts.neuron}`;
    const range = bins.end === 256 ? `${neuron} ≥ ${from}` : bins.first === 0 ? `${neuron} < ${below}` : `${from} ≤ ${neuron} < ${below}`;
    setText(this.title, `${count(total)} of ${plural(all.count + all.nan + all.infinite, "row")}: ${range}`);
    const classes = facts.groups.filter(({ group }) => metadata.groups[group].kind === "class").map((group) => ({ group, n: within(group, bins) }))
      .filter(({ n }) => n > 0).sort((a, b) => b.n - a.n);
    this.bar.replaceChildren(...classes.map(({ group, n }) => {
      const piece = el("i", { title: `${group.name}: ${count(n)}` });
      piece.style.flexGrow = String(n);
      piece.style.background = css(this.app.colour(group.group));
      return piece;
    }));
    const named = classes.slice(0, NAMED_MAX);
    const rest = total - named.reduce((sum, { n }) => sum + n, 0);
    this.words.replaceChildren(...named.map(({ group, n }) => el("span", { class: "brush-class" }, swatch(css(this.app.colour(group.group))), `${group.name} ${count(n)}`)),
      ...(rest > 0 && named.length > 0 ? [el("span", { class: "quiet" }, `${count(rest)} other`)] : []));
  }

  /**
   * The edge nearest to a place.
   * @param {number} clientX
   */
  edge(clientX) {
    const { box, chart, axis } = /** @type {Attached} */ (this.at);
    const x = clientX - box.getBoundingClientRect().left;
    if (x >= chart.right - 1) return 256;
    if (x <= chart.left + 1) return axis.first;
    const value = axis.lo + ((x - chart.left) / (chart.right - chart.left)) * (axis.hi - axis.lo);
    return Math.min(axis.end, Math.max(axis.first, Math.round((value - axis.start) / axis.binWidth)));
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (event.button !== 0 || !this.at) return;
    const { chart, axis, box } = this.at;
    const x = event.clientX - box.getBoundingClientRect().left;
    const now = this.bins ?? (this.part && this.binsOf(this.part));
    const near = (/** @type {number} */ bin) => Math.abs(chart.toX(axis.start + bin * axis.binWidth) - x) <= GRIP;
    // Taking hold of an end moves it; anywhere else begins anew.
    const fixed = now && now.first > 0 && near(now.first) ? now.end : now && now.end < 256 && near(now.end) ? now.first : this.edge(event.clientX);
    const begun = event.clientX;
    this.area.setPointerCapture(event.pointerId);
    const move = (/** @type {PointerEvent} */ next) => {
      if (!this.isDragging && Math.abs(next.clientX - begun) < SLACK) return;
      this.isDragging = this.app.brushing = true;
      const edge = this.edge(next.clientX);
      const [a, b] = [Math.min(fixed, edge), Math.max(fixed, edge)];
      if (a === b) return;
      this.set({ first: a <= axis.first && a !== fixed ? 0 : a, end: b });
    };
    const end = () => {
      this.area.removeEventListener("pointermove", move);
      const was = this.isDragging;
      this.isDragging = this.app.brushing = false;
      if (was) this.follow();
      // The overview can come now.
      this.app.redraw();
    };
    this.area.addEventListener("pointermove", move);
    this.area.addEventListener("pointerup", end, { once: true });
    this.area.addEventListener("pointercancel", end, { once: true });
  }

  /** @param {"first" | "end"} end @param {KeyboardEvent} event */
  key(end, event) {
    if (!this.at) return;
    const by = event.key === "ArrowRight" || event.key === "ArrowUp" ? 1 : event.key === "ArrowLeft" || event.key === "ArrowDown" ? -1 : event.key === "PageUp" ? 8 : event.key === "PageDown" ? -8 : 0;
    if (by === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const { axis } = this.at;
    const now = this.bins ?? (this.part && this.binsOf(this.part)) ?? { first: 0, end: 256 };
    const from = end === "first" ? Math.max(axis.first, now.first) : Math.min(axis.end, now.end);
    const to = Math.min(axis.end, Math.max(axis.first, from + by));
    const next = end === "first" ? { first: to <= axis.first ? 0 : to, end: now.end } : { first: now.first, end: to >= axis.end ? 256 : to };
    if (next.end <= next.first) return;
    this.set(next);
    this.follow();
  }

  /** @param {Bins} bins */
  set(bins) {
    if (this.bins && this.bins.first === bins.first && this.bins.end === bins.end) return;
    this.bins = bins;
    this.update();
    this.follow();
  }

  /** The expression under the hand; empty: none. */
  wanted() {
    const { panel } = this.app.state;
    if (!this.bins || !this.at || !panel) return "";
    const { start, binWidth } = this.at.axis;
    const { first, end } = this.bins;
    return brushed(this.app.layer(panel.layer).name, panel.neuron, { from: first > 0 ? start + first * binWidth : null, below: end < 256 ? start + end * binWidth : null });
  }

  /** Asks for the tiles of what is under the hand, one group at a time, and shows it once they are there. */
  async follow() {
    if (this.flying !== null) return;
    const { app } = this;
    const where = this.wanted();
    if (where === "" || (app.state.brush !== null && app.metadata.groups[app.state.brush].where === where)) {
      if (!this.isDragging && where !== "") this.settle();
      return;
    }
    if (app.state.brush === null && (app.state.moments.length >= MOMENTS_MAX || app.state.groups.length >= GROUPS_MAX)) return app.tell("There are as many groups as can be shown. Remove one first.");
    this.flying = where;
    const before = app.state.brush;
    const colour = before === null ? freeColour(app.metadata, app.state.moments) : app.metadata.groups[before].colour;
    const group = momentGroup(app.metadata, { where, colour });
    if (this.at && this.bins) app.metadata.groups[group].rows = within(this.at.facts.groups[0], this.bins);
    try {
      await this.load(group);
      this.show(group, before);
    } catch (error) {
      this.bins = null;
      app.tell(/** @type {any} */ (error).detail ?? String(error));
      this.update();
    } finally {
      this.flying = null;
    }
    // The hand may have gone on meanwhile.
    if (this.wanted() !== where) void this.follow();
    else if (!this.isDragging) this.settle();
  }

  /**
   * What is seen of a group in the columns, before they show it. The overview follows when the hand rests: of a large layer it takes a
   * pass over all neurons.
   * @param {number} group
   */
  async load(group) {
    const { app } = this;
    /** @type {import("../data/tiles.js").Want[]} */
    const wants = [];
    for (const { data, frame: { arrangement, screen }, layer } of this.activation.shown()) {
      if (hasCodes(layer)) for (const index of tilesOf(screen.rows)) data.wantTile(arrangement, group, screen.level, index, PRIORITY.person, wants);
    }
    await Promise.all(wants.map(async ({ url, key }) => {
      const { data, bytes } = await app.queue.request({ url, kind: "tile", priority: PRIORITY.person });
      app.source.cache.set(key, data, bytes);
    }));
  }

  /** @param {number} group @param {number | null} before */
  show(group, before) {
    this.app.update((draft) => {
      draft.brush = group;
      draft.moments = [...draft.moments.filter((one) => one !== before && one !== group), group];
      draft.groups = [...draft.groups.filter((one) => one !== before && one !== group), group];
    }, before === null ? "push" : "quiet");
  }

  /** The hand rests: what is shown is what is meant. */
  settle() {
    this.bins = null;
    this.app.writeAddress();
    this.app.replace(this.app.state);
  }

  remove() {
    this.bins = null;
    const { brush } = this.app.state;
    this.app.update((draft) => {
      draft.brush = null;
      draft.moments = draft.moments.filter((group) => group !== brush);
      draft.groups = draft.groups.filter((group) => group !== brush);
    });
    this.update();
  }

  kept() {
    const { app } = this;
    const { brush } = app.state;
    if (brush === null || !isMoment(app.metadata, brush)) return;
    app.update((draft) => {
      draft.brush = null;
    });
    this.bins = null;
    this.update();
    app.announce(`${app.metadata.groups[brush].name} is kept as a group`);
  }
}
