/** The card at the pointer: the exact figures of the neuron under it. */

import { el } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, figure, percent, standing } from "../model/format.js";
import { markers } from "./dots.js";
import { dotSvg } from "./marks.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */

/** The pointer must rest this long before the server is asked. */
const REST_MS = 45;
const GAP = 18;

export class HoverCard {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/facts.js").FactsSource} facts
   */
  constructor(app, facts) {
    this.app = app;
    this.facts = facts;
    this.element = el("div", { id: "hover-card", class: "card", role: "tooltip", hidden: true });
    document.body.append(this.element);
    this.timer = 0;
    /** @type {AbortController | null} */
    this.asking = null;
    this.subject = "";
  }

  hide() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.subject = "";
    this.element.hidden = true;
  }

  /**
   * @param {import("./column.js").Column} column
   * @param {import("./column.js").Hit} hit
   * @param {{x: number, y: number}} at client coordinates
   */
  show(column, hit, at) {
    const neuron = column.neuronOf(hit);
    const subject = `${column.layer.id}|${neuron ?? (hit.kind === "row" ? `${hit.level}/${hit.row}` : "")}|${column.data.shown?.query}`;
    if (subject !== this.subject) {
      clearTimeout(this.timer);
      this.asking?.abort();
      this.subject = subject;
      if (neuron !== null) this.fillNeuron(column, neuron, hit);
      else if (hit.kind === "row") this.fillRow(column, hit);
    }
    this.element.hidden = false;
    this.place(at);
  }

  /**
   * Beside the pointer, inside the window, never under it.
   * @param {{x: number, y: number}} at
   */
  place({ x, y }) {
    const { offsetWidth, offsetHeight } = this.element;
    const left = x + GAP + offsetWidth < innerWidth - 8 ? x + GAP : Math.max(8, x - GAP - offsetWidth);
    const top = Math.max(8, Math.min(innerHeight - offsetHeight - 8, y + GAP));
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** @param {import("./column.js").Column} column @param {number} neuron @param {import("./column.js").Hit} hit */
  fillNeuron(column, neuron, hit) {
    const rank = hit.kind === "row" ? hit.row : column.data.shown && column.data.rank(column.data.shown, neuron);
    const head = [
      el("strong", {}, `neuron ${neuron}`),
      el("span", { class: "quiet" }, `${column.layer.name}${rank !== undefined && rank !== null ? ` · rank ${count(rank + 1)} of ${count(column.layer.neurons)}` : ""}`),
    ];
    const known = this.facts.known(column.layer.id, neuron);
    const hint = el("p", { class: "hint" }, hit.kind === "pinned" ? "click: details · Shift-click: unpin" : "click: hide · Shift-click: pin · click its number: details");
    this.element.replaceChildren(el("div", { class: "card-head" }, ...head), known ? this.table(known) : el("p", { class: "quiet" }, "…"), hint);
    if (known) return;
    const subject = this.subject;
    this.timer = setTimeout(async () => {
      this.asking = new AbortController();
      try {
        const facts = await this.facts.facts(column.layer.id, neuron, this.asking.signal);
        if (this.subject === subject) this.element.children[1].replaceWith(this.table(facts));
      } catch {
        // Moved on, or no answer: the notice at the top tells of the latter.
      }
    }, REST_MS);
  }

  /** @param {NeuronFacts} facts */
  table(facts) {
    const { theme, metadata, state } = this.app;
    const rows = facts.groups.map((group) => el("tr", {},
      el("th", { scope: "row" }, swatch(css(this.app.colour(group.group))), group.name),
      el("td", {}, count(group.count)),
      el("td", {}, figure(group.median)),
      el("td", {}, percent(group.count > 0 ? group.zeros / group.count : Number.NaN)),
      el("td", { class: "odd" }, oddities(group)),
    ));
    const looks = markers(state.instances, metadata, theme.name);
    const instances = facts.instances.flatMap((one) => {
      const look = looks.get(one.instance);
      if (!look) return [];
      const value = one.value === null ? one.value_text ?? "–" : figure(one.value);
      const stand = one.percentiles.map((p) => standing(p.low, p.high, metadata.groups[p.group].name)).join("; ");
      return [el("p", { class: "instance-line" }, dotSvg(look), el("span", {}, el("b", {}, `${one.name} ${value}`), stand ? ` ${stand}` : ""))];
    });
    const head = el("tr", {}, el("th", { scope: "col" }, "class"), ...["n", "median", "zero"].map((text) => el("th", { scope: "col" }, text)));
    return el("div", {}, el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows)), ...instances);
  }

  /** @param {import("./column.js").Column} column @param {{row: number, level: number}} hit */
  fillRow(column, { row, level }) {
    const per = 2 ** level;
    const first = row * per;
    const last = Math.min(column.layer.neurons, first + per);
    const { state, metadata, theme } = this.app;
    const query = column.data.shown?.query ?? "";
    const lines = [...markers(state.instances, metadata, theme.name)].flatMap(([instance, look]) => {
      const found = column.data.bestValues(query, level, row >> 8, instance);
      if (!found || found.shift > 0) return [];
      const [low, mean, high] = found.values.subarray((row - found.first) * 3, (row - found.first) * 3 + 3);
      return [el("p", { class: "instance-line" }, dotSvg(look), el("span", {}, el("b", {}, `${metadata.instances[instance].name} ${figure(mean)}`), ` on average, ${figure(low)} to ${figure(high)}`))];
    });
    this.element.replaceChildren(
      el("div", { class: "card-head" }, el("strong", {}, `${count(last - first)} neurons`), el("span", { class: "quiet" }, `${column.layer.name} · ranks ${count(first + 1)}–${count(last)} of ${count(column.layer.neurons)}`)),
      el("p", { class: "quiet" }, "One row here is the sum of these neurons."),
      ...lines,
      el("p", { class: "hint" }, "click: zoom in to single neurons"),
    );
  }
}

/** @param {string} colour */
export function swatch(colour) {
  const mark = el("i", { class: "swatch", "aria-hidden": "true" });
  mark.style.background = colour;
  return mark;
}

/**
 * What is not an ordinary number, if any.
 * @param {{nan: number, infinite: number}} group
 */
function oddities({ nan, infinite }) {
  return [nan > 0 ? `${count(nan)} NaN` : "", infinite > 0 ? `${count(infinite)} ∞` : ""].filter(Boolean).join(", ");
}
