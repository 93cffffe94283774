/** The Layers view: a toggle a layer, with its size and a thumbnail of how its activations are distributed. */

import { byId, el, set, svg } from "../dom.js";
import { count, plural, shape } from "../model/format.js";
import { inTwo, tree } from "../model/names.js";
import { showLayer } from "../model/state.js";
import { PRIORITY } from "../data/tiles.js";
import { listKeys, oneTabStop } from "./listkeys.js";

/** @param {import("../app.js").App} app */
export function layersView(app) {
  const list = byId("layers");
  listKeys(list);
  /** @type {Map<string, HTMLButtonElement>} */
  const buttons = new Map();
  // The last layers are looked at first, so they stand on top.
  const layers = [...app.metadata.layers].reverse();
  for (const { part, members } of tree(layers.map((layer) => app.shortNames.get(layer.id) ?? layer.name))) {
    if (part) list.append(el("li", { class: "layer-part", "aria-hidden": "true" }, part));
    for (const { index, rest } of members) add(layers[index], rest, part !== "");
  }

  /** @param {import("../types").Layer} layer @param {string} name as the list shows it @param {boolean} isMember of a part */
  function add(layer, name, isMember) {
    const thumb = el("span", { class: "thumb" });
    // Without the axis of samples: what one sample gives.
    const positions = (layer.shape ?? []).slice(1);
    const title = [layer.name, positions.length > 0 ? shape(positions) : "", layer.dtype ?? "", layer.reduce && layer.reduce !== "flatten" ? `positions: ${layer.reduce}` : ""].filter(Boolean).join(" · ");
    const button = el("button", { type: "button", class: "toggle layer-toggle", "data-layer": layer.id, title, "aria-label": `${layer.name}, ${plural(layer.neurons, "neuron")}`, onClick: () => toggleLayer(app, layer.id) },
      el("span", { class: "box", "aria-hidden": "true" }),
      el("bdi", { class: "name two" }, el("span", { class: "start" }, inTwo(name)[0]), el("span", { class: "end" }, inTwo(name)[1]), positions.length > 1 && el("span", { class: "shape" }, positions.join("×"))),
      el("span", { class: "amount" }, count(layer.neurons)), thumb);
    buttons.set(layer.id, button);
    list.append(el("li", { class: isMember ? "of-part" : "" }, button));
    whenSeen(button, async () => {
      try {
        const counts = (await app.summary(layer.id, PRIORITY.thumbnail)).distribution.counts[0] ?? [];
        if (counts.some((n) => n > 0)) thumb.append(thumbnail(counts));
        else {
          thumb.append("no values");
          set(button, "title", `${title} · every value is NaN or infinite`);
        }
      } catch {
        // A layer without a thumbnail is still a layer.
      }
    });
  }

  oneTabStop(list);

  const update = () => {
    for (const [id, button] of buttons) set(button, "aria-pressed", String(app.state.layers.includes(id)));
  };
  app.onChange(update);
  update();
}

/**
 * Shows a layer's column or hides it.
 * @param {import("../app.js").App} app
 * @param {string} id
 */
export function toggleLayer(app, id) {
  app.update((draft) => {
    if (draft.layers.includes(id)) draft.layers = draft.layers.filter((one) => one !== id);
    else showLayer(draft, app.metadata, id);
  });
  app.announce(`${app.layer(id).name} ${app.state.layers.includes(id) ? "shown" : "hidden"}`);
}

/**
 * Runs once when the element first comes into view: dozens of layers must not cost dozens of requests at once.
 * @param {Element} element
 * @param {() => void} run
 */
export function whenSeen(element, run) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    run();
  });
  observer.observe(element);
}

/**
 * The used part of a distribution, heights by the square root: zeros would flatten the rest.
 * @param {number[]} counts
 */
function thumbnail(counts) {
  let first = counts.findIndex((n) => n > 0);
  let end = counts.length;
  while (end > first && counts[end - 1] === 0) end--;
  const bars = 16;
  const heights = Array.from({ length: bars }, (_, i) => {
    const from = first + Math.floor((i * (end - first)) / bars);
    const to = Math.max(from + 1, first + Math.floor(((i + 1) * (end - first)) / bars));
    return Math.sqrt(counts.slice(from, to).reduce((a, b) => a + b, 0));
  });
  const most = Math.max(...heights, 1e-9);
  const path = heights.map((h, i) => (h > 0 ? `M${i * 3} 14V${(14 - Math.max(1, (h / most) * 13)).toFixed(1)}h2.2V14z` : "")).join("");
  return svg("svg", { viewBox: "0 0 48 14", width: 48, height: 14, "aria-hidden": "true" }, svg("path", { d: path }));
}
