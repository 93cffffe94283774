/** The card at the pointer: the exact figures of the neuron under it. */

import { el } from "../dom.js";
import { css } from "../model/colormap.js";
import { placeOf } from "../model/coordinates.js";
import { aligned, alignedPercent, count, decimals, figure, standing } from "../model/format.js";
import { neuronOf } from "./columnframe.js";
import { markers } from "./dots.js";
import { dotSvg } from "./marks.js";
import { binsKnown, COARSE_BINS } from "./rowmarks.js";
import { isTied, tiedWords } from "./ties.js";

/** @typedef {import("../types").NeuronFacts} NeuronFacts */
/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {import("./columnframe.js").Hit} Hit */
/** @typedef {{canvas: Element, element: Element}} Beside the plot and its column, which the card must not cover */

/** The pointer must rest this long before the server is asked. */
const REST_MS = 45;
/** Pixels between the card and what it must not touch. */
const EDGE = 8;
/** Where the card cannot stand beside the column, it leaves so many rows free, and rows count as no lower and no higher than this. */
const CLEAR_ROWS = 4;
const CLEAR_ROW_LEAST = 10;
const CLEAR_ROW_MAX = 24;

export class HoverCard {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/facts.js").FactsSource} facts
   */
  constructor(app, facts) {
    this.app = app;
    this.facts = facts;
    this.element = el("div", { id: `hover-card${app.columnSuffix}`, class: "card hover-card", role: "tooltip", hidden: true });
    document.body.append(this.element);
    this.timer = 0;
    /** @type {AbortController | null} */
    this.asking = null;
    this.subject = "";
    this.pointer = { x: 0, y: 0 };
    /**
     * Told of a neuron that the pointer rests on: its panel may be next. The signal tells when the pointer has gone on.
     * @type {(layer: string, neuron: number, signal: AbortSignal) => void}
     */
    this.onRest = () => {};
    this.width = 0;
    this.height = 0;
    /** Whether it says something else than when it was measured. */
    this.changed = true;
    /**
     * What is in view of the axis.
     * @type {import("../types").Part | null}
     */
    this.part = null;
  }

  hide() {
    clearTimeout(this.timer);
    this.asking?.abort();
    this.subject = "";
    this.element.hidden = true;
  }

  /**
   * @param {Frame} frame
   * @param {Hit} hit
   * @param {{x: number, y: number}} at client coordinates
   * @param {Beside} beside
   */
  show(frame, hit, at, beside) {
    const neuron = neuronOf(frame, hit);
    const subject = `${frame.layer.id}|${neuron ?? (hit.kind === "row" ? `${hit.level}/${hit.row}` : "")}|${frame.arrangement.query}`;
    if (subject !== this.subject) {
      clearTimeout(this.timer);
      this.asking?.abort();
      this.subject = subject;
      if (neuron !== null) this.fillNeuron(frame, neuron, hit, beside);
      else if (hit.kind === "row") this.fillRow(frame, hit);
    }
    this.element.hidden = false;
    this.pointer = at;
    this.place(frame, beside);
  }

  /**
   * Beside the column, where it covers none of its rows; where there is no room, below or above the rows next to the pointer's.
   * @param {Frame} frame
   * @param {Beside} beside
   */
  place({ layout, screen }, beside) {
    if (this.changed) {
      this.width = this.element.offsetWidth;
      this.height = this.element.offsetHeight;
      this.changed = false;
    }
    const { width, height, pointer: { x, y } } = this;
    const plot = beside.canvas.getBoundingClientRect();
    const outer = beside.element.getBoundingClientRect();
    const right = outer.right + EDGE;
    const left = Math.max(EDGE, outer.left - EDGE - width);
    let top = y - height / 2;
    let at = right;
    if (right + width > innerWidth - EDGE) {
      at = left;
      if (left + width > plot.left + layout.neuronX) {
        const clear = CLEAR_ROWS * Math.min(CLEAR_ROW_MAX, Math.max(CLEAR_ROW_LEAST, screen.rowHeight));
        at = Math.max(EDGE, Math.min(x - width / 2, innerWidth - width - EDGE));
        top = y + clear + height < innerHeight - EDGE ? y + clear : y - clear - height;
      }
    }
    top = Math.max(EDGE, Math.min(innerHeight - height - EDGE, top));
    this.element.style.transform = `translate(${Math.round(at)}px, ${Math.round(top)}px)`;
  }

  /** @param {Frame} frame @param {number} neuron @param {Hit} hit @param {Beside} beside */
  fillNeuron(frame, neuron, hit, beside) {
    const { layer } = frame;
    this.part = frame.axis?.scale ? frame.axis.part : null;
    const rank = hit.kind === "row" ? hit.row : frame.data.rank(frame.arrangement, neuron);
    const head = /** @type {Element[]} */ ([
      el("strong", {}, `neuron ${neuron}`),
      placeOf(layer, neuron, frame.metadata) && el("b", { class: "place" }, placeOf(layer, neuron, frame.metadata)),
      el("span", { class: "quiet" }, `${layer.name}${rank !== undefined ? ` · rank ${count(rank + 1)} of ${count(layer.neurons)}` : ""}`),
    ].filter(Boolean));
    const { arrangement, data, metadata } = frame;
    const known = this.facts.known(layer.id, neuron);
    const isOneOfMany = rank !== undefined && arrangement.order.kind !== "index" && isTied(data.factsOf(arrangement.query, 0), rank);
    const hint = el("p", { class: "hint" }, hit.kind === "pinned" ? "click: open · Shift-click: unpin"
      : frame.thin ? "click: zoom in · Shift-click: pin" : "click: open · Shift-click: pin");
    const title = el("div", { class: "card-head" }, ...head);
    this.say(title, known ? this.table(known) : el("p", { class: "quiet" }, "…"), hint);
    if (known && !isOneOfMany) return;
    const subject = this.subject;
    this.timer = setTimeout(async () => {
      this.asking = new AbortController();
      try {
        const [facts, tied] = await Promise.all([this.facts.facts(layer.id, neuron, this.asking.signal), isOneOfMany ? data.ranks.tied(arrangement, neuron) : null]);
        if (this.subject !== subject) return;
        const words = tied ? tiedWords(tied, arrangement.order, metadata) : "";
        this.say(title, this.table(facts), ...(words ? [el("p", { class: "quiet ties" }, words)] : []), hint);
        this.place(frame, beside);
        this.onRest(layer.id, neuron, this.asking.signal);
      } catch {
        // Moved on, or no answer: the notice at the top tells of the latter.
      }
    }, known ? 0 : REST_MS);
  }

