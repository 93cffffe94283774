/** The sort menu of a layer: what to sort by, in plain words, and one sentence that says what it will do. */

import { el, set, setText, whenIdle } from "../dom.js";
import { argumentFor, ARGUMENTS, argumentsOf, between, decodeArgument, differenceOf, encodeArgument, ITEM_KINDS, itemOf, ITEMS, phrase, promise, subjects } from "../model/order.js";
import { firstNeurons } from "./firstneurons.js";

/** @typedef {import("../types").Order} Order */
/** @typedef {import("../types").Item} Item */
/** @typedef {import("../types").Direction} Direction */
/** @typedef {import("../model/order.js").ItemKind} ItemKind */
/** @typedef {{text: string, item: Item}} Choice */

/** @param {string} subjects @returns {ItemKind[]} */
const kindsOf = (subjects) => ITEM_KINDS.filter((kind) => ITEMS[kind].of.join() === subjects);
const GROUP_KINDS = kindsOf("group");
const INSTANCE_KINDS = kindsOf("instance");
const PAIR_KINDS = ITEM_KINDS.filter((kind) => ITEMS[kind].of.length === 2);

/**
 * Items to choose from: those on screen first, then all others.
 * @param {import("../app.js").App} app
 * @param {ItemKind} kind
 * @returns {{shown: Choice[], others: Choice[]}}
 */
function choices({ state, metadata }, kind) {
  const ofInstances = ITEMS[kind].of[0] === "instance";
  const names = subjects(kind, metadata);
  const chosen = ofInstances ? state.instances : state.groups;
  /** @param {number} index @returns {Choice} */
  const one = (index) => ({ text: names[index].name + (ofInstances ? instanceNote(metadata.instances[index]) : ""), item: itemOf(kind, argumentFor(ITEMS[kind].of[0], index, metadata)) });
  /**
   * What the reader made on the page and let go of is not offered.
   * @param {number} index
   */
  const isOffered = (index) => (ofInstances ? metadata.instances[index].row === undefined : metadata.groups[index].kind !== "moment" || state.moments.includes(index));
  return {
    shown: chosen.map(one),
    others: names.flatMap((_, index) => (chosen.includes(index) || !isOffered(index) ? [] : [one(index)])),
  };
}

/** @param {import("../types").Instance} instance */
export function instanceNote({ kind, label, prediction }) {
  if (label === undefined) return "";
  return kind === "benign" || prediction === undefined || prediction === label ? ` (${label})` : ` (${label} → ${prediction})`;
}

/**
 * An item as the value of an option.
 * @param {Item} item
 */
const key = (item) => [item.kind, ...argumentsOf(item).map(({ value }) => encodeArgument(value))].join(" ");

/** @param {string} text of `key` @returns {Item} */
function unkey(text) {
  const [kind, ...values] = text.split(" ");
  const names = ITEMS[/** @type {ItemKind} */ (kind)].of;
  return itemOf(/** @type {ItemKind} */ (kind), ...values.map((value, place) => decodeArgument(names[place], value) ?? 0));
}

/**
 * A menu of items. It begins with the chosen one alone: the others, of which a dozen menus may have thousands, come with `fill`, so that the
 * click which opens them all is not held up.
 */
class ItemMenu {
  /**
   * @param {import("../app.js").App} app
   * @param {ItemKind[]} kinds
   * @param {string} label
   * @param {Item | null} selected
   */
  constructor(app, kinds, label, selected) {
    this.element = el("select", { "aria-label": label });
    /** @type {{label: string, options: {value: string, text: string}[]}[]} */
    this.groups = kinds.flatMap((kind) => {
      const { shown, others } = choices(app, kind);
      const { title: figure } = ITEMS[kind];
      const words = kinds.length > 1 ? `${figure} of ` : "";
      return [{ title: "on screen", list: shown }, { title: "not on screen", list: others }].filter(({ list }) => list.length > 0).map(({ title, list }) => ({
        label: kinds.length > 1 ? `${figure}, ${title}` : title, options: list.map(({ text, item }) => ({ value: key(item), text: words + text })),
      }));
    });
    /** All items, in their order. */
    this.options = this.groups.flatMap(({ options }) => options);
    this.isFull = false;
    const own = selected && kinds.includes(selected.kind) ? selected : null;
    // A row or an expression, which a link brought.
    this.extra = own && !this.options.some(({ value }) => value === key(own)) ? { value: key(own), text: phrase(own, app.metadata) } : null;
    this.choose(own ? key(own) : this.options[0]?.value);
    for (const event of ["pointerdown", "focus"]) this.element.addEventListener(event, () => this.fill());
  }

