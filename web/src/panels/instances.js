/** The Instances view: pairs of pictures (or texts), each picture a toggle, a pair at a time or several. */

import { authorization } from "../data/authorization.js";
import { token } from "../data/token.js";
import { byId, context2d, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { itemsOf } from "../model/order.js";
import { INSTANCES_MAX } from "../model/state.js";
import { markers } from "../view/dots.js";
import { dotSvg } from "../view/marks.js";
import { whenSeen } from "./layers.js";
import { listKeys, oneTabStop } from "./listkeys.js";

/** From this many pairs on there is a search field. */
const SEARCH_FROM = 8;
/** A picture changed in no more places than this gets a ring round each. */
const RINGS_MAX = 5;

/** @param {import("../app.js").App} app */
export function instancesView(app) {
  // Rows that the reader made instances have a list of their own.
  const instances = app.metadata.instances.filter((one) => one.row === undefined);
  const section = byId("instances-section");
  section.hidden = instances.length === 0;
  const list = byId("instances");
  const search = /** @type {HTMLInputElement} */ (byId("instance-search"));

  /** @type {Map<string, number[]>} */
  const sets = new Map();
  instances.forEach((instance, i) => {
    const name = instance.pair === undefined ? `#${i}` : String(instance.pair);
    sets.set(name, [...(sets.get(name) ?? []), i]);
  });
  search.hidden = sets.size < SEARCH_FROM;

  /** @type {{i: number, button: HTMLButtonElement, mark: HTMLElement}[]} */
  const toggles = [];
  const cards = [...sets.values()].map((members) => {
    // Benign before attacked: the eye reads what was, then what became of it.
    const sorted = [...members].sort((a, b) => Number(instances[b].kind === "benign") - Number(instances[a].kind === "benign"));
    const buttons = sorted.map((i) => {
      const mark = el("span", { class: "mark" });
      const button = instanceToggle(app, i, mark, () => toggle(i));
      toggles.push({ i, button, mark });
      return button;
    });
    const first = instances[sorted[0]];
    const name = first.pair === undefined ? first.name : `pair ${first.pair}`;
    const card = el("li", { class: "pair", "data-pair": first.pair },
      el("button", { type: "button", class: "pair-name", title: "Show only this pair", onClick: () => only(sorted) }, name), ...buttons);
    whenSeen(card, () => loadPictures(app, card, sorted));
    return { card, members: sorted, text: sorted.map((i) => `${instances[i].name} ${instances[i].label ?? ""} → ${instances[i].prediction ?? ""}`).join(" ").toLowerCase() };
  });
  list.append(...cards.map(({ card }) => card));
  listKeys(list);

  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLowerCase().replace(/\s*->\s*/, " → ");
    for (const { card, text } of cards) card.hidden = !text.includes(wanted);
    oneTabStop(list);
  });
  search.addEventListener("keydown", (event) => event.stopPropagation());

  /** @param {number} i */
  function toggle(i) {
    if (!app.state.instances.includes(i) && app.state.instances.length >= INSTANCES_MAX) return;
    app.update((draft) => {
      draft.instances = draft.instances.includes(i) ? draft.instances.filter((one) => one !== i) : [...draft.instances, i];
    });
    app.announce(`${instances[i].name} ${app.state.instances.includes(i) ? "shown" : "hidden"}`);
  }

  /**
   * The chosen pair, and no other; columns sorted by the old pair follow to the new one.
   * @param {number[]} members
   */
  function only(members) {
    const before = app.state.instances;
    app.update((draft) => {
      draft.instances = members;
      for (const id of draft.layers) {
        const { order } = draft.columns[id];
        for (const item of itemsOf(order)) {
          const old = "instance" in item ? item.instance : null;
          if (!("instance" in item) || typeof old !== "number" || !before.includes(old) || members.includes(old)) continue;
          item.instance = members.find((i) => instances[i].kind === instances[old].kind) ?? old;
        }
      }
    });
  }

  const update = () => {
    const looks = markers(app.state.instances, app.metadata, app.theme.name);
    for (const { i, button, mark } of toggles) {
      const look = looks.get(i);
      set(button, "aria-pressed", String(look !== undefined));
      button.style.setProperty("--own", look ? css(look.colour) : "");
      mark.replaceChildren(...(look ? [dotSvg(look)] : []));
    }
    for (const { card, members } of cards) card.classList.toggle("chosen", members.some((i) => looks.has(i)));
    setText(byId("instances-count"), `${app.state.instances.filter((i) => i < instances.length).length} of ${instances.length}`);
  };
  app.onChange(update);
  update();
  oneTabStop(list);
  // A link may name a pair far down the list. Only the list scrolls, never the page.
  const chosen = cards.find(({ members }) => members.some((i) => app.state.instances.includes(i)));
  if (chosen) list.scrollTop = chosen.card.offsetTop - list.offsetTop;
}

