/** Groups made on the page: their list, a condition that is typed, and the confusion matrix that is clicked in. */

import { byId, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, plural } from "../model/format.js";
import { describe, freeColour, momentGroup, MOMENTS_MAX, WHERE_MAX } from "../model/moments.js";
import { GROUPS_MAX } from "../model/state.js";
import { listKeys, oneTabStop } from "./listkeys.js";

/** Typing must rest this long before the rows are counted. */
const REST_MS = 180;

/**
 * Makes a group of an expression, shown in all layers.
 * @param {import("../app.js").App} app
 * @param {string} where
 * @param {number} rows for which it holds
 * @returns {number | null} null where there are too many already
 */
export function addMoment(app, where, rows) {
  const { state, metadata } = app;
  if (state.moments.length >= MOMENTS_MAX || state.groups.length >= GROUPS_MAX) {
    app.tell("There are as many groups as can be shown. Remove one first.");
    return null;
  }
  const known = metadata.groups.findIndex((group) => group.kind === "moment" && group.where === where);
  const group = state.moments.includes(known) ? known : momentGroup(metadata, { where, colour: freeColour(metadata, state.moments) });
  metadata.groups[group].rows = rows;
  app.update((draft) => {
    if (!draft.moments.includes(group)) draft.moments.push(group);
    if (!draft.groups.includes(group)) draft.groups.push(group);
  });
  app.announce(`${metadata.groups[group].name}: ${plural(rows, "row")}, a group in all layers`);
  return group;
}

/** @param {import("../app.js").App} app @param {number} group */
export function removeMoment(app, group) {
  app.update((draft) => {
    draft.moments = draft.moments.filter((one) => one !== group);
    draft.groups = draft.groups.filter((one) => one !== group);
    if (draft.brush === group) draft.brush = null;
  });
  app.announce(`${app.metadata.groups[group].name} removed`);
}

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/rows.js").RowSource} rows
 * @param {import("./popover.js").Popover} popover
 */
