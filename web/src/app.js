/** What all views share: the metadata, the state with its history, the data, the theme. */

import { orderQuery, versionUrls } from "./data/api.js";
import { PRIORITY, TileSource } from "./data/tiles.js";
import { paletteColour, paletteNumbers } from "./model/colormap.js";
import { withoutCommonPath } from "./model/names.js";
import { comparesStores, expression } from "./model/order.js";
import { encodeState } from "./model/state.js";
import { hasCodes, isMoment } from "./model/moments.js";
import { readTheme } from "./view/theme.js";

/** @typedef {import("./types").State} State */
/** @typedef {import("./types").Metadata} Metadata */
/** @typedef {"push" | "replace" | "quiet"} History a step that "back" undoes, one that it does not, one that the address need not know at once */

/**
 * What the page does for its views.
 * @typedef {object} Page
 * @property {() => void} redraw asks for a frame
 * @property {(text: string) => void} announce has a line read aloud
 * @property {(text: string, action?: {label: string, run: () => void}) => void} tell has a line seen for a moment, and read aloud; with a button
 * @property {(error: import("./data/queue.js").RequestError) => void} refused is told what the server refused
 */

/** How long scrolling must rest before the address follows. Browsers refuse more than about 100 changes in 30 s. */
const ADDRESS_DELAY_MS = 350;

export class App {
  /**
   * @param {import("./data/queue.js").RequestQueue} queue
   * @param {Metadata} metadata
   * @param {State} state
   * @param {Page} page
   */
  constructor(queue, metadata, state, { redraw, announce, tell, refused }) {
    this.queue = queue;
    this.metadata = metadata;
    this.urls = versionUrls(metadata);
    this.state = state;
    this.theme = readTheme();
    this.palette = paletteNumbers(metadata);
    const short = withoutCommonPath(metadata.layers.map((layer) => layer.name));
    /** Names of layers without what all begin with, by id. */
    this.shortNames = new Map(metadata.layers.map((layer, i) => [layer.id, short[i]]));
    /** Has a frame look what came: tiles that nothing on screen is made of draw nothing anew. */
    this.arrived = redraw;
    /** How often there was something else to draw. */
    this.changes = 0;
    /** Asks for a frame that draws. */
    this.redraw = () => {
      this.changes++;
      redraw();
    };
    this.source = new TileSource(queue, this.arrived, (error, url) => this.refusedTile(error, url));
    /** @type {Map<string, import("./types").Summary>} */
    this.summaries = new Map();
    /** @type {Map<string, Promise<import("./types").Summary>>} */
    this.asked = new Map();
    /** @type {((state: State, before: State) => void)[]} */
    this.listeners = [];
    /** @type {(() => void)[]} */
    this.drawListeners = [];
    this.announce = announce;
    this.tell = tell;
    this.refused = refused;
    this.addressTimer = 0;
    /**
     * Layers for which the server has no finer bins for a part of the axis.
     * @type {Set<string>}
     */
    this.coarse = new Set();
    /** Whether there is no server, but a site of plain files (Tiles/STATIC.md). */
    this.isPlain = document.documentElement.dataset.site !== undefined;
    /**
     * Conditions on neurons: come after the first picture.
     * @type {import("./data/filters.js").Filters | null}
     */
    this.filters = null;
    /**
     * Has them come, where they are not here yet.
     * @type {(run: (filters: import("./data/filters.js").Filters) => void) => void}
     */
    this.withFilters = () => {};
    /**
     * Another version beside this one, once it is here.
     * @type {import("./other.js").OtherApp | null}
     */
    this.other = null;
    /** What tells elements of this version's columns from those of another's. */
    this.columnSuffix = "";
    /** Whether rows are moving: then only what is seen is asked for, not what may be next. */
    this.moving = false;
    /** Whether a brush is being dragged. */
    this.brushing = false;
    addEventListener("pagehide", () => this.writeAddress());
  }

  /** @param {import("./data/queue.js").RequestError} error @param {string} url */
  refusedTile(error, url) {
    // A layer whose axis cannot be cut finer, or a server that never does: the bins of the whole axis must do.
    const finer = /\/layers\/([^/]+)\/tiles\/.*&zoom=/.exec(url);
    if (finer && (error.status === 400 || error.status === 404) && !error.type.endsWith("/gone")) this.coarse.add(finer[1]);
    else this.refused(error);
    this.redraw();
  }

  /** Asks once more for all that the server refused, or that came damaged at every try. */
  retry() {
    this.source.retry();
    for (const id of this.state.layers) if (!this.summaries.has(id)) void this.summary(id, PRIORITY.sharp).catch(() => {});
    this.redraw();
  }

  /** @param {(state: State, before: State) => void} listener */
  onChange(listener) {
    this.listeners.push(listener);
  }

  /** @param {() => void} listener called after each frame of the columns */
  onDraw(listener) {
    this.drawListeners.push(listener);
  }

  drawn() {
    for (const listener of this.drawListeners) listener();
  }

