/**
 * A site of plain files (Tiles/STATIC.md) that answers the addresses of Tiles/HTTP.md: the page asks as it would ask a
 * server, and what a server would compute is computed here.
 */

import { rowsAskedBy } from "../../model/tile.js";
import { FileError, Files, NotThere } from "./files.js";
import { StaticLayer } from "./layer.js";

/** @typedef {import("../../types").Metadata} Metadata */
/** @typedef {{name: string, version: string, url: string, manifest: string}} Entry */
/** @typedef {{block: number, files: string[]}} Blocks names by blocks of rows */
/** @typedef {{metadata: Metadata, layers: Record<string, string>, table?: {rows: Blocks, pictures?: Blocks, texts?: Blocks}, divergences?: {rows: string, instances?: string, told: number, answers: Record<string, string>}}} Manifest names of the layers' indices by id; what each row is; how ordinary inputs are, answers by path */

const FORMAT = "neural-divergence-site";
const FORMAT_VERSION = 2;

export class StaticSite {
  /** @param {string} address of `site.json` */
  constructor(address) {
    const root = new URL(".", address).href;
    this.root = root;
    this.address = address;
    this.files = new Files(root);
    /** @type {Map<string, Promise<StaticLayer>>} */
    this.layers = new Map();
    /** @type {Promise<Entry[]> | undefined} */
    this.entries = undefined;
  }

  /** @returns {Promise<Entry[]>} asked for anew every time: it is the one file that changes */
  async catalogue() {
    const site = JSON.parse(new TextDecoder().decode(await this.files.fetch(this.address.slice(this.root.length))));
    if (site.format !== FORMAT || site.format_version !== FORMAT_VERSION) throw new NotThere("this page cannot read the site beside it: it was made by another version");
    return site.datasets;
  }

  /** @param {string} name @param {string} version @returns {Promise<{folder: string, manifest: Manifest}>} */
  async version(name, version) {
    const entry = (await this.known()).find((one) => one.name === name && one.version === version);
    if (!entry) throw new NotThere(`${name} has no version ${version} here`);
    const folder = `${entry.url}/`;
    return { folder, manifest: await this.files.json(folder + entry.manifest) };
  }

  known() {
    this.entries ??= this.catalogue().catch((error) => {
      this.entries = undefined;
      throw error;
    });
    return this.entries;
  }

  /** @param {string} name @param {string} version @param {string} id */
  layer(name, version, id) {
    const key = `${name}/${version}/${id}`;
    let layer = this.layers.get(key);
    if (!layer) {
      layer = this.open(name, version, id);
      layer.catch(() => this.layers.delete(key));
      this.layers.set(key, layer);
    }
    return layer;
  }

  /** @param {string} name @param {string} version @param {string} id */
  async open(name, version, id) {
    const { folder, manifest } = await this.version(name, version);
    const layer = manifest.metadata.layers.find((one) => one.id === id);
    if (!layer) throw new NotThere(`there is no layer ${id}`);
    return new StaticLayer(this.files, folder, manifest.metadata, layer, await this.files.json(folder + manifest.layers[id]));
  }

  /**
   * A file of the table of rows, and where a row stands in it.
   * @param {string} name
   * @param {string} version
   * @param {"rows" | "pictures" | "texts"} part
   * @param {number} row
   */
  async block(name, version, part, row) {
    const { folder, manifest } = await this.version(name, version);
    const blocks = manifest.table?.[part];
    const file = blocks?.files[Math.floor(row / blocks.block)];
    if (!blocks || !file) throw new NotThere(`there is no row ${row} with ${part} here`);
    return { path: folder + file, at: row % blocks.block, metadata: manifest.metadata };
  }

  /**
   * @param {string} name
   * @param {string} version
   * @param {number} from
   * @param {number} count
   * @param {boolean} chosen whether only rows for which an expression holds are asked for
   */
  async rows(name, version, from, count, chosen) {
    if (chosen) throw new NotThere("a site of plain files finds rows by their number only: others take a server");
    const { path, at, metadata } = await this.block(name, version, "rows", from);
    const { rows } = await this.files.json(path);
    return { from, total: metadata.rows, rows: rows.slice(at, at + count) };
  }

  /**
   * How ordinary inputs are for their classes.
   * @param {string} name
   * @param {string} version
   * @param {string} what
   * @param {string | undefined} number
   * @param {URLSearchParams} query
   */
  async divergences(name, version, what, number, query) {
    const { folder, manifest } = await this.version(name, version);
    const { divergences } = manifest;
    if (!divergences) throw new NotThere("the rows of this version were not judged, or this site was made by an earlier version");
    if ((what === "rows" || what === "instances") && number === undefined) {
      const file = divergences[what];
      if (!file) throw new NotThere("there are no instances here");
      const all = await this.files.json(folder + file);
      const from = Number(query.get("from") ?? 0);
      return { ...all, from, [what]: all[what].slice(from, from + Number(query.get("count") ?? 64)) };
    }
    const between = query.has("for") ? `?for=${query.get("for")}&over=${query.get("over")}` : "";
    const file = divergences.answers[`${what}${number === undefined ? "" : `/${number}`}${between}`];
    if (!file) throw new NotThere(what === "instances" && Number(number) >= divergences.told ? `this site tells of the first ${divergences.told} instances: for others, ask a server` : "a site of plain files tells of its instances between their own classes only: for others, ask a server");
    return this.files.json(folder + file);
  }

  /**
   * The text of a row.
   * @param {string} name
   * @param {string} version
   * @param {number} row
   */
  async text(name, version, row) {
    const { path, at } = await this.block(name, version, "texts", row);
    return { row, text: (await this.files.json(path))[at] };
  }

