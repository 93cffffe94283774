/** The line under the columns that says what pointer, finger and keys do where they are. Written only when that changes. */

import { byId, el } from "../dom.js";
import { helpFor } from "../model/contexthelp.js";

export class ContextHelp {
  constructor() {
    this.element = byId("guide");
    this.place = "rest";
    // A browser that knows of no pointer at all is not one for fingers.
    this.touch = matchMedia("(hover: none) and (pointer: coarse)").matches;
    this.thin = false;
    this.whole = false;
    this.rows = true;
    document.addEventListener("pointerover", (event) => {
      const touch = event.pointerType === "touch";
      if (touch !== this.touch) {
        this.touch = touch;
        this.write();
      }
      const target = /** @type {Element} */ (event.target);
      // A plot knows better what is under the pointer.
      if (!target.matches(".plot")) this.at(/** @type {HTMLElement | null} */ (target.closest("[data-help]"))?.dataset.help ?? "rest");
    });
    document.addEventListener("focusin", (event) => {
      if (/** @type {Element} */ (event.target).matches(".plot:focus-visible")) this.at("keys");
    });
    document.addEventListener("focusout", () => {
      if (this.place === "keys") this.at("rest");
    });
    this.write();
  }

  /** @param {string} place see `model/contexthelp.js`; told at every movement of the pointer */
  at(place) {
    if (place === this.place) return;
    this.place = place;
    this.write();
  }

  /**
   * Told at every frame.
   * @param {boolean} thin whether no row on screen is tall enough to aim at
   * @param {boolean} whole whether all columns show their whole layer
   * @param {boolean} rows whether there are any: layers may be shown channel by channel
   */
  sees(thin, whole, rows) {
    if (thin === this.thin && whole === this.whole && rows === this.rows) return;
    this.thin = thin;
    this.whole = whole;
    this.rows = rows;
    this.write();
  }

  write() {
    this.element.replaceChildren(...helpFor(this.place === "rest" && !this.rows ? "channels" : this.place, this).map(([act, effect]) => el("span", {}, el("b", {}, act), ` ${effect}`)));
  }
}
