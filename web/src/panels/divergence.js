/**
 * The divergence view, in the place of the activation view: where a chosen input stands between two classes layer by layer, which neurons are
 * responsible, and what an alarm would be worth. It says how unusual an input is for its class, never that there was an attack.
 */

import { byId, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { figure } from "../model/format.js";
import { pathInWords, rungs } from "../model/ladder.js";
import { subjectOf, subjects } from "../model/divergencestate.js";
import { showLayer } from "../model/state.js";
import { RequestError } from "../data/queue.js";
import { markers } from "../view/dots.js";
import { dotSvg } from "../view/marks.js";
import { DivergenceAlarm, percentText } from "./divergencealarm.js";
import { DivergenceLayers } from "./divergencelayers.js";
import { DivergenceNeurons } from "./divergenceneurons.js";
import { loadPictures } from "./instances.js";

/** @typedef {import("../model/divergencestate.js").Subject} Subject */
/** @typedef {import("./divergencelayers.js").Viewed} Viewed */

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/divergences.js").DivergenceSource} source
 * @param {() => void} shut leaves the view
 */
export function divergenceView(app, source, shut) {
  const main = byId("activations");
  const opener = byId("divergence-open");
  const { metadata } = app;
  const layers = new DivergenceLayers(app, (layer) => {
    app.update((draft) => {
      if (draft.divergence) draft.divergence.layer = layer;
    });
    neurons.element.scrollIntoView({ block: "nearest" });
    neurons.layers.focus({ preventScroll: true });
  });
  const neurons = new DivergenceNeurons(app, source, openNeuron);
  const alarm = new DivergenceAlarm(app, source, () => viewed && judge(viewed));
  const which = /** @type {HTMLSelectElement} */ (el("select", { class: "edge", "aria-label": "Which of the chosen instances" }));
  which.addEventListener("change", () => app.update((draft) => {
    if (draft.divergence) draft.divergence.instance = Number(which.value);
  }));
  const title = el("h2", { id: "divergence-title", tabindex: -1 });
  const pictures = el("div", { class: "inputs" });
  const path = el("div", { class: "say" });
  const verdict = el("div", { class: "verdict" });
  const close = el("button", { type: "button", class: "edge back", title: "Back to the activations (Esc)", onClick: shut }, "Activations");
  const fold = el("button", { type: "button", class: "fold", onClick: () => byId("selection-toggle").click() }, "Layers, classes, instances");
  const words = el("div", { class: "empty" });
  const head = el("header", {}, pictures, path, verdict);
  const body = el("div", { class: "divergence-body" }, head, layers.element, el("div", { class: "divergence-low" }, neurons.element, alarm.element));
  const section = el("section", { id: "divergence", "aria-labelledby": "divergence-title", hidden: true }, el("div", { class: "divergence-bar" }, title, which, el("span", { class: "spring" }), fold, close), words, body);
  main.append(section);
  let showing = "";
  let isOpen = false;
  /**
   * What is on screen.
   * @type {Viewed | null}
   */
  let viewed = null;

  /**
   * In the activation view, with its panel.
   * @param {string} layer
   * @param {number} neuron
   */
  function openNeuron(layer, neuron) {
    app.update((draft) => {
      draft.divergence = null;
      showLayer(draft, metadata, layer);
      draft.panel = { layer, neuron };
    });
    byId("neuron-close").focus({ preventScroll: true });
  }

  /**
   * Nothing but words.
   * @param {string} heading
   * @param {...string} lines
   */
  function say(heading, ...lines) {
    setText(title, heading);
    body.hidden = true;
    words.hidden = false;
    words.replaceChildren(...lines.map((line) => el("p", {}, line)));
    set(section, "data-state", "ready");
  }

  /** Why nothing can be shown, whatever is chosen. */
  function missing() {
    if (metadata.judged === true) return null;
    const { table, layers: all } = metadata;
    const lacks = [!table?.label && "labels", !table?.prediction && "predictions", all.every(({ codes }) => codes === undefined || codes === "none") && "codes of single rows"].filter(Boolean);
    return [
      `The rows of this store were not judged against their classes${lacks.length > 0 ? `: it has no ${lacks.join(", no ")}` : ""}.`,
      lacks.length > 0 ? "With labels, predictions and codes in the job (codes: columns), a new run has them." : "The job said divergences: none, or the store was made by an earlier version: a new run with divergences: rows has them.",
    ];
  }

  /** @param {Subject} subject */
  function nameOf({ own }) {
    const { name, pair } = metadata.instances[own];
    return pair === undefined ? name : `pair ${pair}`;
  }

  /** @param {Subject} subject @returns {Viewed["looks"]} as the activation view draws them, where it does */
  function looksOf({ own, twin }) {
    const chosen = app.state.instances;
    const looks = markers([...chosen, ...[own, ...(twin === null ? [] : [twin])].filter((one) => !chosen.includes(one))], metadata, app.theme.name);
    return { own: /** @type {import("../view/dots.js").Marker} */ (looks.get(own)), twin: twin === null ? null : looks.get(twin) ?? null };
  }

  /** @param {string | undefined} name */
  const groupOf = (name) => metadata.groups.findIndex((group) => group.kind === "class" && group.name === name);

  async function update() {
    const { divergence } = app.state;
    if ((divergence !== null) !== isOpen) {
      isOpen = divergence !== null;
      set(main, "data-view", isOpen && "divergence");
      set(main, "aria-label", isOpen ? "Divergence" : "Activations");
      section.hidden = !isOpen;
      set(opener, "aria-expanded", String(isOpen));
      if (!isOpen) showing = "";
    }
    if (!divergence) return;
    const subject = subjectOf(app.state, metadata);
    const key = `${subject?.own}|${divergence.layer}|${app.theme.name}|${section.clientWidth}|${app.state.instances}`;
    if (key === showing) {
      // What the alarm is asked, and pins, change nothing else.
      neurons.mark();
      if (viewed) answer(viewed);
      return;
    }
    showing = key;
    viewed = null;
    const all = subjects(app.state.instances, metadata);
    which.hidden = all.length < 2;
    which.replaceChildren(...all.map((one) => new Option(nameOf(one), String(one.own))));
    if (subject) which.value = String(subject.own);
    const why = missing();
    if (why) return say("Divergence", ...why);
    if (!subject) return say("Divergence", "Choose an instance on the left, or any row: this view shows where it stands between the class that the network named and another, layer by layer.");
    set(section, "data-state", "loading");
    try {
      await show(subject, () => key === showing);
      if (key === showing) set(section, "data-state", "ready");
    } catch (error) {
      if (key !== showing || (error instanceof RequestError && error.aborted)) return;
      say(nameOf(subject), error instanceof RequestError ? error.detail : String(error));
    }
  }

  /** @param {Subject} subject @param {() => boolean} isWanted */
  async function show(subject, isWanted) {
    const own = await source.detail(subject.own, null);
    const contrast = own.contrast ? { named: groupOf(own.contrast.named), other: groupOf(own.contrast.other) } : null;
    const [counting, twin] = [contrast ? source.bands(contrast) : null, subject.twin === null ? null : await source.detail(subject.twin, contrast)];
    if (!isWanted()) return;
    const { kind } = metadata.instances[subject.own];
    /** @type {Viewed} */
    const found = { own, twin, bands: null, contrast, looks: looksOf(subject), words: { own: kind === "row" ? "the row" : kind, twin: "benign" } };
    alarm.usual = kind;
    body.hidden = false;
    words.hidden = true;
    header(subject, found);
    between(found);
    // Where other rows stand takes longest, the first time that two classes are looked at.
    const rest = (async () => {
      found.bands = (await counting)?.layers ?? null;
      if (isWanted()) between(found);
    })();
    await Promise.all([neurons.show(found, subject), alarm.load(), rest]);
    if (!isWanted()) return;
    viewed = found;
    answer(found);
  }

  /** @param {Viewed} of */
  function answer(of) {
    alarm.draw();
    judge(of);
  }

  /** @param {Subject} subject @param {Viewed} of */
  function header(subject, { own, twin, looks }) {
    const members = [...(subject.twin === null ? [] : [subject.twin]), subject.own];
    setText(title, `${nameOf(subject)}: ${own.label ?? "no label"}${own.prediction === undefined ? ", without a prediction" : own.prediction === own.label ? `, named so` : ` → ${own.prediction}`}`);
    pictures.replaceChildren(...members.map((i) => {
      const { image, text, kind } = metadata.instances[i];
      const detail = i === subject.own ? own : twin;
      const look = i === subject.own ? looks.own : looks.twin;
      const input = el("figure", { class: "input" }, image ? el("span", { class: "frame" }, el("canvas", { class: "picture", width: 1, height: 1 })) : text !== undefined && el("blockquote", {}, text),
        el("figcaption", {}, el("span", {}, look && dotSvg(look), ` ${kind}`), el("b", {}, detail?.prediction ?? "no prediction"), el("span", { class: "quiet" }, detail?.margin === null || detail?.margin === undefined ? "" : `margin ${figure(detail.margin, 2)}`)));
      if (look) input.style.setProperty("--own", css(look.colour));
      return input;
    }));
    void loadPictures(app, pictures, members);
    verdict.replaceChildren();
  }

  /** @param {Viewed} of */
  function between(of) {
    const { own, twin, bands, words: called } = of;
    layers.show(of);
    const sentence = own.contrast ? pathInWords(rungs(own.layers, twin?.layers ?? null, bands), {
      own: called.own === "the row" ? "The row" : `The ${called.own} input`, twin: "Its benign twin", named: own.contrast.named, other: own.contrast.other, layer: (id) => app.shortNames.get(id) ?? id,
    }) : "";
    path.replaceChildren(el("h3", {}, own.contrast ? `Between ${own.contrast.other} and ${own.contrast.named}` : "No two classes to stand between"), el("p", {}, sentence || (own.without_contrast ?? "No layer tells the two classes apart.")));
  }

  /** @param {Viewed} viewed */
  function judge({ own }) {
    const { rate } = alarm;
    if (own.alarm_p === null) {
      const why = own.prediction === undefined ? "It has no prediction, and is judged among inputs with the same one." : (own.calibrating ?? 0) < 3 ? `No more than ${own.calibrating ?? 0} rows are named ${own.prediction}: it takes 3.` : "Its figures or those of the rows named alike do not suffice.";
      return verdict.replaceChildren(el("h3", {}, "No p"), el("p", {}, why));
    }
    const rings = own.alarm_p <= rate;
    const parts = own.margin_p === null ? `gauges ${figure(own.omnibus_p, 2)} alone, as there are no scores` : `margin ${figure(own.margin_p, 2)}, gauges ${figure(own.omnibus_p, 2)}`;
    verdict.replaceChildren(el("h3", {}, rings ? `The alarm rings at ${percentText(rate)}` : `No alarm at ${percentText(rate)}`),
      el("p", {}, rings ? `Of ordinary inputs named ${own.prediction}, up to ${percentText(own.alarm_p)} would ring as well. ` : `To ring here, it would have to ring for up to ${percentText(own.alarm_p)} of ordinary inputs named ${own.prediction}. `,
        el("span", { class: "quiet" }, `p = ${figure(own.alarm_p, 3)} (least possible ${figure(own.alarm_p_least, 1)}): ${parts}`)));
  }

  new ResizeObserver(() => void update()).observe(section);
  app.onChange(() => void update());
  void update();
  return { focus: () => title.focus({ preventScroll: true }) };
}
