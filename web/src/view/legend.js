/** The line under the figure: what colour, opacity and dots mean, in numbers. */

import { byId, el } from "../dom.js";
import { css, inkOn, opacity } from "../model/colormap.js";
import { percent } from "../model/format.js";
import { markers } from "./dots.js";
import { dotSvg } from "./marks.js";

const STEPS = 24;

/** @param {import("../app.js").App} app */
export function legendView(app) {
  const element = byId("legend");
  let shown = "";
  const update = () => {
    const { state, metadata, theme } = app;
    const finer = state.axis !== "own" && state.layers.some((id) => state.columns[id]?.across);
    const zeros = state.groups.length > 0 && state.layers.some((id) => app.summaries.get(id)?.zeros.some((share) => share > 0));
    // Sorting, hiding, pinning leave it as it is: building it anew would cost a layout of the page.
    const key = [state.groups, state.instances, theme.name, state.curve, app.full, finer, zeros].join("|");
    if (key === shown) return;
    shown = key;
    const classes = state.groups.map((group) => {
      const ramp = el("span", { class: "ramp", "aria-hidden": "true" });
      const colour = app.colour(group);
      const stops = Array.from({ length: STEPS + 1 }, (_, i) => css(inkOn(colour, theme.paper, theme.name, opacity(state.curve, 1, i / STEPS))));
      ramp.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
      return el("span", { class: "key" }, ramp, metadata.groups[group].kind === "all" ? "all rows" : metadata.groups[group].name);
    });
    const dots = [...markers(state.instances, metadata, theme.name)].map(([i, look]) => el("span", { class: "key" }, dotSvg(look), metadata.instances[i].name));
    const curve = { root: "square root", linear: "linear", log: "logarithmic" }[state.curve];
    const scale = state.groups.length > 0
      ? el("span", { class: "key quiet" }, `opacity: 0 – ${percent(app.full)} of a class in a bin (${curve})${finer ? "; in finer bins as much less" : ""}`) : null;
    const arrows = state.instances.length > 0 ? el("span", { class: "key quiet arrows" }, "◂ ▸ beyond the axis") : null;
    element.replaceChildren(...classes, ...(scale ? [scale] : []), ...(zeros ? [el("span", { class: "key quiet" }, "=0: share of exact zeros")] : []), ...dots, ...(arrows ? [arrows] : []));
  };
  app.onChange(update);
  update();
  return update;
}
