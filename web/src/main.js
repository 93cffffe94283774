/** Start: find the data, read the link, build the views, watch for change. */

import * as prefetched from "./prefetch.js";
import { App } from "./app.js";
import { catalogueUrl, currentUrl, metadataUrl } from "./data/api.js";
import { FactsSource } from "./data/facts.js";
import { RequestError, RequestQueue } from "./data/queue.js";
import { PRIORITY } from "./data/tiles.js";
import { isNew, takeToken, token } from "./data/token.js";
import { workerTransport } from "./data/transport.js";
import { byId, el, set, setText } from "./dom.js";
import { decodeState, firstVisit, goneLayers, goneNames, linkTarget } from "./model/state.js";
import { classesView } from "./panels/classes.js";
import { dumpNotesView } from "./panels/dumpnotes.js";
import { headerView } from "./panels/header.js";
import { instancesView } from "./panels/instances.js";
import { introView } from "./panels/intro.js";
import { layersView } from "./panels/layers.js";
import { hideNotice, showNotice } from "./panels/notice.js";
import { Popover } from "./panels/popover.js";
import { sidebarEdge } from "./panels/sidebar.js";
import { toolbarView } from "./panels/toolbar.js";
import { laterParts, Part } from "./parts.js";
import { ActivationView } from "./view/activation.js";
import { FrameLoop } from "./view/frame.js";
import { legendView } from "./view/legend.js";
import { restoreTheme } from "./view/theme.js";
import { toast } from "./view/toast.js";

/** @typedef {import("./types").DatasetEntry} DatasetEntry */
/** @typedef {import("./types").Metadata} Metadata */

/** How often to ask whether there is a newer version. */
const VERSION_POLL_MS = 60000;
/** An away server is announced after this long: a restart of a second needs no alarm. */
const AWAY_AFTER_MS = 1200;

restoreTheme();
// A link with a token, opened where the page is already.
addEventListener("popstate", () => {
  if (takeToken()) location.reload();
});
/** @type {App | null} once there is something to show */
let shown = null;
let awayTimer = 0;
/** @param {import("./panels/notice.js").NoticeKind} kind */
const again = (kind) => ({
  label: "Try again",
  run: () => {
    hideNotice(kind);
    shown?.retry();
  },
});
const queue = new RequestQueue(workerTransport(token(), document.documentElement.dataset.site), {
  onDamaged: (url, error) => showNotice("damaged", `The server’s answer for ${url} is damaged: ${error.message}.`, shown ? again("damaged") : undefined),
  onBusy: (busy) => {
    if (busy) showNotice("busy", "The server is busy. What is here stays; the rest will load when it has time.");
    else hideNotice("busy");
  },
  onAway: (away) => {
    clearTimeout(awayTimer);
    if (!away) {
      if (hideNotice("away")) toast("The server is back.");
      return;
    }
    awayTimer = setTimeout(() => showNotice("away", "The server does not answer. What is here stays; the rest will load when it is back.", {
      label: "Try now", run: () => queue.hurry(),
    }), AWAY_AFTER_MS);
  },
});
/** @param {string} url */
const json = async (url) => (await queue.request({ url, kind: "json", priority: 0 })).data;

/** @param {"loading" | "coarse" | "sharp"} state for tests and for style */
function setPageState(state) {
  set(document.documentElement, "data-state", state);
}

/**
 * The catalogue may be a list or an object that holds one.
 * @returns {Promise<DatasetEntry[]>}
 */
async function catalogue() {
  const known = await prefetched.entries;
  if (known) return known;
  const answer = await json(catalogueUrl());
  return Array.isArray(answer) ? answer : answer.datasets ?? [];
}

/** A data set that is not here. */
class Unknown extends Error {
  /** @param {string} dataset @param {DatasetEntry[]} entries */
  constructor(dataset, entries) {
    super(`There is no data set “${dataset}” here.`);
    this.entries = entries;
  }
}

/**
 * Says that a data set is not here, and what there is.
 * @param {Unknown} error
 */
function showWhatThereIs({ message, entries }) {
  const links = entries.map((entry) => {
    const link = el("a", { href: `#1;d=${encodeURIComponent(entry.name)}` }, entry.title || entry.name);
    // Only what follows the # differs: the page must be told to look again.
    link.addEventListener("click", () => setTimeout(() => location.reload()));
    return el("li", {}, link);
  });
  document.title = "Not here · Neural Divergence";
  setPageState("sharp");
  byId("columns").replaceChildren(el("div", { class: "empty unknown", role: "alert" }, el("h2", {}, message), el("p", {}, "There is:"), el("ul", {}, ...links)));
}

/** @param {DatasetEntry[]} entries @returns {Promise<Metadata | null>} */
async function chooseData(entries) {
  const known = await prefetched.metadata;
  if (known) return known;
  const target = linkTarget(location.hash);
  const named = entries.find((one) => one.name === target?.dataset) ?? (target?.dataset ? await unlisted(target.dataset) : null);
  if (target?.dataset && !named && entries.length > 0) throw new Unknown(target.dataset, entries);
  const entry = named ?? (isNew ? await unlocked(entries) : null) ?? entries[0];
  if (!entry) return null;
  const current = await json(currentUrl(entry.name));
  if (target?.version && target.version !== current.version && target.dataset === entry.name) {
    try {
      return await json(metadataUrl(entry.name, target.version));
    } catch {
      showNotice("gone", "This link was made for another version of the data, which is no longer here. You see the current version; figures may differ.");
    }
  }
  return json(metadataUrl(entry.name, current.version));
}

