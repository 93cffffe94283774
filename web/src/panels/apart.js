/** Which layers tell two chosen classes apart best, below the list of classes; each a toggle of its layer. */

import { byId, el, set } from "../dom.js";
import { ITEMS } from "../model/order.js";
import { bare, count, plural } from "../model/format.js";
import { toggleLayer } from "./layers.js";

/** @typedef {import("../data/divergences.js").LayerSeparation} LayerSeparation */

/** Layers shown before the reader asks for all. */
const LINES = 4;
/** With more neurons than this in all layers the server is asked only when the reader asks. */
const UNASKED_MAX = 200_000;

/** In place of what could not be had, and of what a site of plain files has not. */
export const NOT_COMPARED = "Not compared: the server did not answer.";
export const TAKES_A_SERVER = "Which layers tell two classes apart best takes a server.";

/** How well something is told apart: 0 not at all, 1 always. */
export const separationText = (/** @type {number | null | undefined} */ value) => (value === null || value === undefined ? "–" : bare(value, 2));

/**
 * The two that are compared: those chosen, where they are two.
 * @param {import("../app.js").App} app
 */
function pair({ state, metadata }) {
  const chosen = state.groups.filter((group) => metadata.groups[group].kind !== "all");
  return chosen.length === 2 ? chosen : null;
}

/**
 * Whether layers are compared now.
 * @param {import("../app.js").App} app
 */
export const comparesLayers = (app) => pair(app) !== null && app.metadata.layers.length > 1;

/** @param {import("../app.js").App} app @param {import("../data/divergences.js").DivergenceSource} source */
export function apartView(app, source) {
  const element = byId("separation");
  const { groups, layers } = app.metadata;
  let asked = layers.reduce((sum, layer) => sum + layer.neurons * layer.samples, 0) <= UNASKED_MAX;
  let all = false;
  let showing = "";

  async function update() {
    const two = pair(app);
    element.hidden = !comparesLayers(app);
    if (element.hidden || !two) return;
    const names = two.map((group) => groups[group].name);
    const key = `${two}|${names}|${app.state.layers}|${asked}|${all}`;
    if (key === showing) return;
    showing = key;
    if (app.isPlain) return element.replaceChildren(el("p", { class: "quiet" }, TAKES_A_SERVER));
    if (!asked) {
      return element.replaceChildren(el("button", { type: "button", class: "ask-similar", onClick: () => {
        asked = true;
        void update();
      } }, `layers that tell ${names.join(" from ")}`));
    }
    if (!element.querySelector("ul")) element.replaceChildren(el("p", { class: "quiet" }, "comparing …"));
    try {
      const found = await source.separation(two[0], two[1]);
      if (key === showing) fill(found, names);
    } catch {
      // The notice at the top tells why; the next change asks again.
      if (key === showing) element.replaceChildren(el("p", { class: "quiet" }, NOT_COMPARED));
      showing = "";
    }
  }

  /** @param {LayerSeparation[]} found @param {string[]} names */
  function fill(found, names) {
    const focus = /** @type {HTMLElement | null} */ (element.contains(document.activeElement) ? document.activeElement : null)?.dataset.layer;
    const most = Math.max(1e-9, ...found.map((one) => one.separation ?? 0));
    const shown = all ? found : found.slice(0, LINES);
    element.replaceChildren(
      el("p", { class: "quiet", title: "The mean over neurons of |2 AUROC − 1|: 0 where nothing tells them apart, 1 where every neuron alone does" }, "tells ", el("b", {}, names[0]), " from ", el("b", {}, names[1]), " best"),
      el("ul", {}, ...shown.map((one) => line(one, most))),
      found.length > LINES ? el("button", { type: "button", class: "ask-similar", "aria-expanded": String(all), onClick: () => {
        all = !all;
        void update();
      } }, all ? "fewer" : `all ${count(found.length)} layers`) : "");
    if (focus) /** @type {HTMLElement | null} */ (element.querySelector(`[data-layer="${focus}"]`))?.focus();
  }

  /** @param {LayerSeparation} one @param {number} most */
  function line({ layer, separation, null: nothing, beyond, neurons, best, untold }, most) {
    const name = app.shortNames.get(layer) ?? layer;
    const on = app.state.layers.includes(layer);
    const title = untold ?? [
      `${app.layer(layer).name}: separation ${separationText(separation)} on average over ${plural(neurons ?? 0, "neuron")}, ${separationText(nothing)} by chance`,
      `${plural(beyond ?? 0, "neuron")} farther than any by chance`, best ? `best: neuron ${best.neuron}, ${ITEMS.auroc.title} ${bare(best.auroc, 3)}` : "",
    ].filter(Boolean).join("; ");
    const bar = el("span", { class: "bar", "aria-hidden": "true" }, el("i"), el("u"));
    bar.style.setProperty("--share", `${(100 * (separation ?? 0)) / most}%`);
    bar.style.setProperty("--chance", `${Math.min(100, (100 * (nothing ?? 0)) / most)}%`);
    const button = el("button", { type: "button", class: "apart-toggle", "data-layer": layer, title, onClick: () => toggleLayer(app, layer) },
      el("span", { class: "name" }, name), untold ? el("span", { class: "quiet" }, "cannot tell") : bar, el("span", { class: "amount" }, untold ? "" : separationText(separation)));
    set(button, "aria-pressed", String(on));
    return el("li", {}, button);
  }

  app.onChange(() => void update());
  void update();
}