  /** @param {string | undefined} value what is not there is not chosen */
  choose(value) {
    const found = [...(this.extra ? [this.extra] : []), ...this.options].find((one) => one.value === value);
    if (found) this.element.replaceChildren(el("option", { value: found.value }, found.text));
  }

  fill() {
    if (this.isFull) return;
    this.isFull = true;
    const { value } = this.element;
    const option = (/** @type {{value: string, text: string}} */ one) => el("option", { value: one.value }, one.text);
    this.element.replaceChildren(...(this.extra ? [option(this.extra)] : []), ...this.groups.map(({ label, options }) => el("optgroup", { label }, ...options.map(option))));
    this.element.value = value;
  }
}

/**
 * Fills menus when the page is idle, as many as there is time for at once, as long as they are on the page.
 * @param {ItemMenu[]} menus
 */
function fillLater(menus) {
  whenIdle((hasTime) => {
    const left = menus.filter(({ element, isFull }) => element.isConnected && !isFull);
    do left.shift()?.fill(); while (left.length > 0 && hasTime());
    if (left.length > 0) fillLater(left);
  });
}

/**
 * @param {import("../app.js").App} app
 * @param {string} layerId
 * @param {() => void} close
 */
export function sortMenu(app, layerId, close) {
  const { metadata, state } = app;
  const now = state.columns[layerId];
  const { order } = now;
  const instances = metadata.instances.length > 0;
  const kinds = instances ? ITEM_KINDS.filter((kind) => ITEMS[kind].of.length === 1) : GROUP_KINDS;
  /** One menu for each kind of item. */
  const items = new Map(kinds.map((kind) => [kind, new ItemMenu(app, [kind], ITEMS[kind].of[0] === "instance" ? "Instance" : `Class for the ${ITEMS[kind].title}`, order.kind === kind ? order : null)]));
  /** Of what has two arguments, a menu for each. */
  const pairs = new Map(PAIR_KINDS.filter((kind) => subjects(kind, metadata).length > 0).map((kind) => [kind, ITEMS[kind].of.map((name, place) => {
    const ofInstances = ARGUMENTS[name] === "instances";
    const one = ofInstances ? "value" : "median";
    const menu = new ItemMenu(app, [one], `${ofInstances ? "Instance" : "Class"} for the ${ITEMS[kind].title}`, order.kind === kind ? itemOf(one, argumentsOf(order)[place].value) : null);
    if (order.kind !== kind && !ofInstances && place > 0) menu.choose(menu.options[1]?.value);
    return menu;
  })]));
  const absolute = new ItemMenu(app, instances ? [...INSTANCE_KINDS, ...GROUP_KINDS] : GROUP_KINDS, "Item whose sign does not count", order.kind === "absolute" ? order.item : null);
  // What a difference begins with by default comes first: an instance, less a class.
  const a = new ItemMenu(app, instances ? [...INSTANCE_KINDS, ...GROUP_KINDS] : GROUP_KINDS, "First item of the difference", order.kind === "difference" ? order.a : null);
  const b = new ItemMenu(app, kinds, "Second item of the difference", order.kind === "difference" ? order.b : null);
  const signless = el("input", { type: "checkbox", id: "sort-signless" });
  signless.checked = order.kind === "difference" && order.absolute === true;
  // The paper's question: how far is the attacked image from the class it was taken for? Other orders, too, are first offered for these two.
  const attacked = state.instances.find((i) => metadata.instances[i].kind !== "benign" && metadata.instances[i].row === undefined);
  if (attacked !== undefined) {
    const image = argumentFor("instance", attacked, metadata);
    const taken = metadata.groups.findIndex((group) => group.kind === "class" && (group.name === metadata.instances[attacked].prediction || group.label === metadata.instances[attacked].prediction));
    const value = key(itemOf("value", image));
    const median = taken < 0 ? null : key(itemOf("median", argumentFor("group", taken, metadata)));
    for (const kind of INSTANCE_KINDS) if (order.kind !== kind) items.get(kind)?.choose(key(itemOf(kind, image)));
    const offered = /** @type {[string, ItemMenu[]][]} */ ([["difference", [a, b]], ["absolute", [absolute]], ...[...pairs].filter(([kind]) => ARGUMENTS[ITEMS[kind].of[0]] === "instances")]);
    for (const [kind, [first, second]] of offered) {
      if (order.kind === kind) continue;
      first.choose(value);
      if (second && median) second.choose(median);
    }
  }
  if (order.kind !== "difference" && !instances) b.choose(b.options[1]?.value);

  /** @param {string} value @param {string} text @param {...(HTMLElement | string | null)} more */
  const choice = (value, text, ...more) => {
    const radio = el("input", { type: "radio", name: "sort-by", value, id: `sort-by-${value}` });
    radio.checked = order.kind === value;
    const row = el("div", { class: "choice" }, el("label", {}, radio, ` ${text} `), el("span", { class: "items" }, ...more));
    // Choosing an item chooses its line.
    row.addEventListener("change", (event) => {
      if (event.target !== radio) radio.checked = true;
      update();
    });
    for (const event of ["pointerenter", "focusin"]) row.addEventListener(event, () => first.show(orderOf(value), chosenWay()));
    row.addEventListener("pointerleave", () => first.show(chosenOrder(), chosenWay()));
    return row;
  };
  /** @param {ItemKind} kind */
  const itemChoice = (kind) => choice(kind, `${ITEMS[kind].title} of`, items.get(kind)?.element ?? null);
  /** @param {ItemKind} kind */
  const pairChoice = (kind) => choice(kind, `${ITEMS[kind].title} of`, ...(pairs.get(kind) ?? []).flatMap(({ element }, place) => (place > 0 ? [between(kind), element] : [element])));
  /** @param {Direction} value @param {string} text */
  const way = (value, text) => {
    const radio = el("input", { type: "radio", name: "sort-way", value, id: `sort-${value}`, onChange: () => update() });
    radio.checked = now.direction === value;
    return el("label", {}, radio, ` ${text}`);
  };
  /** @param {string} name @param {...(HTMLElement | null | false)} rows */
  const group = (name, ...rows) => el("div", { class: "sort-group", role: "group", "aria-label": name }, el("span", { class: "group-name", "aria-hidden": "true" }, name), el("div", {}, ...rows));
  const first = firstNeurons(app, layerId);
  const sentence = el("p", { class: "promise", "aria-live": "polite" });
  const form = el("form", { class: "sort-menu", method: "dialog" },
    el("h3", {}, `Sort ${app.layer(layerId).name} by`),
    group("Neuron", choice("index", "index", el("span", { class: "quiet" }, "original order"))),
    group("A class", ...GROUP_KINDS.map(itemChoice)),
    instances && group("An instance", ...INSTANCE_KINDS.map(itemChoice)),
    pairs.size > 0 && group("Both", ...[...pairs.keys()].map(pairChoice)),
    group("Regardless of sign", choice("absolute", "absolute", absolute.element)),
    group("Two of these", choice("difference", "difference of", a.element, el("span", { class: "minus" }, "−"), b.element, el("label", {}, signless, " regardless of sign"))),
    group("Order", el("div", { class: "ways" }, way("descending", "↓ descending: largest first"), way("ascending", "↑ ascending: smallest first"))),
    // In sight however far the menu is scrolled.
    el("div", { class: "sort-foot" }, sentence, first.element, el("div", { class: "buttons" },
      el("button", { type: "submit", class: "primary", id: "sort-apply" }, "Sort this layer"),
      el("button", { type: "button", id: "sort-apply-all", onClick: () => apply(true) }, "Sort all layers"))),
  );

  const all = [...items.values(), ...[...pairs.values()].flat(), absolute, a, b];
  /** @param {ItemMenu} menu */
  const itemIn = (menu) => unkey(menu.element.value);
  /** @param {string} by value of a line @returns {Order} */
  function orderOf(by) {
    if (by === "difference") return differenceOf(itemIn(a), itemIn(b), signless.checked);
    if (by === "absolute") return { kind: "absolute", item: itemIn(absolute) };
    const kind = /** @type {ItemKind} */ (by);
    const menu = items.get(kind);
    const both = pairs.get(kind);
    if (both) return itemOf(kind, ...both.map((one) => argumentsOf(itemIn(one))[0].value));
    return menu ? itemIn(menu) : { kind: "index" };
  }
  const chosenOrder = () => orderOf(String(new FormData(form).get("sort-by")));
  /** @returns {Direction} */
  const chosenWay = () => (new FormData(form).get("sort-way") === "ascending" ? "ascending" : "descending");
  function update() {
    const order = chosenOrder();
    setText(sentence, promise(order, chosenWay(), metadata));
    first.show(order, chosenWay());
    // A name that is longer than its menu is wide can be read all the same.
    for (const { element } of all) set(element, "title", element.selectedOptions[0]?.text);
  }
  /** @param {boolean} everywhere */
  function apply(everywhere) {
    const next = chosenOrder();
    const direction = chosenWay();
    close();
    app.update((draft) => {
      for (const id of everywhere ? draft.layers : [layerId]) Object.assign(draft.columns[id], { order: next, direction, top: 0 });
    });
    app.announce(`${everywhere ? "All layers" : app.layer(layerId).name} sorted by ${phrase(next, metadata)}, ${direction}`);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(false);
  });
  update();
  fillLater(all);
  return form;
}
