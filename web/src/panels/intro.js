/** One sentence that tells what the first picture shows; gone when the reader closes it, and while something else is shown. */

import { byId, el } from "../dom.js";
import { groupName } from "../model/names.js";

/**
 * @param {import("../app.js").App} app
 * @param {boolean} firstVisit
 */
export function introView(app, firstVisit) {
  const element = byId("story");
  element.hidden = !firstVisit;
  if (!firstVisit) return;
  const of = view(app);
  let dismissed = false;
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onClick: () => {
    dismissed = true;
    update();
    app.redraw();
  } }, "×");
  element.replaceChildren(el("span", {}, app.metadata.start?.text || sentence(app)), close);
  const update = () => {
    element.hidden = dismissed || view(app) !== of;
  };
  app.onChange(update);
}

/**
 * What the sentence is about.
 * @param {import("../app.js").App} app
 */
const view = ({ state }) => JSON.stringify([state.layers, state.groups, state.instances]);

/** @param {import("../app.js").App} app */
function sentence({ state, metadata }) {
  const classes = state.groups.map((g) => groupName(metadata.groups[g])).join(" and ");
  const attacked = state.instances.map((i) => metadata.instances[i]).find((one) => one.kind === "attacked");
  const dots = attacked ? ` Red dots: an attacked image${attacked.label === undefined ? "" : ` of ${attacked.label}`}${attacked.prediction === undefined ? "" : ` taken for ${attacked.prediction}`}; black: the same image before.`
    : state.instances.length > 0 ? " Dots are single instances." : "";
  const isOfAll = state.groups.every((g) => metadata.groups[g].kind === "all");
  return `Every row is a neuron; ${isOfAll ? "the darker, the more rows have that activation" : `colour marks where ${classes} activate it`}.${dots}`;
}