/** @param {App} app @param {import("./data/queue.js").RequestError} error */
function refused(app, error) {
  // Told by the queue, whoever asked.
  if (error.damaged) return;
  if (error.status === 404 && error.type.endsWith("/gone")) void offerVersion(app, true);
  else if (error.status === 401) {
    const text = error.needsToken ? "The token does not open this data set any more. What is on screen stays." : "You are not signed in any more. What is on screen stays.";
    showNotice("refused", text, { label: error.needsToken ? "Enter another" : "Sign in", run: () => location.reload() });
  } else showNotice("refused", `The server refused part of the picture: ${error.detail}`, again("refused"));
}

/**
 * The data set that a link's token is about where the link does not name it: the first that is not shown without it.
 * @param {DatasetEntry[]} entries
 * @returns {Promise<DatasetEntry | null>}
 */
async function unlocked(entries) {
  /** @type {{datasets: DatasetEntry[]}} */
  const open = await (await fetch(catalogueUrl())).json();
  const own = entries.find((entry) => !open.datasets.some(({ name }) => name === entry.name));
  if (!own) throw new RequestError({ status: 401, message: "the token opens nothing", type: "/unauthorized", retryAfter: null, damaged: false });
  return own;
}

/**
 * A data set that the catalogue does not list: one that needs a token is not to be taken for one that is not there.
 * @param {string} name
 * @returns {Promise<DatasetEntry | null>}
 */
async function unlisted(name) {
  try {
    return await json(currentUrl(name));
  } catch (error) {
    if (error instanceof RequestError && error.status === 401) throw error;
    return null;
  }
}

/** @param {App} app */
function watchVersion(app) {
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
    if (document.documentElement.dataset.site === undefined) return askToken(null);
    byId("columns").replaceChildren(el("p", { class: "empty" }, "This site has no data."));
    return;
  }
  const linked = decodeState(location.hash, metadata);
  const gone = goneNames(location.hash, metadata);
  if (gone.length > 0) {
    showNotice("gone", `This link was made for another version of the data. This one has no ${gone.map((name) => `“${name}”`).join(", ")}; figures may differ.`);
  }
  const lost = goneLayers(location.hash, metadata);
  if (lost.length > 0) {
    showNotice("gone", `This data has no layer ${lost.map((id) => `“${id}”`).join(", ")}. It has ${metadata.layers.map((layer) => `“${layer.name}”`).join(", ")}.`);
  }
  const frames = new FrameLoop(draw);
  /** @type {App} */
  const app = new App(queue, metadata, linked ?? firstVisit(metadata), {
    redraw: () => {
      // What was exact is not known to be so until the frame has looked.
      if (document.documentElement.dataset.state === "sharp") setPageState("coarse");
      frames.request();
    },
    announce: (text) => setText(byId("live"), text), tell: toast, refused: (error) => refused(app, error),
  });
  shown = app;
  const facts = new FactsSource(app);
  const popover = new Popover();
  dumpNotesView(app.metadata, popover);
  const menus = { sort: new Part(() => import("./panels/sortmenu.js"), (module) => module), lists: new Part(() => import("./panels/neuronlist.js"), (module) => module) };
  const activation = new ActivationView(app, facts, {
    openSort: (column, button) => menus.sort.use(({ sortMenu }) => popover.open(button, `Sort ${column.layer.name}`, sortMenu(app, column.layer.id, () => popover.close()))),
    openList: (column, button, kind) => menus.lists.use(({ neuronList }) => popover.open(button, `Neurons ${kind} in ${column.layer.name}`, neuronList(app, column.layer.id, kind, () => popover.close()))),
  });
  /** To be told that the first picture is there. */
  let pictured = () => {};
  function draw() {
    const { covered, sharp } = activation.render();
    app.drawn();
    setPageState(sharp ? "sharp" : covered ? "coarse" : "loading");
    if (sharp) pictured();
    return sharp;
  }
  layersView(app);
  sidebarEdge();
  classesView(app);
  instancesView(app);
  toolbarView(app);
  introView(app, linked === null);
  headerView(app, activation, entries);
  legendView(app, () => activation.drawn().map(({ column }) => column.frame));
  new MutationObserver(() => app.retheme()).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => app.retheme());
  watchVersion(app);
  followHistory(app);
  pictured = laterParts(app, facts, activation, popover, menus, entries);
  if (linked !== null) app.writeAddress();
  // For the benchmark: what the loop and the queue counted.
  Object.assign(document.documentElement, { neuralDivergence: { frames, queue, app, priorities: PRIORITY } });
  app.redraw();
}

/** @param {string | null} dataset `null`: the server shows none at all */
async function askToken(dataset) {
  const { tokenForm } = await import("./panels/token.js");
  const { form, field } = tokenForm(dataset);
  byId("columns").replaceChildren(form);
  field.focus();
}

start().catch((error) => {
  if (error instanceof Unknown) return showWhatThereIs(error);
  if (error instanceof RequestError && error.needsToken) {
    void askToken(linkTarget(location.hash)?.dataset || null);
    return;
  }
  if (error instanceof RequestError && error.status === 401) error = new Error("you are not signed in. Reload the page to sign in.");
  byId("columns").replaceChildren(el("p", { class: "empty", role: "alert" }, `This page could not start: ${error instanceof Error ? error.message : error}`));
});