  /**
   * The picture of a row.
   * @param {string} name
   * @param {string} version
   * @param {number} row
   */
  async picture(name, version, row) {
    const { path, at, metadata } = await this.block(name, version, "pictures", row);
    const shape = metadata.table?.pictures;
    if (!shape) throw new NotThere("the rows have no pictures");
    const { width, height, channels } = shape;
    const size = width * height * channels;
    const pixels = new Uint8Array(await this.files.bytes(path), at * size, size);
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) image.data[4 * i + c] = pixels[i * channels + (channels < 3 ? 0 : c)];
      image.data[4 * i + 3] = channels === 2 || channels === 4 ? pixels[i * channels + channels - 1] : 255;
    }
    return createImageBitmap(image);
  }

  /**
   * The rows that fire a neuron most, or least, with what the table says of them.
   * @param {string} name
   * @param {string} version
   * @param {StaticLayer} layer
   * @param {number} neuron
   * @param {"highest" | "lowest"} end
   * @param {number} count
   */
  async firing(name, version, layer, neuron, end, count) {
    const { rows, tied } = await layer.extremes(neuron, end, count);
    const told = await Promise.all(rows.map(async ({ row, value }) => {
      const { label, prediction } = await this.tableRow(name, version, row);
      return { row, low: value, high: value, ...(label !== undefined && { label }), ...(prediction !== undefined && { prediction }) };
    }));
    return { neuron, layer: layer.layer.id, end, rows: told, ...(tied !== undefined && { tied }) };
  }

  /** @param {string} name @param {string} version @param {number} row @returns {Promise<{label?: string, prediction?: string}>} nothing, without a table */
  async tableRow(name, version, row) {
    if (!(await this.version(name, version)).manifest.table) return {};
    const { path, at } = await this.block(name, version, "rows", row);
    return (await this.files.json(path)).rows[at];
  }

  /**
   * The answer to a request of Tiles/HTTP.md: JSON as an object, tiles and rows decoded.
   * @param {string} url
   * @returns {Promise<any>}
   */
  async answer(url) {
    const { pathname, searchParams: query } = new URL(url);
    const parts = pathname.slice(new URL(this.root).pathname.length).split("/").slice(3).map(decodeURIComponent);
    const [name, version, , id, what, ...rest] = parts;
    if (name === undefined) return { datasets: await this.catalogue() };
    if (version === undefined) {
      const entry = (await this.catalogue()).find((one) => one.name === name);
      if (!entry) throw new NotThere(`there is no data set ${name}`);
      return { name, version: entry.version, url: entry.url };
    }
    if (parts[2] === "rows" && id === undefined) return this.rows(name, version, Number(query.get("from") ?? 0), Number(query.get("count") ?? 64), query.has("where"));
    if (parts[2] === "divergences") return this.divergences(name, version, id, what, query);
    if (parts[2] === "separation") throw new NotThere("a site of plain files does not compare layers: that takes a server");
    if (parts[2] === "confusion") throw new NotThere("a site of plain files has no confusion matrix: that takes a server");
    if (id === undefined) return (await this.version(name, version)).manifest.metadata;
    if (parts[2] === "rows" && id === "pictures") return Promise.all(rowsAskedBy(url).map((row) => this.picture(name, version, row)));
    if (parts[2] === "rows" && id === "texts") return { texts: await Promise.all(rowsAskedBy(url).map((row) => this.text(name, version, row))) };
    const layer = await this.layer(name, version, id);
    const isFiring = what === "neurons" && rest[1] === "rows";
    if (query.has("where") || (isFiring && query.has("group"))) throw new NotThere("a site of plain files knows the values of single rows only where they are outermost among all: others take a server");
    if (isFiring) return this.firing(name, version, layer, Number(rest[0]), query.get("end") === "lowest" ? "lowest" : "highest", Number(query.get("count") ?? 16));
    const order = query.get("order") ?? "index";
    const direction = query.get("direction") ?? "ascending";
    const indices = (/** @type {string} */ key) => (query.get(key) ?? "").split(",").filter((text) => text !== "").map(Number);
    const set = (/** @type {string} */ key) => [...new Set(indices(key))].sort((a, b) => a - b);
    const numbers = rest.map(Number);
    switch (what) {
      case "summary": return layer.summary();
      case "tiles": {
        const plane = {
          group: numbers[0], axis: query.get("axis") ?? "shared", bins: Number(query.get("bins") ?? 256),
          zoom: Number(query.get("zoom") ?? 0), from: Number(query.get("from") ?? 0),
        };
        return layer.tile(plane, order, direction, numbers[1], numbers[2]);
      }
      case "rows": return layer.rows(order, direction, indices("instances"), numbers[0], numbers[1], query.get("spread") === "all");
      case "find": return layer.find(order, direction, query.has("neuron") ? Number(query.get("neuron")) : null, Number(query.get("rank") ?? 0), query.get("ties") === "all");
      case "neurons": {
        const one = (/** @type {number} */ neuron) => layer.neuron(neuron, set("groups"), set("instances"));
        return rest.length > 0 ? one(numbers[0]) : { layer: id, neurons: await Promise.all(set("neurons").map(one)) };
      }
      default: throw new NotThere(`nothing at ${pathname}`);
    }
  }
}

/**
 * As a server would have said it. What came, but is no gzip, no JSON or not as long as it should be, is damaged: it came, so
 * waiting for the host would be in vain.
 * @param {unknown} error
 * @returns {{status: number, message: string, damaged: boolean}}
 */
export function refusalOf(error) {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof NotThere) return { status: 404, message, damaged: false };
  if (error instanceof FileError) return { status: error.status, message, damaged: false };
  return { status: 0, message, damaged: true };
}
