/** The selection views' place, and their edge: dragged, or moved with the arrow keys, it makes them wider. The width is the reader's, not the view's. */

import { byId, el, set } from "../dom.js";
import { quoted } from "../model/moments.js";

const KEY = "neural-divergence-sidebar";
const USUAL = 276;
const LEAST = 200;
const STEP = 24;

/**
 * The fields and buttons for rows, before what they do is here: nothing is to move when it comes.
 * @param {import("../app.js").App} app
 */
export function sidebarRooms({ metadata, isPlain }) {
  const { table, groups } = metadata;
  byId("moments-section").hidden = !table;
  if (!table) return;
  const first = table.label && groups.find((group) => group.kind === "class");
  if (first) set(byId("condition"), "placeholder", `label == ${quoted(first.name)}`);
  byId("confusion").hidden = !(table.label && table.prediction) || isPlain;
  byId("condition-form").hidden = isPlain;
  byId("moments-plain").hidden = !isPlain;
  byId("instances-section").hidden = false;
  const search = byId("instance-search");
  search.hidden = false;
  set(search, "placeholder", isPlain ? "find by class, or a row’s number" : table.label && table.prediction ? "label → prediction, class, #17" : "row number, class");
}

export function sidebarEdge() {
  const aside = byId("selection");
  // They stand at the left of the plots, and come after them for the keyboard: few tab stops lie before the plots.
  byId("page").append(aside);
  const edge = el("div", { class: "sidebar-edge", role: "separator", tabindex: 0, "aria-orientation": "vertical", "aria-label": "Width of layers, classes and instances", "aria-valuemin": LEAST, title: "Drag to make this wider; double-click for the usual width" });
  aside.append(edge);
  const most = () => Math.max(LEAST, Math.round(innerWidth / 2));
  /** @param {number} width CSS pixels */
  const apply = (width) => {
    const now = Math.round(Math.min(most(), Math.max(LEAST, width)));
    document.documentElement.style.setProperty("--sidebar", `${now}px`);
    set(edge, "aria-valuenow", now);
    set(edge, "aria-valuemax", most());
    return now;
  };
  /** @param {number} width */
  const keep = (width) => {
    const now = apply(width);
    try {
      localStorage.setItem(KEY, String(now));
    } catch {
      // Storage may be forbidden: then it is the usual width next time.
    }
  };
  let kept = USUAL;
  try {
    kept = Number(localStorage.getItem(KEY)) || USUAL;
  } catch {
    // As above.
  }
  apply(kept);
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
  });
  edge.addEventListener("pointermove", (event) => {
    if (edge.hasPointerCapture(event.pointerId)) keep(event.clientX - aside.getBoundingClientRect().left);
  });
  edge.addEventListener("dblclick", () => keep(USUAL));
  edge.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? STEP : event.key === "ArrowLeft" ? -STEP : 0;
    if (by === 0) return;
    event.preventDefault();
    keep(aside.offsetWidth + by);
  });
}
