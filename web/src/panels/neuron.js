/** The neuron panel: docked at the side of the picture, whose rows stay where they are. Its parts are modules of their own. */

import { byId, el, set, setText } from "../dom.js";
import { placeOf } from "../model/coordinates.js";
import { bare, count, percent, plural } from "../model/format.js";
import { auroc, neuronAxis } from "../model/neuronaxis.js";
import { isMoment } from "../model/moments.js";
import { phrase } from "../model/order.js";
import { markers } from "../view/dots.js";
import { Brush } from "./brush.js";
import { FiringView } from "./firing.js";
import { neuronChart, oddities } from "./neuronchart.js";
import { ranks, standings, statistics } from "./neuronfigures.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("../types").NeuronGroup} NeuronGroup */

/** Bars that the chart's width can show apart. */
const BARS_MAX = 64;
/** The chart is never narrower than this. */
const WIDTH_LEAST = 320;

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/facts.js").FactsSource} facts
 * @param {import("../data/rows.js").RowSource} rows
 * @param {import("../view/activation.js").ActivationView} activation
 */
export function neuronPanel(app, facts, rows, activation) {
  const panel = byId("neuron-panel");
  const body = byId("neuron-body");
  /** @type {AbortController | null} */
  let asking = null;
  let showing = "";
  let open = "";
  const brush = new Brush(app, activation);
  const firing = new FiringView(app, rows);
  const parts = { words: el("div"), chart: el("div", { class: "chart-box" }), standings: el("div"), more: el("details", { class: "neuron-more" }, el("summary", {}, "All figures and ranks")) };
  const table = el("div");
  parts.more.append(table);

  const close = () => {
    const layer = app.state.panel?.layer;
    app.update((draft) => {
      draft.panel = null;
    });
    activation.shown().find((column) => column.layer.id === layer)?.canvas.focus({ preventScroll: true });
  };
  byId("neuron-close").addEventListener("click", close);
  // Wherever the focus is, but not while something lies above the panel.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !app.state.panel || event.defaultPrevented) return;
    if (document.querySelector("dialog[open], #popover:not([hidden])") || /** @type {Element} */ (event.target).matches("input, select, textarea")) return;
    event.stopPropagation();
    close();
  }, true);
  const panelColumn = () => activation.shown().find((column) => column.layer.id === app.state.panel?.layer);
  panel.addEventListener("keydown", (event) => {
    if (/** @type {Element} */ (event.target).closest("[role=slider], [role=radiogroup], input, .firing-rows")) return;
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      void step(event.key === "ArrowLeft" ? -1 : 1);
    }
  });
  byId("neuron-previous").addEventListener("click", () => void step(-1));
  byId("neuron-next").addEventListener("click", () => void step(1));
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
    const now = app.state.panel;
    const column = panelColumn();
    if (!now || !column) return;
    try {
      const { arrangement, data } = column.frame;
      const { query } = arrangement;
      const rank = data.rank(arrangement, now.neuron) ?? (await app.json(app.urls.find(now.layer, query, now.neuron), 1)).rank;
      const next = Math.min(column.layer.neurons - 1, Math.max(0, rank + by));
      const { neuron } = await app.json(app.urls.findRank(now.layer, query, next), 1);
      column.cursor = neuron;
      app.update((draft) => {
        draft.panel = { layer: now.layer, neuron };
      }, "replace");
    } catch {
      // The notice at the top says that the server is away.
    }
  }

  /**
   * @param {NeuronFacts} all in every group of the data set
   * @param {NeuronGroup[]} moments in the chosen groups of the moment
   */
  function fill(all, moments) {
    const { theme, metadata, state } = app;
    const looks = markers(state.instances, metadata, theme.name);
    const known = new Map([...all.groups, ...moments].map((group) => [group.group, group]));
    const picked = (state.groups.length > 0 ? state.groups : [0]).flatMap((group) => known.get(group) ?? []);
    const counted = picked.filter((group) => group.counts);
    const rowsOfAll = known.get(0) ?? all.groups[0];
    const listed = all.groups.filter(({ group }) => metadata.groups[group].kind !== "all");
    const axis = neuronAxis(all.grid, counted.length > 0 ? counted : [rowsOfAll], BARS_MAX);
    const instances = all.instances.flatMap((one) => {
      const look = looks.get(one.instance);
      return look && one.value !== null ? [{ ...look, value: one.value, name: one.name }] : [];
    });
    const chart = neuronChart({
      axis, chosen: counted, all: [...listed, ...moments], instances, colour: (group) => app.colour(group), isChosen: (group) => state.groups.includes(group),
      width: Math.max(WIDTH_LEAST, parts.chart.clientWidth),
    });
    parts.words.replaceChildren(oddities(rowsOfAll), ...told(picked.filter(({ group }) => !isMoment(metadata, group)), axis.zeroBin));
    const one = { ...all, groups: picked, instances: all.instances.map((instance) => ({ ...instance, percentiles: instance.percentiles.filter(({ group }) => state.groups.includes(group)) })) };
    // The brush stays where it is: taken out, it would lose the pointer that drags it.
    parts.chart.querySelector("svg")?.remove();
    parts.chart.prepend(chart.element);
    brush.attach({ box: parts.chart, chart, axis, facts: all });
    parts.standings.replaceChildren(standings(one, app, looks));
    table.replaceChildren(statistics(one, app), ranks(one, app, asking?.signal));
  }

  /**
   * How surely two chosen classes are told apart.
   * @param {readonly NeuronGroup[]} picked
   * @param {number} zeroBin
   */
  function told(picked, zeroBin) {
    if (picked.length !== 2) return [];
    const found = auroc(picked[0], picked[1], zeroBin);
    if (!found) return [];
    const [low, high] = found.auroc >= 0.5 ? [picked[0], picked[1]] : [picked[1], picked[0]];
    const value = bare(Math.max(found.auroc, 1 - found.auroc), found.bound < 0.0005 ? 3 : 2);
    return [el("p", { class: "neuron-words" }, el("b", {}, `AUROC ${found.bound < 0.005 ? "" : "about "}${value}`),
      el("span", { class: "quiet" }, `: ${withArticle(high.name)} lies above ${withArticle(low.name)} ${percent(Math.max(found.auroc, 1 - found.auroc))} of the time`))];
  }

  const update = () => {
    const { panel: now } = app.state;
    const moments = now ? facts.chosenMoments(now.layer) : [];
    const key = now ? `${now.layer}|${now.neuron}|${facts.key(now.layer, now.neuron)}|${app.theme.name}|${panel.clientWidth}` : "";
    if (now) describe(now);
    brush.update();
    firing.update();
    if (key === showing) return;
    showing = key;
    asking?.abort();
    set(document.documentElement, "data-panel", now !== null);
    set(panel, "open", now !== null);
    panel.hidden = now === null;
    if (!now) {
      open = "";
      return;
    }
    const place = `${now.layer}|${now.neuron}`;
    if (open !== place) {
      body.replaceChildren(parts.words, parts.chart, brush.element, firing.element, parts.standings, parts.more);
      if (open === "") body.scrollTop = 0;
      open = place;
    }
    asking = new AbortController();
    const { signal } = asking;
    Promise.all([facts.all(now.layer, now.neuron, signal), Promise.all(moments.map((group) => facts.moment(now.layer, now.neuron, group, signal)))]).then(([all, found]) => {
      if (showing === key) fill(all, found.flatMap((group) => group ?? []));
    }, (error) => {
      if (!error.aborted) parts.words.replaceChildren(el("p", { role: "alert" }, `The server has no figures for this neuron: ${error.message}`));
    });
  };

  /** @param {{layer: string, neuron: number}} of */
  function describe({ layer, neuron }) {
    const column = panelColumn();
    const meaning = placeOf(app.layer(layer), neuron, app.metadata);
    setText(byId("neuron-title"), `Neuron ${neuron}`);
    const rank = column?.data.rank(column.frame.arrangement, neuron);
    const where = column && rank !== undefined
      ? ` · rank ${count(rank + 1)} of ${count(column.layer.neurons)} by ${phrase(column.frame.arrangement.order, app.metadata)}${tiedWith(column, neuron)}` : "";
    setText(byId("neuron-where"), `${meaning ? `${meaning} · ` : ""}${app.shortNames.get(layer) ?? app.layer(layer).name}${where}`);
    set(byId("neuron-where"), "title", app.layer(layer).name);
    const hidden = column?.state.hidden.includes(neuron) ?? false;
    const pinned = column?.state.pinned.includes(neuron) ?? false;
    for (const [id, on, off, state] of /** @type {[string, string, string, boolean][]} */ ([["neuron-hide", "Bring back", "Hide", hidden], ["neuron-pin", "Unpin", "Pin", pinned]])) {
      setText(byId(id), state ? on : off);
      set(byId(id), "disabled", column === undefined);
    }
  }
  /** How many have the same key as a neuron in an order. */
  let tied = { key: "", words: "" };
  /**
   * That others have the same key, once it is known.
   * @param {import("../view/column.js").Column} column @param {number} neuron
   */
  function tiedWith({ layer, data, frame: { arrangement } }, neuron) {
    const key = `${layer.id}|${neuron}|${arrangement.query}`;
    if (key === tied.key) return tied.words;
    tied = { key, words: "" };
    data.ranks.tied(arrangement, neuron).then((found) => {
      if (key !== tied.key || !found || found.count < 2) return;
      tied.words = `; ${plural(found.count - 1, "other ties", "others tie")}`;
      app.redraw();
    }, () => {
      // The notice at the top says that the server is away.
    });
    return "";
  }

  new ResizeObserver(update).observe(panel);
  app.onChange(update);
  // The rank of the neuron may come with any frame.
  app.onDraw(update);
  update();
  return {
    /**
     * Asks for the rows that a panel would show, before it is opened.
     * @param {string} layer @param {number} neuron @param {AbortSignal} signal
     */
    foresee: (layer, neuron, signal) => void firing.foresee(layer, neuron, signal),
  };
}

/** @param {string} name */
const withArticle = (name) => `${/^[aeiou]/i.test(name) ? "an" : "a"} ${name}`;
