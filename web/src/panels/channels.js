/** The channel view of a layer: in place of its rows, a line of maps for each channel, sorted, and the open channel's maps large. */

import { channelMaps, channelRequest } from "../data/channels.js";
import { el, set, setText } from "../dom.js";
import { aggregate, chance, channelGrid, FRESH, inOrder, mapOf, weight } from "../model/channels.js";
import { count, plural } from "../model/format.js";
import { groupName } from "../model/names.js";
import { jump } from "../view/navigate.js";
import { ChannelDetail } from "./channeldetail.js";
import { ChannelList, shortFigure } from "./channellist.js";

/** @typedef {import("../view/column.js").Column} Column */
/** @typedef {import("../model/channels.js").Channels} Channels */
/** @typedef {import("../model/channels.js").Figure} Figure */
/** @typedef {import("../data/channels.js").ChannelMap} ChannelMap */
/**
 * What is shown of a layer.
 * @typedef {object} Shown
 * @property {import("../model/channels.js").Grid} grid
 * @property {readonly ChannelMap[]} maps
 * @property {readonly number[]} groups the two classes
 * @property {readonly number[]} figures by channel
 * @property {readonly number[]} order channels
 * @property {Figure} by
 * @property {number | null} chance what the figure is without any difference
 */

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/tables.js").NeuronTables} tables
 * @param {import("../view/activation.js").ActivationView} activation
 */
export function channelsView(app, tables, activation) {
  /** @type {WeakMap<Column, ColumnChannels | null>} */
  const known = new WeakMap();
  const update = () => {
    for (const column of activation.shown()) {
      if (!known.has(column)) known.set(column, channelGrid(column.layer) ? new ColumnChannels(app, tables, column) : null);
      known.get(column)?.update();
    }
  };
  app.onChange(update);
  update();
}

