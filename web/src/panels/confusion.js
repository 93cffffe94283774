/** The confusion matrix: how many rows of a label have a prediction. A cell that is clicked is a group. */

import { el, set } from "../dom.js";
import { css } from "../model/colormap.js";
import { count, percent, plural } from "../model/format.js";
import { confused } from "../model/moments.js";
import { addMoment, removeMoment } from "./groups.js";

/** Classes for which there is room in a matrix; of more, the commonest mistakes are listed. */
const CLASSES_MAX = 24;
const LISTED_MAX = 60;

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/rows.js").RowSource} rows
 * @param {() => void} filled told when the matrix is there
 */
export function confusionView(app, rows, filled) {
  const body = el("div", {}, el("p", { class: "quiet" }, "…"));
  const content = el("div", { class: "confusion", tabindex: -1, "data-focus": true }, el("h3", {}, "Labels and predictions"), body);
  rows.confusion().then((table) => {
    body.replaceChildren(...build(app, table));
    filled();
  }, (error) => body.replaceChildren(el("p", { role: "alert" }, error.detail ?? String(error))));
  return content;
}

/** @param {import("../app.js").App} app @param {import("../data/rows.js").Confusion} table */
function build(app, { labels, predictions, cells }) {
  const total = cells.reduce((sum, [, , n]) => sum + n, 0);
  const right = cells.reduce((sum, [label, prediction, n]) => sum + (labels[label] === predictions[prediction] ? n : 0), 0);
  const intro = el("p", { class: "quiet" }, `Click a cell: its rows become a group in all layers. ${percent(right / Math.max(1, total))} of ${plural(total, "row")} are right.`);
  /** @type {{where: string, button: HTMLButtonElement}[]} */
  const buttons = [];
  /** @param {number} label @param {number} prediction @param {number} n @param {string} text */
  const cell = (label, prediction, n, text) => {
    const where = confused(labels[label], predictions[prediction]);
    const button = el("button", { type: "button", tabindex: -1, "aria-label": `${plural(n, "row")} of ${labels[label]} named ${predictions[prediction]}`, "data-label": labels[label], "data-prediction": predictions[prediction], onClick: () => toggle(where, n) }, text);
    buttons.push({ where, button });
    return button;
  };
  /** @param {string} where */
  const groupOf = (where) => app.state.moments.find((group) => app.metadata.groups[group].where === where);
  /** @param {string} where @param {number} n */
  function toggle(where, n) {
    const group = groupOf(where);
    if (group === undefined) addMoment(app, where, n);
    else removeMoment(app, group);
    mark();
  }
  function mark() {
    for (const { where, button } of buttons) {
      const group = groupOf(where);
      set(button, "aria-pressed", String(group !== undefined));
      button.style.setProperty("--own", group === undefined ? "" : css(app.colour(group)));
    }
  }
  const most = Math.max(1, ...cells.filter(([label, prediction]) => labels[label] !== predictions[prediction]).map(([, , n]) => n));
  const made = Math.max(labels.length, predictions.length) <= CLASSES_MAX ? matrix() : mistakes();
  mark();
  buttons[0] && set(buttons[0].button, "tabindex", 0);
  return [intro, made];

  function matrix() {
    const known = new Map(cells.map(([label, prediction, n]) => [label * predictions.length + prediction, n]));
    const table = el("table", { class: "confusion-table" },
      el("thead", {}, el("tr", {}, el("td", { class: "quiet" }, "label ↓ named →"), ...predictions.map((name) => el("th", { scope: "col" }, el("span", {}, name))))),
      el("tbody", {}, ...labels.map((name, label) => el("tr", {}, el("th", { scope: "row" }, swatchOf(name), name), ...predictions.map((_, prediction) => {
        const n = known.get(label * predictions.length + prediction) ?? 0;
        const isRight = name === predictions[prediction];
        if (n === 0) return el("td", { class: isRight ? "right" : "" });
        const button = cell(label, prediction, n, count(n));
        if (!isRight) button.style.setProperty("--shade", `${Math.round(8 + 62 * Math.sqrt(n / most))}%`);
        return el("td", { class: isRight ? "right" : "" }, button);
      })))));
    table.addEventListener("keydown", (event) => move(event, predictions.length));
    return el("div", { class: "table-box" }, table);
  }

  /** @param {string} name */
  function swatchOf(name) {
    const group = app.metadata.groups.findIndex((one) => one.kind === "class" && one.name === name);
    const box = el("i", { class: "swatch", "aria-hidden": "true" });
    if (group >= 0) box.style.background = css(app.colour(group));
    return box;
  }

  function mistakes() {
    const wrong = cells.filter(([label, prediction]) => labels[label] !== predictions[prediction]).sort((a, b) => b[2] - a[2]);
    const list = el("ul", { class: "mistakes" }, ...wrong.slice(0, LISTED_MAX).map(([label, prediction, n]) => {
      const button = cell(label, prediction, n, "");
      button.append(swatchOf(labels[label]), `${labels[label]} → ${predictions[prediction]}`, el("span", { class: "amount" }, count(n)));
      return el("li", {}, button);
    }));
    list.addEventListener("keydown", (event) => move(event, 1));
    return el("div", {}, el("p", { class: "quiet" }, wrong.length > LISTED_MAX ? `The commonest ${LISTED_MAX} of ${count(wrong.length)} mistakes; type others as a condition.` : "All mistakes:"), list);
  }

  /**
   * Arrows go from cell to cell: one tab stop in all.
   * @param {KeyboardEvent} event
   * @param {number} columns
   */
  function move(event, columns) {
    const at = buttons.findIndex(({ button }) => button === document.activeElement);
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] };
    const way = ways[event.key];
    if (!way || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    let next = at + (way[0] || way[1]);
    if (columns > 1) {
      // Empty cells are passed over.
      const here = buttons[at].button;
      const [row, column] = [labels.indexOf(here.dataset.label ?? ""), predictions.indexOf(here.dataset.prediction ?? "")];
      for (let n = 1; n < labels.length + predictions.length; n++) {
        const found = buttons.findIndex(({ button }) => button.dataset.label === labels[row + n * way[0]] && button.dataset.prediction === predictions[column + n * way[1]]);
        if (found >= 0 || (labels[row + n * way[0]] === undefined || predictions[column + n * way[1]] === undefined)) {
          next = found;
          break;
        }
      }
    }
    if (!buttons[next]) return;
    set(buttons[at].button, "tabindex", -1);
    set(buttons[next].button, "tabindex", 0);
    buttons[next].button.focus();
  }
}
