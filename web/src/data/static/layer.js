/** One layer of a static site: its files, and what is computed from them. */

import { PackedCounts } from "./counts.js";
import { NotThere } from "./files.js";
import { binOf, groupFigures, percentile } from "./figures.js";
import { keysOf } from "./keys.js";
import { ordering, tied } from "./order.js";
import { Sums } from "./sums.js";
import { LruCache } from "../../model/cache.js";
import { itemsOf, parseExpression } from "../../model/order.js";

/** @typedef {import("../../types").Metadata} Metadata */
/** @typedef {import("../../types").Tile} Tile */
/** @typedef {import("../../types").RowsTile} RowsTile */
/** @typedef {import("./order.js").Ordering} Ordering */
/** @typedef {{block: number, groups: string[][]}} Planes files of counts: `[group][block of neurons]` */
/**
 * @typedef {object} LayerFiles as the layer's index names them (Tiles/STATIC.md)
 * @property {string} summary
 * @property {string} grid
 * @property {string} [spread] sites of earlier versions have none
 * @property {string[]} zeros by group
 * @property {Record<string, string[]>} keys by name and group
 * @property {string[]} values by instance
 * @property {{block: number, files: string[]}} figures
 * @property {{block: number, rows: number, files: string[]}} [extremes] by blocks of neurons; sites of earlier versions have none
 * @property {{"own/256": Planes, "shared/64": Planes, "shared/16": Planes}} counts
 */
/** @typedef {{group: number, axis: string, bins: number, zoom: number, from: number}} Plane */

/** Displayed rows of the lowest level that is summed for the whole layer at once; finer ones are gathered. */
const SUMMED_ROWS_MAX = 2048;
/** Bytes of orderings and summed planes kept. */
const MADE_BYTES_MAX = 256 * 1024 * 1024;

/** @param {number} neurons @param {number} level */
const rowsAt = (neurons, level) => Math.ceil(neurons / 2 ** level);

export class StaticLayer {
  /**
   * @param {import("./files.js").Files} files
   * @param {string} folder of the version, with a slash at its end
   * @param {Metadata} metadata
   * @param {import("../../types").Layer} layer
   * @param {LayerFiles} index
   */
  constructor(files, folder, metadata, layer, index) {
    this.files = files;
    this.folder = folder;
    this.metadata = metadata;
    this.layer = layer;
    this.index = index;
    /** @type {LruCache<any>} */
    this.made = new LruCache(MADE_BYTES_MAX);
    /** @type {Map<string, Promise<any>>} */
    this.making = new Map();
  }

  /** @param {string} name */
  bytes(name) {
    return this.files.bytes(this.folder + name);
  }

  summary() {
    return this.files.json(this.folder + this.index.summary);
  }

  /**
   * What is costly to make is made once.
   * @template T
   * @param {string} key
   * @param {() => Promise<T>} make
   * @param {(made: T) => number} size in bytes
   * @returns {Promise<T>}
   */
  once(key, make, size) {
    const known = this.made.get(key);
    if (known) return Promise.resolve(known);
    let promise = this.making.get(key);
    if (!promise) {
      promise = make().then((made) => {
        this.made.set(key, made, size(made));
        return made;
      }).finally(() => this.making.delete(key));
      this.making.set(key, promise);
    }
    return promise;
  }

  async grid() {
    const buffer = await this.bytes(this.index.grid);
    const n = this.layer.neurons;
    return { origins: new Float64Array(buffer, 0, n), exponents: new Int16Array(buffer, 8 * n, n), tails: new Uint8Array(buffer, 10 * n, n) };
  }

  /** How far each neuron reaches: figures `[neuron, 6]`, and what of its values is no finite number. */
  async spread() {
    const n = this.layer.neurons;
    if (!this.index.spread) return { figures: new Float32Array(6 * n).fill(Number.NaN), odd: new Uint8Array(n) };
    const buffer = await this.bytes(this.index.spread);
    return { figures: new Float32Array(buffer, 0, 6 * n), odd: new Uint8Array(buffer, 24 * n, n) };
  }

  /** @param {number} group */
  async zeros(group) {
    return new Uint32Array(await this.bytes(this.index.zeros[group]));
  }

