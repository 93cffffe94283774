/** Which neurons come first in an order, told before it is chosen. */

import { el } from "../dom.js";
import { shortPlaceOf } from "../model/coordinates.js";
import { aligned, decimals } from "../model/format.js";
import { phrase } from "../model/order.js";
import { PRIORITY } from "../data/tiles.js";

/** Neurons that are named. */
const NAMED_MAX = 5;
/** How long the pointer rests on an order before the server is asked: what it only passes over is never computed. */
const REST_MS = 150;

/**
 * @param {import("../app.js").App} app
 * @param {string} layerId
 */
export function firstNeurons(app, layerId) {
  const element = el("p", { class: "first-neurons quiet", "aria-live": "polite" });
  const layer = app.layer(layerId);
  let shown = "";
  let timer = 0;
  let control = new AbortController();

  /** @param {import("../types").Order} order @param {import("../types").Direction} direction */
  function show(order, direction) {
    const query = app.queryFor(order, direction);
    if (query === shown) return;
    shown = query;
    control.abort();
    control = new AbortController();
    clearTimeout(timer);
    element.replaceChildren(`First by ${phrase(order, app.metadata)}: …`);
    timer = setTimeout(() => void ask(query, order, control.signal), REST_MS);
  }

  /** @param {string} query @param {import("../types").Order} order @param {AbortSignal} signal */
  async function ask(query, order, signal) {
    // Its window was closed.
    if (!element.isConnected || element.closest("[hidden]")) return;
    /** @type {import("../types").RowsTile} */
    let rows;
    try {
      rows = (await app.queue.request({ url: app.urls.rows(layerId, 0, 0, query, []), kind: "rows", priority: PRIORITY.person, signal })).data;
    } catch {
      // What the server refuses is told when it is chosen.
      if (!signal.aborted) element.replaceChildren();
      return;
    }
    if (signal.aborted) return;
    const places = decimals([...rows.keys.slice(0, NAMED_MAX)]);
    const named = Array.from({ length: Math.min(NAMED_MAX, rows.rows) }, (_, row) => {
      const place = shortPlaceOf(layer, rows.neurons[row], app.metadata);
      return el("span", {}, el("b", {}, String(rows.neurons[row])), [place && ` (${place})`, order.kind !== "index" && `: ${aligned(rows.keys[row], places)}`].filter(Boolean).join(""));
    });
    element.replaceChildren(`First by ${phrase(order, app.metadata)}: `, ...named.flatMap((one) => [one, " "]));
  }

  return { element, show };
}
