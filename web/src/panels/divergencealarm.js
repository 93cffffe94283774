/** What an alarm would be worth: its ROC over the job's kinds of instances beside the margin's, and what a rate of false alarms means at a prevalence. */

import { el, set, setText } from "../dom.js";
import { count, plural } from "../model/format.js";
import { ONE_IN, nearestRate, rates, ringing, roc, thresholdFor, wilson, worth } from "../model/roc.js";
import { areaText, hitsPicture, rocPicture } from "../view/roc.js";

/** @typedef {import("../data/divergences.js").Standing} Standing */
/** @typedef {{name: string, alarm: number[], margin: number[], alarmRoc: import("../model/roc.js").Roc | null, marginRoc: import("../model/roc.js").Roc | null, without: number}} Kind */
/** @typedef {{alarm: number[], margin: number[], right: {alarm: number[], margin: number[]}, of: number, without: number, least: number[]}} Ordinary `least`: the smallest p that each row can have, ascending */

/** Shares that differ by no more are as good. */
const ALIKE = 0.005;
/** At the least rate that can be asked for, the alarm can ring for this share of the rows: of those named as hardly any others are, it hardly ever can. */
const CAN_RING = 0.9;

/** @param {number} share in percent, with a digit more where it is small */
export const percentText = (share) => (share === 0 ? "none" : `${share * 100 < 9.95 ? Number((share * 100).toFixed(1)) : Math.round(share * 100)} %`);

export class DivergenceAlarm {
  /**
   * @param {import("../app.js").App} app
   * @param {import("../data/divergences.js").DivergenceSource} source
   * @param {() => void} onRate told while the rate is being changed
   */
  constructor(app, source, onRate) {
    this.app = app;
    this.source = source;
    this.slider = el("input", { type: "range", id: "false-alarms", min: 0, step: 1 });
    this.rateText = el("b", { class: "rate" });
    this.oneIn = /** @type {HTMLSelectElement} */ (el("select", { id: "one-in", class: "edge" }, ...ONE_IN.map((n) => el("option", { value: n }, count(n)))));
    this.picture = el("div", { class: "roc-box" });
    this.kinds = el("div", { class: "kinds" });
    this.sentence = el("p", { class: "sentence", role: "status" });
    this.basis = el("p", { class: "note quiet" });
    this.controls = el("div", { class: "alarm-controls" }, el("label", { for: "false-alarms" }, "false alarms asked"), this.slider, this.rateText,
      el("label", { for: "one-in" }, "one input in"), this.oneIn, el("span", {}, "is of this kind"));
    this.content = el("div", {}, el("div", { class: "roc-and-kinds" }, this.picture, this.kinds), this.controls, this.sentence, this.basis);
    this.words = el("p", { class: "quiet" });
    this.element = el("section", { class: "divergence-alarm", "aria-labelledby": "divergence-alarm-title" },
      el("div", { class: "part-head" }, el("h3", { id: "divergence-alarm-title" }, "What an alarm would be worth here")), this.words, this.content);
    /** @type {{ordinary: Ordinary, kinds: Kind[]} | null} */
    this.data = null;
    /** The kind of the input that the view is about. */
    this.usual = "";
    /** @type {number[]} */
    this.rates = rates(0);
    this.slider.addEventListener("input", () => {
      const rate = this.rates[Number(this.slider.value)];
      app.update((draft) => {
        if (draft.divergence) draft.divergence.rate = rate;
      }, "quiet");
      this.draw();
      onRate();
    });
    this.oneIn.addEventListener("change", () => {
      app.update((draft) => {
        if (draft.divergence) draft.divergence.oneIn = Number(this.oneIn.value);
      }, "replace");
    });
  }

  /** Asks once for the figures of all kinds and of ordinary rows. */
  async load() {
    if (this.data) return;
    const [{ of, rows }, instances] = await Promise.all([this.source.rows(), this.source.instances()]);
    const ordinary = ordinaryOf(rows, of);
    const { metadata } = this.app;
    const names = [...new Set(metadata.instances.filter((one) => one.row === undefined && one.kind !== "row").map(({ kind }) => kind))];
    const kinds = names.map((name) => kindOf(name, instances.filter((one) => one.instance !== undefined && metadata.instances[one.instance].kind === name), ordinary));
    this.data = { ordinary, kinds };
    this.rates = rates(ordinary.least[Math.floor(CAN_RING * ordinary.least.length)] ?? 0);
  }

