/** Start: find the data, read the link, build the views, watch for change. */

import * as early from "./early.js";
import { App } from "./app.js";
import { catalogueUrl, currentUrl, metadataUrl } from "./data/api.js";
import { FactsSource } from "./data/facts.js";
import { RequestQueue } from "./data/queue.js";
import { PRIORITY } from "./data/tiles.js";
import { workerTransport } from "./data/transport.js";
import { byId, el, set, setText } from "./dom.js";
import { decodeState, firstVisit, linkTarget } from "./model/state.js";
import { classesView } from "./panels/classes.js";
import { headerView } from "./panels/header.js";
import { instancesView } from "./panels/instances.js";
import { layersView } from "./panels/layers.js";
import { hideNotice, showNotice } from "./panels/notice.js";
import { Popover } from "./panels/popover.js";
import { storyView } from "./panels/story.js";
import { toolbarView } from "./panels/toolbar.js";
import { ActivationView } from "./view/activation.js";
import { FrameLoop } from "./view/frame.js";
import { legendView } from "./view/legend.js";
import { readTheme, restoreTheme } from "./view/theme.js";

/** @typedef {import("./types").DatasetEntry} DatasetEntry */
/** @typedef {import("./types").Metadata} Metadata */

/** How often to ask whether there is a newer version. */
const VERSION_POLL_MS = 60000;
/** An away server is announced after this long: a restart of a second needs no alarm. */
const AWAY_AFTER_MS = 1200;

restoreTheme();
const queue = new RequestQueue(workerTransport(document.documentElement.dataset.site));
/** @param {string} url @param {Error} error */
const damage = (url, error) => `The server’s answer for ${url} is damaged: ${error.message}.`;
queue.onDamaged = (/** @type {string} */ url, /** @type {Error} */ error) => showNotice("damaged", damage(url, error));
/** @param {string} url */
const json = async (url) => (await queue.request({ url, kind: "json", priority: 0 })).data;

/**
 * A module that comes when it is first wanted; from then on it is used at once.
 * @template T
 * @param {() => Promise<T>} load
 */
function later(load) {
  /** @type {T | null} */
  let module = null;
  return {
    /** @param {(module: T) => void} run */
    use: (run) => {
      if (module) return run(module);
      load().then((loaded) => {
        module = loaded;
        run(loaded);
      }, () => showNotice("away", "A part of this page did not arrive. Try again in a moment."));
    },
  };
}
const sortMenus = later(() => import("./panels/sortmenu.js"));
const keptMenus = later(() => import("./panels/keptmenu.js"));

/** @param {"loading" | "coarse" | "sharp"} state for tests and for style */
function setPageState(state) {
  set(document.documentElement, "data-state", state);
}

/**
 * The catalogue may be a list or an object that holds one.
 * @returns {Promise<DatasetEntry[]>}
 */
async function catalogue() {
  const known = await early.entries;
  if (known) return known;
  const answer = await json(catalogueUrl());
  return Array.isArray(answer) ? answer : answer.datasets ?? [];
}

/** @param {DatasetEntry[]} entries @returns {Promise<Metadata | null>} */
async function chooseData(entries) {
  const known = await early.metadata;
  if (known) return known;
  const target = linkTarget(location.hash);
  const entry = entries.find((one) => one.name === target?.dataset) ?? entries[0];
  if (!entry) return null;
  const current = await json(currentUrl(entry.name));
  if (target?.version && target.version !== current.version && target.dataset === entry.name) {
    try {
      return await json(metadataUrl(entry.name, target.version));
    } catch {
      showNotice("gone", "The link was made for another version of this data, which is no longer here. This is the present version; figures may differ.");
    }
  }
  return json(metadataUrl(entry.name, current.version));
}

/** @param {App} app */
function watchServer(app) {
  let timer = 0;
  queue.onAway = (away) => {
    clearTimeout(timer);
    if (!away) {
      if (hideNotice("away")) app.tell("The server is back.");
      return;
    }
    timer = setTimeout(() => showNotice("away", "The server does not answer. What is here stays; the rest will come when it is back.", {
      label: "Try now", run: () => queue.hurry(),
    }), AWAY_AFTER_MS);
  };
  queue.onBusy = (busy) => {
    if (busy) showNotice("busy", "The server is busy. What is here stays; the rest will come when it has time.");
    else hideNotice("busy");
  };
  /** @param {import("./panels/notice.js").NoticeKind} kind */
  const again = (kind) => ({
    label: "Try again",
    run: () => {
      hideNotice(kind);
      app.retry();
    },
  });
  queue.onDamaged = (url, error) => showNotice("damaged", damage(url, error), again("damaged"));
  app.refused = (error) => {
    // Told by the queue, whoever asked.
    if (error.damaged) return;
    if (error.status === 404 && error.type.endsWith("/gone")) void offerVersion(app, true);
    else showNotice("refused", `The server refused a part of the picture: ${error.message}`, again("refused"));
  };
  setInterval(() => void offerVersion(app, false), VERSION_POLL_MS);
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void offerVersion(app, false);
  });
}

