/**
 * What a column has and wants: tiles and rows of the ordering on screen, and ranks of the neurons that are followed.
 *
 * While a new ordering has not arrived the old one stays on screen, whole: a row is never shown under a label that is not
 * its own, and the picture never has a hole.
 */

import { orderQuery, tileQuery } from "../data/api.js";
import { PRIORITY } from "../data/tiles.js";
import { axisMode } from "../model/axes.js";
import { binOfZero } from "../model/scales.js";
import { tilesOf, topLevel } from "../model/viewport.js";
import { warped } from "../model/warp.js";
import { ColumnFilter } from "./columnfilter.js";
import { ColumnRanks } from "./columnranks.js";
import { inTurn } from "./turn.js";

/** @typedef {import("../data/tiles.js").Want} Want */
/** @typedef {import("./painter.js").Hit} Hit */
/**
 * Which rows and which bins of them: the order, the mode of the axis with all that it covers, and the bins. `known`: whether the layer's
 * summary is there, without which no tile is asked for.
 * @typedef {{query: string, mode: import("../types").AxisName, fit: import("../model/fit.js").Fit, known: boolean, order: import("../types").Order, direction: import("../types").Direction} & import("../model/axes.js").TileBins} Arrangement
 */
/** @typedef {{rows: Int32Array, level: number, groups: readonly number[], instances: readonly number[]}} Screen */

/** Addresses remembered for an arrangement. */
const ADDRESSES_MAX = 4000;
const INDEX_QUERY = orderQuery("index", "ascending");

/**
 * Whether two show the same rows in the same bins, whatever part of the axis the bins are of.
 * @param {Arrangement} a
 * @param {Arrangement} b
 */
export function sameRows(a, b) {
  return a.query === b.query && axisMode(a.mode).tiles === axisMode(b.mode).tiles;
}

/** @param {Arrangement} a @param {Arrangement} b */
export function sameArrangement(a, b) {
  return sameRows(a, b) && a.mode === b.mode && a.known === b.known && a.bins === b.bins && a.finer?.zoom === b.finer?.zoom && a.finer?.from === b.finer?.from
    && a.warp?.key === b.warp?.key && a.fit.lo === b.fit.lo && a.fit.hi === b.fit.hi && a.fit.unit === b.fit.unit;
}

export class ColumnData {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../types").Layer} layer
   * @param {import("./columnaxis.js").ColumnAxis} axis
   */
  constructor(app, layer, axis) {
    this.app = app;
    this.axis = axis;
    this.layer = layer;
    this.top = topLevel(layer.neurons);
    /** @type {Arrangement | null} */
    this.shown = null;
    /** @type {Arrangement | null} */
    this.lastWanted = null;
    /** @type {Arrangement | null} */
    this.lastPinned = null;
    /** @type {WeakMap<Arrangement, Arrangement>} */
    this.bases = new WeakMap();
    /**
     * Addresses of tiles: a frame looks hundreds of them up, and making the text anew would cost more than drawing.
     * @type {WeakMap<Arrangement, Map<number, {name: string, urls: string[]}>>}
     */
    this.addresses = new WeakMap();
    this.ranks = new ColumnRanks(app, layer);
    this.filter = new ColumnFilter(app, layer);
  }

  /**
   * What the state asks for: the same object as long as it asks for the same.
   * @returns {Arrangement}
   */
  wanted() {
    const { order, direction } = this.app.state.columns[this.layer.id];
    const query = this.app.queryOf(this.layer.id);
    /** @type {Arrangement} */
    const fresh = { query, ...this.axis.wanted(), order, direction };
    if (!this.lastWanted || !sameArrangement(this.lastWanted, fresh)) this.lastWanted = fresh;
    return this.lastWanted;
  }

  /**
   * The same in the bins that all of the axis is worth: what the minimap shows, and the plot while finer bins are on their way.
   * @param {Arrangement} of
   * @returns {Arrangement}
   */
  base(of) {
    let base = this.bases.get(of);
    if (!base) {
      const whole = of.known && of.mode === this.app.state.axis ? { ...of, ...this.axis.bins(of.fit, of.fit) } : of;
      this.bases.set(of, (base = sameArrangement(whole, of) ? of : whole));
    }
    return base;
  }

  /**
   * The address of a tile, and where it is put together from several windows, a name of its own and theirs.
   * @param {Arrangement} of @param {number} group @param {number} level @param {number} index
   * @returns {{name: string, urls: string[]}}
   */
  addressOf(of, group, level, index) {
    let known = this.addresses.get(of);
    if (!known || known.size > ADDRESSES_MAX) this.addresses.set(of, (known = new Map()));
    const place = (group * 64 + level) * 2 ** 24 + index;
    let address = known.get(place);
    if (!address) {
      const { query, bins, finer, warp } = of;
      const axis = axisMode(of.mode).tiles;
      const urls = (warp ? warp.sources : [finer]).map((one) => this.app.urls.tile(this.layer.id, group, level, index, tileQuery({ query, axis, bins, finer: one })));
      known.set(place, (address = { name: warp ? `${urls[0]}#${warp.key}` : urls[0], urls }));
    }
    return address;
  }

