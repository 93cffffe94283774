/** Beside the chosen classes, those that are most like them: a comparison is one click away. */

import { byId, el, set } from "../dom.js";
import { SimilarClasses } from "../data/similar.js";
import { css } from "../model/colormap.js";
import { percent } from "../model/format.js";
import { hasCodes, isMoment } from "../model/moments.js";
import { comparesLayers, NOT_COMPARED, separationText, TAKES_A_SERVER } from "./apart.js";
import { toggleGroup } from "./classes.js";

/** Lines shown, of the classes chosen last. */
const LINES_MAX = 3;
/** Similar classes in each, by the number of lines: they fill the room that they have. Where layers are compared below, two. */
const LIKE_MAX = [0, 7, 7, 6];
const LIKE_ABOVE_LAYERS = 2;
/** With more classes than this they are compared only when the reader asks. */
const UNASKED_MAX = 24;

/** @typedef {{group: number, amount: string}} Like */

/** @param {import("../app.js").App} app @param {import("../data/divergences.js").DivergenceSource} divergences */
export function similarView(app, divergences) {
  const element = byId("similar");
  const { groups } = app.metadata;
  // A site of plain files cannot ask: there the tiles tell.
  const tiles = new SimilarClasses(app);
  const { classes } = tiles;
  let asked = classes.length <= UNASKED_MAX;
  let showing = "";
  const ask = el("button", { type: "button", class: "ask-similar", onClick: () => {
    asked = true;
    void update();
  } }, "similar classes");

  async function update() {
    const { state } = app;
    // The layer nearest to the prediction, of those on screen.
    const layer = app.metadata.layers.filter(({ id }) => state.layers.includes(id)).pop();
    const canAsk = (/** @type {number} */ group) => groups[group].kind === "class" || (isMoment(app.metadata, group) && !app.isPlain && layer !== undefined && hasCodes(layer));
    const chosen = state.groups.filter(canAsk).slice(-LINES_MAX);
    // Two classes are alike or not: only layers are compared, below.
    element.hidden = classes.length < 3 && comparesLayers(app);
    if (element.hidden) return;
    const lacks = lacking(layer !== undefined, chosen.length);
    if (lacks !== "" || !layer) {
      showing = "";
      return element.replaceChildren(el("p", { class: "quiet" }, lacks));
    }
    if (!asked) return element.replaceChildren(ask);
    const key = `${layer.id}|${state.groups}|${app.theme.name}`;
    if (key === showing) return;
    showing = key;
    if (element.firstElementChild === ask) element.replaceChildren(el("p", { class: "quiet" }, "comparing …"));
    try {
      const most = comparesLayers(app) ? LIKE_ABOVE_LAYERS : LIKE_MAX[chosen.length];
      const lines = await Promise.all(chosen.map(async (g) => line(g, (await likeTo(layer.id, g)).slice(0, most), layer.id)));
      if (key === showing) element.replaceChildren(...lines);
      if (key === showing) element.classList.toggle("alone", lines.length === 1);
    } catch {
      // The notice at the top tells why; the next change asks again.
      if (key === showing) element.replaceChildren(el("p", { class: "quiet" }, NOT_COMPARED));
      showing = "";
    }
  }

  /**
   * What there must be before classes can be compared.
   * @param {boolean} hasLayer @param {number} chosen classes
   */
  function lacking(hasLayer, chosen) {
    if (classes.length < 3) return app.isPlain ? TAKES_A_SERVER : "Choose both classes to see which layers tell them apart.";
    if (!hasLayer) return "Choose a layer to see which classes are alike in it.";
    return chosen > 0 ? "" : `Choose a class to see those most like it${app.metadata.layers.length < 2 || app.isPlain ? "" : "; two, to see which layers tell them apart"}.`;
  }

  /** @param {string} layer @param {number} g @returns {Promise<Like[]>} the most similar first */
  async function likeTo(layer, g) {
    if (app.isPlain) return (await tiles.to(layer, g)).map(({ group, overlap }) => ({ group, amount: percent(overlap) }));
    return (await divergences.similar(layer, g)).filter((one) => one.separation !== null).map(({ group, separation }) => ({ group, amount: separationText(separation) }));
  }

  /** @param {number} g @param {Like[]} like @param {string} layer */
  function line(g, like, layer) {
    const how = app.isPlain ? `how much their distributions overlap, on average over the neurons of ${app.layer(layer).name}`
      : `how well a neuron of ${app.layer(layer).name} tells them apart, on average: the mean of |2 AUROC − 1|, 0 not at all, 1 always`;
    return el("p", { class: "like", title: `Most like ${groups[g].name}: ${how}` }, el("b", {}, groups[g].name), ...(like.length > 0 ? [el("span", { class: "quiet" }, "≈")] : [el("span", {}, `is like no other: none has values in the same neurons of ${app.shortNames.get(layer) ?? layer}.`)]), ...like.map(({ group, amount }) => {
      const on = app.state.groups.includes(group);
      const box = el("i", { class: "swatch", "aria-hidden": "true" });
      if (on) box.style.background = css(app.colour(group));
      const button = el("button", { type: "button", class: "similar-toggle", "data-group": group, onClick: () => toggleGroup(app, group) },
        box, groups[group].name, el("span", { class: "quiet" }, ` ${amount}`));
      set(button, "aria-pressed", String(on));
      return button;
    }));
  }

  app.onChange(() => void update());
  void update();
}
