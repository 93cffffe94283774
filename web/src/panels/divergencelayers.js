/** The divergence view, layer by layer: the ladder, its numbers, and D, T and R as percentiles. One layer a row, the first on top. */

import { el, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, figure, ordinal, plural, shape } from "../model/format.js";
import { extent, ladderScale, rungNumber, rungs } from "../model/ladder.js";
import { gauge, ladderHead, ladderRung } from "../view/ladder.js";
import { dotSvg } from "../view/marks.js";

/** @typedef {import("../data/divergences.js").Detail} Detail */
/** @typedef {import("../model/ladder.js").LayerBands} LayerBands */
/** @typedef {import("../view/dots.js").Marker} Marker */
/**
 * What the view is about.
 * @typedef {object} Viewed
 * @property {Detail} own
 * @property {Detail | null} twin between the same classes
 * @property {LayerBands[] | null} bands of these classes
 * @property {{own: Marker, twin: Marker | null}} looks
 * @property {{own: string, twin: string}} words what they are called: attacked, benign
 * @property {{named: number, other: number} | null} contrast groups of the classes
 */

/** Heights of a row: of a few layers, of many. */
const ROW = 47;
const ROW_OF_MANY = 32;
const MANY = 10;
/** Below this width the gauges have a table of their own. */
const NARROW = 760;
const GAUGE = 76;
/** Room beside the ladder: names, two numbers, three gauges. */
const NAMES = 124;
const NAMES_NARROW = 82;
const NUMBERS = 116;
const GAUGES = 3 * 128;

const GAUGE_TITLES = { D: "far from its medians", T: "unusual for its class", R: "fits another better" };
const GAUGE_NAMES = /** @type {("D" | "T" | "R")[]} */ (Object.keys(GAUGE_TITLES));

export class DivergenceLayers {
  /**
   * @param {import("../app.js").App} app
   * @param {(layer: string) => void} choose called when a layer's neurons are wanted
   */
  constructor(app, choose) {
    this.app = app;
    this.choose = choose;
    this.caption = el("p", { class: "quiet" });
    this.references = el("p", { class: "quiet references" });
    this.tables = el("div", { class: "rung-tables" });
    this.note = el("p", { class: "quiet note" });
    this.element = el("section", { class: "divergence-layers", "aria-labelledby": "divergence-layers-title" },
      el("div", { class: "part-head" }, el("h3", { id: "divergence-layers-title" }, "Layer by layer"), this.caption, this.references), this.tables, this.note);
  }

  /** @param {Viewed} viewed */
  show(viewed) {
    const { own, twin, bands, looks, words, contrast } = viewed;
    const width = this.element.clientWidth - 32;
    const narrow = width < NARROW;
    const all = rungs(own.layers, twin?.layers ?? null, bands);
    const rest = narrow ? NAMES_NARROW + NUMBERS * 0.8 : NAMES + NUMBERS + GAUGES;
    const scale = ladderScale(extent(all), Math.max(120, Math.floor(width - rest)));
    const context = { ...viewed, all, scale, height: all.length > MANY ? ROW_OF_MANY : ROW };
    const hasLadder = contrast !== null;
    this.tables.classList.toggle("narrow", narrow);
    this.tables.replaceChildren(...(narrow ? [...(hasLadder ? [this.table(context, true, false)] : []), this.table(context, false, true)] : [this.table(context, hasLadder, true)]));
    this.caption.replaceChildren(...(own.contrast ? [el("b", {}, "Ladder:"), ` mean of ln p ${own.contrast.named} − ln p ${own.contrast.other} over neurons; 0 and 1 are the medians of the rows of both classes`] : [own.without_contrast ?? ""]));
    this.references.replaceChildren(el("b", {}, "Percentiles"), " among rows named alike: ", ...[{ detail: own, look: looks.own, word: words.own }, ...(twin && looks.twin ? [{ detail: twin, look: looks.twin, word: words.twin }] : [])].flatMap(({ detail, look, word }) =>
      [el("span", { class: "reference" }, dotSvg(look), ` ${word}: ${detail.calibrating === undefined ? "none" : `${count(detail.calibrating)} named ${detail.prediction}`}`)]));
    setText(this.note, this.notes(viewed));
  }

  /** @param {Viewed} viewed */
  notes({ own, bands }) {
    const gauges = 3 * own.layers.filter((layer) => layer.in_omnibus).length;
    const layer = [...own.layers].reverse().find((one) => one.in_omnibus && one.T_percentile !== null && one.T_percentile <= 5);
    const low = layer && layer.T_percentile !== null ? ` Low is a sign, too: T of ${Math.round(layer.T_percentile)} in ${this.name(layer.id)} is “too typical”.` : "";
    const scores = own.layers.find((one) => !one.in_omnibus);
    const sampled = (bands ?? []).filter((one) => one.neurons !== undefined && one.neurons < this.app.layer(one.id).neurons);
    return [
      `Each of ${gauges} gauges alone would mark its share of ordinary rows, and all together many more: so none of them rings by itself; the alarm judges all at once.${low}`,
      scores ? ` ${this.name(scores.id)} holds the scores and takes no part in the alarm.` : "",
      bands?.some((one) => one.named) ? ` Bands: 5–95 % and quartiles of ${this.rowsOf(bands)}${sampled.length > 0 ? `, of large layers from ${count(sampled[0].neurons ?? 0)} neurons` : ""}.` : "",
    ].join("");
  }