  /** @param {Arrangement} of @param {number} group @param {number} level @param {number} index @returns {import("../types").Tile | undefined} */
  tile(of, group, level, index) {
    const { source } = this.app;
    const { name, urls } = this.addressOf(of, group, level, index);
    const known = source.tile(name);
    const { warp } = of;
    if (known || !warp) return known;
    const parts = urls.flatMap((url) => source.tile(url) ?? []);
    const summary = this.app.summaries.get(this.layer.id);
    if (parts.length < urls.length || !summary) return undefined;
    const made = warped(this.layer.shared, warp, parts, binOfZero(summary, 256));
    source.keep(name, made);
    return made;
  }

  /** @param {string} query @param {number} level @param {number} index */
  rowsKey(query, level, index) {
    return `${this.layer.id}/rows/${level}/${index}?${query}`;
  }

  /**
   * The best tile at hand that covers a tile's place: itself, or a coarser one.
   * @param {Arrangement} of
   * @param {number} group
   * @param {number} level
   * @param {number} index
   * @returns {Hit | null}
   */
  bestTile(of, group, level, index) {
    for (let shift = 0; level + shift <= this.top; shift++) {
      const tile = this.tile(of, group, level + shift, index >> shift);
      if (tile) return { tile, shift };
    }
    return null;
  }

  /**
   * Rows of a place, exact or coarser.
   * @param {string} query
   * @param {number} level
   * @param {number} index
   */
  bestRows(query, level, index) {
    for (let shift = 0; level + shift <= this.top; shift++) {
      const key = this.rowsKey(query, level + shift, index >> shift);
      const rows = this.app.source.rows(key);
      if (rows) return { rows, key, shift, first: (index >> shift) * 256 };
    }
    return null;
  }

  /**
   * The values of one instance at a place.
   * @param {string} query
   * @param {number} level
   * @param {number} index
   * @param {number} instance
   */
  bestValues(query, level, index, instance) {
    for (let shift = 0; level + shift <= this.top; shift++) {
      const key = this.rowsKey(query, level + shift, index >> shift);
      const values = this.app.source.values(key, instance);
      if (values) return { values, key, shift, first: (index >> shift) * 256 };
    }
    return null;
  }

  /**
   * How much of a screen is there: every place covered by something, every place exact.
   * @param {Arrangement} of
   * @param {Screen} screen
   */
  coverage(of, { rows, level, groups, instances }) {
    let covered = true;
    let sharp = true;
    for (const index of tilesOf(rows)) {
      for (const group of groups) {
        const hit = this.bestTile(of, group, level, index);
        covered &&= hit !== null;
        sharp &&= hit?.shift === 0;
      }
      const named = this.bestRows(of.query, level, index);
      covered &&= named !== null;
      sharp &&= named?.shift === 0;
      for (const instance of instances) sharp &&= this.bestValues(of.query, level, index, instance)?.shift === 0;
    }
    return { covered, sharp };
  }

  /**
   * Requests for a screen: first what covers it, then what sharpens it, then what will be in view next, or its neighbours
   * where it rests. What is about to leave the view is asked for after what comes.
   * @param {Arrangement} of
   * @param {Screen} screen
   * @param {Pick<Screen, "rows" | "level">[]} soon where the rows are going
   * @param {Want[]} wants added to
   */
  collect(of, screen, soon, wants) {
    const indices = tilesOf(screen.rows);
    for (const group of screen.groups) {
      // While a brush moves the overview can wait: it takes a pass over all neurons.
      if (group === this.app.state.brush && (this.app.moving || this.app.brushing) && indices.every((index) => this.tile(of, group, screen.level, index))) continue;
      const covered = indices.every((index) => this.bestTile(of, group, screen.level, index));
      this.wantTile(of, group, this.top, 0, covered ? PRIORITY.minimap : PRIORITY.cover, wants);
      if (this.base(of) !== of) this.wantTile(this.base(of), group, this.top, 0, PRIORITY.minimap, wants);
    }
    const named = indices.every((index) => this.bestRows(of.query, screen.level, index));
    this.wantRows(of.query, this.top, 0, screen.instances, named ? PRIORITY.minimap : PRIORITY.cover, wants);
    const places = inTurn(screen, soon);
    places.forEach(({ level, index, priority }, n) => this.wantPlace(of, screen, level, index, priority + n / 1000, wants));
    if (indices.length === 0 || this.app.moving) return;
    const last = Math.ceil(this.layer.neurons / 2 ** screen.level / 256) - 1;
    for (const index of [indices[indices.length - 1] + 1, indices[0] - 1]) {
      if (index >= 0 && index <= last) this.wantPlace(of, screen, screen.level, index, PRIORITY.next, wants);
    }
  }

  /**
   * All that one place shows.
   * @param {Arrangement} of
   * @param {Pick<Screen, "groups" | "instances">} what
   * @param {number} level
   * @param {number} index
   * @param {number} priority
   * @param {Want[]} wants
   */
  wantPlace(of, { groups, instances }, level, index, priority, wants) {
    for (const group of groups) this.wantTile(of, group, level, index, priority, wants);
    this.wantRows(of.query, level, index, instances, priority, wants);
  }

