/** The line under the figure: what colour, opacity and dots mean, in numbers. */

import { byId, el } from "../dom.js";
import { ramp } from "../model/colormap.js";
import { percent } from "../model/format.js";
import { groupName } from "../model/names.js";
import { inLanes } from "./columnpaint.js";
import { markers } from "./dots.js";
import { hatchCss } from "./hatch.js";
import { dotSvg } from "./marks.js";

const STEPS = 24;
/** What a dot is. */
export const WHAT_DOTS = "dot: one instance (◂ ▸ beyond the axis)";

/**
 * The classes whose mixed colour the legend shows, and what it is called there; null where none overlap.
 * @param {{groups: number[], lanes: boolean | null}} state `lanes`: as drawn
 */
export function overlap({ groups, lanes }) {
  if (lanes || groups.length < 2) return null;
  return { groups, name: groups.length === 2 ? "both" : `all ${groups.length}: colours mix where classes overlap` };
}

/**
 * What is fully opaque, in words: one share, or one a layer where they differ.
 * @param {readonly import("./columnframe.js").Frame[]} frames
 * @param {import("../app.js").App} app
 */
export function opacityWords(frames, app) {
  const shares = [...new Set(frames.map(({ full }) => full))];
  const most = shares.length === 1 ? `0–${percent(shares[0])}` : `0–${frames.map(({ full, layer, metadata }) => `${percent(full)} (${(metadata === app.metadata ? app : app.other)?.shortNames.get(layer.id) ?? layer.name})`).join(", 0–")}`;
  return `opacity: ${most} of a class in a bin, ${CURVES[app.state.curve]}`;
}

const CURVES = { root: "square root", linear: "linear", log: "logarithmic" };

/**
 * @param {import("../app.js").App} app
 * @param {() => readonly import("./columnframe.js").Frame[]} frames of the columns on screen
 */
export function legendView(app, frames) {
  const element = byId("legend");
  let shown = "";
  const laned = () => frames().length > 0 && frames().every(({ screen }) => inLanes(app.state, screen.height));
  const update = () => {
    const { state, metadata, theme } = app;
    // Layers that are shown channel by channel have no rows in which classes overlap, or dots lie.
    const inRows = state.layers.some((id) => !state.channels[id]);
    const zeros = inRows && state.groups.length > 0 && state.layers.some((id) => app.summaries.get(id)?.zeros.some((share) => share > 0));
    // Sorting, hiding, pinning leave it as it is: building it anew would cost a layout of the page.
    const now = [state.groups, state.groups.map((group) => metadata.groups[group].name), state.instances, theme.name, state.curve, frames().map(({ full }) => full), zeros, state.hatched, laned(), inRows].join("|");
    if (now === shown) return;
    shown = now;
    /** @param {number[]} groups @param {string} stripes @param {string} name */
    const key = (groups, stripes, name) => {
      const bar = el("span", { class: "ramp", "aria-hidden": "true" });
      bar.style.background = `${stripes}linear-gradient(to right, ${ramp(groups.map((group) => app.colour(group)), theme.paper, theme.name, state.curve, STEPS).join(", ")})`;
      return el("span", { class: "key" }, bar, name);
    };
    const classes = state.groups.map((group, n) => key([group], state.hatched ? hatchCss(n, theme.paperCss) : "", groupName(metadata.groups[group])));
    const both = inRows ? overlap({ groups: state.groups, lanes: laned() }) : null;
    if (both) classes.push(key(both.groups, "", both.name));
    const dots = [...markers(state.instances, metadata, theme.name)].map(([i, look]) => el("span", { class: "key" }, dotSvg(look), metadata.instances[i].name));
    const scale = state.groups.length > 0 && frames().length > 0 ? el("span", { class: "key quiet" }, opacityWords(frames(), app)) : null;
    const dot = inRows && state.instances.length > 0 ? el("span", { class: "key quiet what-dots" }, WHAT_DOTS) : null;
    element.replaceChildren(...classes, ...(scale ? [scale] : []), ...(zeros ? [el("span", { class: "key quiet" }, "=0: exact zeros")] : []), ...dots, ...(dot ? [dot] : []));
  };
  app.onChange(update);
  app.onDraw(update);
  update();
}
