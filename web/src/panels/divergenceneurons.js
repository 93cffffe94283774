/** The neurons responsible: those that speak most for the class that the network named. A tick pins one in the plot. */

import { el, set, setText, svg } from "../dom.js";
import { css } from "../model/colormap.js";
import { cellOf, contribution } from "../model/contribution.js";
import { aligned, count, decimals, figure, plural } from "../model/format.js";
import { binOf, neuronAxis, withoutZeros } from "../model/neuronaxis.js";
import { PINNED_MAX, showLayer } from "../model/state.js";
import { paintedMark } from "../view/marks.js";

/** @typedef {import("./divergencelayers.js").Viewed} Viewed */
/** @typedef {import("../data/divergences.js").Responsible} Responsible */

/** Neurons listed at first, how many more at a time, and at most. */
const FIRST = 8;
const MORE = 8;
const MOST = 64;
const PIN = 5;
const HISTOGRAM = { width: 166, height: 30, zero: 9, bars: 40 };
/** Of a contribution: room left of 0 for the twin that says the contrary. */
const BAR = { width: 96, zero: 14 };

export class DivergenceNeurons {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/divergences.js").DivergenceSource} source
   * @param {(layer: string, neuron: number) => void} open opens a neuron beside the picture
   */
  constructor(app, source, open) {
    this.app = app;
    this.source = source;
    this.open = open;
    this.shown = FIRST;
    /** What is asked for: answers to what was asked before are not shown. */
    this.asked = "";
    this.layers = /** @type {HTMLSelectElement} */ (el("select", { "aria-label": "Layer of the neurons", class: "edge" }));
    this.layers.addEventListener("change", () => app.update((draft) => {
      if (draft.divergence) draft.divergence.layer = this.layers.value;
    }));
    this.caption = el("span", { class: "quiet" });
    this.pinFirst = el("button", { type: "button", class: "edge", onClick: () => this.pinSome() }, `Pin ${PIN}`);
    this.body = el("div", { class: "responsible" });
    this.note = el("p", { class: "note quiet" });
    this.element = el("section", { class: "divergence-neurons", "aria-labelledby": "divergence-neurons-title" },
      el("div", { class: "part-head" }, el("h3", { id: "divergence-neurons-title" }, "Neurons responsible"), this.layers, this.caption, el("span", { class: "spring" }), this.pinFirst), this.body, this.note);
    /** @type {Responsible[]} */
    this.found = [];
    this.layer = "";
  }

  /**
   * Layers of which neurons can be told.
   * @param {Viewed} viewed
   */
  choices({ own }) {
    return own.layers.filter((layer) => layer.contribution !== undefined && layer.contribution !== null);
  }

  /**
   * @param {Viewed} viewed
   * @param {{own: number, twin: number | null}} subject
   */
  async show(viewed, subject) {
    const { app, source } = this;
    const { own, contrast, words } = viewed;
    const choices = this.choices(viewed);
    const usual = [...choices].reverse().find((layer) => layer.in_omnibus) ?? choices[choices.length - 1];
    const layer = choices.find(({ id }) => id === app.state.divergence?.layer) ?? usual;
    const isTold = layer !== undefined && contrast !== null && own.contrast !== undefined && !app.isPlain;
    this.layers.hidden = this.pinFirst.hidden = !isTold;
    if (!isTold || !own.contrast) {
      this.asked = "";
      this.caption.replaceChildren();
      setText(this.note, "");
      const why = app.isPlain ? "Which neurons speak for a class takes a server: a site of plain files has the mean of all neurons only." : own.without_contrast ?? "No layer has a value of this input by neuron.";
      this.body.replaceChildren(el("p", { class: "quiet" }, why));
      return;
    }
    this.layers.replaceChildren(...choices.map(({ id }) => new Option(app.shortNames.get(id) ?? id, id)));
    this.layers.value = layer.id;
    setText(this.caption, `by what speaks for ${own.contrast.named}`);
    if (!this.asked.startsWith(`${layer.id}|${subject.own}|`)) this.shown = FIRST;
    const key = `${layer.id}|${subject.own}|${app.theme.name}|${this.shown}`;
    this.asked = key;
    this.layer = layer.id;
    const instances = [subject.own, ...(subject.twin === null ? [] : [subject.twin])];
    const found = await source.responsible(layer.id, subject.own, instances);
    const listed = found.slice(0, this.shown);
    const facts = await source.neurons(layer.id, listed.map(({ neuron }) => neuron), [0, contrast.other, contrast.named], viewed.twin?.source_row);
    if (this.asked !== key) return;
    this.found = found;
    this.body.replaceChildren(this.table(listed, facts, viewed), this.more(found, viewed, subject));
    const all = (layer.contribution ?? 0) * app.layer(layer.id).neurons;
    const sum = listed.reduce((total, one) => total + one.contribution, 0);
    setText(this.note, `These ${listed.length} add up to ${figure(sum)}, all ${count(app.layer(layer.id).neurons)} to ${figure(all)}: others speak for ${own.contrast.other}. `
      + `They say why the decision fell, not that there was an attack: ordinary inputs as uncertain as ${words.own === "attacked" ? "the attacked one" : "this one"} can turn as easily.`);
    this.mark();
  }