  /** @param {LayerBands[]} bands */
  rowsOf(bands) {
    const { named_rows = 0, other_rows = 0 } = bands.find((one) => one.named) ?? {};
    return `${count(other_rows)} and ${count(named_rows)} rows`;
  }

  /** @param {string} id */
  name(id) {
    return this.app.shortNames.get(id) ?? id;
  }

  /**
   * @param {Viewed & {all: import("../model/ladder.js").Rung[], scale: import("../model/ladder.js").LadderScale, height: number}} context
   * @param {boolean} ladder whether the ladder is in it
   * @param {boolean} gauges
   */
  table({ own, twin, looks, words, contrast, all, scale, height }, ladder, gauges) {
    const { app } = this;
    const colours = contrast && { named: css(app.colour(contrast.named)), other: css(app.colour(contrast.other)) };
    const cell = (/** @type {string} */ kind, /** @type {(Node | string | false | null)[]} */ ...content) => el("div", { role: "cell", class: `cell ${kind}` }, ...content);
    const head = (/** @type {string} */ kind, /** @type {(Node | string | false | null)[]} */ ...content) => el("div", { role: "columnheader", class: `cell ${kind}` }, ...content);
    const heads = el("div", { role: "row", class: "rung heads" }, head("layer", "layer"),
      ladder && own.contrast && head("ladder", el("span", { class: "sr-only" }, `ladder from ${own.contrast.other} to ${own.contrast.named}`), ladderHead(scale, own.contrast)),
      ladder && twin && head("number", words.twin), ladder && head("number own", words.own),
      ...(gauges ? GAUGE_NAMES.map((name) => head("gauge", el("b", {}, name), el("span", {}, GAUGE_TITLES[name]))) : []));
    const rows = own.layers.map((layer, i) => {
      const rung = all[i];
      const other = twin?.layers.find((one) => one.id === layer.id) ?? null;
      const { axes, shape: size = [], neurons } = app.layer(layer.id);
      const positions = axes ? size.slice(1) : [];
      const row = el("div", { role: "row", class: "rung", "data-layer": layer.id },
        el("div", { role: "rowheader", class: "cell layer" },
          el("button", { type: "button", title: `The neurons of ${app.layer(layer.id).name} that are responsible`, onClick: () => this.choose(layer.id) }, this.name(layer.id)),
          el("span", { class: "quiet" }, positions.length > 1 ? shape(positions) : plural(neurons, "neuron"))),
        ladder && colours && cell("ladder", el("span", { class: "sr-only" }, rungWords(rung, words, own.contrast)),
          ladderRung(rung, all[i + 1], { scale, height, colours, own: looks.own, twin: looks.twin })),
        ladder && twin && cell("number", rungNumber(rung.twin)), ladder && cell("number own", rungNumber(rung.own)),
        ...(gauges ? GAUGE_NAMES.map((name) => {
          const [value, before] = [layer[`${name}_percentile`], other?.[`${name}_percentile`] ?? null];
          const exact = `${name} = ${figure(layer[name], 4)}`;
          return el("div", { role: "cell", class: "cell gauge", title: exact, "data-gauge": name },
            gauge(value, before, { width: GAUGE, own: looks.own, twin: looks.twin }),
            el("span", { class: "sr-only" }, `${name}: ${value === null ? "none" : `${ordinal(value)} percentile`}${before === null ? "" : `, ${words.twin} ${ordinal(before)}`}`),
            el("span", { class: "value own", "aria-hidden": "true" }, value === null ? "–" : String(Math.round(value))));
        }) : []));
      row.style.setProperty("--height", `${height}px`);
      return row;
    });
    const table = el("div", { role: "table", class: `rungs${ladder ? " with-ladder" : ""}${gauges ? " with-gauges" : ""}${twin ? " with-twin" : ""}`, "aria-label": ladder ? "Ladder and gauges by layer" : "Gauges by layer" }, heads, ...rows);
    table.style.setProperty("--ladder", `${scale.width}px`);
    table.style.setProperty("--own", css(looks.own.colour));
    return table;
  }
}

/**
 * A rung for who cannot see it.
 * @param {import("../model/ladder.js").Rung} rung
 * @param {{own: string, twin: string}} words
 * @param {{named: string, other: string} | undefined} classes
 */
function rungWords(rung, words, classes) {
  if (rung.why || !classes) return rung.why;
  const band = (/** @type {number[] | null} */ quantiles, /** @type {string} */ name) => (quantiles ? `; rows labelled ${name} from ${rungNumber(quantiles[0])} to ${rungNumber(quantiles[4])}` : "");
  return `${words.own} at ${rungNumber(rung.own)}${rung.twin === null ? "" : `, ${words.twin} at ${rungNumber(rung.twin)}`}${band(rung.other, classes.other)}${band(rung.named, classes.named)}`;
}
