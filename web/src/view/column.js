/** One column of the Activation view: its elements, its canvas, and a frame of it. */

import { el, context2d, set } from "../dom.js";
import { APART_ROW, columnLayout, LABEL_ROW, PINNED_ROW, TICK_Y } from "../model/layout.js";
import { Motion } from "../model/motion.js";
import { encodeOrder, phrase } from "../model/order.js";
import { clampView, lastRank, levelFor, rowHeight, screenRows } from "../model/viewport.js";
import { PRIORITY } from "../data/tiles.js";
import { axisTitle, paintAxis, paintGrid, paintHeadings, paintRowLabels, paintRowsTitle, rowsTitle } from "./axis.js";
import { Aloud } from "./aloud.js";
import { ColumnAxis } from "./columnaxis.js";
import { ColumnData, sameArrangement, sameRows } from "./columndata.js";
import { ColumnMarks } from "./columnmarks.js";
import { markers, paintDots } from "./dots.js";
import { HATCH_FROM_ROW, paintHatched } from "./hatch.js";
import { lackingLines, paintLacking } from "./lacking.js";
import { Minimap } from "./minimap.js";
import { paintLines, paintZeros } from "./painter.js";

/** @typedef {import("../data/tiles.js").Want} Want */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */
/** @typedef {ReturnType<typeof screenRows>} ScreenRows */
/** @typedef {{kind: "pinned", neuron: number} | {kind: "row", row: number, level: number}} Hit what lies under the pointer */
/** @typedef {import("./columnaxis.js").Axis} Axis */

