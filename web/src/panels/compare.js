/** Two versions side by side: which one stands beside this, and the order by what changed. */

import { currentUrl, metadataUrl } from "../data/api.js";
import { FactsSource } from "../data/facts.js";
import { byId, el, set, setText } from "../dom.js";
import { plural } from "../model/format.js";
import { groupName } from "../model/names.js";
import { argumentFor, comparesStores, itemOf } from "../model/order.js";
import { linkTarget } from "../model/state.js";
import { otherApp } from "../other.js";

/** @typedef {{name: string, version: string}} Version */

const FIGURES = /** @type {const} */ ([["wasserstein", "Wasserstein distance"], ["kolmogorov_smirnov", "Kolmogorov–Smirnov distance"], ["auroc", "AUROC"]]);

/**
 * @param {import("../app.js").App} app
 * @param {import("../view/activation.js").ActivationView} activation
 * @param {import("./popover.js").Popover} popover
 * @param {import("../types").DatasetEntry[]} catalogue
 */
export function compareView(app, activation, popover, catalogue) {
  const { metadata } = app;
  // There from the start, so that no row moves when it can be used.
  const opener = byId("compare");
  set(opener, "disabled", false);
  opener.addEventListener("click", () => popover.open(opener, "Show another version beside this one", form()));
  const words = el("span");
  const group = el("select", { "aria-label": "Of which rows" });
  const figure = el("select", { "aria-label": "By which distance" }, ...FIGURES.map(([value, text]) => el("option", { value }, text)));
  const sort = el("button", { type: "button", id: "compare-sort", onClick: sortByChange }, "what changed first");
  const bar = el("section", { id: "compare-bar", "aria-label": "Another version beside this one", hidden: true }, words, sort,
    el("label", {}, el("span", { class: "quiet" }, "in "), group), el("label", {}, el("span", { class: "quiet" }, "by "), figure),
    el("button", { type: "button", class: "icon-button", id: "compare-close", "aria-label": "Show this version alone", title: "Show this version alone", onClick: () => choose(null) }, "×"));
  byId("toolbar").after(bar);
  /** Of the other version that is here, or was last asked for. */
  let asked = "";

  /** @param {Version | null} version */
  function choose(version) {
    app.update((draft) => {
      draft.other = version;
      // Without another, nothing changed.
      if (!version) for (const column of Object.values(draft.columns)) if (comparesStores(column.order)) Object.assign(column, { order: { kind: "index" }, direction: "ascending", top: 0 });
    });
  }

  function sortByChange() {
    const argument = argumentFor("group", Number(group.value), metadata);
    const kind = /** @type {typeof FIGURES[number][0]} */ (figure.value);
    app.update((draft) => {
      for (const id of draft.layers) if (app.other?.shared.has(id)) Object.assign(draft.columns[id], { order: itemOf(kind, argument, argument), direction: "descending", top: 0 });
    });
  }

  function form() {
    if (app.isPlain) return el("div", { class: "compare-menu" }, el("h3", {}, "Another version beside this one"), el("p", { class: "quiet" }, "A site of plain files holds no order that two versions share: that takes a server."));
    const others = catalogue.filter(({ name }) => name !== metadata.name);
    const list = el("select", { id: "compare-dataset", "aria-label": "Data set" }, ...others.map((entry) => el("option", { value: entry.name }, entry.title || entry.name)));
    const field = el("input", { type: "text", id: "compare-version", autocomplete: "off", spellcheck: "false", placeholder: `${metadata.name}/VERSION, or a link`, "aria-label": "A version, or a link to one" });
    const fault = el("p", { role: "alert", class: "odd" });
    const content = el("form", { class: "compare-menu" }, el("h3", {}, "Another version beside this one"),
      el("p", { class: "quiet" }, "The same neuron in the same row: a later checkpoint, a pruned or a patched network."),
      others.length > 0 && el("label", {}, "Data set ", list), el("label", {}, others.length > 0 ? "or version " : "Version ", field), fault,
      el("div", { class: "buttons" }, el("button", { type: "submit", class: "primary", id: "compare-show" }, "Show beside")));
    content.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const version = await found(field.value.trim(), list.value);
        popover.close();
        choose(version);
      } catch (error) {
        setText(fault, /** @type {any} */ (error).status === 404 ? "There is no such version here." : /** @type {any} */ (error).detail ?? /** @type {Error} */ (error).message);
      }
    });
    return content;
  }

  /**
   * What is meant by a text: `NAME/VERSION`, a name, a version of this data set, or a link; nothing: the data set of the list.
   * @param {string} text
   * @param {string} name
   * @returns {Promise<Version>}
   */
  async function found(text, name) {
    const hash = text.indexOf("#");
    const link = hash >= 0 ? linkTarget(text.slice(hash)) : null;
    if (link) return { name: link.dataset, version: link.version || (await app.json(currentUrl(link.dataset), 0)).version };
    const [first, second] = text.split("/");
    if (second) return { name: first, version: second };
    if (/^[0-9a-f]{8,64}$/.test(first)) return { name: metadata.name, version: first };
    const wanted = first || name;
    if (!wanted) throw new Error("Name a version.");
    return { name: wanted, version: (await app.json(currentUrl(wanted), 0)).version };
  }

  async function load() {
    const { other } = app.state;
    const key = other ? `${other.name}/${other.version}` : "";
    if (key === asked) return;
    asked = key;
    if (!other) return activation.beside(null, null);
    if (app.isPlain) return app.tell("A site of plain files shows no other version beside this one: that takes a server.");
    try {
      const made = otherApp(app, await app.json(metadataUrl(other.name, other.version), 0), (id) => activation.columns.get(id)?.column.axis.fit() ?? null);
      if (asked === key) activation.beside(made, new FactsSource(made));
    } catch (error) {
      if (asked !== key) return;
      asked = "";
      app.tell(`${other.name} ${other.version.slice(0, 8)} is not here.`);
      app.update((draft) => {
        draft.other = null;
      }, "replace");
    }
  }

  const update = () => {
    void load();
    const { other, state } = app;
    bar.hidden = !other;
    opener.classList.toggle("some", state.other !== null);
    if (!other) return;
    const missing = state.layers.filter((id) => !other.shared.has(id));
    setText(words, `Beside: ${other.label}.${missing.length > 0 ? ` It has no ${missing.map((id) => app.shortNames.get(id)).join(", ")} of as many neurons.` : ` ${plural(other.shared.size, "layer")} in both.`}`);
    const offered = [0, ...state.groups.filter((g) => g !== 0)];
    const key = offered.join();
    if (group.dataset.key !== key) {
      const now = group.value;
      group.replaceChildren(...offered.map((g) => el("option", { value: g }, groupName(metadata.groups[g]))));
      set(group, "data-key", key);
      if (offered.includes(Number(now))) group.value = now || "0";
    }
  };
  app.onChange(update);
  update();
}