  /**
   * The rows with the outermost values of a neuron, and how many could stand in the last place as well as the one that does (HTTP.md).
   * @param {number} neuron
   * @param {"highest" | "lowest"} end
   * @param {number} count at most as many as are kept
   * @returns {Promise<{rows: {row: number, value: number}[], tied?: number}>}
   */
  async extremes(neuron, end, count) {
    const kept = this.index.extremes;
    if (neuron >= this.layer.neurons) throw new NotThere(`the layer has ${this.layer.neurons} neurons, numbered from 0`);
    if (!kept || count > kept.rows) throw new NotThere(`this site has ${kept ? `the ${kept.rows} outermost rows of a neuron` : "no rows that fire a neuron"}: more take a server`);
    const at = Math.floor(neuron / kept.block);
    const size = Math.min(kept.block, this.layer.neurons - at * kept.block) * kept.rows;
    const buffer = await this.bytes(kept.files[at]);
    const place = (end === "highest" ? 0 : size) + (neuron % kept.block) * kept.rows;
    const values = new Float64Array(buffer, 8 * place, kept.rows);
    const numbers = new Uint32Array(buffer, 16 * size + 4 * place, kept.rows);
    const all = Array.from(numbers, (row, rank) => ({ row, value: values[rank] })).filter(({ value }) => !Number.isNaN(value));
    const rows = all.slice(0, count);
    if (rows.length === 0) return { rows, tied: 0 };
    const last = rows[rows.length - 1].value;
    const known = all.filter(({ value }) => value === last).length;
    if (all.length < kept.rows || last !== all[all.length - 1].value) return { rows, tied: known };
    // Counts are of samples: of rows with several each they tell nothing. Without codes a server does not know either.
    if (this.layer.samples > 1 || (this.layer.codes ?? "none") === "none") return { rows };
    const zeros = (await this.zeros(0))[neuron];
    if (last === 0) return { rows, tied: zeros };
    const grids = await this.grid();
    const grid = { exponent: grids.exponents[neuron], origin: grids.origins[neuron] };
    const bin = binOf(last, grid);
    const counts = new Uint32Array(256);
    const own = this.index.counts["own/256"].block;
    (await this.block("own/256", 0, Math.floor(neuron / own))).read(neuron % own, counts);
    const others = counts[bin] - (binOf(0, grid) === bin ? zeros : 0) - all.filter(({ value }) => value !== 0 && binOf(value, grid) === bin).length;
    return { rows, tied: known + others };
  }

  /** @param {number} instance @returns {Promise<Float32Array>} */
  async values(instance) {
    const name = this.index.values[instance];
    if (name === undefined) throw new NotThere(`there is no instance ${instance}`);
    return new Float32Array(await this.bytes(name));
  }

  /** @param {string} expression @param {string} direction @returns {Promise<Ordering>} */
  order(expression, direction) {
    const order = parseExpression(expression, this.metadata);
    if (!order) throw new NotThere(`no ordering ${expression}`);
    return this.once(`order|${expression}|${direction}`, async () =>
      ordering(this.layer.neurons, order, await Promise.all(itemsOf(order).map((item) => keysOf(this, item))), direction === "descending"),
    () => this.layer.neurons * 16);
  }

  /**
   * Counts of a block of a plane.
   * @param {keyof LayerFiles["counts"]} kind
   * @param {number} group
   * @param {number} block
   * @returns {Promise<PackedCounts>}
   */
  async block(kind, group, block) {
    const planes = this.index.counts[kind];
    const rows = Math.min(planes.block, this.layer.neurons - block * planes.block);
    const packed = (/** @type {ArrayBuffer} */ buffer) => new PackedCounts(buffer, rows, Number(kind.split("/")[1]));
    // What is no packed counts is not kept.
    return packed(await this.files.bytes(this.folder + planes.groups[group][block], (buffer) => (packed(buffer), buffer)));
  }

  /** @param {number} level @param {number} index of a tile, which must be there: the top level is the first with one tile */
  check(level, index) {
    const rows = rowsAt(this.layer.neurons, level);
    if (index * 256 >= rows || (level > 0 && rowsAt(this.layer.neurons, level - 1) <= 256)) throw new NotThere(`no tile ${index} at level ${level}`);
  }

  /**
   * How a plane is made: from which counts, and how a neuron is added.
   * @param {Plane} plane
   * @returns {Promise<{kind: keyof LayerFiles["counts"], bins: number, add: (sums: Sums, counts: Uint32Array, end: number, neuron: number, row: number) => void}>}
   */
  async source({ group, axis, bins, zoom, from }) {
    if (axis === "shared" && zoom === 0 && bins < 256) {
      const kind = bins === 64 ? "shared/64" : "shared/16";
      return { kind, bins, add: (sums, counts, _end, _neuron, row) => sums.add(counts, 0, bins, row) };
    }
    if (axis === "own") return { kind: "own/256", bins, add: (sums, counts, _end, _neuron, row) => sums.add(counts, 0, 256, row) };
    const { exponent, origin } = this.layer.shared;
    const [{ exponents, origins }, zeros] = await Promise.all([this.grid(), this.zeros(group)]);
    const target = { exponent: exponent - zoom, origin: origin * 2 ** zoom + from, spreads: zoom > 0 };
    return {
      kind: "own/256", bins: 256,
      add: (sums, counts, end, neuron, row) => sums.project(counts, end, zeros[neuron], exponents[neuron], origins[neuron], target, row),
    };
  }

