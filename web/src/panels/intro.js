/** One sentence that tells what the first picture shows; gone when the reader closes it. */

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
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onClick: () => {
    element.hidden = true;
    app.redraw();
  } }, "×");
  element.replaceChildren(el("span", {}, app.metadata.start?.text || sentence(app)), close);
}

/** @param {import("../app.js").App} app */
function sentence({ state, metadata }) {
  const classes = state.groups.map((g) => groupName(metadata.groups[g])).join(" and ");
  const attacked = state.instances.map((i) => metadata.instances[i]).find((one) => one.kind === "attacked");
  const dots = attacked ? ` Red dots: an attacked image${attacked.label === undefined ? "" : ` of ${attacked.label}`}${attacked.prediction === undefined ? "" : ` taken for ${attacked.prediction}`}; black: the same image before.`
    : state.instances.length > 0 ? " Dots are single instances." : "";
  return `Every row is a neuron; colour marks where ${classes} activate it.${dots}`;
}
