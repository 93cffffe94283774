/** The x axis of one column: the part of it in view, the finer bins that this is worth, and how it is laid out for a draw. */

import { axisMode, layerBins } from "../model/axes.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("../types").AxisName} AxisName */
/** @typedef {import("../model/axes.js").Axis} Axis */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */

export class ColumnAxis {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   */
  constructor(app, layer) {
    this.app = app;
    this.layer = layer;
  }

  /** @param {AxisName} [mode] default: the chosen one @returns {Part | null} all of the axis; null until the layer's summary is there */
  whole(mode = this.app.state.axis) {
    const summary = this.app.summaries.get(this.layer.id);
    return summary ? axisMode(mode).whole(summary, this.app.bins) : null;
  }

  /** @param {AxisName} [mode] @returns {Part | null} what is in view of it */
  part(mode = this.app.state.axis) {
    const whole = this.whole(mode);
    const { across } = this.app.state.columns[this.layer.id];
    // The part that was chosen is one of the chosen mode's axis.
    if (!whole || !across || mode !== this.app.state.axis) return whole;
    const lo = Math.max(whole.lo, across.lo);
    const hi = Math.min(whole.hi, across.hi);
    // A link from another version may name a part that is not on this axis.
    return lo < hi ? { lo, hi } : whole;
  }

  /** Whether the server has finer bins for a part. */
  get hasFiner() {
    return axisMode(this.app.state.axis).finer !== null && !this.app.coarse.has(this.layer.id);
  }

  /** @returns {import("../model/axes.js").FinerBins | null} the finer bins to ask for */
  finer() {
    const { axis, columns } = this.app.state;
    const part = columns[this.layer.id].across && this.hasFiner ? this.part() : null;
    return part && (axisMode(axis).finer?.(this.layer.shared, part) ?? null);
  }

  /**
   * From the axis' own units to pixels, for the part in view.
   * @param {number} width
   * @returns {import("../types").Scale | null}
   */
  scale(width) {
    const whole = this.whole();
    const part = this.part();
    const { axis, symlog } = this.app.state;
    return whole && part && axisMode(axis).scale(part, whole, width, symlog);
  }

  /**
   * Whether the bins of an arrangement reach over all that is in view.
   * @param {Arrangement} of
   */
  covers(of) {
    const part = this.part(of.mode);
    if (!of.finer || !part) return true;
    const { start, width } = layerBins({ ...of, grid: this.layer.shared });
    return start <= part.lo + width * 1e-6 && start + 256 * width >= part.hi - width * 1e-6;
  }

  /**
   * How much narrower an arrangement's bins are than those of the whole axis: as much smaller is the share of full opacity, so
   * that zooming in neither pales nor darkens the picture.
   * @param {Arrangement} of
   */
  fineness(of) {
    return this.app.bins / (of.finer ? 256 * 2 ** of.finer.zoom : of.bins);
  }

  /**
   * @param {Arrangement} of
   * @param {{width: number, level: number, gridOf: (row: number) => import("../model/axes.js").Grid | null}} place `width` in CSS pixels
   * @param {Part | null} [shown] default: what is in view
   * @returns {Axis | null} null until the layer's summary is there
   */
  layOut(of, place, shown = this.part(of.mode)) {
    const { summaries, state } = this.app;
    const summary = summaries.get(this.layer.id);
    const whole = this.whole(of.mode);
    if (!summary || !whole || !shown) return null;
    const { bins, finer } = of;
    const part = { lo: shown.lo, hi: shown.hi };
    return axisMode(of.mode).layOut({ summary, grid: this.layer.shared, bins, finer, whole, part, symlog: state.symlog, ratio: devicePixelRatio, ...place });
  }
}