  /**
   * @param {Plane} plane
   * @param {string} expression
   * @param {string} direction
   * @param {number} level
   * @param {number} index
   * @returns {Promise<Tile>}
   */
  async tile(plane, expression, direction, level, index) {
    this.check(level, index);
    let lowest = 1;
    while (rowsAt(this.layer.neurons, lowest) > SUMMED_ROWS_MAX) lowest++;
    if (level < lowest) {
      const sums = await this.gather(plane, expression, direction, level, index);
      return sums.coarsened(plane.bins).tile(0, level, index * 256, plane.zoom > 0);
    }
    const key = `sums|${Object.values(plane).join("|")}|${expression}|${direction}|`;
    const size = (/** @type {Sums} */ sums) => sums.sums.byteLength + 64;
    let sums = await this.once(key + lowest, () => this.pass(plane, expression, direction, lowest), size);
    for (let at = lowest + 1; at <= level; at++) {
      const finer = sums;
      sums = await this.once(key + at, async () => finer.halved(), size);
    }
    return sums.tile(index * 256, level, index * 256, plane.zoom > 0);
  }

  /**
   * All rows of a level: every block of the plane once, in natural order.
   * @param {Plane} plane
   * @param {string} expression
   * @param {string} direction
   * @param {number} level
   */
  async pass(plane, expression, direction, level) {
    const [{ ranks }, zeros, { kind, bins, add }] = await Promise.all([this.order(expression, direction), this.zeros(plane.group), this.source(plane)]);
    const sums = new Sums(rowsAt(this.layer.neurons, level), bins);
    const { block } = this.index.counts[kind];
    const blocks = this.index.counts[kind].groups[plane.group].map((_, i) => this.block(kind, plane.group, i));
    for (let i = 0; i < blocks.length; i++) {
      const packed = await blocks[i];
      const counts = new Uint32Array(packed.bins);
      const end = Math.min((i + 1) * block, this.layer.neurons);
      for (let neuron = i * block; neuron < end; neuron++) {
        const row = ranks[neuron] >>> level;
        add(sums, counts, packed.read(neuron - i * block, counts), neuron, row);
        sums.zeros[row] += zeros[neuron];
      }
    }
    return sums.coarsened(plane.bins);
  }

  /**
   * The rows of one tile, from the blocks that hold its neurons.
   * @param {Plane} plane
   * @param {string} expression
   * @param {string} direction
   * @param {number} level
   * @param {number} index
   */
  async gather(plane, expression, direction, level, index) {
    const [{ neurons }, zeros, { kind, bins, add }] = await Promise.all([this.order(expression, direction), this.zeros(plane.group), this.source(plane)]);
    const first = (index * 256) << level;
    const chosen = neurons.subarray(first, Math.min(first + (256 << level), neurons.length));
    const { block } = this.index.counts[kind];
    const needed = [...new Set(Array.from(chosen, (neuron) => Math.floor(neuron / block)))];
    const blocks = new Map(await Promise.all(needed.map(async (i) => /** @type {[number, PackedCounts]} */ ([i, await this.block(kind, plane.group, i)]))));
    const sums = new Sums(Math.ceil(chosen.length / 2 ** level), bins);
    const counts = new Uint32Array(Number(kind.split("/")[1]));
    chosen.forEach((neuron, position) => {
      const packed = /** @type {PackedCounts} */ (blocks.get(Math.floor(neuron / block)));
      add(sums, counts, packed.read(neuron % block, counts), neuron, position >> level);
      sums.zeros[position >> level] += zeros[neuron];
    });
    return sums;
  }

  /**
   * @param {string} expression
   * @param {string} direction
   * @param {number[]} instances
   * @param {number} level
   * @param {number} index
   * @param {boolean} [withSpread] whether how far rows reach is told, too
   * @returns {Promise<RowsTile>}
   */
  async rows(expression, direction, instances, level, index, withSpread = false) {
    this.check(level, index);
    const [{ neurons, keys }, grid, spread, values] = await Promise.all([this.order(expression, direction), this.grid(), withSpread ? this.spread() : null, Promise.all(instances.map((i) => this.values(i)))]);
    const size = 2 ** level;
    const first = index * 256 * size;
    const count = Math.min(256, rowsAt(this.layer.neurons, level) - index * 256);
    const blocks = Array.from({ length: count }, (_, row) => neurons.subarray(first + row * size, Math.min(first + (row + 1) * size, neurons.length)));
    const heads = blocks.map((block) => block[0]);
    const ends = spread ? blocks.map((block) => spreadOf(spread, block)) : [];
    const key = (/** @type {number} */ neuron) => (keys ? keys[neuron] : neuron);
    return {
      rows: count, level, first: index * 256,
      neurons: Uint32Array.from(heads),
      keys: Float64Array.from(blocks, (block) => (level === 0 ? key(block[0]) : meanOf(block, key))),
      exponents: Int16Array.from(heads, (neuron) => grid.exponents[neuron]),
      origins: Float64Array.from(heads, (neuron) => grid.origins[neuron]),
      values: values.map((one) => Float32Array.from(blocks.flatMap((block) => (level === 0 ? [one[block[0]], one[block[0]], one[block[0]]] : extent(one, block))))),
      spread: Float32Array.from(ends.flatMap(({ figures }) => figures)), odd: Uint8Array.from(ends, ({ odd }) => odd),
    };
  }