/**
 * @param {import("../app.js").App} app
 * @param {number} i
 * @param {HTMLElement} mark
 * @param {() => void} toggle
 */
function instanceToggle(app, i, mark, toggle) {
  const { kind, name, label, prediction, text, image } = app.metadata.instances[i];
  const says = prediction === undefined ? (label === undefined ? "" : String(label)) : String(prediction);
  const wrong = label !== undefined && prediction !== undefined && prediction !== label;
  const title = `${name}${label === undefined ? "" : `: is ${label}`}${prediction === undefined ? "" : `, predicted ${prediction}`}`;
  return el("button", { type: "button", class: `toggle instance-toggle kind-${kind}${image ? "" : " with-text"}`, "data-instance": i, title, "aria-label": title, onClick: toggle },
    image ? el("canvas", { class: "picture", width: 1, height: 1 }) : el("span", { class: "text" }, text ?? name),
    el("span", { class: "caption" }, mark, el("span", { class: "kind" }, kind), el("span", { class: wrong ? "says wrong" : "says" }, says && `${wrong ? "→\u00a0" : ""}${says}`)));
}

/**
 * Draws the pictures of a set, and rings the few pixels in which they differ.
 * @param {import("../app.js").App} app
 * @param {HTMLElement} card
 * @param {number[]} members
 */
export async function loadPictures(app, card, members) {
  const canvases = [...card.querySelectorAll("canvas")];
  const withImage = members.filter((i) => app.metadata.instances[i].image);
  const pictures = await Promise.all(withImage.map(async (i) => {
    // Not an element's source: that could send no token.
    try {
      const answer = await fetch(app.urls.image(/** @type {string} */ (app.metadata.instances[i].image)), authorization(token()));
      return answer.ok ? await createImageBitmap(await answer.blob()) : null;
    } catch {
      return null;
    }
  }));
  /** @type {Uint8ClampedArray | null} */
  let reference = null;
  pictures.forEach((image, n) => {
    const canvas = canvases[n];
    if (!image || !canvas) return;
    canvas.width = image.width;
    canvas.height = image.height;
    const context = context2d(canvas);
    context.drawImage(image, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
    if (reference?.length === pixels.length) ringChanges(canvas, reference, pixels);
    reference ??= pixels;
  });
}

/** @param {HTMLCanvasElement} canvas @param {Uint8ClampedArray} before @param {Uint8ClampedArray} after */
function ringChanges(canvas, before, after) {
  const changed = [];
  for (let p = 0; p < after.length; p += 4) {
    if (before[p] !== after[p] || before[p + 1] !== after[p + 1] || before[p + 2] !== after[p + 2]) changed.push(p / 4);
  }
  if (changed.length === 0 || changed.length > RINGS_MAX) return;
  for (const p of changed) {
    const ring = el("i", { class: "ring" });
    ring.style.left = `${(((p % canvas.width) + 0.5) / canvas.width) * 100}%`;
    ring.style.top = `${((Math.floor(p / canvas.width) + 0.5) / canvas.height) * 100}%`;
    const frame = canvas.parentElement?.classList.contains("frame") ? canvas.parentElement : null;
    if (frame) frame.append(ring);
    else {
      const box = el("span", { class: "frame" });
      canvas.replaceWith(box);
      box.append(canvas, ring);
    }
  }
}
