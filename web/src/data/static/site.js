/**
 * A site of plain files (Tiles/STATIC.md) that answers the addresses of Tiles/HTTP.md: the page asks as it would ask a
 * server, and what a server would compute is computed here.
 */

import { FileError, Files } from "./files.js";
import { NotThere } from "./files.js";
import { StaticLayer } from "./layer.js";

/** @typedef {import("../../types").Metadata} Metadata */
/** @typedef {{name: string, version: string, url: string, manifest: string}} Entry */
/** @typedef {{metadata: Metadata, layers: Record<string, string>}} Manifest names of the layers' indices by id */

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
    if (id === undefined) return (await this.version(name, version)).manifest.metadata;
    const layer = await this.layer(name, version, id);
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
      case "rows": return layer.rows(order, direction, indices("instances"), numbers[0], numbers[1]);
      case "find": return layer.find(order, direction, query.has("neuron") ? Number(query.get("neuron")) : null, Number(query.get("rank") ?? 0));
      case "neurons": return layer.neuron(numbers[0], set("groups"), set("instances"));
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
