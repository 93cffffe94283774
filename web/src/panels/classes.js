/** The Classes view: a toggle a group, in its colour; searched by typing where there are many. */

import { byId, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, plural } from "../model/format.js";
import { groupName, inTwo } from "../model/names.js";
import { GROUPS_MAX } from "../model/state.js";
import { listKeys, oneTabStop } from "./listkeys.js";

/** From this many groups on there is a search field. */
const SEARCH_FROM = 14;
/** Names of so many characters have room beside each other. */
const NAME_SHORT = 13;

/** @param {import("../app.js").App} app */
export function classesView(app) {
  const list = byId("classes");
  const search = /** @type {HTMLInputElement} */ (byId("class-search"));
  // Those of the moment have a list of their own.
  const groups = app.metadata.groups.filter((group) => group.kind !== "moment");
  search.hidden = groups.length < SEARCH_FROM;
  // Room for what says which are alike, and which layers tell them apart, from the start.
  const classes = groups.filter(({ kind }) => kind === "class").length;
  byId("likeness").classList.toggle("few", classes < 3);
  byId("likeness").hidden = classes < 2 || (classes < 3 && app.metadata.layers.length < 2);
  // Long names have a line each, and are cut in their middle: the end may tell them apart.
  const isLong = groups.some((group) => group.kind === "class" && group.name.length > NAME_SHORT);
  list.classList.toggle("long", isLong);
  /** @param {string} name */
  const named = (name) => (isLong ? el("span", { class: "name two" }, ...inTwo(name).map((text, i) => el("span", { class: i === 0 ? "start" : "end" }, text))) : el("span", { class: "name" }, name));
  // Classes first, then the job's own groups, then all rows.
  const order = groups.map((_, g) => g).sort((a, b) => rankOf(groups[a]) - rankOf(groups[b]) || a - b);
  const items = order.map((g) => {
    const group = groups[g];
    const box = el("span", { class: "box", "aria-hidden": "true" });
    const title = `${group.name}: ${plural(group.rows, "row")}${group.where ? ` where ${group.where}` : ""}. Double-click: only this one; Shift-click: all from the last one`;
    const button = el("button", { type: "button", class: `toggle class-toggle kind-${group.kind}`, "data-group": g, title, onClick: (/** @type {MouseEvent} */ event) => press(g, event.shiftKey) },
      box, named(groupName(group)), el("span", { class: "amount" }, count(group.rows)));
    button.addEventListener("dblclick", () => only(g));
    return { g, box, button, element: el("li", { class: group.kind === "class" ? "" : "wide" }, button), text: group.name.toLowerCase() };
  });
  list.append(...items.map((item) => item.element));
  listKeys(list);
  // Among hundreds, the chosen ones stand by the list as well: they must not have to be looked for.
  const chosen = byId("classes-chosen");
  // Below it: the class under the pointer must not move when one more is chosen, or a double-click would meet two.
  list.after(chosen);
  const none = el("li", { class: "wide quiet none", hidden: true }, "no such class");
  list.append(none);
  oneTabStop(list);

  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase();
    for (const item of items) item.element.hidden = !item.text.includes(wanted);
    none.hidden = items.some((item) => !item.element.hidden);
    oneTabStop(list);
  });
  // Enter chooses the first that matches: a class is two keystrokes away.
  search.addEventListener("keydown", (event) => {
    const first = items.find((item) => !item.element.hidden);
    if (event.key === "Enter" && first) {
      toggle(first.g);
      search.select();
    } else if (event.key === "ArrowDown" && first) {
      event.preventDefault();
      first.button.focus();
    } else if (event.key === "Escape" && search.value === "") search.blur();
    event.stopPropagation();
  });

  /** @param {number} g */
  const toggle = (g) => toggleGroup(app, g);
  /**
   * The class that was pressed last.
   * @type {number | null}
   */
  let last = null;
  /**
   * Shows a class or hides it; with Shift, shows all of the list from the one pressed before it.
   * @param {number} g
   * @param {boolean} isRange
   */
  function press(g, isRange) {
    const listed = items.filter((item) => !item.element.hidden).map((item) => item.g);
    const [from, to] = [last === null ? -1 : listed.indexOf(last), listed.indexOf(g)].sort((a, b) => a - b);
    last = g;
    if (!isRange || from < 0) return toggle(g);
    const all = [...new Set([...app.state.groups, ...listed.slice(from, to + 1)])];
    if (all.length > GROUPS_MAX) return app.tell(`At most ${GROUPS_MAX} classes can be shown at once.`);
    app.update((draft) => {
      draft.groups = all.sort((a, b) => a - b);
    });
    app.announce(`${plural(app.state.groups.length, "class", "classes")} shown`);
  }
  /** @param {number} g */
  function only(g) {
    app.update((draft) => {
      draft.groups = [g];
    });
  }

  const update = () => {
    for (const { g, box, button } of items) {
      const on = app.state.groups.includes(g);
      set(button, "aria-pressed", String(on));
      box.style.background = on ? css(app.colour(g)) : "";
    }
    const shown = app.state.groups.filter((g) => g < groups.length);
    setText(byId("classes-count"), `${shown.length} of ${groups.length}`);
    chosen.hidden = search.hidden || shown.length === 0;
    if (!chosen.hidden) chosen.replaceChildren(...shown.map(chip));
  };
  /** @param {number} g */
  function chip(g) {
    const box = el("i", { class: "swatch", "aria-hidden": "true" });
    box.style.background = css(app.colour(g));
    return el("button", { type: "button", class: "chip", title: `Hide ${groups[g].name}`, "aria-label": `Hide ${groups[g].name}`, onClick: () => toggle(g) }, box, groups[g].name, " ×");
  }
  app.onChange(update);
  update();
}

/**
 * Shows a group or hides it.
 * @param {import("../app.js").App} app
 * @param {number} g
 */
export function toggleGroup(app, g) {
  const { groups } = app.state;
  if (!groups.includes(g) && groups.length >= GROUPS_MAX) return app.tell(`${GROUPS_MAX} classes are shown already; hide one first.`);
  app.update((draft) => {
    draft.groups = groups.includes(g) ? groups.filter((one) => one !== g) : [...groups, g].sort((a, b) => a - b);
  });
  app.announce(`${app.metadata.groups[g].name} ${groups.includes(g) ? "hidden" : "shown"}`);
}

/** @param {import("../types").Group} group */
function rankOf(group) {
  return group.kind === "class" ? 0 : group.kind === "where" ? 1 : 2;
}
