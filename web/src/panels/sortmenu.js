/** The sort menu of a layer: what to sort by, in plain words, and one sentence that says what it will do. */

import { el, set, setText } from "../dom.js";
import { argumentFor, ARGUMENTS, argumentsOf, between, decodeArgument, encodeArgument, ITEM_KINDS, itemOf, ITEMS, phrase, promise, subjects } from "../model/order.js";

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
 * @param {import("../app.js").App} app
 * @param {ItemKind[]} kinds
 * @param {string} label
 * @param {Item | null} selected
 */
function select(app, kinds, label, selected) {
  const menu = el("select", { "aria-label": label });
  for (const kind of kinds) {
    const { shown, others } = choices(app, kind);
    const { title: figure } = ITEMS[kind];
    const words = kinds.length > 1 ? `${figure} of ` : "";
    for (const [title, list] of /** @type {[string, Choice[]][]} */ ([["on screen", shown], ["not on screen", others]])) {
      if (list.length === 0) continue;
      const group = el("optgroup", { label: kinds.length > 1 ? `${figure}, ${title}` : title });
      for (const { text, item } of list) group.append(el("option", { value: key(item) }, words + text));
      menu.append(group);
    }
  }
  if (selected && kinds.includes(selected.kind)) {
    // A row or an expression, which a link brought.
    if (![...menu.options].some((option) => option.value === key(selected))) menu.prepend(el("option", { value: key(selected) }, phrase(selected, app.metadata)));
    menu.value = key(selected);
  }
  return menu;
}

