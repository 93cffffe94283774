/** The header: what data this is, find, link, export, theme, help. */

import { byId, el, set, setText } from "../dom.js";
import { neuronsSought, parseFind, placeOf } from "../model/coordinates.js";
import { count, plural } from "../model/format.js";
import { controlKeys } from "../view/controlkeys.js";
import { toggleTheme } from "../view/theme.js";
import { jump } from "../view/navigate.js";
import { toggleLayer } from "./layers.js";

const HOW = "Type a neuron’s number, “layer number”, a place such as “3,7,19”, “ch 19”, a class at the last layer, or “#rank”.";

/**
 * @param {import("../app.js").App} app
 * @param {import("../view/activation.js").ActivationView} activation
 * @param {import("../types").DatasetEntry[]} catalogue
 */
export function headerView(app, activation, catalogue) {
  const { metadata } = app;
  const picker = /** @type {HTMLSelectElement} */ (byId("dataset"));
  picker.replaceChildren(...(catalogue.length > 0 ? catalogue : [metadata]).map((entry) => new Option(entry.title || entry.name, entry.name)));
  picker.value = metadata.name;
  picker.addEventListener("change", () => {
    location.hash = `#1;d=${encodeURIComponent(picker.value)}`;
    location.reload();
  });
  const classes = metadata.groups.filter((group) => group.kind === "class").length;
  const pairs = new Set(metadata.instances.flatMap((one) => (one.pair === undefined ? [] : [one.pair]))).size;
  setText(byId("dataset-facts"), [plural(metadata.rows, "row"), plural(classes, "class", "classes"), plural(metadata.layers.length, "layer"), pairs > 0 ? plural(pairs, "pair") : ""].filter(Boolean).join(" · "));
  document.title = `${metadata.title || metadata.name} · Neural Divergence`;

  const find = /** @type {HTMLInputElement} */ (byId("find"));
  byId("find-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void go(find.value);
  });
  find.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape") find.blur();
  });
  /**
   * The layer of this name, else those whose names hold it.
   * @param {string} text
   */
  function called(text) {
    const exact = metadata.layers.filter((layer) => layer.name === text || app.shortNames.get(layer.id) === text);
    return exact.length > 0 ? exact : metadata.layers.filter((layer) => layer.name.includes(text));
  }
  /** What was last sought and where, and which of several neurons was gone to. */
  let last = { text: "", next: 0 };
  /** @param {string} text see `parseFind` */
  async function go(text) {
    const what = parseFind(text, metadata.layers);
    if (!what) return app.tell(HOW);
    const wanted = what.layer === null ? metadata.layers : called(what.layer);
    const columns = () => activation.shown().filter((column) => wanted.includes(column.layer));
    // A layer that is asked for by its name is shown.
    if (columns().length === 0 && what.layer !== null) toggleLayer(app, wanted[0].id);
    const named = columns();
    if (named.length === 0) return app.tell(HOW);
    await Promise.all(named.map((column) => column.placed));
    last = { text, next: last.text === text ? last.next + 1 : 0 };
    const found = [];
    let several = false;
    for (const column of named) {
      const { layer, frame: { arrangement: { query } } } = column;
      const all = what.kind === "rank" ? (what.number <= layer.neurons ? [(await app.json(app.urls.findRank(layer.id, query, Math.max(0, what.number - 1)), 1)).neuron] : [])
        : neuronsSought(what, layer, metadata);
      if (all.length === 0) continue;
      // The same again goes on to the next of several.
      const neuron = all[last.next % all.length];
      const rank = await jump(column, neuron);
      if (rank === null) continue;
      found.push(column);
      const place = placeOf(layer, neuron, metadata);
      app.announce(`${layer.name}: neuron ${neuron}${place ? ` (${place})` : ""}, rank ${count(rank + 1)}`);
      several ||= all.length > 1;
      if (all.length > 1) app.tell(`${layer.name}: ${count((last.next % all.length) + 1)} of ${plural(all.length, "neuron")}. Enter again goes to the next.`);
    }
    if (found.length === 0) app.tell(`No layer on screen has ${what.kind === "rank" ? "a rank" : what.kind === "neuron" ? "a neuron" : "neurons at"} ${text.trim()}. ${HOW}`);
    else if (!several) found[0].canvas.focus({ preventScroll: true });
  }

  byId("copy-link").addEventListener("click", async () => {
    app.writeAddress();
    try {
      await navigator.clipboard.writeText(location.href);
      app.tell("Link copied: it shows exactly this view.");
    } catch {
      app.tell("Copy the address of this page: it shows exactly this view.");
    }
  });
  byId("theme").addEventListener("click", toggleTheme);

  // Few tab stops lie before the plots.
  const tools = el("div", { class: "head-tools" }, ...document.querySelectorAll("#find-form ~ .head-button"));
  byId("header").append(tools);
  controlKeys(tools, "Link, export, colours, help", "#copy-link");

  byId("skip").addEventListener("click", () => activation.shown()[0]?.canvas.focus());

  const help = /** @type {HTMLDialogElement} */ (byId("help"));
  byId("help-button").addEventListener("click", () => help.showModal());
  byId("help-close").addEventListener("click", () => help.close());
  help.addEventListener("click", (event) => {
    if (event.target === help) help.close();
  });
  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.shiftKey && !event.altKey && !["INPUT", "TEXTAREA"].includes(target.tagName)) {
      event.preventDefault();
      app.undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName)) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "/") {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (event.key === "c") {
      event.preventDefault();
      const search = byId("class-search");
      unfold(true);
      (search.hidden ? /** @type {HTMLElement | null} */ (byId("classes").querySelector("button")) : search)?.focus();
    } else if (event.key === "?") help.showModal();
  });

  // On a narrow window the selection views and the options fold away.
  const options = byId("options-toggle");
  options.addEventListener("click", () => set(options, "aria-expanded", String(byId("view-options").classList.toggle("open"))));
  const aside = byId("selection");
  const fold = byId("selection-toggle");
  if (metadata.instances.length === 0) setText(fold, "Layers, classes");
  /** @param {boolean} open */
  function unfold(open) {
    aside.classList.toggle("open", open);
    set(fold, "aria-expanded", String(open));
  }
  fold.addEventListener("click", () => {
    unfold(!aside.classList.contains("open"));
    // It comes later in the order of the keyboard.
    if (aside.classList.contains("open")) /** @type {HTMLElement | null} */ (byId("layers").querySelector('[tabindex="0"]'))?.focus();
  });
  // A touch beside the open drawer puts it away, and does nothing else.
  let isPuttingAway = false;
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Element} */ (event.target);
    isPuttingAway = fold.offsetParent !== null && aside.classList.contains("open") && !target.closest("#selection, #selection-toggle, #popover, #hint, #notices, dialog");
    if (!isPuttingAway) return;
    unfold(false);
    event.stopPropagation();
  }, true);
  document.addEventListener("click", (event) => {
    // A key's click has no number.
    if (!isPuttingAway || event.detail === 0) return;
    isPuttingAway = false;
    event.stopPropagation();
    event.preventDefault();
  }, true);
  aside.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !aside.classList.contains("open")) return;
    unfold(false);
    if (fold.offsetParent) fold.focus();
  });
}
