/** How densities are drawn: axis, opacity, overlay or lanes, columns together or apart. */

import { byId, el } from "../dom.js";
import { AXIS_NAMES, axisMode } from "../model/axes.js";
import { percent } from "../model/format.js";
import { controlKeys } from "../view/controlkeys.js";

const FULL = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** @param {import("../app.js").App} app */
export function toolbarView(app) {
  const bar = byId("view-options");
  /**
   * @param {string} id
   * @param {string} label
   * @param {string} title
   * @param {[string, string][]} options
   * @param {(value: string) => (draft: import("../types").State) => void} change
   */
  const menu = (id, label, title, options, change) => {
    const select = el("select", { id, title },
      ...options.map(([value, text]) => el("option", { value }, text)));
    select.addEventListener("change", () => app.update(change(select.value)));
    bar.append(el("label", { class: "option" }, el("span", { class: "quiet" }, label), select));
    return select;
  };
  const modes = AXIS_NAMES.map(axisMode);
  const axis = menu("axis-mode", "x axis", `The x axis is activation: ${modes.map(({ about }) => about).join("; or ")}`,
    AXIS_NAMES.map((name) => [name, axisMode(name).option]), (value) => (draft) => {
    draft.axis = /** @type {import("../types").AxisName} */ (value);
    // A part of one axis says nothing on another.
    for (const column of Object.values(draft.columns)) column.across = null;
  });
  const scale = menu("axis-scale", "scale", "linear, or symlog: logarithmic on both sides of 0; at first, whichever shows most neurons", [["", "as fits"], ["linear", "linear"], ["symlog", "symlog"]], (value) => (draft) => {
    draft.symlog = value === "" ? null : value === "symlog";
  });
  const bins = menu("bins", "bins", "Into how many bins the axis is divided, at most", [["", "as fits"], ["256", "256"], ["64", "64"], ["16", "16"]], (value) => (draft) => {
    draft.bins = value === "" ? null : /** @type {import("../types").Bins} */ (Number(value));
  });
  const curve = menu("opacity-curve", "opacity", "How the share of a class in a bin becomes opacity", [
    ["linear", "linear"], ["root", "square root"], ["log", "logarithmic"],
  ], (value) => (draft) => {
    draft.curve = /** @type {import("../types").Curve} */ (value);
  });
  const full = menu("opacity-full", "full at", "The share of a class in a bin that is drawn fully opaque; at first, nearly the largest in view", [["", "as fits"], ...FULL.map((share) => /** @type {[string, string]} */ ([String(share), percent(share)]))], (value) => (draft) => {
    draft.full = value === "" ? null : Number(value);
  });
  const lanes = menu("class-arrangement", "classes", "Overlaid; overlaid and striped; or each in its own lane, as three or more classes are on tall rows at first", [
    ["", "as fits"], ["overlay", "overlaid"], ["hatched", "hatched"], ["lanes", "in lanes"],
  ], (value) => (draft) => {
    draft.lanes = value === "" ? null : value === "lanes";
    draft.hatched = value === "hatched";
  });
  lanes.addEventListener("change", () => {
    // On thin rows nothing would seem to happen.
    if (lanes.value === "hatched") app.tell("Stripes appear on tall rows: zoom in.");
  });
  const linked = el("input", { type: "checkbox", id: "linked" });
  linked.addEventListener("change", () => app.update((draft) => {
    draft.linked = linked.checked;
  }));
  const linkedLabel = el("label", { class: "option", title: "Scroll and zoom all columns together" }, linked, " scroll ", el("span", { class: "spare" }, "layers "), "together");
  bar.append(linkedLabel);
  controlKeys(bar, "Display options");

  const update = () => {
    const { state } = app;
    axis.value = state.axis;
    scale.value = state.symlog === null ? "" : state.symlog ? "symlog" : "linear";
    bins.value = String(state.bins ?? "");
    curve.value = state.curve;
    const chosen = state.full === null ? "" : String(state.full);
    if (state.full !== null && ![...full.options].some((option) => option.value === chosen)) full.append(el("option", { value: chosen }, percent(state.full)));
    full.value = chosen;
    lanes.value = state.lanes ? "lanes" : state.hatched ? "hatched" : state.lanes === null ? "" : "overlay";
    linked.checked = state.linked;
    linkedLabel.hidden = state.layers.length < 2;
  };
  app.onChange(update);
  update();
}