  /** @param {string} expression @param {string} direction @param {number | null} neuron @param {number} rank @param {boolean} withTies whether it tells where the same key stands */
  async find(expression, direction, neuron, rank, withTies) {
    const order = await this.order(expression, direction);
    const place = neuron !== null ? { neuron, rank: order.ranks[neuron] } : { neuron: order.neurons[rank], rank };
    return withTies ? { ...place, ties: tied(order, place.rank) } : place;
  }

  /**
   * @param {number} neuron
   * @param {number[]} groups
   * @param {number[]} instances
   * @returns {Promise<import("../../types").NeuronFacts>}
   */
  async neuron(neuron, groups, instances) {
    const { block, files } = this.index.figures;
    const at = Math.floor(neuron / block);
    const own = this.index.counts["own/256"].block;
    const [grids, buffer, counts, values] = await Promise.all([
      this.grid(), this.bytes(files[at]),
      Promise.all(groups.map(async (group) => {
        const counts = new Uint32Array(256);
        (await this.block("own/256", group, Math.floor(neuron / own))).read(neuron % own, counts);
        return Array.from(counts);
      })),
      Promise.all(instances.map((instance) => this.values(instance))),
    ]);
    const grid = { exponent: grids.exponents[neuron], origin: grids.origins[neuron], tails: grids.tails[neuron] !== 0 };
    const inBlock = Math.min(block, this.layer.neurons - at * block);
    const entries = groups.map((group, i) => ({
      ...groupFigures(new Float64Array(buffer), this.metadata.groups.length, inBlock, neuron - at * block, group, this.metadata.groups[group].name),
      counts: counts[i],
    }));
    return {
      neuron, layer: this.layer.id, grid, groups: entries,
      instances: instances.map((instance, i) => {
        const value = values[i][neuron];
        const text = Number.isFinite(value) ? {} : { value_text: Number.isNaN(value) ? "nan" : value < 0 ? "-inf" : "inf" };
        return {
          instance, name: this.metadata.instances[instance].name, value: Number.isFinite(value) ? value : null, ...text,
          percentiles: entries.flatMap((group) => percentile(value, group, grid) ?? []),
        };
      }),
    };
  }
}

/**
 * How far a row reaches: the quantiles of its first neuron, minimum and maximum of all.
 * @param {{figures: Float32Array, odd: Uint8Array}} spread
 * @param {Uint32Array} block
 */
function spreadOf({ figures, odd }, block) {
  const some = Array.from(figures.subarray(6 * block[0], 6 * block[0] + 6));
  let any = 0;
  let all = 4;
  for (const neuron of block) {
    if (figures[6 * neuron] < some[0] || Number.isNaN(some[0])) some[0] = figures[6 * neuron];
    if (figures[6 * neuron + 5] > some[5] || Number.isNaN(some[5])) some[5] = figures[6 * neuron + 5];
    any |= odd[neuron];
    all &= odd[neuron];
  }
  return { figures: some, odd: (any & 3) | all };
}

/** @param {Uint32Array} block @param {(neuron: number) => number} key the mean of the finite ones */
function meanOf(block, key) {
  let sum = 0;
  let count = 0;
  for (const neuron of block) {
    if (!Number.isFinite(key(neuron))) continue;
    sum += key(neuron);
    count++;
  }
  return count > 0 ? sum / count : Number.NaN;
}

/** @param {Float32Array} values @param {Uint32Array} block @returns {[number, number, number]} lowest, mean, highest of the finite ones */
function extent(values, block) {
  let low = Infinity;
  let high = -Infinity;
  for (const neuron of block) {
    if (!Number.isFinite(values[neuron])) continue;
    low = Math.min(low, values[neuron]);
    high = Math.max(high, values[neuron]);
  }
  return low > high ? [Number.NaN, Number.NaN, Number.NaN] : [low, meanOf(block, (neuron) => values[neuron]), high];
}