/** Title of the orders by a figure of one class. */
const CLASS = "A class";

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
  const items = new Map(kinds.map((kind) => [kind, select(app, [kind], ITEMS[kind].of[0] === "instance" ? "Instance" : `Class for the ${ITEMS[kind].title}`, order.kind === kind ? order : null)]));
  /** Of what has two arguments, a menu for each. */
  const pairs = new Map(PAIR_KINDS.filter((kind) => subjects(kind, metadata).length > 0).map((kind) => [kind, ITEMS[kind].of.map((name, place) => {
    const ofInstances = ARGUMENTS[name] === "instances";
    const one = ofInstances ? "value" : "median";
    const menu = select(app, [one], `${ofInstances ? "Instance" : "Class"} for the ${ITEMS[kind].title}`, order.kind === kind ? itemOf(one, argumentsOf(order)[place].value) : null);
    if (order.kind !== kind && !ofInstances && place > 0 && menu.options.length > 1) menu.selectedIndex = 1;
    return menu;
  })]));
  const absolute = select(app, instances ? [...INSTANCE_KINDS, ...GROUP_KINDS] : GROUP_KINDS, "Item whose sign does not count", order.kind === "absolute" ? order.item : null);
  // What a difference begins with by default comes first: an instance, less a class.
  const a = select(app, instances ? [...INSTANCE_KINDS, ...GROUP_KINDS] : GROUP_KINDS, "First item of the difference", order.kind === "difference" ? order.a : null);
  const b = select(app, kinds, "Second item of the difference", order.kind === "difference" ? order.b : null);
  // The paper's question: how far is the attacked image from the class it was taken for? Other orders, too, are first offered for these two.
  const attacked = state.instances.find((i) => metadata.instances[i].kind !== "benign" && metadata.instances[i].row === undefined);
  if (attacked !== undefined) {
    const image = argumentFor("instance", attacked, metadata);
    const taken = metadata.groups.findIndex((group) => group.kind === "class" && (group.name === metadata.instances[attacked].prediction || group.label === metadata.instances[attacked].prediction));
    const value = key(itemOf("value", image));
    const median = taken < 0 ? null : key(itemOf("median", argumentFor("group", taken, metadata)));
    for (const kind of INSTANCE_KINDS) if (order.kind !== kind) /** @type {HTMLSelectElement} */ (items.get(kind)).value = key(itemOf(kind, image));
    const offered = /** @type {[string, HTMLSelectElement[]][]} */ ([["difference", [a, b]], ["absolute", [absolute]], ...[...pairs].filter(([kind]) => ARGUMENTS[ITEMS[kind].of[0]] === "instances")]);
    for (const [kind, [first, second]] of offered) {
      if (order.kind === kind) continue;
      first.value = value;
      if (second && median) second.value = median;
    }
  }
  if (order.kind !== "difference" && !instances && b.options.length > 1) b.selectedIndex = 1;

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
    return row;
  };
  /** @param {ItemKind} kind */
  const itemChoice = (kind) => choice(kind, `${ITEMS[kind].title} of`, items.get(kind) ?? null);
  /** @param {ItemKind} kind */
  const pairChoice = (kind) => choice(kind, `${ITEMS[kind].title} of`, ...(pairs.get(kind) ?? []).flatMap((menu, place) => (place > 0 ? [between(kind), menu] : [menu])));
  /** @param {Direction} value @param {string} text */
  const way = (value, text) => {
    const radio = el("input", { type: "radio", name: "sort-way", value, id: `sort-${value}`, onChange: () => update() });
    radio.checked = now.direction === value;
    return el("label", {}, radio, ` ${text}`);
  };
  /** @param {string} name @param {...(HTMLElement | null | false)} rows those of a class stand two in a line */
  const group = (name, ...rows) => el("div", { class: `sort-group${rows.length > 3 && name === CLASS ? " two" : ""}`, role: "group", "aria-label": name }, el("span", { class: "group-name", "aria-hidden": "true" }, name), el("div", {}, ...rows));
  const sentence = el("p", { class: "promise", "aria-live": "polite" });
  const form = el("form", { class: "sort-menu", method: "dialog" },
    el("h3", {}, `Sort ${app.layer(layerId).name} by`),
    group("Neuron", choice("index", "index", el("span", { class: "quiet" }, "original order"))),
    group(CLASS, ...GROUP_KINDS.map(itemChoice)),
    instances && group("An instance", ...INSTANCE_KINDS.map(itemChoice)),
    pairs.size > 0 && group("Both", ...[...pairs.keys()].map(pairChoice)),
    group("Regardless of sign", choice("absolute", "absolute", absolute)),
    group("Two of these", choice("difference", "difference of", a, el("span", { class: "minus" }, "−"), b)),
    group("Order", el("div", { class: "ways" }, way("descending", "↓ descending: largest first"), way("ascending", "↑ ascending: smallest first"))),
    sentence,
    el("div", { class: "buttons" },
      el("button", { type: "submit", class: "primary", id: "sort-apply" }, "Sort this layer"),
      el("button", { type: "button", id: "sort-apply-all", onClick: () => apply(true) }, "Sort all layers")),
  );

  /** @returns {Order} */
  function chosenOrder() {
    const by = new FormData(form).get("sort-by");
    if (by === "difference") return { kind: "difference", a: unkey(a.value), b: unkey(b.value) };
    if (by === "absolute") return { kind: "absolute", item: unkey(absolute.value) };
    const kind = /** @type {ItemKind} */ (by);
    const menu = items.get(kind);
    const both = pairs.get(kind);
    if (both) return itemOf(kind, ...both.map((one) => argumentsOf(unkey(one.value))[0].value));
    return menu ? unkey(menu.value) : { kind: "index" };
  }
  /** @returns {Direction} */
  const chosenWay = () => (new FormData(form).get("sort-way") === "ascending" ? "ascending" : "descending");
  function update() {
    setText(sentence, promise(chosenOrder(), chosenWay(), metadata));
    // A name that is longer than its menu is wide can be read all the same.
    for (const menu of [...items.values(), ...[...pairs.values()].flat(), absolute, a, b]) set(menu, "title", menu.selectedOptions[0]?.text);
  }
  /** @param {boolean} all */
  function apply(all) {
    const next = chosenOrder();
    const direction = chosenWay();
    close();
    app.update((draft) => {
      for (const id of all ? draft.layers : [layerId]) Object.assign(draft.columns[id], { order: next, direction, top: 0 });
    });
    app.announce(`${all ? "All layers" : app.layer(layerId).name} sorted by ${phrase(next, metadata)}, ${direction}`);
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    apply(false);
  });
  update();
  return form;
}
