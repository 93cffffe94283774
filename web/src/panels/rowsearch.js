/** Any row as an instance: found by number, label, prediction, column or condition, in the field above the instances. */

import { byId, el, set, setText } from "../dom.js";
import { css } from "../model/colormap.js";
import { plural } from "../model/format.js";
import { rowOf } from "../model/moments.js";
import { rowQuery } from "../model/rowquery.js";
import { markers } from "../view/dots.js";
import { dotSvg } from "../view/marks.js";
import { enter, isInstance, roving, rowCards, toggleRow } from "./rowcards.js";

/** Rows shown of those that are found. */
const SHOWN_MAX = 24;
const COLUMNS = 4;
/** Typing must rest this long before the server is asked. */
const REST_MS = 140;

/**
 * @param {import("../app.js").App} app
 * @param {import("../data/rows.js").RowSource} rows
 */
export function rowSearchView(app, rows) {
  const { table } = app.metadata;
  const search = /** @type {HTMLInputElement} */ (byId("instance-search"));
  const chosen = byId("row-instances");
  const results = byId("row-results");
  if (!table) return;
  const words = el("p", { class: "quiet", role: "status" });
  const list = el("div", { class: "row-cards" });
  roving(list, COLUMNS);
  results.append(words, list);
  let timer = 0;
  /** @type {AbortController | null} */
  let asking = null;

  search.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    timer = setTimeout(() => void find(), REST_MS);
  });
  search.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    list.querySelector("button")?.focus();
  });

  async function find() {
    const query = rowQuery(search.value, app.metadata);
    results.hidden = query === null;
    list.replaceChildren();
    if (!query) return;
    if ("fault" in query) return setText(words, query.fault);
    if ("where" in query && app.isPlain) return setText(words, "A site of plain files finds rows by their number only: for others, ask a server.");
    asking = new AbortController();
    const { signal } = asking;
    try {
      const found = "row" in query ? { total: 1, rows: [await rows.row(query.row, signal)] } : await rows.where(query.where, SHOWN_MAX, signal);
      setText(words, found.total === 0 ? "no row" : `${plural(found.total, "row")}${found.total > found.rows.length ? `, the first ${found.rows.length}` : ""}${app.isPlain ? "" : ": click one to make it an instance"}`);
      list.classList.toggle("texts", !table?.pictures);
      list.replaceChildren(...rowCards(app, rows, found.rows, () => "", signal));
      enter(list);
    } catch (error) {
      if (!signal.aborted) setText(words, /** @type {any} */ (error).detail ?? String(error));
    }
  }

  /**
   * Asks once for what is not known of a row that a link brought.
   * @type {Set<number>}
   */
  const asked = new Set();
  let showing = "";
  const update = () => {
    const { state, metadata, theme } = app;
    const looks = markers(state.instances, metadata, theme.name);
    const shown = state.instances.flatMap((instance) => rowOf(metadata, instance) ?? []);
    for (const row of shown) {
      if (asked.has(row)) continue;
      asked.add(row);
      rows.row(row).then(({ label, prediction }) => {
        const one = metadata.instances.find((instance) => instance.row === row);
        if (one) Object.assign(one, label !== undefined && { label }, prediction !== undefined && { prediction });
        showing = "";
        update();
      }, () => {});
    }
    const key = `${shown}|${theme.name}|${state.instances.length}`;
    if (key !== showing) {
      showing = key;
      chosen.hidden = shown.length === 0;
      chosen.replaceChildren(...state.instances.filter((instance) => rowOf(metadata, instance) !== null).map((instance) => {
        const { row = 0, label, prediction } = metadata.instances[instance];
        const look = looks.get(instance);
        const wrong = prediction !== undefined && prediction !== label;
        const chip = el("button", { type: "button", class: "chip row-chip", "data-row": row, title: `Row ${row} is an instance. Click: let it go`, "aria-label": `Remove row ${row}`, onClick: () => toggleRow(app, { row }) },
          look ? dotSvg(look) : null, ` row ${row}`, label !== undefined && el("span", { class: "quiet" }, ` ${label}${wrong ? ` → ${prediction}` : ""}`), " ×");
        chip.style.setProperty("--own", look ? css(look.colour) : "");
        return el("li", {}, chip);
      }));
    }
    for (const card of list.querySelectorAll(".row-card")) set(card, "aria-pressed", String(isInstance(app, Number(/** @type {HTMLElement} */ (card).dataset.row))));
  };
  app.onChange(update);
  update();
}
