/** One column of the Activation view: its elements, what it asks for, and the frame that it shows. */

import { el, context2d, set, setText } from "../dom.js";
import { placeColumn } from "../model/coordinates.js";
import { APART_ROW, columnLayout, LABEL_ROW, PINNED_ROW } from "../model/layout.js";
import { Motion } from "../model/motion.js";
import { groupName } from "../model/names.js";
import { encodeOrder, phrase } from "../model/order.js";
import { clampView, levelFor, rowHeight, screenRows } from "../model/viewport.js";
import { PRIORITY } from "../data/tiles.js";
import { ColumnAxis } from "./columnaxis.js";
import { ColumnData, sameArrangement, sameRows } from "./columndata.js";
import { ColumnMarks } from "./columnmarks.js";
import { paintLabels, paintPlot, withinPlot } from "./columnpaint.js";
import { Description } from "./description.js";
import { markers } from "./dots.js";
import { heldOf } from "./held.js";
import { fullShare } from "./opacity.js";
import { lackingLines, paintLacking } from "./lacking.js";
import { Minimap, MINIMAP_WIDTH } from "./minimap.js";

/** @typedef {import("../data/tiles.js").Want} Want */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */
/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {import("./columnframe.js").Screen} Screen */
/** @typedef {import("./columnframe.js").Hit} Hit */

/** Until anything is known. */
const FULL_AT_FIRST = 0.2;

/**
 * How wide the bins of an arrangement are, to be compared with those of another one on the same scale.
 * @param {Arrangement} of
 * @param {{exponent: number}} shared
 */
function binWidth({ bins, finer, warp }, shared) {
  return warp ? warp.step : finer ? 2 ** (shared.exponent - finer.zoom) : (2 ** shared.exponent * 256) / bins;
}

