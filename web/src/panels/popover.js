/** One small window at a time, beside the button that opened it; closed by Escape, by its cross, by a click elsewhere, by its own button. */

import { el, set } from "../dom.js";

/** CSS pixels below the button from which on it opens there. */
const ROOM_LEAST = 300;

export class Popover {
  constructor() {
    this.element = el("div", { id: "popover", class: "card", role: "dialog", hidden: true, tabindex: -1 });
    document.body.append(this.element);
    this.cross = el("button", { type: "button", class: "icon-button popover-close", "aria-label": "Close", title: "Close (Esc)", onClick: () => this.close() }, "×");
    /** @type {HTMLElement | null} */
    this.opener = null;
    document.addEventListener("pointerdown", (event) => {
      const target = /** @type {Node} */ (event.target);
      if (!this.element.hidden && !this.element.contains(target) && !this.opener?.contains(target)) this.close(false);
    });
    // Keys typed here are not the page's; but Escape closes it wherever the focus is.
    this.element.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") event.stopPropagation();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    addEventListener("resize", () => this.place());
  }

  /**
   * @param {HTMLElement} opener
   * @param {string} label
   * @param {HTMLElement} content
   */
  open(opener, label, content) {
    if (!this.element.hidden && this.opener === opener) return this.close();
    if (this.opener) set(this.opener, "aria-expanded", false);
    this.opener = opener;
    set(opener, "aria-expanded", "true");
    set(this.element, "aria-label", label);
    // The cross comes last: the focus goes to what one came for.
    this.element.replaceChildren(content, this.cross);
    this.element.hidden = false;
    this.place();
    const first = /** @type {HTMLElement | null} */ (["[data-focus]", "input:checked", "button, select, input"].map((one) => this.element.querySelector(one)).find((one) => one));
    (first ?? this.element).focus({ preventScroll: true });
  }

  place() {
    if (this.element.hidden || !this.opener) return;
    const box = this.opener.getBoundingClientRect();
    const below = box.bottom + 6;
    const room = innerHeight - below - 9;
    // What is taller scrolls, so that the button stays in sight; where there is hardly any room it may cover it.
    this.element.style.maxHeight = room >= ROOM_LEAST ? `${room}px` : "";
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.max(8, Math.min(box.left, innerWidth - offsetWidth - 8));
    const top = below + offsetHeight < innerHeight - 8 ? below : Math.max(8, innerHeight - offsetHeight - 8);
    this.element.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /** @param {boolean} [refocus] */
  close(refocus = true) {
    if (this.element.hidden) return;
    this.element.hidden = true;
    if (this.opener) {
      set(this.opener, "aria-expanded", false);
      if (refocus) this.opener.focus();
    }
    this.opener = null;
  }
}