  /**
   * Requests for pinned neurons, in index order: there they stay, whatever the column is sorted by.
   * @param {Screen} screen
   * @param {Want[]} wants
   */
  collectPinned(screen, wants) {
    const of = this.pinnedArrangement();
    for (const index of new Set([...screen.rows].map((neuron) => neuron >> 8))) {
      for (const group of screen.groups) this.wantTile(of, group, 0, index, PRIORITY.sharp, wants);
      this.wantRows(of.query, 0, index, screen.instances, PRIORITY.sharp, wants);
    }
  }

  /** @returns {Arrangement} */
  pinnedArrangement() {
    /** @type {Arrangement} */
    const fresh = { ...(this.shown ?? this.wanted()), query: INDEX_QUERY, order: { kind: "index" }, direction: "ascending" };
    if (!this.lastPinned || !sameArrangement(this.lastPinned, fresh)) this.lastPinned = fresh;
    return this.lastPinned;
  }

  /**
   * @param {Arrangement} of
   * @param {number} group
   * @param {number} level
   * @param {number} index
   * @param {number} priority
   * @param {Want[]} wants
   */
  wantTile(of, group, level, index, priority, wants) {
    if (!of.known || this.tile(of, group, level, index)) return;
    for (const url of this.addressOf(of, group, level, index).urls) {
      if (!this.app.source.tile(url)) wants.push({ url, key: url, kind: "tile", priority });
    }
  }

  /**
   * @param {string} query
   * @param {number} level
   * @param {number} index
   * @param {readonly number[]} instances
   * @param {number} priority
   * @param {Want[]} wants
   */
  wantRows(query, level, index, instances, priority, wants) {
    const key = this.rowsKey(query, level, index);
    const missing = instances.filter((instance) => !this.app.source.values(key, instance));
    if (missing.length === 0 && this.app.source.rows(key)) return;
    const url = this.app.urls.rows(this.layer.id, level, index, query, missing);
    wants.push({ url, key, kind: "rows", priority, instances: missing });
  }

  /** @param {Arrangement} of @param {number} neuron @returns {number | undefined} undefined while it is being asked for */
  rank(of, neuron) {
    return this.ranks.of(of, neuron);
  }

  /**
   * What the screen has told already: the rank of a neuron that was clicked.
   * @param {number} neuron
   * @param {number} rank
   */
  learn(neuron, rank) {
    if (this.shown) this.ranks.learn(this.shown.query, neuron, rank);
  }

  /** How many neurons are not shown: the hidden ones, and those that a condition takes away. */
  get gone() {
    const { hidden } = this.app.state.columns[this.layer.id];
    return this.filter.leavesOut ? this.filter.gone(hidden).count : hidden.length;
  }

  /**
   * Ranks of the neurons that are not shown, ascending, as far as they are known yet.
   * @param {Arrangement} of
   * @returns {readonly number[]}
   */
  hiddenRanks(of) {
    const { hidden } = this.app.state.columns[this.layer.id];
    if (this.filter.leavesOut) return this.filter.ranks(of.query, this.filter.gone(hidden).mask);
    const ranks = hidden.flatMap((neuron) => this.rank(of, neuron) ?? []);
    return ranks.sort((a, b) => a - b);
  }

  /**
   * The neuron in a displayed row, if its row is at hand exactly.
   * @param {string} query
   * @param {number} level
   * @param {number} row
   */
  rowFacts(query, level, row) {
    return this.factsOf(query, level)(row);
  }

  /**
   * The same for many rows: those of one tile are looked up once.
   * @param {string} query
   * @param {number} level
   */
  factsOf(query, level) {
    const find = this.finder(query, level);
    return (/** @type {number} */ row) => {
      const tile = find(row);
      const at = tile ? row - (row >> 8) * 256 : 0;
      if (!tile || at >= tile.rows) return null;
      return { neuron: tile.neurons[at], key: tile.keys[at], exponent: tile.exponents[at], origin: tile.origins[at] };
    };
  }

  /**
   * Finds the tile in which a row is at hand exactly.
   * @param {string} query
   * @param {number} level
   * @returns {(row: number) => import("../data/tiles.js").RowsBase | null}
   */
  finder(query, level) {
    let index = -1;
    /** @type {import("../data/tiles.js").RowsBase | null} */
    let tile = null;
    return (row) => {
      if (row >> 8 !== index) {
        index = row >> 8;
        const found = this.bestRows(query, level, index);
        tile = found?.shift === 0 ? found.rows : null;
      }
      return tile;
    };
  }

  /**
   * How far rows of a screen reach, as far as they are at hand exactly: called with each line's tile of rows and the place in it.
   * @param {string} query
   * @param {Pick<Screen, "rows" | "level">} screen
   * @param {(line: number, rows: import("../data/tiles.js").RowsBase, at: number) => void} each
   */
  eachRow(query, { rows, level }, each) {
    const find = this.finder(query, level);
    rows.forEach((row, line) => {
      const tile = find(row);
      if (tile) each(line, tile, row - (row >> 8) * 256);
    });
  }
}