/**
 * A newer version is offered, never forced: what is being looked at stays.
 * @param {App} app
 * @param {boolean} gone
 */
async function offerVersion(app, gone) {
  /** @type {DatasetEntry} */
  let current;
  try {
    current = await json(currentUrl(app.metadata.name));
  } catch {
    return;
  }
  if (current.version === app.metadata.version) return;
  const text = gone ? "The data was replaced; this version is no longer served. What is on screen stays." : "There is a newer version of this data.";
  showNotice("version", text, {
    label: "Show it",
    run: () => {
      app.update((draft) => {
        draft.version = current.version;
      }, "replace");
      location.reload();
    },
  });
}

/** @param {App} app */
function followHistory(app) {
  addEventListener("popstate", () => {
    const target = linkTarget(location.hash);
    if (target && target.dataset !== app.metadata.name) return location.reload();
    const state = decodeState(location.hash, app.metadata) ?? firstVisit(app.metadata);
    // What a layer had while it was not shown is not in links, but need not be lost.
    state.columns = { ...app.state.columns, ...state.columns };
    app.replace(state);
  });
}

async function start() {
  setPageState("loading");
  const entries = await catalogue();
  const metadata = await chooseData(entries);
  if (!metadata) {
    byId("columns").replaceChildren(el("p", { class: "empty" }, "This server has no data yet. Make some with “divergence precompute”."));
    return;
  }
  const linked = decodeState(location.hash, metadata);
  const app = new App(queue, metadata, linked ?? firstVisit(metadata));
  app.announce = (text) => setText(byId("live"), text);
  const facts = new FactsSource(app);
  const popover = new Popover();
  const activation = new ActivationView(app, facts, {
    openSort: (column, button) => sortMenus.use(({ sortMenu }) => popover.open(button, `Sort ${column.layer.name}`, sortMenu(app, column.layer.id, () => popover.close()))),
    openKept: (column, button, kind) => keptMenus.use(({ keptMenu }) => popover.open(button, `Neurons ${kind} in ${column.layer.name}`, keptMenu(app, column.layer.id, kind, () => popover.close()))),
  });
  app.tell = (text) => activation.hint(text);
  layersView(app);
  classesView(app);
  instancesView(app);
  toolbarView(app);
  storyView(app, linked === null);
  headerView(app, activation, entries);
  const legend = legendView(app);
  let panel = () => {};
  const frames = new FrameLoop(() => {
    const { covered, sharp } = activation.render();
    panel();
    setPageState(sharp ? "sharp" : covered ? "coarse" : "loading");
    return sharp;
  });
  app.redraw = () => {
    // What was exact is not known to be so until the frame has looked.
    if (document.documentElement.dataset.state === "sharp") setPageState("coarse");
    frames.request();
  };
  // The theme is a property of the page: whoever changes it, canvases follow.
  const repaint = () => {
    app.theme = readTheme();
    legend();
    panel();
    app.replace(app.state);
  };
  new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  watchServer(app);
  followHistory(app);
  if (linked !== null) app.writeAddress();
  // For the benchmark: what the loop and the queue counted.
  Object.assign(document.documentElement, { neuralDivergence: { frames, queue, priorities: PRIORITY } });
  app.redraw();
  // What no first picture needs comes after it: on a slow line every file counts.
  const [{ neuronPanel }, { exportView }, { similarView }] = await Promise.all([import("./panels/neuron.js"), import("./panels/export.js"), import("./panels/similar.js")]);
  panel = neuronPanel(app, facts, activation);
  exportView(app, activation, popover);
  similarView(app);
  sortMenus.use(() => {});
  keptMenus.use(() => {});
}

start().catch((error) => {
  byId("columns").replaceChildren(el("p", { class: "empty", role: "alert" }, `This view could not start: ${error instanceof Error ? error.message : error}`));
});
