/** What a column shows, in words: read by a screen reader, built when the picture is exact and at rest. */

import { el, setText } from "../dom.js";
import { count, figure, plural } from "../model/format.js";
import { groupName } from "../model/names.js";
import { phrase } from "../model/order.js";

/** @typedef {import("./columnframe.js").Frame} Frame */

/** First rows that are named. */
const NAMED_MAX = 5;

export class Description {
  /** @param {string} id of the element */
  constructor(id) {
    this.element = el("p", { class: "sr-only", id });
  }

  /** @param {Frame} frame */
  update(frame) {
    const { arrangement: of, axis, data, layer, screen, metadata, state, column } = frame;
    if (!axis || screen.rows.length === 0) return;
    const per = 2 ** screen.level;
    const first = screen.rows[0] * per;
    const last = Math.min(layer.neurons, (screen.rows[screen.rows.length - 1] + 1) * per);
    const groups = state.groups.map((g) => groupName(metadata.groups[g]));
    const instances = state.instances.map((i) => metadata.instances[i].name);
    const parts = [
      `Ranks ${count(first + 1)} to ${count(last)} of ${count(layer.neurons)} are in view${per > 1 ? `, ${count(per)} neurons a row` : ""}.`,
      axis.scale ? `The axis goes from ${figure(axis.scale.lo)} to ${figure(axis.scale.hi)}${axis.scale.symlog ? ", logarithmic" : ""}.` : "Each neuron has its own axis.",
      groups.length > 0 ? `Distributions of ${groups.join(", ")}.` : "No class is shown.",
      instances.length > 0 ? `Dots: ${instances.join(", ")}.` : "",
      column.hidden.length > 0 ? `${plural(column.hidden.length, "neuron")} hidden.` : "", column.pinned.length > 0 ? `Pinned: ${column.pinned.join(", ")}.` : "",
    ];
    if (per === 1 && of.order.kind !== "index") {
      const named = [...screen.rows.slice(0, NAMED_MAX)].flatMap((row) => {
        const fact = data.rowFacts(of.query, 0, row);
        return fact ? [`neuron ${fact.neuron} with ${figure(fact.key)}`] : [];
      });
      parts.push(`By ${phrase(of.order, metadata)}, from the top: ${named.join(", ")}.`);
    }
    setText(this.element, parts.filter(Boolean).join(" "));
  }
}