  /** The kind that is looked at: as chosen, else that of the input, else the first that is attacked. */
  get kind() {
    const { kinds } = /** @type {NonNullable<typeof this.data>} */ (this.data);
    const some = kinds.filter((one) => one.alarm.length > 0);
    return some.find(({ name }) => name === this.app.state.divergence?.kind) ?? some.find(({ name }) => name === this.usual) ?? some.find(({ name }) => name !== "benign") ?? some[0] ?? null;
  }

  /** The rate that is asked for, of those that can be. */
  get rate() {
    return this.rates[nearestRate(this.rates, this.app.state.divergence?.rate ?? 0.05)];
  }

  /** As the state is, from what is at hand. */
  draw() {
    if (!this.data) return;
    const { ordinary } = this.data;
    const { kind, rate } = this;
    this.content.hidden = kind === null || ordinary.right.alarm.length === 0;
    this.words.hidden = !this.content.hidden;
    if (kind === null || this.content.hidden) return setText(this.words, this.why(ordinary));
    const threshold = thresholdFor(ordinary.margin, rate);
    const hasMargin = kind.margin.length > 0;
    const hits = { alarm: ringing(kind.alarm, rate), margin: hasMargin ? ringing(kind.margin, threshold) : null };
    set(this.slider, "max", this.rates.length - 1);
    this.slider.value = String(this.rates.indexOf(rate));
    set(this.slider, "aria-valuetext", percentText(rate));
    setText(this.rateText, percentText(rate));
    const { oneIn } = this.app.state.divergence ?? { oneIn: 100 };
    if (![...this.oneIn.options].some((option) => Number(option.value) === oneIn)) this.oneIn.append(new Option(count(oneIn), String(oneIn)));
    this.oneIn.value = String(oneIn);
    this.picture.replaceChildren(rocPicture(
      { name: "alarm", curve: kind.alarmRoc, at: { x: ringing(ordinary.right.alarm, rate), y: hits.alarm } },
      hits.margin === null ? null : { name: "margin", curve: kind.marginRoc, at: { x: ringing(ordinary.right.margin, threshold), y: hits.margin } },
      `ROC for ${kind.name}: area ${kind.alarmRoc ? areaText(kind.alarmRoc.area) : "none"} for the alarm${kind.marginRoc ? `, ${areaText(kind.marginRoc.area)} for the margin alone` : ""}`));
    this.kinds.replaceChildren(this.table(rate, threshold, kind));
    this.say(kind, ordinary, hits, rate, oneIn);
  }

  /** @param {Ordinary} ordinary */
  why(ordinary) {
    const { kinds } = /** @type {NonNullable<typeof this.data>} */ (this.data);
    if (kinds.length === 0) return "The job has no instances beside its rows, so there is no kind of input to ask an alarm about.";
    if (ordinary.alarm.length === 0) return "No row has a p: it takes at least 3 rows with the same prediction, and figures that differ.";
    if (ordinary.right.alarm.length === 0) return "No row is named as it is labelled: there are no right ordinary rows to compare with.";
    return "No instance has a p: it takes a prediction, and at least 3 rows with the same one.";
  }

