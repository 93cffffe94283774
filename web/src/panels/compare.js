/** Two versions side by side: which one stands beside this, and the order by what changed. */

import { currentUrl, metadataUrl } from "../data/api.js";
import { FactsSource } from "../data/facts.js";
import { PRIORITY } from "../data/tiles.js";
import { byId, el, set, setText } from "../dom.js";
import { plural } from "../model/format.js";
import { groupName } from "../model/names.js";
import { argumentFor, comparesStores, itemOf } from "../model/order.js";
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
  const opener = byId("compare");
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
    const own = catalogue.find(({ name }) => name === metadata.name) ?? metadata;
    const names = el("select", { id: "compare-dataset", "data-focus": "" }, ...[...others, own].map((entry) => el("option", { value: entry.name }, `${entry.title || entry.name}${entry === own ? " (this data)" : ""}`)));
    const versions = el("select", { id: "compare-version" });
    const fault = el("p", { role: "alert" });
    const show = el("button", { type: "submit", class: "primary", id: "compare-show" }, "Show beside");
    const content = el("form", { class: "compare-menu" }, el("h3", {}, "Another version beside this one"),
      el("p", { class: "quiet" }, "The same neuron in the same row: a later checkpoint, a pruned or a patched network."),
      el("label", {}, "Data ", names), el("label", {}, "Version ", versions), fault, el("div", { class: "buttons" }, show));
    const list = async () => {
      const name = names.value;
      set(content, "data-of", false);
      try {
        const offered = await versionsOf(name);
        if (names.value !== name) return;
        versions.replaceChildren(...offered.map((version) => el("option", { value: version.name }, `${version.name.slice(0, 8)}${version.current ? ", the current one" : ""}`)));
        show.disabled = versions.disabled = offered.length === 0;
        setText(fault, offered.length > 0 ? "" : `This data has no other version here. ${others.length > 0 ? "Choose other data above, or precompute" : "Precompute"} the next one under the same name.`);
        set(content, "data-of", name);
      } catch (error) {
        setText(fault, /** @type {any} */ (error).detail ?? /** @type {Error} */ (error).message);
      }
    };
    names.addEventListener("change", list);
    content.addEventListener("submit", (event) => {
      event.preventDefault();
      // Not before the list is that of the name.
      if (content.dataset.of !== names.value) return;
      popover.close();
      choose({ name: names.value, version: versions.value });
    });
    void list();
    return content;
  }

  /**
   * The versions of a data set that can stand beside this one, the current one first.
   * @param {string} name
   * @returns {Promise<{name: string, current: boolean}[]>}
   */
  async function versionsOf(name) {
    const { version, versions = [version] } = await app.json(currentUrl(name), PRIORITY.person);
    return versions.flatMap((/** @type {string} */ one) => (name === metadata.name && one === metadata.version ? [] : [{ name: one, current: one === version }]));
  }

  async function load() {
    const { other } = app.state;
    const key = other ? `${other.name}/${other.version}` : "";
    if (key === asked) return;
    asked = key;
    if (!other) return activation.beside(null, null);
    if (app.isPlain) return app.tell("A site of plain files shows no other version beside this one: that takes a server.");
    try {
      const made = otherApp(app, await app.json(metadataUrl(other.name, other.version), PRIORITY.person), (id) => activation.columns.get(id)?.column.axis.fit() ?? null);
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
  return { open: () => popover.open(opener, "Show another version beside this one", form()) };
}
