/** The keyboard in a row of controls: one tab stop in all. */

import { set } from "../dom.js";

/**
 * A row of controls with one tab stop: ← and → go from one to the next, and Tab goes on.
 * @param {HTMLElement} bar
 * @param {string} label
 * @param {string} [stop] selector of the one that Tab goes to, which is always to be seen; default: the first
 */
export function controlKeys(bar, label, stop) {
  // Choices of one of several have keys of their own.
  const controls = () => /** @type {HTMLElement[]} */ ([...bar.querySelectorAll("button, select, input")]).filter((one) => !one.closest("[role=radiogroup]"));
  /** @param {Element | null} now */
  const only = (now) => {
    for (const one of controls()) set(one, "tabindex", one === now ? 0 : -1);
  };
  const rest = () => only((stop && bar.querySelector(stop)) || (controls().find((one) => !one.hasAttribute("disabled")) ?? null));
  set(bar, "role", "toolbar");
  set(bar, "aria-label", label);
  rest();
  // Controls may come later.
  new MutationObserver(() => {
    if (!bar.contains(document.activeElement)) rest();
  }).observe(bar, { childList: true, subtree: true });
  bar.addEventListener("focusin", (event) => only(/** @type {Element} */ (event.target)));
  bar.addEventListener("focusout", (event) => {
    if (!bar.contains(/** @type {Node | null} */ (event.relatedTarget))) rest();
  });
  bar.addEventListener("keydown", (event) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const seen = controls().filter((one) => one.offsetParent);
    const at = seen.indexOf(/** @type {HTMLElement} */ (event.target));
    if (by === 0 || at < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    seen[at + by]?.focus();
  });
}
