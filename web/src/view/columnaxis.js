/** What of its axis a column shows: the part in view, where its bins lie, and which finer bins that part is worth. */

import { axisDomain, binOfZero, binsInView, makeScale, outside, ownLookup, ownScale, symlogUnit, windowFor } from "../model/scales.js";

/** @typedef {import("../types").Part} Part */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */

/**
 * @typedef {object} Axis
 * @property {number} first bin in view
 * @property {number} end last bin in view + 1
 * @property {number} zeroBin the bin that holds exact zeros; -1: none in these tiles
 * @property {import("../types").Scale | null} scale null on the neurons' own axes
 * @property {Part} part in view
 * @property {number} x CSS pixels from the plot's left edge to the first bin's; at most 0
 * @property {number} width CSS pixels of all bins in view
 * @property {number} binStart activation at the first bin's lower edge (on own axes: its share)
 * @property {number} binWidth
 * @property {Float64Array | null} edges device pixels of the bins' edges where they are not equally wide
 * @property {((row: number) => Int16Array) | null} lookup bin of each device pixel where every row has its own
 * @property {((value: number, exponent: number, origin: number) => number) | null} ownPixel place of a value on a neuron's own axis
 * @property {number} above share of all values beyond the upper end
 * @property {number} below
 */

/** The share of all values that the shared axis may leave outside: a few far ones must not squeeze the rest. */
const BEYOND = 0.001;
/** Own axes are told in shares of themselves. */
const OWN = { lo: 0, hi: 1 };
/** Tables of pixels kept, one for each origin on screen. */
const LOOKUPS_MAX = 2000;

export class ColumnAxis {
  /** @param {import("./column.js").Column} column */
  constructor(column) {
    this.column = column;
    /** @type {Map<string, Int16Array>} */
    this.lookups = new Map();
  }

  get summary() {
    return this.column.app.summaries.get(this.column.layer.id);
  }

  /** @returns {Part | null} the axis as its mode says; null until the layer's summary is there */
  whole() {
    const { app } = this.column;
    if (app.state.axis === "own") return OWN;
    const { summary } = this;
    return summary ? axisDomain(summary, app.state.axis === "shared" ? BEYOND : 0, app.bins) : null;
  }

  /** @returns {Part | null} what is in view of it */
  part() {
    const whole = this.whole();
    const { across } = this.column.state;
    if (!whole || !across) return whole;
    const lo = Math.max(whole.lo, across.lo);
    const hi = Math.min(whole.hi, across.hi);
    // A link from another version may name a part that is not on this axis.
    return lo < hi ? { lo, hi } : whole;
  }

  /** @returns {{zoom: number, from: number} | null} the finer bins to ask for */
  window() {
    const { app, layer, state } = this.column;
    const part = state.across && app.state.axis !== "own" && !app.coarse.has(layer.id) ? this.part() : null;
    return part && windowFor(layer.shared, part);
  }

  /**
   * The scale in view, or of the whole axis.
   * @param {number} width
   * @param {Part | null} [part]
   * @returns {import("../types").Scale | null} on own axes one from 0 to 1
   */
  scale(width, part = this.part()) {
    const whole = this.whole();
    if (!whole || !part) return null;
    const { axis, symlog } = this.column.app.state;
    return makeScale(part.lo, part.hi, width, symlog && axis !== "own" ? symlogUnit(whole.lo, whole.hi) : 0);
  }

  /**
   * Whether the bins of an arrangement reach over all that is in view.
   * @param {Arrangement} of
   */
  covers(of) {
    const part = this.part();
    if (!of.part || !part) return true;
    const { start, width } = this.bins(of);
    return start <= part.lo + width * 1e-6 && start + 256 * width >= part.hi - width * 1e-6;
  }

  /**
   * How much narrower an arrangement's bins are than those of the whole axis: as much smaller is the share of full opacity, so
   * that zooming in neither pales nor darkens the picture.
   * @param {Arrangement} of
   */
  fineness(of) {
    return this.column.app.bins / (of.part ? 256 * 2 ** of.part.zoom : of.bins);
  }

