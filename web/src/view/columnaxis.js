/** The x axis of one column: the window that suits its rows, the part of it in view, the bins that this is worth, and how it is laid out for a draw. */

import { axisMode, layerBins } from "../model/axes.js";
import { BINS_USUAL, coarser, fitAxis, spreadOf, suits } from "../model/fit.js";
import { makeScale, ofLog } from "../model/scales.js";
import { hasFewRows } from "../model/state.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../model/axes.js").Axis} Axis */
/** @typedef {import("../model/fit.js").Fit} Fit */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */

/** What is not there yet covers nothing. */
const NOTHING = { lo: 0, hi: 1, unit: 0, most: BINS_USUAL };
/** A part of the axis is at least so many own bins of most neurons on screen wide: nearer, there is nothing to see. */
const OWN_BINS_LEAST = 6;

export class ColumnAxis {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
    this.few = hasFewRows(app.metadata);
    /** @type {{key: string, fit: Fit} | null} */
    this.fitted = null;
    /** @type {{key: string, bins: import("../model/axes.js").TileBins} | null} */
    this.binned = null;
  }

  /** @returns {import("../model/fit.js").Wishes | null} null until the layer's summary is there */
  wishes() {
    const summary = this.app.summaries.get(this.layer.id);
    const { bins, symlog } = this.app.state;
    return summary ? { shared: this.layer.shared, zeros: summary.zeros.some((share) => share > 0), few: this.few, bins, symlog } : null;
  }

  /** @returns {Fit | null} the window of the chosen mode, and its bins; null until the layer's summary is there */
  fit() {
    const { state, summaries } = this.app;
    const summary = summaries.get(this.layer.id);
    const wishes = this.wishes();
    if (!summary || !wishes) return null;
    const first = this.app.fitOf(this.layer.id);
    if (first) return first;
    const own = state.columns[this.layer.id];
    // One that was fitted to some rows is only of them.
    if (own.fit && own.span !== null && axisMode(state.axis).follows && state.symlog === null && state.bins === null) return own.fit;
    const key = `${state.axis}|${state.symlog}|${state.bins}`;
    if (this.fitted?.key !== key) this.fitted = { key, fit: axisMode(state.axis).fit(summary, wishes) };
    return this.fitted.fit;
  }

  /**
   * The window that rows on screen should have instead of the present one; null: it suits them, or nothing says otherwise.
   * @param {ArrayLike<number>[]} rows figures of single neurons
   * @returns {Fit | null}
   */
  refitted(rows) {
    const { state } = this.app;
    const { across, span } = state.columns[this.layer.id];
    const fit = this.fit();
    const wishes = this.wishes();
    if (!fit || !wishes || span === null || across || !axisMode(state.axis).follows || state.symlog !== null || state.bins !== null) return null;
    const own = spreadOf(rows);
    const better = fitAxis(own, wishes);
    if (!better) return null;
    if (!suits(rows, fit, better, this.layer.shared)) return better;
    return wishes.few ? coarser(own, fit, this.layer.shared) : null;
  }

  /** @param {Arrangement} [of] default: as the state asks for @returns {Part | null} what is in view */
  part(of) {
    const whole = of ? of.fit : this.fit();
    const { across } = this.app.state.columns[this.layer.id];
    // The part that was chosen is one of the chosen mode's axis.
    if (!whole || !across || (of && of.mode !== this.app.state.axis)) return whole;
    const lo = Math.max(whole.lo, across.lo);
    const hi = Math.min(whole.hi, across.hi);
    // A link from another version may name a part that is not on this axis.
    return lo < hi ? { lo, hi } : whole;
  }

  /** Whether the server has finer bins for a part. */
  get hasFiner() {
    return !this.app.coarse.has(this.layer.id);
  }

  /**
   * The bins to ask for: for what is in view, or for all of the axis.
   * @param {Part} part
   * @param {Fit} fit
   * @returns {import("../model/axes.js").TileBins}
   */
  bins(part, fit) {
    const { state } = this.app;
    if (!this.hasFiner) return { bins: 256, finer: null, warp: null };
    // Who comes nearer wants to see more, and to move on smoothly.
    const most = part.lo === fit.lo && part.hi === fit.hi ? fit.most : BINS_USUAL;
    const key = `${state.axis}|${part.lo}|${part.hi}|${fit.unit}|${most}`;
    if (this.binned?.key !== key) this.binned = { key, bins: axisMode(state.axis).bins(this.layer.shared, part, fit, most) };
    return this.binned.bins;
  }

  /**
   * What an arrangement says of the axis, of what is in view.
   * @returns {Pick<Arrangement, "mode" | "fit" | "bins" | "finer" | "warp" | "known">}
   */
  wanted() {
    const fit = this.fit();
    const mode = this.app.state.axis;
    const part = this.part();
    if (!fit || !part) return { mode, fit: NOTHING, bins: 256, finer: null, warp: null, known: false };
    return { mode, fit, ...this.bins(part, fit), known: true };
  }

  /**
   * From the axis' own units to pixels, for the part in view.
   * @param {number} width
   * @returns {import("../types").Scale | null}
   */
  scale(width) {
    const fit = this.fit();
    const part = this.part();
    return fit && part && makeScale(part.lo, part.hi, width, fit.unit);
  }

  /**
   * The least part of the axis that shows anything: some own bins of the finest of most neurons on screen.
   * @param {readonly number[]} exponents of their grids
   * @returns {number | undefined} undefined where they are not known
   */
  least(exponents) {
    if (exponents.length === 0 || !axisMode(this.app.state.axis).common) return undefined;
    const sorted = [...exponents].sort((a, b) => a - b);
    return OWN_BINS_LEAST * 2 ** Math.max(sorted[sorted.length >> 1], this.layer.shared.exponent - 22);
  }

  /**
   * Whether the bins of an arrangement reach over all that is in view.
   * @param {Arrangement} of
   */
  covers(of) {
    const part = this.part(of);
    if (!part) return true;
    const { warp } = of;
    if (warp) return ofLog(warp.first * warp.step, warp.unit) <= part.lo * (1 - 1e-9 * Math.sign(part.lo)) + 1e-30 && ofLog((warp.first + warp.bins) * warp.step, warp.unit) >= part.hi * (1 - 1e-9 * Math.sign(part.hi));
    if (!of.finer) return true;
    const { start, width } = layerBins({ ...of, grid: this.layer.shared });
    return start <= part.lo + width * 1e-6 && start + 256 * width >= part.hi - width * 1e-6;
  }

  /**
   * @param {Arrangement} of
   * @param {{width: number, level: number, ratio: number, gridOf: (row: number) => import("../model/axes.js").Grid | null}} place `width` in CSS pixels
   * @param {Part | null} [shown] default: what is in view
   * @returns {Axis | null} null until the layer's summary is there
   */
  layOut(of, place, shown = this.part(of)) {
    const { summaries, state } = this.app;
    const summary = summaries.get(this.layer.id);
    if (!summary || !shown || !of.known) return null;
    const { bins, finer, warp, fit: { unit } } = of;
    const part = { lo: shown.lo, hi: shown.hi };
    return axisMode(of.mode).layOut({ summary, grid: this.layer.shared, bins, finer, warp, unit, part, symlog: state.symlog === true, ...place });
  }
}
