/**
 * What no first picture needs: panels, bars and menus, each of modules that come when they are first wanted. Once the first picture is there
 * they are fetched while the page has nothing else to do, so that what is clicked later opens at once.
 */

import { byId, set, whenIdle } from "./dom.js";
import { channelGrid } from "./model/channels.js";
import { freshDivergence } from "./model/divergencestate.js";
import { hideNotice, showNotice } from "./panels/notice.js";
import { sidebarRooms } from "./panels/sidebar.js";

/** @typedef {import("./app.js").App} App */

/** Where the first picture is not exact after so long, its server refuses part of it, or is gone: the rest of the page is not to wait. */
const PICTURE_WAIT_MS = 8000;

/**
 * A part of the page: its modules are loaded, and it is made of them, when it is first used; from then on it is used at once.
 * @template M, V
 */
export class Part {
  /** @param {() => Promise<M>} load @param {(modules: M) => V} make */
  constructor(load, make) {
    this.load = load;
    this.make = make;
    /** @type {{modules: M} | null} */
    this.loaded = null;
    /** @type {{view: V} | null} */
    this.made = null;
    this.isMaking = false;
    /**
     * To run once it is made.
     * @type {((view: V) => void)[]}
     */
    this.waiting = [];
  }

  /** @param {(view: V) => void} [run] */
  use(run = () => {}) {
    if (this.made) return run(this.made.view);
    this.waiting.push(run);
    if (this.loaded) this.finish(this.loaded);
    else if (this.waiting.length === 1) this.fetch().then((loaded) => this.finish(loaded), () => this.fail());
  }

  /** Loads it, and no more. */
  async fetch() {
    return (this.loaded ??= { modules: await this.load() });
  }

  /** @param {{modules: M}} loaded */
  finish({ modules }) {
    // What it does while it is made may ask for it again.
    if (this.isMaking) return;
    this.isMaking = true;
    this.made ??= { view: this.make(modules) };
    this.isMaking = false;
    for (const run of this.waiting.splice(0)) run(this.made.view);
  }

  fail() {
    const runs = this.waiting.splice(0);
    showNotice("part", "Part of this page did not load. What is on screen stays.", { label: "Try again", run: () => {
      hideNotice("part");
      this.use((view) => runs.forEach((run) => run(view)));
    } });
  }
}

/** Keys of a field that are not letters. */
const FIELD_KEYS = ["Enter", "Backspace"];

/**
 * Uses a part that has a field; what is typed until the field is here goes into it.
 * @template V
 * @param {Part<any, V>} part
 * @param {(view: V) => void} run puts the focus into the field
 */
function useField(part, run) {
  if (part.made) return part.use(run);
  /** @type {string[]} */
  const keys = [];
  const keep = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" || event.key === "Tab") return stop();
    if (event.key.length > 1 && !FIELD_KEYS.includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (event.type === "keydown") keys.push(event.key);
  };
  const events = /** @type {const} */ (["keydown", "keyup"]);
  for (const name of events) addEventListener(name, keep, true);
  addEventListener("pointerdown", stop, true);
  part.use((view) => {
    stop();
    run(view);
    if (document.activeElement instanceof HTMLInputElement) typeInto(document.activeElement, keys);
  });

  // Who turns to something else types there.
  function stop() {
    for (const name of events) removeEventListener(name, keep, true);
    removeEventListener("pointerdown", stop, true);
  }
}

