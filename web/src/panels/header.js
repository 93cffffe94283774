/** The header: what data this is, find, link, export, theme, help. */

import { byId, set, setText } from "../dom.js";
import { count, plural } from "../model/format.js";
import { toggleTheme } from "../view/theme.js";
import { jump } from "../view/navigate.js";

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
   * `417`, `dense_2 417`, or `#3` for a rank.
   * @param {string} text
   */
  async function go(text) {
    const match = /^\s*(?:(\S+)\s+)?(#?)(\d+)\s*$/.exec(text);
    const columns = activation.shown();
    const named = match?.[1] ? columns.filter((column) => column.layer.name.includes(match[1])) : columns;
    if (!match || named.length === 0) return app.tell("Type a neuron’s number, “layer number”, or “#rank”.");
    const n = Number(match[3]);
    let found = 0;
    for (const column of named) {
      let neuron = n;
      if (n >= column.layer.neurons + (match[2] ? 1 : 0)) continue;
      if (match[2]) {
        const { query } = column.frame.arrangement;
        neuron = (await app.json(app.urls.findRank(column.layer.id, query, Math.max(0, n - 1)), 1)).neuron;
      }
      const rank = await jump(column, neuron);
      if (rank !== null) {
        found++;
        app.announce(`${column.layer.name}: neuron ${neuron}, rank ${count(rank + 1)}`);
      }
    }
    if (found === 0) app.tell(match[2] ? `No layer on screen has rank ${n}.` : `No layer on screen has a neuron ${n}.`);
    else named[0].canvas.focus({ preventScroll: true });
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
  fold.addEventListener("click", () => unfold(!aside.classList.contains("open")));
  document.addEventListener("pointerdown", (event) => {
    const target = /** @type {Node} */ (event.target);
    if (!aside.contains(target) && !fold.contains(target)) unfold(false);
  });
  aside.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !aside.classList.contains("open")) return;
    unfold(false);
    if (fold.offsetParent) fold.focus();
  });
}
