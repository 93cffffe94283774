/** Beside the chosen classes, those that are most like them: a comparison is one click away. */

import { byId, el, set } from "../dom.js";
import { SimilarClasses } from "../data/similar.js";
import { css } from "../model/colormap.js";
import { percent } from "../model/format.js";
import { toggleGroup } from "./classes.js";

/** Lines shown, of the classes chosen last, and similar classes in each. */
const LINES_MAX = 3;
const LIKE_MAX = 2;
/** With more classes than this they are compared only when the reader asks. */
const UNASKED_MAX = 24;

/** @param {import("../app.js").App} app */
export function similarView(app) {
  const element = byId("similar");
  const { groups } = app.metadata;
  const source = new SimilarClasses(app);
  let asked = source.classes.length <= UNASKED_MAX;
  let showing = "";
  const ask = el("button", { type: "button", class: "ask-similar", onClick: () => {
    asked = true;
    void update();
  } }, "similar classes");

  async function update() {
    const { state } = app;
    const chosen = state.groups.filter((g) => groups[g].kind === "class").slice(-LINES_MAX);
    // The layer nearest to the prediction, of those on screen.
    const layer = app.metadata.layers.map((one) => one.id).filter((id) => state.layers.includes(id)).pop();
    element.hidden = chosen.length === 0 || !layer || source.classes.length < 3;
    if (element.hidden || !layer) return;
    if (!asked) return element.replaceChildren(ask);
    const key = `${layer}|${state.groups}|${app.theme.name}`;
    if (key === showing) return;
    showing = key;
    if (element.firstElementChild === ask) element.replaceChildren(el("p", { class: "quiet" }, "comparing …"));
    try {
      const lines = await Promise.all(chosen.map(async (g) => line(g, (await source.to(layer, g)).slice(0, LIKE_MAX), layer)));
      if (key === showing) element.replaceChildren(...lines);
    } catch {
      // The notice at the top tells why; the next change asks again.
      showing = "";
    }
  }

  /** @param {number} g @param {{group: number, overlap: number}[]} like @param {string} layer */
  function line(g, like, layer) {
    const title = `Most like ${groups[g].name}: how much their distributions overlap, on average over the neurons of ${app.layer(layer).name}`;
    return el("p", { class: "like", title }, el("b", {}, groups[g].name), el("span", { class: "quiet" }, "≈"), ...like.map(({ group, overlap }) => {
      const on = app.state.groups.includes(group);
      const box = el("i", { class: "swatch", "aria-hidden": "true" });
      if (on) box.style.background = css(app.colour(group));
      const button = el("button", { type: "button", class: "similar-toggle", "data-group": group, onClick: () => toggleGroup(app, group) },
        box, groups[group].name, el("span", { class: "quiet" }, ` ${percent(overlap)}`));
      set(button, "aria-pressed", String(on));
      return button;
    }));
  }

  app.onChange(() => void update());
  void update();
}