  /** @param {...Element} content */
  say(...content) {
    this.element.replaceChildren(...content);
    this.changed = true;
  }

  /** @param {NeuronFacts} facts */
  table(facts) {
    const { theme, metadata, state } = this.app;
    const looks = markers(state.instances, metadata, theme.name);
    const instances = facts.instances.filter((one) => looks.has(one.instance));
    // Medians and values are of one axis: they are read against each other.
    const places = decimals([...facts.groups.map((group) => group.median), ...instances.map((one) => one.value)]);
    const groups = facts.groups.map((group) => el("tr", {},
      el("th", { scope: "row" }, swatch(css(this.app.colour(group.group))), group.name),
      el("td", {}, aligned(group.median, places)),
      el("td", {}, alignedPercent(group.count > 0 ? group.zeros / group.count : Number.NaN)),
      el("td", {}, count(group.count)),
      el("td", { class: "words" }, oddities(group)),
    ));
    const dots = instances.map((one) => {
      const stands = one.percentiles.map((p) => el("div", {}, standing(p.low, p.high, metadata.groups[p.group].name)));
      const look = looks.get(one.instance);
      return el("tr", {}, el("th", { scope: "row" }, look ? dotSvg(look) : null, one.name),
        el("td", {}, one.value === null ? WITHOUT[one.value_text ?? ""] ?? "–" : aligned(one.value, places)), el("td", { class: "words", colspan: 3 }, ...stands));
    });
    return el("div", {}, el("table", {}, ...section(["class", "median", "zero", "values"], groups), ...section(["instance", "value", "among the classes"], dots)),
      ...this.doubts(facts).map((text) => el("p", { class: "doubt" }, text)));
  }

  /**
   * What the bars of a neuron do not say: that there are none, or that little is known of them.
   * @param {NeuronFacts} facts
   * @returns {string[]}
   */
  doubts({ groups, grid }) {
    const out = [];
    if (groups.length > 0 && groups.every((group) => group.count === 0)) {
      const some = [groups.some((group) => group.nan > 0) ? "NaN" : "", groups.some((group) => group.infinite > 0) ? "infinite" : ""].filter(Boolean).join(" or ");
      out.push(some ? `All values of ${groups.length > 1 ? "these classes" : groups[0].name} are ${some}: there is nothing to draw.` : "There are no values.");
    }
    const low = Math.min(...groups.map((group) => group.minimum ?? Infinity));
    const high = Math.max(...groups.map((group) => group.maximum ?? -Infinity));
    if (this.part && low < high && binsKnown(this.part, low, high, grid.exponent) < COARSE_BINS) out.push(`Hatched: its values are known in bins of ${figure(2 ** grid.exponent)} only.`);
    return out;
  }

  /** @param {Frame} frame @param {{row: number, level: number}} hit */
  fillRow({ layer, metadata, markers: looks, data, arrangement }, { row, level }) {
    const per = 2 ** level;
    const first = row * per;
    const last = Math.min(layer.neurons, first + per);
    const found = [...looks].flatMap(([instance, look]) => {
      const hit = data.bestValues(arrangement.query, level, row >> 8, instance);
      if (!hit || hit.shift > 0) return [];
      return [{ instance, look, values: [...hit.values.subarray((row - hit.first) * 3, (row - hit.first) * 3 + 3)] }];
    });
    const places = decimals(found.flatMap(({ values }) => values));
    const dots = found.map(({ instance, look, values: [low, mean, high] }) => el("tr", {}, el("th", { scope: "row" }, dotSvg(look), metadata.instances[instance].name),
      ...[mean, low, high].map((value) => el("td", {}, aligned(value, places)))));
    this.say(
      el("div", { class: "card-head" }, el("strong", {}, `${count(last - first)} neurons`), el("span", { class: "quiet" }, `${layer.name} · ranks ${count(first + 1)}–${count(last)} of ${count(layer.neurons)}`)),
      el("p", { class: "quiet" }, "One row here is the sum of these neurons."),
      el("table", {}, ...section(["instance", "mean", "lowest", "highest"], dots)),
      el("p", { class: "hint" }, "click: zoom in to single neurons"),
    );
  }
}

/** What the server calls a value that is no number. */
const WITHOUT = /** @type {Record<string, string>} */ ({ nan: "NaN", inf: "∞", "-inf": "−∞" });

/**
 * Rows under their headings; nothing where there are none.
 * @param {string[]} names
 * @param {HTMLElement[]} rows
 */
function section(names, rows) {
  return rows.length === 0 ? [] : [el("tbody", {}, el("tr", { class: "heads" }, ...names.map((name) => el("th", { scope: "col" }, name))), ...rows)];
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
