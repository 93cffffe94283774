/** The bar above the columns in which neurons are found: a condition that is typed or chosen, what becomes of those for which it holds, and named sets. */

import { byId, el, set, setText } from "../dom.js";
import { CONDITION_MAX, readyConditions } from "../model/condition.js";
import { count, plural } from "../model/format.js";
import { sizeOf } from "../model/finding.js";
import { listKeys, oneTabStop } from "./listkeys.js";
import { keep, nameField, pinFirst } from "./sets.js";

/** @typedef {import("../types").Filter} Filter */
/** @typedef {import("../data/filters.js").Answer} Answer */

/** Typing must rest this long before neurons are counted. */
const REST_MS = 200;
/** Layers on screen of more neurons in all have no numbers on conditions that nobody has chosen: each would take many requests. */
const UNASKED_MAX = 20_000;
/** @type {[Filter["way"], string][]} */
const WAYS = [["only", "Show only these neurons"], ["mark", "Mark these neurons, and show all"], ["hide", "Hide these neurons"]];

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/filters.js").Filters} filters
 * @param {import("../view/activation.js").ActivationView} activation
 */
export function filterBar(app, filters, activation) {
  const { metadata } = app;
  let isOpen = false;
  let timer = 0;
  /**
   * What is typed and not yet taken up.
   * @type {string | null}
   */
  let draft = null;
  let naming = false;
  /** Written last. */
  let showing = "";
  const field = el("input", { type: "text", id: "filter", autocomplete: "off", spellcheck: "false", maxlength: CONDITION_MAX, placeholder: example(), "aria-describedby": "filter-count filter-fault" });
  const amount = el("span", { id: "filter-count", class: "quiet", role: "status" });
  const clear = el("button", { type: "button", class: "icon-button", id: "filter-clear", "aria-label": "Show all neurons", title: "Show all neurons", onClick: () => {
    apply("");
    field.focus();
  } }, "×");
  const fault = el("p", { id: "filter-fault", role: "alert", hidden: true });
  const ways = el("div", { class: "filter-ways", role: "radiogroup", "aria-label": "What becomes of these neurons" }, ...WAYS.map(([way, title]) => el("button", { type: "button", role: "radio", "data-way": way, title, onClick: () => choose(way) }, way)));
  const pin = el("button", { type: "button", id: "filter-pin", onClick: () => pinFirst(app, filters, activation) }, "Pin");
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Close the filter", title: "Close", onClick: () => {
    apply("");
    open(false);
    opener.focus();
  } }, "×");
  const chips = el("ul", { class: "filter-chips", "aria-label": "Ready conditions and named sets" });
  listKeys(chips);
  const form = el("form", { class: "filter-line" }, el("label", { for: "filter" }, "Neurons"), el("span", { class: "filter-field" }, field, amount, clear), ways, pin, close);
  const bar = el("section", { id: "filter-bar", "aria-label": "Find neurons", hidden: true, "data-help": "filter" }, form, fault, chips);
  byId("stage").before(bar);
  const opener = byId("filter-open");
  set(opener, "aria-controls", "filter-bar");

  function example() {
    const [a, b] = metadata.groups.filter((group) => group.kind === "class");
    return a && b ? `zeros(${a.name}) < 50 % and median(${b.name}) > 0.5` : `maximum(${metadata.groups[0].name}) > 1`;
  }

  /** @param {boolean} wanted */
  function open(wanted) {
    isOpen = wanted;
    update();
    if (wanted) field.focus();
  }

  /** @param {string} where @param {Filter["way"]} [way] */
  function apply(where, way = app.state.filter?.way ?? "only") {
    clearTimeout(timer);
    draft = null;
    const text = where.trim();
    if (text === (app.state.filter?.where ?? "") && way === app.state.filter?.way) return update();
    app.update((next) => {
      next.filter = text === "" ? null : { where: text, way };
      for (const column of Object.values(next.columns)) column.top = 0;
    });
  }

  /** @param {Filter["way"]} way */
  function choose(way) {
    const where = draft ?? app.state.filter?.where ?? "";
    if (where.trim() === "") return field.focus();
    apply(where, way);
  }
  ways.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const buttons = /** @type {HTMLElement[]} */ ([...ways.children]);
    const next = buttons[(buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + by + buttons.length) % buttons.length];
    next.focus();
    next.click();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(field.value);
  });
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      draft = field.value;
      update();
    }, REST_MS);
  });
  field.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    if (field.value === (app.state.filter?.where ?? "")) return field.blur();
    draft = null;
    field.value = app.state.filter?.where ?? "";
    update();
  });
  /**
   * What is known of a condition in the layers on screen.
   * @param {string} where
   * @returns {{reading: boolean, fault: Extract<Answer, {state: "fault"}> | null, found: number, of: number}}
   */
  function known(where) {
    const answers = app.state.layers.map((id) => ({ answer: filters.of(id, where), neurons: app.layer(id).neurons }));
    const faults = answers.flatMap(({ answer }) => (answer.state === "fault" ? [answer] : []));
    const ready = answers.flatMap(({ answer, neurons }) => (answer.state === "ready" ? [{ count: answer.count, neurons }] : []));
    return {
      reading: answers.some(({ answer }) => answer.state === "reading"), fault: ready.length === 0 ? faults[0] ?? null : null,
      found: ready.reduce((sum, one) => sum + one.count, 0), of: ready.reduce((sum, one) => sum + one.neurons, 0),
    };
  }

  /** @param {string} where */
  function tell(where) {
    const now = where === "" ? null : known(where);
    setText(amount, !now || now.fault ? "" : now.reading ? "reading …" : `${count(now.found)} of ${count(now.of)}`);
    const wrong = now?.fault;
    fault.hidden = !wrong;
    set(field, "aria-invalid", wrong ? "true" : false);
    if (wrong) setText(fault, wrong.at === null ? wrong.message : `Character ${wrong.at + 1}: ${wrong.message}.`);
    return now;
  }

  const update = () => {
    const { state } = app;
    bar.hidden = !isOpen && !state.filter && state.sets.length === 0;
    set(opener, "aria-expanded", String(!bar.hidden));
    opener.classList.toggle("some", state.filter !== null);
    if (bar.hidden) {
      chips.replaceChildren();
      showing = "";
      return;
    }
    const where = (draft ?? state.filter?.where ?? "").trim();
    if (document.activeElement !== field || draft === null) {
      const text = draft ?? state.filter?.where ?? "";
      if (field.value.trim() !== text && (document.activeElement !== field || state.filter)) field.value = text;
    }
    const now = tell(where);
    clear.hidden = where === "";
    for (const button of /** @type {HTMLElement[]} */ ([...ways.children])) {
      const on = state.filter?.way === button.dataset.way;
      set(button, "aria-checked", String(on));
      set(button, "tabindex", on || (!state.filter && button === ways.firstElementChild) ? 0 : -1);
    }
    const applied = state.filter !== null && draft === null && now !== null && !now.reading && !now.fault;
    pin.hidden = !applied || now.found === 0;
    if (applied) setText(pin, `Pin these ${count(now.found)}`);
    list(applied ? now.found : 0);
  };

  /** @param {number} found that could be kept as a set */
  function list(found) {
    const { state } = app;
    const few = state.layers.reduce((sum, id) => sum + app.layer(id).neurons, 0) <= UNASKED_MAX;
    const ready = readyConditions(state, metadata).map((one) => ({ ...one, now: few || state.filter?.where === one.where ? known(one.where) : null }));
    const key = JSON.stringify([ready.map(({ title, where, now }) => [title, where, now]), state.sets, state.filter, found, naming]);
    if (key === showing) return;
    showing = key;
    const focus = /** @type {HTMLElement | null} */ (chips.contains(document.activeElement) ? document.activeElement : null)?.dataset.focus;
    const on = (/** @type {string} */ where) => state.filter?.where === where;
    const isSet = state.filter !== null && /^set\(.*\)$/.test(state.filter.where);
    chips.replaceChildren(
      ...ready.filter(({ now }) => !now?.fault).map(({ title, where, now }) => el("li", {}, el("button", {
        type: "button", class: `chip${now && !now.reading && now.found === 0 ? " none" : ""}`, "aria-pressed": String(on(where)), title: where, "data-focus": where, onClick: () => apply(on(where) ? "" : where),
      }, title, " ", el("span", { class: "quiet" }, now && !now.reading ? count(now.found) : "")))),
      ...state.sets.map((one) => {
        const where = `set(${one.name})`;
        return el("li", { class: "set" }, el("button", { type: "button", class: "chip", "aria-pressed": String(on(where)), title: `Named set, kept in the link: ${Object.entries(one.layers).map(([id, neurons]) => `${plural(neurons.length, "neuron")} of ${app.layer(id).name}`).join(", ")}`, "data-focus": where, onClick: () => apply(on(where) ? "" : where) },
          el("span", { "aria-hidden": "true" }, "◆ "), one.name, " ", el("span", { class: "quiet" }, count(sizeOf(one)))),
        el("button", { type: "button", class: "icon-button", "aria-label": `Remove the set ${one.name}`, title: "Remove", onClick: () => remove(one.name) }, "×"));
      }),
      ...(found > 0 && !isSet ? [el("li", {}, naming ? nameField(ready.find(({ where }) => on(where))?.title ?? "set", (name) => {
        naming = false;
        if (name) void keep(app, name, neuronsFound());
        showing = "";
        update();
      }) : el("button", { type: "button", class: "chip add", id: "filter-keep", "data-focus": "keep", onClick: () => {
        naming = true;
        update();
        chips.querySelector("input")?.select();
      } }, `+ these ${count(found)} as a set`))] : []),
    );
    if (found === 0) naming = false;
    oneTabStop(chips);
    if (focus) /** @type {HTMLElement | null} */ (chips.querySelector(`[data-focus="${CSS.escape(focus)}"]`))?.focus();
  }

  /** @returns {Record<string, number[]>} the neurons for which the condition holds, by layer */
  function neuronsFound() {
    const where = app.state.filter?.where ?? "";
    return Object.fromEntries(app.state.layers.flatMap((id) => {
      const answer = filters.of(id, where);
      const neurons = answer.state === "ready" ? [...answer.mask.keys()].filter((neuron) => answer.mask[neuron]) : [];
      return neurons.length > 0 ? [[id, neurons]] : [];
    }));
  }

  /** @param {string} name */
  function remove(name) {
    app.update((next) => {
      next.sets = next.sets.filter((one) => one.name !== name);
      if (next.filter?.where.includes(`set(${name})`)) next.filter = null;
    });
    app.tell(`The set “${name}” is gone.`, { label: "Undo", run: () => app.undo() });
  }

  app.onChange(update);
  update();
  return {
    /** Opens it, or closes it. */
    turn: () => open(bar.hidden),
    /** Opens it with the condition selected, to be written over. */
    write: () => {
      open(true);
      field.select();
    },
  };
}
