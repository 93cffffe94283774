/** Rows of the data as small cards: picture or text, label, prediction; a click makes one an instance, and another lets it go. */

import { context2d, el, set } from "../dom.js";
import { css } from "../model/colormap.js";
import { rowInstance } from "../model/moments.js";
import { INSTANCES_MAX } from "../model/state.js";

/** @typedef {{row: number, label?: string, prediction?: string}} CardRow */

/**
 * @param {import("../app.js").App} app
 * @param {CardRow} of
 */
export function toggleRow(app, { row, label, prediction }) {
  if (app.isPlain && !isInstance(app, row)) return app.tell("A site of plain files knows no values of single rows: to make one an instance, ask a server.");
  const instance = rowInstance(app.metadata, { row, label, prediction });
  const shown = app.state.instances.includes(instance);
  if (!shown && app.state.instances.length >= INSTANCES_MAX) return app.tell(`${INSTANCES_MAX} instances are shown already; hide one first.`);
  app.update((draft) => {
    draft.instances = shown ? draft.instances.filter((one) => one !== instance) : [...draft.instances, instance];
  });
  app.announce(`row ${row} ${shown ? "is no instance any more" : "is an instance now"}`);
}

/** @param {import("../app.js").App} app @param {number} row */
export function isInstance({ state, metadata }, row) {
  return state.instances.some((instance) => metadata.instances[instance].row === row);
}

/**
 * The class of a label, to colour by.
 * @param {import("../app.js").App} app
 * @param {string | undefined} label
 */
function colourOf(app, label) {
  const group = app.metadata.groups.findIndex((one) => one.kind === "class" && one.name === label);
  return group < 0 ? "var(--rule)" : css(app.colour(group));
}

/**
 * A card for each row. Their pictures, or texts, come in one answer and are shown at once: each frame in which one appears paints the whole list anew.
 * @param {import("../app.js").App} app
 * @param {import("../data/rows.js").RowSource} rows
 * @param {CardRow[]} found
 * @param {(row: any) => string} valueOf a row's activation in words; empty: none
 * @param {AbortSignal} signal
 */
export function rowCards(app, rows, found, valueOf, signal) {
  const { table } = app.metadata;
  const cards = found.map((row) => rowCard(app, row, valueOf(row)));
  const numbers = found.map(({ row }) => row);
  const without = () => cards.forEach((card) => card.classList.add("without"));
  if (table?.pictures) {
    rows.pictures(numbers, signal).then((pictures) => {
      for (const [at, row] of numbers.entries()) {
        const canvas = /** @type {HTMLCanvasElement} */ (cards[at].firstElementChild);
        const picture = /** @type {ImageBitmap} */ (pictures.get(row));
        Object.assign(canvas, { width: picture.width, height: picture.height });
        context2d(canvas).drawImage(picture, 0, 0);
        set(canvas, "data-there", true);
      }
    }, without);
  } else if (table?.texts) {
    rows.texts(numbers, signal).then((texts) => {
      for (const [at, row] of numbers.entries()) {
        const text = /** @type {string} */ (texts.get(row));
        /** @type {Element} */ (cards[at].firstElementChild).textContent = text;
        cards[at].title = `${text}\n${cards[at].title}`;
      }
    }, without);
  }
  return cards;
}

/**
 * @param {import("../app.js").App} app
 * @param {CardRow} of
 * @param {string} value
 */
function rowCard(app, of, value) {
  const { table } = app.metadata;
  const { row, label, prediction } = of;
  const wrong = label !== undefined && prediction !== undefined && prediction !== label;
  const words = `row ${row}${label === undefined ? "" : `, ${label}`}${wrong ? `, predicted ${prediction}` : ""}${value && `: ${value}`}`;
  const caption = el("span", { class: "row-caption" },
    label === undefined && !wrong ? `row ${row}` : label ?? "", wrong && el("b", {}, `→ ${prediction}`));
  caption.style.borderTopColor = colourOf(app, label);
  const shown = table?.pictures ? el("canvas", { class: "picture", width: 1, height: 1 }) : el("span", { class: "row-text" }, table?.texts ? "…" : value || `row ${row}`);
  return el("button", {
    type: "button", class: "row-card", "data-row": row, tabindex: -1, title: `${words}. Click: make it an instance, or let it go`, "aria-label": `${words}. Instance`,
    "aria-pressed": String(isInstance(app, row)), onClick: () => toggleRow(app, of),
  }, shown, caption);
}

/**
 * One tab stop for a list of cards: arrows go from one to the next, `columns` of them a line.
 * @param {HTMLElement} list
 * @param {number} columns
 */
export function roving(list, columns) {
  const cards = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("button")]);
  list.addEventListener("keydown", (event) => {
    const all = cards();
    const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + columns, ArrowUp: at - columns, Home: 0, End: all.length - 1 };
    const next = all[to[event.key]];
    if (at < 0 || !(event.key in to)) return;
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  });
  list.addEventListener("focusin", (event) => {
    for (const card of cards()) set(card, "tabindex", card === event.target ? 0 : -1);
  });
}

/**
 * The first card is where Tab goes.
 * @param {HTMLElement} list
 */
export function enter(list) {
  const first = list.querySelector("button");
  if (first && !list.querySelector('button[tabindex="0"]')) set(first, "tabindex", 0);
}