  /** @param {Arrangement} of */
  bins(of) {
    const { exponent, origin } = this.column.layer.shared;
    if (!of.part) return { start: origin * 2 ** exponent, width: (2 ** exponent * 256) / of.bins };
    const width = 2 ** (exponent - of.part.zoom);
    return { start: (origin * 2 ** of.part.zoom + of.part.from) * width, width };
  }

  /**
   * @param {Arrangement} of
   * @param {number} width CSS pixels
   * @param {number} level
   * @param {Part | null} [shown] default: what is in view
   * @returns {Axis | null} null until the layer's summary is there
   */
  of(of, width, level, shown = this.part()) {
    const { summary } = this;
    if (!summary || !shown) return null;
    const part = { lo: shown.lo, hi: shown.hi };
    if (of.axis === "own") return this.own(of, width, level, part, summary);
    const scale = this.scale(width, part);
    if (!scale) return null;
    const { start, width: binWidth } = this.bins(of);
    const bins = of.part ? 256 : of.bins;
    const { first, end, edges } = binsInView(scale, start, binWidth, bins);
    const x = edges[0];
    // Edges far outside would only be clipped again, and would need a canvas of their size.
    const near = edges.map((edge) => (Math.min(width + 2, Math.max(-2, edge)) - Math.max(-2, x)) * devicePixelRatio);
    return {
      first, end, scale, part, x: scale.symlog ? Math.max(-2, x) : x, width: edges[edges.length - 1] - x,
      binStart: start + first * binWidth, binWidth,
      // Tiles of a window come without the exact zeros.
      zeroBin: of.part ? -1 : binOfZero(summary, of.bins), edges: scale.symlog ? near : null, lookup: null, ownPixel: null, ...outside(summary, part),
    };
  }

  /** @param {Arrangement} of @param {number} width @param {number} level @param {Part} part @param {import("../types").Summary} summary @returns {Axis} */
  own(of, width, level, part, summary) {
    const { symlog } = this.column.app.state;
    const { bins } = of;
    const first = Math.floor(part.lo * bins + 1e-9);
    const end = Math.max(first + 1, Math.ceil(part.hi * bins - 1e-9));
    /** @param {number} share */
    const toPixel = (share) => ((share - part.lo) / (part.hi - part.lo)) * width;
    // Sums of neurons whose zeros lie in different bins have no common logarithm: those stay linear.
    const positive = summary.shared.origin >= 0;
    const warped = symlog && (level === 0 || positive);
    const pixels = Math.max(1, Math.round(width * devicePixelRatio));
    return {
      first, end, scale: null, part, x: warped ? 0 : toPixel(first / bins), width: warped ? width : toPixel(end / bins) - toPixel(first / bins),
      binStart: first / bins, binWidth: 1 / bins,
      // A layer without negative values has its zeros in the first bin of every own axis; else the bin is another for each neuron.
      zeroBin: positive ? Math.min(0, binOfZero(summary, bins)) : -1,
      edges: null, above: 0, below: 0,
      lookup: warped ? (row) => this.lookup(level === 0 ? this.column.data.rowFacts(of.query, 0, row)?.origin ?? 0 : 0, part, pixels, bins) : null,
      ownPixel: (value, exponent, origin) => toPixel(Math.min(1.002, Math.max(-0.002, ownScale(origin, warped).toShare(value / 2 ** exponent - origin)))),
    };
  }

  /** @param {number} origin @param {Part} part @param {number} pixels @param {number} bins */
  lookup(origin, part, pixels, bins) {
    const key = `${origin}|${part.lo}|${part.hi}|${pixels}|${bins}`;
    let table = this.lookups.get(key);
    if (!table) {
      if (this.lookups.size >= LOOKUPS_MAX) this.lookups.clear();
      this.lookups.set(key, (table = ownLookup(origin, part, pixels, bins)));
    }
    return table;
  }
}