class ColumnChannels {
  /** @param {import("../app.js").App} app @param {import("../data/tables.js").NeuronTables} tables @param {Column} column */
  constructor(app, tables, column) {
    this.app = app;
    this.tables = tables;
    this.column = column;
    const { layer } = column;
    const grid = channelGrid(layer);
    if (!grid) throw new Error(`${layer.name} has no channels`);
    this.grid = grid;
    /** @type {{key: string, groups: readonly number[], maps: readonly ChannelMap[]} | null} */
    this.loaded = null;
    this.asked = "";
    this.drawn = "";
    this.listed = "";
    this.wasOpen = false;
    /**
     * The neuron to go to when the rows are back.
     * @type {number | null}
     */
    this.goal = null;
    const way = (/** @type {boolean} */ on, /** @type {string} */ text, /** @type {string} */ title) => el("button", { type: "button", role: "radio", title, "data-view": text, onClick: () => this.turn(on) }, text);
    this.ways = el("span", { class: "filter-ways view-ways", role: "radiogroup", "aria-label": `View of ${layer.name}` },
      way(false, "neurons", "A row a neuron"), way(true, "channels", `${plural(grid.channels, "channel")}: a map of the positions of each`));
    this.ways.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      this.turn(!this.state);
      /** @type {HTMLElement | null} */ (this.ways.querySelector("[aria-checked=true]"))?.focus();
    });
    column.head.querySelector(".head-line .facts")?.after(this.ways);
    this.by = el("select", { "aria-label": `Sort the channels of ${layer.name} by` });
    this.by.addEventListener("change", () => this.change((draft) => {
      draft.by = /** @type {Figure} */ (this.by.value);
    }));
    this.over = el("select", { "aria-label": "One figure of all positions" }, el("option", { value: "mean" }, "mean over positions"), el("option", { value: "max" }, "largest of positions"));
    this.over.addEventListener("change", () => this.change((draft) => {
      draft.over = this.over.value === "max" ? "max" : "mean";
    }));
    this.direction = el("button", { type: "button", class: "direction-button", onClick: () => this.change((draft) => {
      draft.least = !draft.least;
    }) });
    this.note = el("span", { class: "quiet", role: "status" });
    this.list = new ChannelList(app, (channel) => this.open(channel));
    this.detail = new ChannelDetail(app, column, { close: () => this.open(null), alone: (channel) => this.alone(channel), show: (neuron) => this.show(neuron) });
    this.element = el("div", { class: "channels", hidden: true, "data-help": "channels" },
      el("div", { class: "head-line channel-sort" }, el("span", { class: "quiet" }, "Sort channels by"), this.by, this.over, this.direction, this.note),
      el("div", { class: "channel-body" }, this.list.element, this.detail.element));
    column.body.after(this.element);
    // The rows have their room again with the first frame.
    app.onDraw(() => {
      if (this.goal === null || this.state || column.width < 20) return;
      void jump(column, this.goal);
      this.goal = null;
      column.canvas.focus({ preventScroll: true });
    });
  }

  /** @returns {Channels | undefined} */
  get state() {
    return this.app.state.channels[this.column.layer.id];
  }

  /** @param {boolean} on */
  turn(on) {
    const { id } = this.column.layer;
    if (on === (this.state !== undefined)) return;
    this.app.update((draft) => {
      if (on) draft.channels[id] = { ...FRESH, by: this.app.groupsIn(this.column.layer).length > 1 ? "auroc" : "first" };
      else delete draft.channels[id];
    });
    this.app.announce(`${this.column.layer.name}: ${on ? "channels" : "neurons"}`);
  }

  /** @param {(draft: Channels) => void} change */
  change(change) {
    const { id } = this.column.layer;
    this.app.update((draft) => change(draft.channels[id]));
  }

  /** @param {number | null} channel */
  open(channel) {
    this.change((draft) => {
      draft.open = draft.open === channel ? null : channel;
    });
    if (channel === null) this.list.focus();
  }

  /** @param {number} channel whose neurons alone are to be shown, as rows */
  alone(channel) {
    const { id } = this.column.layer;
    this.app.update((draft) => {
      delete draft.channels[id];
      draft.filter = { where: `ch == ${channel}`, way: "only" };
      for (const column of Object.values(draft.columns)) column.top = 0;
    });
  }

  /** @param {number} neuron to be shown in the picture of rows, with its panel */
  show(neuron) {
    const { id } = this.column.layer;
    this.app.update((draft) => {
      delete draft.channels[id];
      draft.panel = { layer: id, neuron };
    });
    this.goal = neuron;
  }

  update() {
    const { state, column } = this;
    const on = state !== undefined;
    for (const button of this.ways.querySelectorAll("button")) {
      const isIt = (button.dataset.view === "channels") === on;
      set(button, "aria-checked", String(isIt));
      set(button, "tabindex", isIt ? 0 : -1);
    }
    this.element.hidden = !on;
    column.body.hidden = on;
    column.element.classList.toggle("shows-channels", on);
    if (!state) {
      if (this.wasOpen) this.app.redraw();
      this.wasOpen = false;
      return;
    }
    this.wasOpen = true;
    const request = channelRequest(this.app, column.layer);
    if (request.key !== this.asked) {
      this.asked = request.key;
      setText(this.note, "reading …");
      set(this.element, "data-reading", "true");
      channelMaps(this.app, this.tables, column.layer, request).then((maps) => {
        if (this.asked !== request.key) return;
        this.loaded = { key: request.key, groups: request.groups, maps };
        this.update();
      }, (error) => {
        if (this.asked !== request.key) return;
        this.asked = "";
        setText(this.note, error.aborted ? "" : `cannot be shown: ${error.detail ?? error.message}`);
      });
    }
    if (this.loaded?.key === request.key) this.draw(state, this.loaded);
  }

  /** @param {Channels} state @param {{key: string, groups: readonly number[], maps: readonly ChannelMap[]}} loaded */
  draw(state, { key, groups, maps }) {
    const { app, grid } = this;
    const { metadata, theme } = app;
    const drawn = JSON.stringify([key, state, theme.name, app.state.panel]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const listed = JSON.stringify([key, state.by, state.over, state.least, theme.name]);
    const offered = /** @type {Figure[]} */ ([...maps.map((map) => map.figure), "index"]);
    const names = groups.map((group) => groupName(metadata.groups[group]));
    const change = maps.find((map) => map.figure === "change");
    const words = /** @type {Record<Figure, string>} */ ({
      auroc: `what tells ${names[0]} from ${names[1]}`, first: `median of ${names[0]}`, second: `median of ${names[1]}`, zeros: "share of zeros",
      change: change?.title === "attacked − benign" ? "what the attack changed" : `value of ${change?.title}`, index: "number",
    });
    const by = offered.includes(state.by) ? state.by : offered[0];
    this.by.replaceChildren(...offered.map((figure) => el("option", { value: figure, selected: figure === by }, words[figure])));
    this.by.value = by;
    this.over.value = state.over;
    this.over.hidden = by === "index";
    this.direction.replaceChildren(state.least ? "↑ smallest first" : by === "index" ? "↑ first to last" : "↓ largest first");
    set(this.direction, "aria-label", `Direction: ${this.direction.textContent?.slice(2)}. Reverse`);
    const map = maps.find((one) => one.figure === by);
    const figures = Array.from({ length: grid.channels }, (_, channel) => (map ? aggregate(mapOf(grid, map.values, channel).map((value) => weight(by, value)), state.over) : -channel));
    const rows = groups.map((group) => metadata.groups[group].rows);
    const shown = {
      grid, maps, groups, figures, by, order: inOrder(figures, state.least),
      chance: by === "auroc" && state.over === "mean" && rows.every((n) => n > 0) ? chance(rows[0], rows[1]) : null,
    };
    setText(this.note, `${grid.rowName ? `${grid.rows}×` : ""}${grid.columns} positions × ${plural(grid.channels, "channel")}${shown.chance === null ? "" : ` · by chance ${shortFigure(shown.chance)}`}`);
    if (listed !== this.listed) {
      this.list.draw(shown);
      this.app.announce(`${count(grid.channels)} channels by ${words[by]}`);
    }
    this.listed = listed;
    this.list.mark(state.open);
    this.detail.draw(shown, state.open);
    set(this.element, "data-reading", "false");
    set(this.element, "data-order", shown.order.slice(0, 32).join(","));
  }
}