  /** @param {Responsible[]} listed @param {import("../types").NeuronFacts[]} facts @param {Viewed} viewed */
  table(listed, facts, viewed) {
    const { own, looks, words } = viewed;
    const most = Math.max(1e-9, ...listed.map((one) => Math.abs(one.contribution)));
    const hasTwin = looks.twin !== null;
    const amounts = decimals(listed.map((one) => one.contribution));
    const places = decimals(listed.flatMap((one) => one.values));
    const table = el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "neuron"), el("th", { scope: "col" }, `ln p ${own.contrast?.named} − ln p ${own.contrast?.other}`), el("th", { scope: "col", class: "wide" }, "activation: rows of both classes"),
        hasTwin && el("th", { scope: "col", class: "number" }, words.twin), el("th", { scope: "col", class: "number" }, words.own), el("th", { scope: "col" }, "pin"))),
      el("tbody", {}, ...listed.map((one, i) => {
        const tick = el("input", { type: "checkbox", "data-neuron": one.neuron, "aria-label": `Pin neuron ${one.neuron} in the plot` });
        tick.addEventListener("change", () => this.pin([one.neuron], tick.checked));
        return el("tr", { "data-neuron": one.neuron },
          el("th", { scope: "row" }, el("button", { type: "button", title: `Open neuron ${one.neuron} beside the picture`, onClick: () => this.open(this.layer, one.neuron) }, String(one.neuron))),
          el("td", {}, contributionBar(one.contribution, this.ofTwin(facts[i], one, viewed), most, looks), el("span", { class: "amount" }, aligned(one.contribution, amounts))),
          el("td", { class: "wide" }, this.histograms(facts[i], one, viewed)),
          hasTwin && el("td", { class: "number" }, aligned(one.values[1], places)), el("td", { class: "number own" }, aligned(one.values[0], places)), el("td", {}, tick));
      })));
    table.style.setProperty("--own", css(looks.own.colour));
    return table;
  }

  /**
   * @param {Responsible[]} found
   * @param {Viewed} viewed
   * @param {{own: number, twin: number | null}} subject
   */
  more(found, viewed, subject) {
    const rest = Math.min(found.length, MOST) - this.shown;
    if (rest <= 0) return "";
    return el("button", { type: "button", class: "edge more", onClick: () => {
      this.shown += MORE;
      // The notice at the top tells why it did not come.
      this.show(viewed, subject).catch(() => {});
    } }, `${Math.min(MORE, rest)} more`);
  }

  /**
   * What the neuron says of the twin, between the same classes.
   * @param {import("../types").NeuronFacts} facts
   * @param {Responsible} one
   * @param {Viewed} viewed
   * @returns {number | null} null where it is not known
   */
  ofTwin({ grid, groups, instances }, one, { twin, contrast, own }) {
    const { metadata } = this.app;
    const value = one.values[1];
    const [all, other, named] = contrast ? [0, contrast.other, contrast.named].map((group) => groups.find((entry) => entry.group === group && entry.counts)) : [];
    // All rows are those of all classes only where each has one.
    const labelled = metadata.groups.reduce((sum, group) => sum + (group.kind === "class" ? group.rows : 0), 0);
    if (!twin || !all || !other || !named || value === null || value === undefined || labelled !== metadata.rows) return null;
    /** @type {import("../model/contribution.js").Without | null} */
    let without = null;
    if (twin.source_row !== undefined) {
      // Its lower edge lies in its bin.
      const row = /** @type {{low?: number | null}} */ (instances[0]);
      if (!row || row.low === null || row.low === undefined) return null;
      without = { cell: cellOf(grid, row.low), of: twin.label === own.contrast?.named ? "named" : twin.label === own.contrast?.other ? "other" : "neither" };
    }
    return contribution(grid, { all, other, named }, value, without);
  }

  /**
   * The rows of both classes, one up and one down, and where the inputs lie.
   * @param {import("../types").NeuronFacts} facts
   * @param {Responsible} one
   * @param {Viewed} viewed
   */
  histograms(facts, one, { contrast, looks, own }) {
    const { width, height, zero, bars } = HISTOGRAM;
    const middle = height / 2;
    const groups = contrast ? [contrast.other, contrast.named].flatMap((group) => facts.groups.find((entry) => entry.group === group && entry.counts) ?? []) : [];
    const element = svg("svg", { class: "mirrored", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Activations of rows labelled ${own.contrast?.other}, above, and ${own.contrast?.named}, below` });
    if (groups.length < 2) return element;
    const axis = neuronAxis(facts.grid, groups, bars);
    const left = axis.zeroBin >= 0 ? zero + 4 : 0;
    const toX = (/** @type {number} */ value) => left + Math.min(1, Math.max(0, (value - axis.lo) / (axis.hi - axis.lo))) * (width - left - 1);
    const shares = groups.map((group) => {
      const rest = withoutZeros(group, axis.zeroBin);
      return Array.from({ length: (axis.end - axis.first) / axis.per }, (_, i) => rest.slice(axis.first + i * axis.per, axis.first + (i + 1) * axis.per).reduce((a, b) => a + b, 0) / Math.max(1, group.count));
    });
    const most = Math.max(1e-9, ...shares.flat());
    element.append(svg("line", { x1: left, x2: width, y1: middle, y2: middle, class: "hair" }));
    groups.forEach((group, side) => {
      const up = side === 0 ? -1 : 1;
      const ink = css(this.app.colour(group.group));
      const step = (width - left - 1) / shares[side].length;
      const path = shares[side].map((share, i) => (share === 0 ? "" : `M${(left + i * step).toFixed(1)} ${middle}v${(up * Math.max(0.7, (share / most) * (middle - 1))).toFixed(1)}h${Math.max(0.8, step - 0.5).toFixed(1)}V${middle}z`)).join("");
      element.append(svg("path", { d: path, fill: ink }));
      const zeros = Math.min(1, group.zeros / Math.max(1, group.count));
      if (axis.zeroBin >= 0 && zeros > 0) element.append(svg("rect", { x: 0, y: up < 0 ? middle - zeros * (middle - 1) : middle, width: zero, height: zeros * (middle - 1), fill: ink, opacity: 0.55 }));
    });
    const isZero = (/** @type {number} */ value) => axis.zeroBin >= 0 && value === 0 && binOf(facts.grid, 0) === axis.zeroBin;
    const inputs = [...(looks.twin ? [{ look: looks.twin, value: one.values[1] }] : []), { look: looks.own, value: one.values[0] }];
    for (const { look, value } of inputs) if (value !== null && value !== undefined) element.append(paintedMark(look.shape, isZero(value) ? zero / 2 : toX(value), middle, 4, look));
    return element;
  }

  /** @param {number[]} neurons @param {boolean} on */
  pin(neurons, on) {
    const { app, layer } = this;
    if (neurons.length === 0) return;
    const before = app.state.columns[layer]?.pinned ?? [];
    const rest = before.filter((one) => !neurons.includes(one));
    if (on && rest.length + neurons.length > PINNED_MAX) {
      app.tell(`${PINNED_MAX} neurons are pinned at most; unpin some first.`);
      return this.mark();
    }
    const isHidden = !app.state.layers.includes(layer);
    app.update((draft) => {
      // What is pinned must be somewhere to be seen.
      if (on) showLayer(draft, app.metadata, layer);
      draft.columns[layer].pinned = on ? [...rest, ...neurons] : rest;
    });
    app.announce(`${plural(neurons.length, "neuron")} ${on ? "pinned" : "unpinned"} in ${app.layer(layer).name}${on && isHidden ? ", which is shown now" : ""}`);
  }

  pinSome() {
    const some = this.found.slice(0, PIN).map(({ neuron }) => neuron);
    const pinned = this.app.state.columns[this.layer]?.pinned ?? [];
    this.pin(some, !some.every((neuron) => pinned.includes(neuron)));
  }

  /** Ticks follow the pins, wherever they were set. */
  mark() {
    const pinned = this.app.state.columns[this.layer]?.pinned ?? [];
    for (const tick of this.body.querySelectorAll("input")) tick.checked = pinned.includes(Number(tick.dataset.neuron));
    const some = this.found.slice(0, PIN);
    const all = some.length > 0 && some.every(({ neuron }) => pinned.includes(neuron));
    setText(this.pinFirst, all ? `Unpin ${some.length}` : `Pin ${Math.min(PIN, Math.max(1, some.length))}`);
    set(this.pinFirst, "disabled", some.length === 0);
  }
}

/** @param {number} value @param {number | null} twin @param {number} most @param {Viewed["looks"]} looks */
function contributionBar(value, twin, most, looks) {
  const { width, zero } = BAR;
  const toX = (/** @type {number} */ amount) => zero + (amount / most) * (width - zero - 6);
  const [from, to] = [Math.max(0, Math.min(zero, toX(value))), Math.max(zero, toX(value))];
  const element = svg("svg", { class: "contribution", width, height: 12, viewBox: `0 0 ${width} 12`, "aria-hidden": "true" },
    svg("line", { x1: zero, x2: zero, y1: 0, y2: 12, class: "axis" }), svg("rect", { x: from, y: 1, width: Math.max(1, to - from), height: 10, fill: css(looks.own.colour) }));
  if (twin === null || !looks.twin) return element;
  const x = Math.min(width - 5, Math.max(5, toX(twin)));
  element.append(svg("title", {}, `${figure(twin)} before the attack`), paintedMark(toX(twin) < 5 ? "left" : toX(twin) > width - 5 ? "right" : looks.twin.shape, x, 6, 3.5, looks.twin));
  (/** @type {SVGElement} */ (element)).dataset.twin = String(twin);
  return element;
}