  /** @param {number} rate @param {number} threshold @param {Kind} chosen */
  table(rate, threshold, chosen) {
    const { kinds } = /** @type {NonNullable<typeof this.data>} */ (this.data);
    const hasMargin = kinds.some((kind) => kind.marginRoc);
    const area = (/** @type {Kind["alarmRoc"]} */ one, /** @type {Kind["alarmRoc"]} */ other, /** @type {string} */ kind) =>
      el("td", { class: `area ${kind}${one && (!other || one.area >= other.area) ? " best" : ""}` }, one ? areaText(one.area) : "–");
    return el("table", {},
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "kind, inputs"), el("th", { scope: "col", class: "area" }, el("i", { class: "line alarm", "aria-hidden": "true" }), el("span", { class: "sr-only" }, "AUROC of the "), "alarm"),
        hasMargin && el("th", { scope: "col", class: "area" }, el("i", { class: "line margin", "aria-hidden": "true" }), el("span", { class: "sr-only" }, "AUROC of the "), "margin"), el("th", { scope: "col", colspan: 2 }, "ring at this rate"))),
      el("tbody", {}, ...kinds.map((kind) => {
        const isChosen = kind === chosen;
        if (kind.alarm.length === 0) return el("tr", {}, el("th", { scope: "row" }, kind.name, " ", el("span", { class: "quiet" }, "0")), el("td", { colspan: 4, class: "quiet" }, "no p"));
        const hits = ringing(kind.alarm, rate);
        return el("tr", { class: isChosen ? "on" : "", "data-kind": kind.name },
          el("th", { scope: "row" }, el("button", { type: "button", "aria-pressed": String(isChosen), onClick: () => this.choose(kind.name) }, kind.name), " ", el("span", { class: "quiet" }, count(kind.alarm.length))),
          area(kind.alarmRoc, kind.marginRoc, "alarm"), hasMargin && area(kind.marginRoc, kind.alarmRoc, "margin"),
          el("td", {}, hitsPicture(hits, kind.margin.length > 0 ? ringing(kind.margin, threshold) : null)), el("td", { class: "hits" }, percentText(hits)));
      })));
  }

  /** @param {string} name */
  choose(name) {
    this.app.update((draft) => {
      if (draft.divergence) draft.divergence.kind = name;
    }, "replace");
    /** @type {HTMLElement | null} */ (this.kinds.querySelector('[aria-pressed="true"]'))?.focus();
  }

  /** @param {Kind} kind @param {Ordinary} ordinary @param {{alarm: number, margin: number | null}} hits @param {number} rate @param {number} oneIn */
  say(kind, ordinary, hits, rate, oneIn) {
    const false_ = ringing(ordinary.alarm, rate);
    const between = wilson(Math.round(hits.alarm * kind.alarm.length), kind.alarm.length);
    const share = worth(oneIn, hits.alarm, false_);
    const margin = hits.margin === null ? " There are no scores, so no margin to compare with: the alarm is the gauges alone."
      : hits.margin > hits.alarm + ALIKE ? ` The margin alone would catch ${percentText(hits.margin)}: here it is the better alarm.`
        : hits.margin < hits.alarm - ALIKE ? ` The margin alone would catch ${percentText(hits.margin)}.` : " The margin alone does as well.";
    const of = share === null ? null : Math.round(100 * share);
    this.sentence.replaceChildren(`Asked for ${percentText(rate)}, `, el("b", {}, percentText(false_)), " of ordinary rows rang and ", el("b", {}, percentText(hits.alarm)), ` of these (95 %: ${Math.round(100 * between.low)}–${Math.round(100 * between.high)} %).${margin} `,
      ...(of === null ? ["At this rate nothing rings."] : [`If one input in ${count(oneIn)} were of this kind, `, el("b", {}, `${of} of 100 alarms would be`), `; the other ${100 - of} are ordinary inputs.`]));
    const isSample = ordinary.alarm.length + ordinary.without < ordinary.of;
    const rows = isSample ? `${count(ordinary.alarm.length)} of the store’s ${count(ordinary.of)} rows` : `${plural(ordinary.alarm.length, "row")} of the store`;
    const missing = ordinary.without + kind.without;
    const never = ordinary.least.filter((least) => least > rate).length;
    setText(this.basis, `Ordinary: ${rows}, each judged without itself; the curves count the ${count(ordinary.right.alarm.length)} that are named rightly. The alarm is p of margin and gauges, within the rows named alike; the margin has one threshold for all.`
      + (missing > 0 ? ` ${plural(missing, "input")} without a p ${missing === 1 ? "is" : "are"} left out.` : "")
      + (never > 0 ? ` At this rate the alarm can never ring for ${plural(never, "row")}: too few others are named alike.` : ""));
  }
}

/**
 * What rings, smallest first: p of the alarm, and the margin.
 * @param {readonly Standing[]} some
 */
function numbersOf(some) {
  const judged = some.filter((one) => one.alarm_p !== null);
  return { alarm: judged.map((one) => Number(one.alarm_p)), margin: judged.flatMap((one) => one.margin ?? []), without: some.length - judged.length };
}

/** @param {readonly Standing[]} rows @param {number} of @returns {Ordinary} */
function ordinaryOf(rows, of) {
  const least = rows.flatMap((row) => (row.alarm_p === null ? [] : row.alarm_p_least ?? [])).sort((a, b) => a - b);
  return { ...numbersOf(rows), right: numbersOf(rows.filter(({ label, prediction }) => label !== undefined && label === prediction)), of, least };
}

/** @param {string} name @param {readonly Standing[]} instances @param {Ordinary} ordinary @returns {Kind} */
function kindOf(name, instances, { right }) {
  const numbers = numbersOf(instances);
  return { name, ...numbers, alarmRoc: roc(right.alarm, numbers.alarm), marginRoc: roc(right.margin, numbers.margin) };
}
