/** The export menu: the picture, the table, or everything, of exactly what is on screen. */

import { byId, el } from "../dom.js";
import { csv } from "../export/csv.js";
import { png } from "../export/png.js";
import { snapshot } from "../export/snapshot.js";

/** How long a browser may take to begin a download before its address is given back. */
const REVOKE_AFTER_MS = 60000;

/**
 * @param {import("../app.js").App} app
 * @param {import("../view/activation.js").ActivationView} activation
 * @param {import("./popover.js").Popover} popover
 */
export function exportView(app, activation, popover) {
  const opener = byId("export");
  /** @param {Blob} blob @param {string} ending */
  const save = (blob, ending) => {
    const href = URL.createObjectURL(blob);
    const { name, version } = app.metadata;
    el("a", { href, download: `${name}-${version.slice(0, 8)}-${app.state.layers.join("-")}.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(href), REVOKE_AFTER_MS);
    popover.close();
  };
  const frames = () => activation.shown().map((column) => column.frame);
  const link = () => {
    app.writeAddress();
    return location.href;
  };
  /** @param {string} id @param {string} title @param {string} text @param {() => void | Promise<void>} run */
  const item = (id, title, text, run) => el("button", { type: "button", class: "menu-item", id, onClick: run }, el("b", {}, title), el("span", { class: "quiet" }, text));
  opener.addEventListener("click", () => popover.open(opener, "Export", el("div", { class: "export-menu" },
    el("h3", {}, "Export what is on screen"),
    item("export-png", "PNG", "the picture with its legend", async () => save(await png(app, activation.shown(), link()), "png")),
    item("export-csv", "CSV", "one line per row: rank, neuron, sort key, instances", () => save(new Blob([csv(snapshot(app, frames(), link()))], { type: "text/csv" }), "csv")),
    item("export-json", "JSON", "the same with densities and provenance", () => save(new Blob([JSON.stringify(snapshot(app, frames(), link()), null, 1)], { type: "application/json" }), "json")),
  )));
}
