/** A neuron's exact figures in a table, where the instances stand among the classes, and its ranks. */

import { el } from "../dom.js";
import { css } from "../model/colormap.js";
import { aligned, alignedPercent, count, figure, standing } from "../model/format.js";
import { encodeOrder, expression, phrase } from "../model/order.js";
import { columns } from "../model/statistics.js";
import { orderQuery } from "../data/api.js";
import { PRIORITY } from "../data/tiles.js";
import { swatch } from "../view/hovercard.js";
import { dotSvg } from "../view/marks.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {ReadonlyMap<number, import("../view/dots.js").Marker>} Looks */

/**
 * The figures of a column: with so many decimals that each has four significant digits, where that is not too many.
 * @param {readonly (number | null | undefined)[]} values
 */
function underEachOther(values) {
  const sizes = values.filter((value) => value && Number.isFinite(value)).map((value) => Math.floor(Math.log10(Math.abs(value ?? 0))));
  const places = Math.max(0, ...sizes.map((size) => 3 - size));
  return values.map((value) => value === 0 || places > 7 || Math.max(...sizes) > 5 ? figure(value, 4) : aligned(value, places));
}

/** @param {NeuronFacts} one @param {import("../app.js").App} app */
export function statistics(one, app) {
  const shown = columns(one.groups);
  const texts = shown.map((statistic) => {
    if (statistic.shown === "figure") return underEachOther(one.groups.map((group) => group[statistic.name]));
    return one.groups.map((group) => (statistic.shown === "share" ? alignedPercent(group[statistic.name] / Math.max(1, group.count)) : count(group[statistic.name])));
  });
  const rows = one.groups.map((group, i) => {
    return el("tr", {}, el("th", { scope: "row" }, swatch(css(app.colour(group.group))), group.name), ...texts.map((column) => el("td", {}, column[i])));
  });
  return el("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "Statistics" },
    el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "class"), ...shown.map(({ title }) => el("th", { scope: "col" }, title)))), el("tbody", {}, ...rows)));
}

/** @param {NeuronFacts} one @param {import("../app.js").App} app @param {Looks} looks */
export function standings(one, app, looks) {
  return el("ul", { class: "standings" }, ...one.instances.map((i) => {
    const look = looks.get(i.instance);
    const value = i.value === null ? i.value_text ?? "–" : figure(i.value, 4);
    const words = i.percentiles.map((p) => standing(p.low, p.high, app.metadata.groups[p.group].name)).join("; ");
    return el("li", {}, look ? el("span", {}, dotSvg(look)) : null, el("b", {}, i.name), ` at ${value}: ${words}`);
  }));
}

/** Orderings whose rank is asked for: what a reader can take in. */
const RANKS_MAX = 8;

/**
 * The neuron's rank in the orderings at hand: the column's, and, largest first, by every chosen instance and class.
 * @param {NeuronFacts} one
 * @param {import("../app.js").App} app
 * @param {AbortSignal} [signal]
 */
export function ranks({ layer, neuron }, app, signal) {
  const { state, metadata } = app;
  const column = state.columns[layer];
  /** @type {{order: import("../types").Order, direction: import("../types").Direction}[]} */
  const wanted = column ? [{ order: column.order, direction: column.direction }] : [];
  for (const instance of state.instances) if (metadata.instances[instance].row === undefined) wanted.push({ order: { kind: "value", instance }, direction: "descending" });
  for (const group of state.groups) if (metadata.groups[group].kind !== "moment") wanted.push({ order: { kind: "median", group }, direction: "descending" });
  const seen = new Set();
  const list = wanted.filter(({ order, direction }) => {
    const key = `${encodeOrder(order)} ${direction}`;
    return !seen.has(key) && seen.add(key);
  }).slice(0, RANKS_MAX);
  const neurons = app.layer(layer).neurons;
  const element = el("ul", { class: "ranks", "aria-label": "Ranks" });
  Promise.all(list.map(async ({ order, direction }) => {
    const { rank } = await app.json(app.urls.find(layer, orderQuery(expression(order, metadata), direction), neuron), PRIORITY.person, signal);
    return el("li", {}, el("b", {}, `rank ${count(rank + 1)}`), ` of ${count(neurons)} by ${phrase(order, metadata)}, ${direction === "descending" ? "largest" : "smallest"} first`);
  })).then((items) => element.replaceChildren(...items), () => {
    // Closed before they came, or no answer: the notice at the top tells of the latter.
  });
  return element;
}