export class Column {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
    this.axis = new ColumnAxis(this);
    this.data = new ColumnData(app, layer, () => this.axis.window());
    this.marks = new ColumnMarks(this);
    this.canvas = el("canvas", { class: "plot", tabindex: 0, role: "application", "aria-roledescription": "activation plot" });
    this.context = context2d(this.canvas);
    this.empty = el("p", { class: "plot-empty", hidden: true }, "Choose classes or instances on the left to see how they activate these neurons.");
    this.minimap = new Minimap(this);
    /** Whether something on screen could not be had. */
    this.lacking = false;
    this.head = el("header", { class: "column-head" });
    this.body = el("div", { class: "column-body" }, el("div", { class: "plot-box" }, this.canvas, this.empty), this.minimap.element);
    this.element = el("section", { class: "column", id: `column-${layer.id}`, "data-layer": layer.id, "aria-label": `Layer ${layer.name}` }, this.head, this.body);
    this.aloud = new Aloud(this);
    this.element.append(this.aloud.element);
    this.width = 0;
    this.height = 0;
    /**
     * The neuron the keyboard stands on, or a jump went to.
     * @type {number | null}
     */
    this.cursor = null;
    /** @type {Hit | null} */
    this.hovered = null;
    this.level = 0;
    this.rowHeight = 1;
    this.motion = new Motion();
    this.layout = this.measure();
    new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.height = entry.contentRect.height;
      app.redraw();
    }).observe(/** @type {Element} */ (this.canvas.parentElement));
    void app.summary(layer.id, PRIORITY.sharp).catch(() => {});
  }

  get state() {
    return this.app.state.columns[this.layer.id];
  }

  /** Rows that can be scrolled through. */
  get total() {
    return this.layer.neurons - this.state.hidden.length;
  }

  /** The view as the present size allows it. */
  get view() {
    return clampView(this.state, this.total, this.layout.plotHeight);
  }

  /** Whether the rows on screen are too thin to aim at: a click on them goes nearer, and hides none. */
  get thin() {
    return this.level > 0 || this.rowHeight < APART_ROW;
  }

  measure() {
    const summary = this.app.summaries.get(this.layer.id);
    const zeros = summary !== undefined && summary.zeros.some((share) => share > 0);
    const of = {
      width: this.width, height: this.height, neurons: this.layer.neurons,
      zeroLanes: zeros ? this.app.state.groups.length : 0, pinned: this.state?.pinned.length ?? 0,
    };
    const layout = columnLayout(of);
    if (!this.state) return layout;
    const { span } = clampView(this.state, this.total, layout.plotHeight);
    const keyed = this.state.order.kind !== "index" && rowHeight(this.total, span, layout.plotHeight) >= LABEL_ROW;
    return keyed ? columnLayout({ ...of, keyed }) : layout;
  }

  /**
   * @param {readonly number[]} hiddenRanks
   * @param {{top: number, span: number | null}} [view]
   * @returns {ScreenRows & {level: number, rowHeight: number}}
   */
  screen(hiddenRanks, view = this.view) {
    const { plotHeight } = this.layout;
    const { top, span } = view;
    const height = rowHeight(this.total, span, plotHeight);
    const lanes = this.app.state.lanes ? Math.max(1, this.app.state.groups.length) : 1;
    const level = levelFor(height, devicePixelRatio, lanes, this.data.top);
    return { ...screenRows({ top, level, rowHeight: height, height: plotHeight, neurons: this.layer.neurons, hiddenRanks }), level, rowHeight: height };
  }

  /**
   * The rows that will be in view while what is asked for now is on its way, and when it has come. Empty: those that are.
   * @param {readonly number[]} hiddenRanks
   */
  soon(hiddenRanks) {
    const { top, span } = this.view;
    this.motion.note(performance.now(), { top, span: span ?? this.total });
    return [0.5, 1].flatMap((share) => {
      const view = this.motion.foresee(share * this.app.queue.lookaheadMs);
      return view ? [this.screen(hiddenRanks, clampView(view, this.total, this.layout.plotHeight))] : [];
    });
  }

  /**
   * One frame: asks for what is missing, draws what is there.
   * @param {Want[]} wants added to
   * @returns {{covered: boolean, sharp: boolean}}
   */
  render(wants) {
    if (this.width < 20 || this.height < 40) return { covered: false, sharp: false };
    this.layout = this.measure();
    const { groups, instances } = this.app.state;
    set(this.empty, "hidden", groups.length + instances.length > 0);
    const wanted = this.data.wanted();
    const wantedHidden = this.data.hiddenRanks(wanted);
    const allRanked = wantedHidden.length === this.state.hidden.length;
    const goal = { ...this.screen(wantedHidden), groups, instances };
    this.data.collect(wanted, goal, this.soon(wantedHidden), wants);
    if (this.state.pinned.length > 0) this.data.collectPinned({ rows: Int32Array.from(this.state.pinned), level: 0, groups, instances }, wants);
    const { covered, sharp } = this.data.coverage(wanted, goal);
    const shown = this.data.shown;
    if (!shown || (!sameArrangement(shown, wanted) && covered && allRanked)) this.data.shown = wanted;
    const of = this.drawn(wanted);
    const current = sameArrangement(this.data.shown ?? wanted, wanted);
    const axis = this.axis.of(of, this.layout.plotWidth, goal.level);
    this.draw(of, axis);
    const exact = sharp && current && allRanked && axis !== null && this.pinnedSharp(groups, instances);
    this.describe(of, sameRows(of, wanted), exact, axis);
    if (exact && axis && !this.app.moving) this.aloud.update(of, axis);
    return { covered: covered && current, sharp: exact };
  }

  /**
   * What is on screen: what the state asks for, or, until that is here, what was there before. Finer bins that do not reach
   * over the part in view would leave a hole: then the bins of the whole axis are shown.
   * @param {Arrangement} [wanted]
   * @returns {Arrangement}
   */
  drawn(wanted = this.data.wanted()) {
    const of = this.data.shown ?? wanted;
    return this.axis.covers(of) ? of : this.data.base(of);
  }

  /** @param {readonly number[]} groups @param {readonly number[]} instances */
  pinnedSharp(groups, instances) {
    const rows = Int32Array.from(this.state.pinned).sort();
    return rows.length === 0 || this.data.coverage(this.data.pinnedArrangement(), { rows, level: 0, groups, instances }).sharp;
  }

  /** @param {Arrangement} of @param {Axis | null} axis */
  draw(of, axis) {
    const { canvas, context, layout, app } = this;
    const ratio = devicePixelRatio;
    const width = Math.round(this.width * ratio);
    const height = Math.round(this.height * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const hiddenRanks = this.data.hiddenRanks(of);
    const screen = this.screen(hiddenRanks);
    this.level = screen.level;
    this.rowHeight = screen.rowHeight;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = app.theme.paperCss;
    context.fillRect(0, 0, width, height);
    if (axis) {
      this.drawBlock(of, axis, { rows: screen.rows, level: screen.level, y: layout.plotTop + screen.y, lineHeight: screen.height }, { top: layout.plotTop, height: layout.plotHeight });
      if (layout.pinnedRows > 0) this.drawPinned(of, axis);
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      paintAxis(context, layout, axis, app.theme, axisTitle(app.state, layout.plotWidth, this.state.across !== null));
      if (layout.zeroWidth > 0) this.drawZeroHead();
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.save();
    context.beginPath();
    context.rect(0, layout.plotTop, this.width, layout.plotHeight);
    context.clip();
    this.marks.draw(of, screen, hiddenRanks);
    const { refused } = app.source;
    const runs = refused.size === 0 ? [] : lackingLines(screen.rows, (index) => app.state.groups.some((group) => refused.has(this.data.tileUrl(of, group, screen.level, index))));
    paintLacking(context, layout, { runs, y: layout.plotTop + screen.y, lineHeight: screen.height }, app.theme);
    this.lacking = runs.length > 0;
    context.restore();
    this.drawLabels(of, screen);
    this.minimap.render(this.data.base(of), screen);
  }

  drawZeroHead() {
    const { context, layout, app } = this;
    context.font = `10px ${app.theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillStyle = app.theme.faint;
    context.fillText("=0", layout.zeroX + layout.zeroWidth / 2, TICK_Y);
  }

  /**
   * Densities, zeros, grid and dots of consecutive lines, clipped to a strip of the canvas.
   * @param {Arrangement} of
   * @param {Axis} axis
   * @param {{rows: Int32Array, level: number, y: number, lineHeight: number}} lines CSS pixels
   * @param {{top: number, height: number}} strip CSS pixels
   */
  drawBlock(of, axis, { rows, level, y, lineHeight }, strip) {
    const { context, layout, app, data } = this;
    const { state, theme, metadata } = app;
    const ratio = devicePixelRatio;
    const look = { theme: theme.name, paper: theme.paper, curve: state.curve, full: app.full * this.axis.fineness(of), lanes: state.lanes };
    const inks = state.groups.map((group) => ({
      colour: app.colour(group),
      resolve: (/** @type {number} */ index) => data.bestTile(of, group, level, index),
    }));
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(0, Math.round(strip.top * ratio), Math.round(this.width * ratio), Math.round(strip.height * ratio));
    context.clip();
    const top = Math.round(y * ratio);
    const line = lineHeight * ratio;
    const x = Math.round(layout.plotX * ratio);
    const place = { x, y: top, width: layout.plotWidth * ratio, lineHeight: line };
    context.save();
    context.beginPath();
    context.rect(x, 0, Math.round(place.width), this.canvas.height);
    context.clip();
    /** @param {CanvasRenderingContext2D} onto @param {typeof inks} some */
    const lines = (onto, some) => paintLines(onto, { rows, inks: some, firstBin: axis.first, endBin: axis.end, zeroBin: axis.zeroBin, edges: axis.edges, lookup: axis.lookup },
      { ...place, x: Math.round((layout.plotX + axis.x) * ratio), width: axis.width * ratio }, look);
    if (state.hatched && lineHeight >= HATCH_FROM_ROW && inks.length > 1) {
      const area = { x, y: Math.max(0, Math.round(strip.top * ratio)), width: Math.round(place.width), height: Math.round(strip.height * ratio) };
      paintHatched(context, inks.length, { theme: theme.name, paper: theme.paperCss, ratio, ...area }, (sheet, n) => lines(sheet, [inks[n]]));
    } else lines(context, inks);
    context.restore();
    if (layout.zeroWidth > 0) {
      paintZeros(context, { rows, inks }, { ...place, x: Math.round(layout.zeroX * ratio), width: layout.zeroWidth * ratio }, look);
    }
    if (lineHeight >= APART_ROW) {
      // A gap between tall rows, cut into the paper.
      context.fillStyle = theme.paperCss;
      const gap = Math.max(1, Math.round((lineHeight >= 14 ? 2 : 1) * ratio));
      for (let i = 0; i <= rows.length; i++) context.fillRect(0, Math.round(top + i * line) - gap, this.canvas.width, gap);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (axis.scale) paintGrid(context, layout, axis.scale, theme, strip.top, Math.min(strip.height, y + rows.length * lineHeight - strip.top));
    context.setTransform(1, 0, 0, 1, 0, 0);
    const scale = axis.scale;
    for (const [instance, marker] of markers(state.instances, metadata, theme.name)) {
      // A sum of neurons with different axes has no place on either.
      if (!scale && level > 0) break;
      paintDots(context, {
        rows, y: top, lineHeight: line,
        resolve: (index) => data.bestValues(of.query, level, index, instance),
        toPixel: scale ? (value) => scale.toPixel(value) * ratio : (value, row) => this.ownPixel(of, axis, value, row) * ratio,
      }, { x, width: place.width, ratio, theme }, marker);
    }
    context.restore();
  }

  /**
   * Place of a value on the own axis of the neuron in a row.
   * @param {Arrangement} of
   * @param {Axis} axis
   * @param {number} value
   * @param {number} row
   */
  ownPixel(of, axis, value, row) {
    const fact = this.data.rowFacts(of.query, 0, row);
    return fact && axis.ownPixel ? axis.ownPixel(value, fact.exponent, fact.origin) : -1e6;
  }

  /** @param {Arrangement} of @param {Axis} axis */
  drawPinned(of, axis) {
    const { layout, context, app } = this;
    const shown = this.state.pinned.slice(0, layout.pinnedRows);
    const lines = { rows: Int32Array.from(shown), level: 0, y: layout.pinnedTop, lineHeight: PINNED_ROW };
    const pinned = this.data.pinnedArrangement();
    const own = of.part ? pinned : this.data.base(pinned);
    // Single neurons, whatever the rows below are sums of.
    const at = of.axis === "own" ? this.axis.of(own, layout.plotWidth, 0) ?? axis : axis;
    this.drawBlock(own, at, lines, { top: layout.pinnedTop - 1, height: layout.pinnedRows * PINNED_ROW + 1 });
    const ratio = devicePixelRatio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = `11px ${app.theme.font}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    shown.forEach((neuron, i) => {
      const y = layout.pinnedTop + (i + 0.5) * PINNED_ROW;
      const rank = this.data.shown && this.data.rank(this.data.shown, neuron);
      context.fillStyle = app.theme.faint;
      if (layout.rankX > 0 && rank !== undefined && rank !== null) context.fillText(String(rank + 1), layout.rankX, y);
      context.fillStyle = app.theme.accent;
      context.fillText(String(neuron), layout.neuronX, y);
      context.beginPath();
      context.arc(layout.neuronX + 5, y, 1.8, 0, 7);
      context.fill();
    });
  }

  /** @param {Arrangement} of @param {ReturnType<Column["screen"]>} screen */
  drawLabels(of, screen) {
    const { context, layout, app } = this;
    paintHeadings(context, layout, { level: screen.level, lineHeight: screen.height }, app.theme);
    paintRowsTitle(context, layout, rowsTitle(of.order, of.direction, app.metadata, layout.plotHeight), app.theme);
    const { top, span } = this.view;
    const atEnd = span === null || top + span > this.total - 0.01;
    context.save();
    context.beginPath();
    context.rect(0, layout.plotTop, this.width, layout.plotHeight);
    context.clip();
    paintRowLabels(context, layout, {
      rows: screen.rows, y: layout.plotTop + screen.y, lineHeight: screen.height, level: screen.level,
      facts: (row) => this.data.rowFacts(of.query, 0, row), keyed: of.order.kind !== "index",
      last: atEnd ? lastRank(screen, this.layer.neurons) : null,
    }, app.theme, new Set(this.state.pinned));
    context.restore();
  }

  /**
   * What tests and assistive technology read.
   * @param {Arrangement} of
   * @param {boolean} current
   * @param {boolean} exact
   * @param {Axis | null} axis
   */
  describe(of, current, exact, axis) {
    const { element, layout } = this;
    const facts = {
      order: encodeOrder(of.order), direction: of.direction, level: this.level, "row-height": this.rowHeight.toFixed(4), top: this.view.top.toFixed(3),
      "plot-x": layout.plotX, "plot-width": layout.plotWidth, "plot-top": layout.plotTop, "plot-height": layout.plotHeight,
      lo: axis?.part.lo ?? "", hi: axis?.part.hi ?? "", zoom: of.part?.zoom ?? 0, sorting: !current, sharp: exact, lacking: this.lacking,
    };
    for (const [name, value] of Object.entries(facts)) set(element, `data-${name}`, String(value));
    const { hidden } = this.state;
    set(this.canvas, "aria-label", `${this.layer.name}: ${this.total} neurons by ${phrase(of.order, this.app.metadata)}, ${of.direction}`
      + `${hidden.length > 0 ? `, ${hidden.length} hidden` : ""}. Arrow keys move, Enter opens a neuron, ? lists the keys.`);
  }

  /**
   * What lies at a place of the canvas.
   * @param {number} y CSS pixels from the canvas' top
   * @returns {Hit | null}
   */
  hit(y) {
    const { layout } = this;
    const inPinned = Math.floor((y - layout.pinnedTop) / PINNED_ROW);
    if (y < layout.plotTop) {
      return inPinned >= 0 && inPinned < layout.pinnedRows ? { kind: "pinned", neuron: this.state.pinned[inPinned] } : null;
    }
    const of = this.data.shown;
    if (!of || y > layout.plotTop + layout.plotHeight) return null;
    const screen = this.screen(this.data.hiddenRanks(of));
    const line = Math.floor((y - layout.plotTop - screen.y) / screen.height);
    return line >= 0 && line < screen.rows.length ? { kind: "row", row: screen.rows[line], level: screen.level } : null;
  }

  /**
   * The neuron of a hit; null for several, or while it is not known.
   * @param {Hit | null} hit
   * @returns {number | null}
   */
  neuronOf(hit) {
    if (!hit) return null;
    if (hit.kind === "pinned") return hit.neuron;
    if (hit.level > 0 || !this.data.shown) return null;
    return this.data.rowFacts(this.data.shown.query, 0, hit.row)?.neuron ?? null;
  }
}
