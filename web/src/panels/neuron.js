/** The neuron panel: one neuron's histograms side by side, its exact statistics, where the instances stand, its ranks. */

import { byId, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { aligned, alignedPercent, count, figure, percent, standing } from "../model/format.js";
import { encodeOrder, expression, phrase } from "../model/order.js";
import { orderQuery } from "../data/api.js";
import { PRIORITY } from "../data/tiles.js";
import { markers } from "../view/dots.js";
import { coarsen, histogramChart, withoutExactZeros } from "../view/histogram.js";
import { swatch } from "../view/hovercard.js";
import { dotSvg } from "../view/marks.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */

/** Bars a chart of its width can show apart. */
const BARS_MAX = 130;
const BARS_LEAST = 24;
/** An axis is never shorter than this many bins. */
const BINS_LEAST = 16;

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/facts.js").FactsSource} facts
 * @param {import("../view/activation.js").ActivationView} activation
 */
export function neuronPanel(app, facts, activation) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("neuron-panel"));
  const body = byId("neuron-body");
  /** @type {AbortController | null} */
  let asking = null;
  let showing = "";
  const close = () => app.update((draft) => {
    draft.panel = null;
  });
  byId("neuron-close").addEventListener("click", close);
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  dialog.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") void step(event.key === "ArrowRight" ? 1 : -1);
  });
  byId("neuron-previous").addEventListener("click", () => void step(-1));
  byId("neuron-next").addEventListener("click", () => void step(1));
  const panelColumn = () => activation.shown().find((one) => one.layer.id === app.state.panel?.layer);
  byId("neuron-hide").addEventListener("click", () => {
    const column = panelColumn();
    if (column && app.state.panel) activation.toggleHidden(column, app.state.panel.neuron);
  });
  byId("neuron-pin").addEventListener("click", () => {
    const column = panelColumn();
    if (column && app.state.panel) activation.togglePinned(column, app.state.panel.neuron);
  });

  /**
   * The neighbour in the present ordering.
   * @param {number} by
   */
  async function step(by) {
    const panel = app.state.panel;
    const column = panelColumn();
    if (!panel || !column) return;
    try {
      const { arrangement, data } = column.frame;
      const { query } = arrangement;
      const rank = data.rank(arrangement, panel.neuron) ?? (await app.json(app.urls.find(panel.layer, query, panel.neuron), 1)).rank;
      const next = Math.min(column.layer.neurons - 1, Math.max(0, rank + by));
      const { neuron } = await app.json(app.urls.findRank(panel.layer, query, next), 1);
      column.cursor = neuron;
      app.update((draft) => {
        draft.panel = { layer: panel.layer, neuron };
      }, "replace");
    } catch {
      // The notice at the top says that the server is away.
    }
  }

  /** @param {NeuronFacts} one */
  function fill(one) {
    const { theme, metadata, state } = app;
    const looks = markers(state.instances, metadata, theme.name);
    const binWidth = 2 ** one.grid.exponent;
    const all = one.groups.map((group) => group.counts ?? []);
    const used = Array.from({ length: 256 }, (_, i) => all.some((counts) => (counts[i] ?? 0) > 0));
    const first = Math.max(0, used.indexOf(true));
    // A neuron that is always 0 uses one bin: it still needs an axis.
    const end = Math.min(256, Math.max(first + BINS_LEAST, used.lastIndexOf(true) + 1));
    // Bars enough for the shape, and not so many that single values stand alone.
    const bars = Math.min(BARS_MAX, Math.max(BARS_LEAST, 2.5 * Math.sqrt(Math.max(...one.groups.map((group) => group.count)))));
    let per = 1;
    while ((end - first) / per > bars) per *= 2;
    const axis = { lo: one.grid.origin * binWidth, binWidth, first: Math.floor(first / per) * per, end: Math.ceil(end / per) * per };
    const most = Math.max(0.01, ...one.groups.map((group) => Math.max(0, ...coarsen(withoutExactZeros(group, axis), 256 / per).counts) / Math.max(1, group.count)));
    const instances = one.instances.flatMap((i) => {
      const look = looks.get(i.instance);
      return look && i.value !== null ? [{ ...look, value: i.value, name: i.name }] : [];
    });
    const charts = one.groups.map((group) => el("figure", {},
      el("figcaption", {}, swatch(css(app.colour(group.group))), el("b", {}, group.name), el("span", { class: "quiet" }, ` ${count(group.count)} values · ${percent(group.zeros / Math.max(1, group.count))} exactly 0`)),
      histogramChart({ group, colour: app.colour(group.group), axis, most, per, instances })));
    body.replaceChildren(
      el("div", { class: "charts" }, ...charts),
      el("p", { class: "quiet axis-note" }, `x axis: activation, in bins of ${figure(binWidth * per)}. y axis: share of the class. Dashed line: median. Exact zeros have their own bar, left of 0.${one.grid.tails ? " The first and last bins hold everything beyond." : ""}`),
      statistics(one, app), standings(one, app, looks), ranks(one, app, asking?.signal));
  }

  const update = () => {
    const { panel } = app.state;
    const key = panel ? `${panel.layer}|${panel.neuron}|${facts.url(panel.layer, panel.neuron)}|${app.theme.name}` : "";
    if (panel) describe(panel);
    if (key === showing) return;
    showing = key;
    asking?.abort();
    if (!panel) {
      if (dialog.open) dialog.close();
      return;
    }
    if (!dialog.open) {
      body.replaceChildren();
      dialog.showModal();
    }
    asking = new AbortController();
    facts.facts(panel.layer, panel.neuron, asking.signal).then((one) => {
      if (showing === key) fill(one);
    }, (error) => {
      if (!error.aborted) body.replaceChildren(el("p", {}, `The server has no figures for this neuron: ${error.message}`));
    });
  };

  /** @param {{layer: string, neuron: number}} panel */
  function describe({ layer, neuron }) {
    const column = panelColumn();
    setText(byId("neuron-title"), `Neuron ${neuron}`);
    const rank = column?.data.rank(column.frame.arrangement, neuron);
    const where = column && rank !== undefined
      ? ` · rank ${count(rank + 1)} of ${count(column.layer.neurons)} by ${phrase(column.frame.arrangement.order, app.metadata)}` : "";
    setText(byId("neuron-where"), app.layer(layer).name + where);
    const hidden = column?.state.hidden.includes(neuron) ?? false;
    const pinned = column?.state.pinned.includes(neuron) ?? false;
    for (const [id, on, off, state] of /** @type {[string, string, string, boolean][]} */ ([["neuron-hide", "Bring back", "Hide", hidden], ["neuron-pin", "Unpin", "Pin", pinned]])) {
      setText(byId(id), state ? on : off);
      set(byId(id), "disabled", column === undefined);
    }
  }
  app.onChange(update);
  // The rank of the neuron may come with any frame.
  app.onDraw(update);
  update();
}

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
function statistics(one, app) {
  const names = ["n", "zero", "minimum", "lower quartile", "median", "upper quartile", "maximum", "mean", "std. dev."];
  const odd = one.groups.some((group) => group.nan > 0 || group.infinite > 0);
  if (odd) names.push("NaN", "±∞");
  const columns = [
    ...["minimum", "lower_quartile", "median", "upper_quartile", "maximum", "mean", "deviation"].map((name) =>
      underEachOther(one.groups.map((group) => group[/** @type {"mean"} */ (name)]))),
    ...(odd ? [one.groups.map((group) => count(group.nan)), one.groups.map((group) => count(group.infinite))] : []),
  ];
  const rows = one.groups.map((group, i) => {
    const cells = [count(group.count), alignedPercent(group.zeros / Math.max(1, group.count)), ...columns.map((column) => column[i])];
    return el("tr", {}, el("th", { scope: "row" }, swatch(css(app.colour(group.group))), group.name), ...cells.map((text) => el("td", {}, text)));
  });
  return el("div", { class: "table-box", tabindex: 0, role: "region", "aria-label": "Statistics" },
    el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "class"), ...names.map((text) => el("th", { scope: "col" }, text)))), el("tbody", {}, ...rows)));
}

/** @param {NeuronFacts} one @param {import("../app.js").App} app @param {ReturnType<typeof markers>} looks */
function standings(one, app, looks) {
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
function ranks({ layer, neuron }, app, signal) {
  const { state, metadata } = app;
  const column = state.columns[layer];
  /** @type {{order: import("../types").Order, direction: import("../types").Direction}[]} */
  const wanted = column ? [{ order: column.order, direction: column.direction }] : [];
  for (const instance of state.instances) wanted.push({ order: { kind: "value", instance }, direction: "descending" });
  for (const group of state.groups) wanted.push({ order: { kind: "median", group }, direction: "descending" });
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