/** @param {HTMLInputElement} field @param {readonly string[]} keys */
function typeInto(field, keys) {
  for (const key of keys) {
    if (key === "Enter") {
      field.form?.requestSubmit();
      continue;
    }
    const end = field.selectionEnd ?? field.value.length;
    const start = field.selectionStart ?? end;
    if (key === "Backspace") field.setRangeText("", start === end ? Math.max(0, start - 1) : start, end, "end");
    else field.setRangeText(key, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

/**
 * @param {App} app
 * @param {import("./data/facts.js").FactsSource} facts
 * @param {import("./view/activation.js").ActivationView} activation
 * @param {import("./panels/popover.js").Popover} popover
 * @param {{sort: Part<any, any>, lists: Part<any, any>}} menus of the columns' heads
 * @param {import("./types").DatasetEntry[]} catalogue
 * @returns {() => void} to be told that the first picture is there
 */
export function laterParts(app, facts, activation, popover, menus, catalogue) {
  const { metadata } = app;
  /** @type {import("./data/rows.js").RowSource | null} */
  let rows = null;
  /** @type {import("./data/divergences.js").DivergenceSource | null} */
  let divergences = null;
  sidebarRooms(app);

  const conditions = new Part(() => import("./data/filters.js"), ({ Filters }) => {
    app.filters = new Filters(app);
    app.redraw();
    return app.filters;
  });
  app.withFilters = (run) => conditions.use(run);
  const neuron = new Part(() => Promise.all([import("./panels/neuron.js"), import("./data/rows.js")]),
    ([{ neuronPanel }, { RowSource }]) => neuronPanel(app, facts, (rows ??= new RowSource(app)), activation));
  const sidebar = new Part(() => Promise.all([import("./panels/groups.js"), import("./panels/rowsearch.js"), import("./panels/similar.js"), import("./panels/apart.js"), import("./data/rows.js"), import("./data/divergences.js")]),
    ([{ groupsView }, { rowSearchView }, { similarView }, { apartView }, { RowSource }, { DivergenceSource }]) => {
      groupsView(app, (rows ??= new RowSource(app)), popover);
      rowSearchView(app, rows);
      similarView(app, (divergences ??= new DivergenceSource(app)));
      apartView(app, divergences);
      // What was typed before.
      for (const field of sidebarFields) if (field.value) field.dispatchEvent(new Event("input", { bubbles: true }));
    });
  const sidebarFields = [byId("condition"), byId("instance-search")].map((one) => /** @type {HTMLInputElement} */ (one));
  const condition = /** @type {HTMLFormElement} */ (byId("condition-form"));
  condition.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!sidebar.made) sidebar.use(() => condition.requestSubmit());
  });
  const confusion = byId("confusion");
  confusion.addEventListener("click", () => {
    if (!sidebar.made) sidebar.use(() => confusion.click());
  });
  const filter = new Part(() => Promise.all([import("./panels/filterbar.js"), conditions.fetch()]), ([{ filterBar }]) => {
    conditions.use();
    return filterBar(app, /** @type {import("./data/filters.js").Filters} */ (app.filters), activation);
  });
  const picked = new Part(() => import("./panels/sets.js"), ({ pickedBar }) => pickedBar(app));
  const channels = new Part(() => Promise.all([import("./panels/channels.js"), conditions.fetch()]), ([{ channelsView }]) => {
    conditions.use();
    channelsView(app, /** @type {import("./data/filters.js").Filters} */ (app.filters).tables, activation);
  });
  const compare = new Part(() => import("./panels/compare.js"), ({ compareView }) => compareView(app, activation, popover, catalogue));
  const exports = new Part(() => import("./panels/export.js"), ({ exportMenu }) => exportMenu(app, activation, popover));
  const divergence = new Part(() => Promise.all([import("./panels/divergence.js"), import("./data/divergences.js")]),
    ([{ divergenceView }, { DivergenceSource }]) => divergenceView(app, (divergences ??= new DivergenceSource(app)), shutDivergence));

  // The pointer rests on a row: its panel may be next.
  activation.card.onRest = (layer, one, signal) => neuron.use((panel) => panel.foresee(layer, one, signal));
  const exportOpener = byId("export");
  exportOpener.addEventListener("click", () => exports.use((menu) => popover.open(exportOpener, "Export", menu)));
  // There from the start, so that no row moves when they can be used.
  const compareOpener = byId("compare");
  set(compareOpener, "disabled", false);
  compareOpener.addEventListener("click", () => compare.use((view) => view.open()));
  const filterOpener = byId("filter-open");
  set(filterOpener, "disabled", false);
  filterOpener.addEventListener("click", () => useField(filter, (bar) => bar.turn()));
  const divergenceOpener = byId("divergence-open");
  divergenceOpener.hidden = metadata.instances.length === 0 && !metadata.table;
  set(divergenceOpener, "disabled", false);
  divergenceOpener.addEventListener("click", openDivergence);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !["d", "f"].includes(event.key)) return;
    if (/** @type {Element} */ (event.target).matches("input, select, textarea") || document.querySelector("dialog[open]")) return;
    if (event.key === "f") {
      event.preventDefault();
      useField(filter, (bar) => bar.write());
    } else if (!divergenceOpener.hidden) {
      if (app.state.divergence) shutDivergence();
      else openDivergence();
    }
  });
  // Before any other listener: what is open below must not be closed by the same key.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !app.state.divergence || document.querySelector("dialog[open], #popover:not([hidden])")) return;
    if (/** @type {Element} */ (event.target).matches("input[type=text], input[type=search], textarea") || byId("selection").classList.contains("open")) return;
    event.stopImmediatePropagation();
    shutDivergence();
  }, true);

  function openDivergence() {
    app.update((draft) => {
      draft.divergence = freshDivergence();
    });
    divergence.use((view) => view.focus());
  }

  function shutDivergence() {
    app.update((draft) => {
      draft.divergence = null;
    });
    divergenceOpener.focus({ preventScroll: true });
  }

  let isPictured = false;
  /** What the state shows, by a click, a link, or a step back. */
  function follow() {
    const { state } = app;
    if (state.panel) neuron.use();
    if (state.filter || state.sets.length > 0) filter.use();
    if (state.picked) picked.use();
    if (state.other) compare.use();
    if (state.divergence) divergence.use();
    if (Object.keys(state.channels).length > 0 || (isPictured && state.layers.some((id) => channelGrid(app.layer(id)) !== null))) channels.use();
  }
  app.onChange(follow);
  follow();

  const timer = setTimeout(pictured, PICTURE_WAIT_MS);
  return pictured;

  function pictured() {
    if (isPictured) return;
    isPictured = true;
    clearTimeout(timer);
    sidebar.use();
    follow();
    prepare([neuron, conditions, filter, picked, exports, divergence, compare, menus.sort, menus.lists]);
  }
}

/**
 * Has one part after another come and be made, each when the page is idle. What does not come is told when it is wanted.
 * @param {Part<any, any>[]} parts
 */
function prepare([part, ...rest]) {
  if (!part) return;
  whenIdle(() => void part.fetch().then(() => part.use(), () => {}).then(() => prepare(rest)));
}