  /** The theme is a property of the page: whoever changes it, canvases follow. */
  retheme() {
    this.theme = readTheme();
    this.replace(this.state);
  }

  /**
   * Changes the state. `change` gets a copy to write into.
   * @param {(draft: State) => void} change
   * @param {History} [history]
   */
  update(change, history = "push") {
    const draft = structuredClone(this.state);
    change(draft);
    if (history === "push") {
      this.writeAddress();
      const next = encodeState(draft, this.metadata);
      if (next !== location.hash) window.history.pushState({ steps: this.steps + 1 }, "", next);
    }
    if (history === "quiet") {
      // Scrolling and zooming change what the next frame draws, and nothing else on the page.
      this.state = draft;
      this.redraw();
      clearTimeout(this.addressTimer);
      this.moving = true;
      this.addressTimer = setTimeout(() => {
        this.writeAddress();
        this.replace(this.state);
      }, ADDRESS_DELAY_MS);
    } else this.replace(draft);
    if (history === "replace") this.writeAddress();
  }

  /**
   * Another window of the axis, for the rows that are in view now: a consequence of what was done, not a step of its own.
   * @param {string} id of the layer
   * @param {import("./model/fit.js").Fit} fit
   */
  refit(id, fit) {
    this.state = { ...this.state, columns: { ...this.state.columns, [id]: { ...this.state.columns[id], fit } } };
    this.redraw();
    this.writeAddress();
  }

  /**
   * Puts a whole state in place: from a link, or from "back".
   * @param {State} state
   */
  replace(state) {
    const before = this.state;
    this.state = state;
    for (const listener of this.listeners) listener(state, before);
    this.redraw();
  }

  /**
   * The order of a layer, as the server is asked for it.
   * @param {string} id
   */
  queryOf(id) {
    const { order, direction } = this.state.columns[id];
    return this.queryFor(order, direction);
  }

  /**
   * @param {import("./types").Order} order
   * @param {import("./types").Direction} direction
   */
  queryFor(order, direction) {
    const { other } = this.state;
    return orderQuery(expression(order, this.metadata), direction) + (other && comparesStores(order) ? `&with=${encodeURIComponent(`${other.name}/${other.version}`)}` : "");
  }

  /**
   * The window of a layer's axis, where it is not its own to find.
   * @param {string} _id
   * @returns {import("./model/fit.js").Fit | null}
   */
  fitOf(_id) {
    return null;
  }

  /** More is known of what the state asks for. */
  refresh() {
    for (const listener of this.listeners) listener(this.state, this.state);
    this.redraw();
  }

  /** Steps of this visit that can be undone. */
  get steps() {
    return Number(window.history.state?.steps ?? 0);
  }

  /** Takes the last step back, where there is one of this visit. */
  undo() {
    if (this.steps > 0) window.history.back();
    else this.tell("There is nothing to undo.");
  }

  writeAddress() {
    clearTimeout(this.addressTimer);
    this.moving = false;
    const hash = encodeState(this.state, this.metadata);
    if (hash !== location.hash) window.history.replaceState(window.history.state, "", hash);
  }

  /**
   * The chosen instances that a layer knows: any row only where it has codes, of one value a row.
   * @param {import("./types").Layer} layer
   */
  instancesIn(layer) {
    const { state, metadata } = this;
    const all = hasCodes(layer) && layer.samples === 1 && !this.isPlain;
    return all ? state.instances : state.instances.filter((instance) => metadata.instances[instance].row === undefined);
  }

  /**
   * The chosen groups that a layer knows: those of the moment only where it has codes.
   * @param {import("./types").Layer} layer
   */
  groupsIn(layer) {
    const { state, metadata } = this;
    return hasCodes(layer) && !this.isPlain ? state.groups : state.groups.filter((group) => !isMoment(metadata, group));
  }

  /**
   * The colour of a group: its own, whatever else is shown.
   * @param {number} group
   * @param {"light" | "dark"} [theme] default: the page's
   */
  colour(group, theme = this.theme.name) {
    return paletteColour(this.palette[group] ?? this.metadata.groups[group].colour, theme);
  }

  /** @param {string} id */
  layer(id) {
    const layer = this.metadata.layers.find((one) => one.id === id);
    if (!layer) throw new Error(`no layer ${id}`);
    return layer;
  }

  /**
   * A JSON answer, through the same bounded queue as the tiles.
   * @param {string} url
   * @param {number} priority
   * @param {AbortSignal} [signal]
   */
  async json(url, priority, signal) {
    return (await this.queue.request({ url, kind: "json", priority, signal })).data;
  }

  /**
   * @param {string} id
   * @param {number} priority
   * @returns {Promise<import("./types").Summary>}
   */
  summary(id, priority) {
    let asked = this.asked.get(id);
    if (!asked) {
      asked = this.json(this.urls.summary(id), priority).then((summary) => {
        this.summaries.set(id, summary);
        this.refresh();
        return summary;
      });
      asked.catch(() => this.asked.delete(id));
      this.asked.set(id, asked);
    }
    return asked;
  }
}