export class Column {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
    this.axis = new ColumnAxis(app, layer);
    this.data = new ColumnData(app, layer, this.axis);
    this.marks = new ColumnMarks(app);
    this.canvas = el("canvas", { class: "plot", tabindex: 0, role: "application", "aria-roledescription": "activation plot", "aria-describedby": `aloud-${layer.id}${app.columnSuffix}` });
    this.context = context2d(this.canvas);
    this.empty = el("p", { class: "plot-empty", hidden: true });
    this.minimap = new Minimap(this);
    this.description = new Description(`aloud-${layer.id}${app.columnSuffix}`);
    this.head = el("div", { class: "column-head" });
    this.body = el("div", { class: "column-body" }, el("div", { class: "plot-box" }, this.canvas, this.empty), this.minimap.element);
    this.element = el("section", { class: "column", id: `column-${layer.id}${app.columnSuffix}`, "data-layer": layer.id, "data-version": app.metadata.version, "aria-label": `Layer ${layer.name}` }, this.head, this.body, this.description.element);
    this.width = 0;
    this.height = 0;
    /**
     * The neuron the keyboard stands on, or a jump went to.
     * @type {number | null}
     */
    this.cursor = null;
    /** @type {Hit | null} */
    this.hovered = null;
    /**
     * Neurons of the rows that are being selected, before the pointer lets go.
     * @type {readonly number[] | null}
     */
    this.picking = null;
    this.motion = new Motion();
    /**
     * The share that is fully opaque, and how wide the bins are that it was found in.
     * @type {{full: number, width: number} | null}
     */
    this.opaque = null;
    /** Rows for which the axis was last asked whether it suits them. */
    this.asked = "";
    /**
     * What the last picture was made of.
     * @type {{changes: number, shown: Arrangement | null, settled: boolean, exact: boolean, held: unknown[]} | null}
     */
    this.pictured = null;
    this.layout = this.measure();
    this.hasRoom = () => {};
    /**
     * Kept with the first frame: before it, one that was just made has no rows to go to.
     * @type {Promise<void>}
     */
    this.placed = new Promise((resolve) => {
      this.hasRoom = resolve;
    });
    new ResizeObserver(([entry]) => {
      this.width = entry.contentRect.width;
      this.height = entry.contentRect.height;
      app.redraw();
    }).observe(/** @type {Element} */ (this.canvas.parentElement));
    void app.summary(layer.id, PRIORITY.sharp).catch(() => {});
    /** What was drawn last. */
    this.frame = this.compose(this.data.wanted());
  }

  get state() {
    return this.app.state.columns[this.layer.id];
  }

  /** @returns {readonly number[]} neurons that are selected */
  get picked() {
    const { picked } = this.app.state;
    return picked?.layer === this.layer.id ? picked.neurons : [];
  }

  /** Rows that can be scrolled through. */
  get total() {
    return this.layer.neurons - this.data.gone;
  }

  /** The view as the present size allows it; ahead of the frame where the state has changed since. */
  get view() {
    return this.within(this.total, this.layout.plotHeight);
  }

  /** @param {number} total @param {number} height CSS pixels */
  within(total, height) {
    return this.data.filter.readable(clampView(this.state, total, height), total, height, this.state.top);
  }

  measure() {
    const { app, layer, state } = this;
    const zeros = app.summaries.get(layer.id)?.zeros.some((share) => share > 0);
    const of = {
      width: this.width, height: this.height, neurons: layer.neurons,
      zeroLanes: zeros ? app.groupsIn(layer).length : 0, pinned: state.pinned.length,
    };
    const layout = columnLayout(of);
    const { span } = this.within(this.total, layout.plotHeight);
    if (rowHeight(this.total, span, layout.plotHeight) < LABEL_ROW) return layout;
    return columnLayout({ ...of, keyed: state.order.kind !== "index", place: placeColumn(layer, app.metadata).characters });
  }

  /**
   * @param {readonly number[]} hiddenRanks
   * @param {{top: number, span: number | null}} [view]
   * @returns {Screen}
   */
  screen(hiddenRanks, view = this.view) {
    const { plotHeight } = this.layout;
    const { top, span } = view;
    const height = rowHeight(this.total, span, plotHeight);
    const lanes = this.app.state.lanes ? Math.max(1, this.app.state.groups.length) : 1;
    const level = this.data.filter.leavesOut ? 0 : levelFor(height, devicePixelRatio, lanes, this.data.top);
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
   * The frame of an arrangement as it would be drawn now.
   * @param {Arrangement} arrangement
   * @param {import("./theme.js").Theme} [theme] default: the page's
   * @param {number} [ratio]
   * @returns {Frame}
   */
  compose(arrangement, theme = this.app.theme, ratio = devicePixelRatio) {
    const { app, layer, data, layout, state, view } = this;
    const hiddenRanks = data.hiddenRanks(arrangement);
    const screen = this.screen(hiddenRanks, view);
    const pinned = data.pinnedArrangement();
    const whole = data.base(arrangement);
    const { refused } = app.source;
    /** @param {number} index */
    const isLacking = (index) => app.groupsIn(layer).some((group) => data.addressOf(arrangement, group, screen.level, index).urls.some((url) => refused.has(url)));
    /** @param {Arrangement} of @param {number} width @param {number} level */
    const place = (of, width, level) => ({ width, level, ratio, gridOf: (/** @type {number} */ row) => data.rowFacts(of.query, 0, row) });
    return Object.freeze({
      metadata: app.metadata, state: app.state, column: state, total: this.total, layer, theme, data,
      width: this.width, height: this.height, ratio, layout, view,
      arrangement, hiddenRanks, screen, thin: screen.level > 0 || screen.rowHeight < APART_ROW,
      axis: this.axis.layOut(arrangement, place(arrangement, layout.plotWidth, screen.level)),
      // Single neurons, whatever the rows below are sums of.
      pinned: { arrangement: pinned, axis: layout.pinnedRows > 0 ? this.axis.layOut(pinned, place(pinned, layout.plotWidth, 0)) : null },
      overview: { arrangement: whole, axis: this.axis.layOut(whole, place(whole, MINIMAP_WIDTH, data.top), whole.fit) },
      inks: app.groupsIn(layer).map((group) => ({ group, colour: app.colour(group, theme.name) })), markers: markers(app.instancesIn(layer), app.metadata, theme.name),
      ...this.fullness(arrangement, whole), lacking: refused.size === 0 ? [] : lackingLines(screen.rows, isLacking), cursor: this.cursor, hovered: this.hovered, picked: this.picking ?? this.picked,
    });
  }

  /**
   * What is on screen as a figure has it: in whole rows, without the pointer's marks, and no taller than its rows.
   * @param {import("./theme.js").Theme} theme
   * @param {number} ratio
   * @returns {Frame}
   */
  printed(theme, ratio) {
    const frame = this.compose(this.frame.arrangement, theme, ratio);
    const { layout, screen } = frame;
    // Rows that the edges of the screen cut: the first begins where the plot does, the last is left out.
    const whole = Math.max(1, Math.floor((layout.plotHeight - Math.max(0, screen.y)) / screen.height + 1e-6));
    const skipped = screen.y < -1e-6 && screen.rows.length > 1 ? 1 : 0;
    const rows = screen.rows.subarray(skipped, skipped + Math.min(whole, screen.rows.length - skipped));
    const plotHeight = rows.length * screen.height;
    return Object.freeze({ ...frame, cursor: null, hovered: null, height: layout.plotTop + plotHeight + 2, layout: { ...layout, plotHeight }, screen: { ...screen, rows, y: 0 } });
  }

  /**
   * What is fully opaque: as chosen, else as found when the picture was last exact, in bins as wide as the present ones.
   * @param {Arrangement} of
   * @param {Arrangement} whole
   */
  fullness(of, whole) {
    const { full } = this.app.state;
    if (full !== null) return { full, overviewFull: full };
    const { opaque } = this;
    /** @param {Arrangement} one */
    const scaled = (one) => (opaque ? Math.min(1, (opaque.full * binWidth(one, this.layer.shared)) / opaque.width) : FULL_AT_FIRST);
    return { full: scaled(of), overviewFull: scaled(whole) };
  }

  /** Once the picture is exact and at rest: opacity and axis follow what is in view. Returns whether there is to be another picture. */
  settle() {
    const { app, data, frame, state } = this;
    const { axis, arrangement: of, screen } = frame;
    if (!axis) return false;
    const { first, end, zeroBin } = axis;
    const full = fullShare(data, of, screen, this.app.groupsIn(this.layer), { first, end, zeroBin });
    const width = binWidth(of, this.layer.shared);
    const changed = full !== null && app.state.full === null && (full !== this.opaque?.full || width !== this.opaque.width);
    if (full !== null) this.opaque = { full, width };
    const about = `${of.query}|${screen.level}|${screen.rows[0]}|${screen.rows.length}|${of.fit.lo}|${of.fit.hi}`;
    if (about !== this.asked && state.span !== null) {
      this.asked = about;
      /** @type {Float32Array[]} */
      const rows = [];
      data.eachRow(of.query, screen, (_line, tile, at) => rows.push(tile.spread.subarray(at * 6, at * 6 + 6)));
      const fit = this.axis.refitted(rows);
      if (fit) app.refit(this.layer.id, fit);
    }
    return changed;
  }

  /**
   * One frame: asks for what is missing, draws what is there.
   * @param {Want[]} wants added to
   * @returns {{covered: boolean, sharp: boolean, isNew: boolean}} `isNew`: whether there is another picture than before
   */
  render(wants) {
    if (this.width < 20 || this.height < 40) return { covered: false, sharp: false, isNew: false };
    const { data, state, app: { changes } } = this;
    this.layout = this.measure();
    this.hasRoom();
    const groups = this.app.groupsIn(this.layer);
    const instances = this.app.instancesIn(this.layer);
    const wanted = data.wanted();
    const followed = data.filter.follow(wanted.query);
    const nothing = this.nothing();
    set(this.empty, "hidden", nothing === "");
    setText(this.empty, nothing);
    const wantedHidden = data.hiddenRanks(wanted);
    const allRanked = wantedHidden.length === data.gone;
    const goal = { ...this.screen(wantedHidden), groups, instances };
    data.collect(wanted, goal, this.soon(wantedHidden), wants);
    const { covered, sharp } = data.coverage(wanted, goal);
    if (!data.shown || (!sameArrangement(data.shown, wanted) && covered && allRanked)) data.shown = wanted;
    // In the bins of what is shown, which is only known now.
    if (state.pinned.length > 0) data.collectPinned({ rows: Int32Array.from(state.pinned), level: 0, groups, instances }, wants);
    const current = sameArrangement(data.shown, wanted);
    const settled = sharp && current && allRanked && followed && this.pinnedSharp(groups, instances);
    const before = this.pictured;
    // What came is of an order that is not shown yet, or of rows that may be next.
    if (before && before.changes === changes && before.shown === data.shown && before.settled === settled && this.frame.ratio === devicePixelRatio) {
      const held = heldOf(this.frame, groups, instances);
      if (held.length === before.held.length && held.every((one, i) => one === before.held[i])) return { covered: covered && current, sharp: before.exact, isNew: false };
    }
    this.frame = this.compose(this.drawn(data.shown));
    const exact = settled && this.frame.axis !== null;
    if (((exact && !this.app.moving) || !this.opaque) && this.settle()) this.frame = this.compose(this.frame.arrangement);
    this.draw();
    this.describe(sameRows(this.frame.arrangement, wanted), exact);
    if (exact && !this.app.moving) this.description.update(this.frame);
    this.pictured = { changes, shown: data.shown, settled, exact, held: heldOf(this.frame, groups, instances) };
    return { covered: covered && current, sharp: exact, isNew: true };
  }

  /**
   * Finer bins that do not reach over the part in view would leave a hole: then the bins of the whole axis are shown.
   * @param {Arrangement} shown
   */
  drawn(shown) {
    return this.axis.covers(shown) ? shown : this.data.base(shown);
  }

  /** Why there is nothing to see, and what to do; empty where there is something, or nobody knows yet. */
  nothing() {
    const { app, layer } = this;
    const { groups, instances } = app.state;
    if (groups.length + instances.length === 0) return "Choose classes or instances on the left to see how they activate these neurons.";
    if (this.total === 0) return this.data.filter.leavesOut ? "No neuron is left by the condition above. Change it, or × shows all." : "All neurons are hidden: “hidden” above brings them back.";
    const summary = app.summaries.get(layer.id);
    if (!summary || instances.length > 0) return "";
    const places = groups.map((group) => (summary.groups ? summary.groups.indexOf(group) : group));
    if (places.some((place) => summary.distribution.counts[place]?.some((n) => n > 0) ?? true)) return "";
    const names = groups.map((group) => groupName(app.metadata.groups[group]));
    return `All values of ${names.length > 3 ? "the chosen classes" : names.join(" and ")} are NaN or infinite in this layer. Choose another class or layer.`;
  }

  /** @param {readonly number[]} groups @param {readonly number[]} instances */
  pinnedSharp(groups, instances) {
    const rows = Int32Array.from(this.state.pinned).sort();
    return rows.length === 0 || this.data.coverage(this.data.pinnedArrangement(), { rows, level: 0, groups, instances }).sharp;
  }

  draw() {
    const { canvas, context, frame } = this;
    const width = Math.round(frame.width * frame.ratio);
    const height = Math.round(frame.height * frame.ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    paintPlot(context, frame);
    withinPlot(context, frame, () => {
      this.marks.paint(context, frame);
      paintLacking(context, frame);
    });
    paintLabels(context, frame);
    this.minimap.render(frame);
  }

  /**
   * What tests and assistive technology read.
   * @param {boolean} current
   * @param {boolean} exact
   */
  describe(current, exact) {
    const { arrangement: of, axis, layout, screen, view, column: { hidden } } = this.frame;
    const facts = {
      order: encodeOrder(of.order), direction: of.direction, level: screen.level, "row-height": screen.rowHeight.toFixed(4), top: view.top.toFixed(3),
      "plot-x": layout.plotX, "plot-width": layout.plotWidth, "plot-top": layout.plotTop, "plot-height": layout.plotHeight,
      lo: axis?.part.lo ?? "", hi: axis?.part.hi ?? "", zoom: of.finer?.zoom ?? 0, unit: of.fit.unit, step: binWidth(of, this.layer.shared), full: this.frame.full, shown: this.total, sorting: !current, sharp: exact, lacking: this.frame.lacking.length > 0,
    };
    for (const [name, value] of Object.entries(facts)) set(this.element, `data-${name}`, String(value));
    set(this.canvas, "aria-label", `${this.layer.name}: ${this.total} neurons by ${phrase(of.order, this.app.metadata)}, ${of.direction}`
      + `${hidden.length > 0 ? `, ${hidden.length} hidden` : ""}. Arrow keys move, Enter opens a neuron, ? lists the keys.`);
  }

  /** The least part of the axis that shows anything of the rows in view; undefined where that is not known. */
  leastAcross() {
    /** @type {number[]} */
    const exponents = [];
    const { arrangement: of, screen } = this.frame;
    this.data.eachRow(of.query, screen, (_line, rows, at) => {
      if (rows.spread[at * 6] < rows.spread[at * 6 + 5]) exponents.push(rows.exponents[at]);
    });
    return this.axis.least(exponents);
  }

  /**
   * What lies at a place of the canvas, in the view as it will be drawn next.
   * @param {number} y CSS pixels from the canvas' top
   * @returns {Hit | null}
   */
  hit(y) {
    const { layout, data } = this;
    const inPinned = Math.floor((y - layout.pinnedTop) / PINNED_ROW);
    if (y < layout.plotTop) {
      return inPinned >= 0 && inPinned < layout.pinnedRows ? { kind: "pinned", neuron: this.state.pinned[inPinned] } : null;
    }
    if (!data.shown || y > layout.plotTop + layout.plotHeight) return null;
    const screen = this.screen(data.hiddenRanks(data.shown));
    const line = Math.floor((y - layout.plotTop - screen.y) / screen.height);
    return line >= 0 && line < screen.rows.length ? { kind: "row", row: screen.rows[line], level: screen.level } : null;
  }
}
