/** The export menu: the picture for a paper, the table, or everything, of exactly what is on screen. */

import { el } from "../dom.js";
import { csv } from "../export/csv.js";
import { exactly } from "../export/exact.js";
import { figure } from "../export/figure.js";
import { snapshot } from "../export/snapshot.js";

/** How long a browser may take to begin a download before its address is given back. */
const REVOKE_AFTER_MS = 60000;
/** Pixels of a PNG for each on an ordinary screen. */
const SCALES = [1, 2, 3, 4];
const SCALE_AT_FIRST = 2;

/**
 * @param {import("../app.js").App} app
 * @param {import("../view/activation.js").ActivationView} activation
 * @param {import("./popover.js").Popover} popover that it is shown in
 */
export function exportMenu(app, activation, popover) {
  const versions = () => [app.metadata, ...(app.other ? [app.other.metadata] : [])];
  /** @param {string} ending */
  const fileName = (ending) => `${versions().map(({ name, version }) => `${name}-${version.slice(0, 8)}`).join("-")}-${app.state.layers.join("-")}.${ending}`;
  /** @param {Blob} blob @param {string} ending */
  const save = (blob, ending) => {
    const href = URL.createObjectURL(blob);
    el("a", { href, download: fileName(ending) }).click();
    setTimeout(() => URL.revokeObjectURL(href), REVOKE_AFTER_MS);
    popover.close();
  };
  const shot = async () => {
    app.writeAddress();
    const columns = activation.drawn().map(({ column }) => ({ frame: column.frame, app: column.app, facts: activation.cardOf(column).facts }));
    return snapshot(app, columns.map(({ frame }) => frame), location.href, await exactly(columns));
  };
  const theme = el("select", { id: "export-theme" }, el("option", { value: "light" }, "light"), el("option", { value: "dark" }, "dark"));
  const scale = el("select", { id: "export-scale", title: "Pixels for each on an ordinary screen" }, ...SCALES.map((n) => el("option", { value: n, selected: n === SCALE_AT_FIRST }, `${n}×`)));
  /** @param {"png" | "svg"} kind */
  const picture = async (kind) => save(await figure(app, (look, ratio) => activation.drawn().map(({ column }) => column.printed(look, ratio)), { kind, scale: Number(scale.value), theme: theme.value === "dark" ? "dark" : "light" }), kind);
  /** @param {string} id @param {string} title @param {string} text @param {() => Promise<void>} run */
  const item = (id, title, text, run) => el("button", { type: "button", class: "menu-item", id, onClick: () => run().catch(() => app.tell("This could not be exported: the server does not answer.")) }, el("b", {}, title), el("span", { class: "quiet" }, text));
  return el("div", { class: "export-menu" },
    el("h3", {}, "Export what is on screen"),
    el("div", { class: "export-look" }, el("label", {}, "colours ", theme), el("label", {}, "PNG at ", scale)),
    item("export-png", "PNG", "the picture with legend and caption", () => picture("png")),
    item("export-svg", "SVG", "the same as shapes and text", () => picture("svg")),
    item("export-csv", "CSV", "one line per row: rank, neuron, exact figures of each class; for pandas, R, Excel", async () => save(new Blob([csv(await shot(), fileName("csv"))], { type: "text/csv" }), "csv")),
    item("export-json", "JSON", "the same with counts in bins, axis and provenance", async () => save(new Blob([JSON.stringify(await shot(), null, 1)], { type: "application/json" }), "json")),
  );
}