export function groupsView(app, rows, popover) {
  const { metadata } = app;
  if (!metadata.table) return;
  const list = byId("moments");
  const form = /** @type {HTMLFormElement} */ (byId("condition-form"));
  const field = /** @type {HTMLInputElement} */ (byId("condition"));
  const amount = byId("condition-count");
  const fault = byId("condition-fault");
  const opener = byId("confusion");
  opener.addEventListener("click", async () => {
    const { confusionView } = await import("./confusion.js");
    popover.open(opener, "Labels and predictions", confusionView(app, rows, () => popover.place()));
  });

  listKeys(list);

  let timer = 0;
  /** @type {AbortController | null} */
  let asking = null;
  /**
   * Counts the rows of what is typed.
   * @returns {Promise<number | null>} null: it is no condition, as is told
   */
  async function counted() {
    clearTimeout(timer);
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    const where = field.value.trim();
    if (where === "") {
      say("", "");
      return null;
    }
    if (where.length > WHERE_MAX) {
      say("", `A condition has at most ${count(WHERE_MAX)} characters.`);
      return null;
    }
    try {
      const { total } = await rows.where(where, 1, signal);
      say(plural(total, "row"), "");
      return total;
    } catch (error) {
      if (!signal.aborted) say("", /** @type {any} */ (error).detail ?? String(error));
      return null;
    }
  }
  /** @param {string} found @param {string} wrong */
  function say(found, wrong) {
    setText(amount, found);
    const place = /^In the condition `[\s\S]*`, at character (\d+): ([\s\S]*?)(?: Conditions read like[\s\S]*)?$/.exec(wrong);
    fault.hidden = wrong === "";
    set(field, "aria-invalid", wrong !== "" && "true");
    // The fault stands below its place, as far as the field shows it.
    fault.replaceChildren(...(place ? [el("code", { "aria-hidden": "true" }, pointer(field.value, Number(place[1]) - 1)), el("span", {}, `Character ${place[1]}: ${place[2]}`)] : [wrong]));
  }
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void counted(), REST_MS);
  });
  field.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const where = field.value.trim();
    const total = await counted();
    if (total === null) return;
    if (addMoment(app, where, total) === null) return;
    field.value = "";
    say("", "");
  });

  /**
   * Groups whose rows are being counted, or cannot be.
   * @type {Map<number, string>}
   */
  const faults = new Map();
  /** @param {number} group */
  function countRows(group) {
    if (!Number.isNaN(metadata.groups[group].rows) || faults.has(group) || app.isPlain) return;
    faults.set(group, "");
    rows.where(metadata.groups[group].where ?? "", 1).then(({ total }) => {
      metadata.groups[group].rows = total;
      faults.delete(group);
    }, (error) => faults.set(group, error.detail ?? String(error))).finally(() => {
      showing = "";
      update();
    });
  }
  let showing = "";
  /**
   * The group whose name is being written.
   * @type {number | null}
   */
  let naming = null;
  const update = () => {
    const { state, theme } = app;
    state.moments.forEach(countRows);
    const key = `${state.moments}|${state.groups}|${state.brush}|${theme.name}|${naming}|${state.moments.map((group) => `${metadata.groups[group].name}${metadata.groups[group].rows}`)}`;
    if (key === showing) return;
    showing = key;
    const focus = /** @type {HTMLElement | null} */ (list.contains(document.activeElement) ? document.activeElement : null)?.dataset.focus;
    list.replaceChildren(...state.moments.map(item));
    oneTabStop(list);
    if (naming !== null) list.querySelector("input")?.select();
    else if (focus) /** @type {HTMLElement | null} */ (list.querySelector(`[data-focus="${focus}"]`))?.focus();
    setText(byId("moments-count"), state.moments.length > 0 ? "kept in the link" : "");
  };
  /** @param {number} group */
  function item(group) {
    const { name, where = "", rows: n } = metadata.groups[group];
    const on = app.state.groups.includes(group);
    const box = el("span", { class: "box", "aria-hidden": "true" });
    if (on) box.style.background = css(app.colour(group));
    const wrong = faults.get(group);
    if (naming === group) return el("li", { class: "moment" }, nameField(group));
    return el("li", { class: "moment" },
      el("button", { type: "button", class: "toggle moment-toggle", "data-group": group, "data-focus": `toggle ${group}`, "aria-pressed": String(on), title: wrong || `${where}${app.state.brush === group ? ". Follows the brush" : ""}`, onClick: () => toggle(group) },
        box, el("span", { class: "name" }, name), el("span", { class: wrong ? "amount wrong" : "amount" }, wrong ? "cannot be shown" : Number.isNaN(n) ? "…" : count(n))),
      el("button", { type: "button", class: "icon-button", "data-focus": `name ${group}`, "aria-label": `Rename ${name}`, title: "Rename", onClick: () => {
        naming = group;
        update();
      } }, "✎"),
      el("button", { type: "button", class: "icon-button moment-remove", "aria-label": `Remove ${name}`, title: "Remove", onClick: () => removeMoment(app, group) }, "×"));
  }
  /** @param {number} group */
  function toggle(group) {
    const on = app.state.groups.includes(group);
    if (!on && app.state.groups.length >= GROUPS_MAX) return app.tell(`${GROUPS_MAX} groups are shown already; hide one first.`);
    app.update((draft) => {
      draft.groups = on ? draft.groups.filter((one) => one !== group) : [...draft.groups, group];
    });
    app.announce(`${metadata.groups[group].name} ${on ? "hidden" : "shown"}`);
  }
  /** @param {number} group */
  function nameField(group) {
    const one = metadata.groups[group];
    const input = el("input", { type: "text", class: "moment-name", "aria-label": "Name of the group", value: one.name, maxlength: 60 });
    let done = false;
    /** @param {boolean} keep */
    const end = (keep) => {
      if (done) return;
      done = true;
      naming = null;
      if (keep) one.name = input.value.trim() || describe(one.where ?? "");
      if (keep) app.update(() => {}, "replace");
      update();
      /** @type {HTMLElement | null} */ (list.querySelector(`[data-focus="name ${group}"]`))?.focus();
    };
    input.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key !== "Enter" && event.key !== "Escape") return;
      // The button that takes the focus must not be pressed by the same key.
      event.preventDefault();
      end(event.key === "Enter");
    });
    input.addEventListener("blur", () => end(true));
    return input;
  }
  app.onChange(update);
  update();
}

/** Letters shown before the fault. */
const BEFORE = 18;

/**
 * The part of a text around a place, with a mark before it.
 * @param {string} text
 * @param {number} at
 */
function pointer(text, at) {
  return `${at > BEFORE ? "…" : ""}${text.slice(Math.max(0, at - BEFORE), at)}▸${text.slice(at, at + 10)}`;
}
