/** The keyboard in a list of toggles: one tab stop in all; arrows go from one to the next, typed letters to the one that begins with them. */

import { set } from "../dom.js";

/** Letters typed within this time make one word. */
const WORD_MS = 700;

/** @param {HTMLElement} list @returns {HTMLElement[]} those that can be seen */
const buttonsOf = (list) => /** @type {HTMLElement[]} */ ([...list.querySelectorAll("li:not([hidden]) button")]);

/**
 * The one button that Tab goes to: where the focus was last, else a pressed one, else the first.
 * @param {HTMLElement} list
 * @param {Element | null} [now]
 */
export function oneTabStop(list, now = null) {
  const buttons = buttonsOf(list);
  const stop = buttons.find((button) => button === now) ?? buttons.find((button) => button.tabIndex === 0) ?? buttons.find((button) => button.getAttribute("aria-pressed") === "true") ?? buttons[0];
  for (const button of list.querySelectorAll("li button")) set(button, "tabindex", button === stop ? 0 : -1);
}

/**
 * @param {HTMLElement} list of `li`, each with one or several buttons
 */
export function listKeys(list) {
  let word = "";
  let last = 0;
  list.addEventListener("focusin", (event) => oneTabStop(list, /** @type {Element} */ (event.target)));
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = buttonsOf(list);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (at < 0) return;
    /** @type {HTMLElement | undefined} */
    let next;
    if (event.key === "ArrowDown") next = below(buttons, at, 1);
    else if (event.key === "ArrowUp") next = below(buttons, at, -1);
    else if (event.key === "ArrowRight" && buttons[at].closest("li")?.contains(buttons[at + 1] ?? null)) next = buttons[at + 1];
    else if (event.key === "ArrowLeft" && buttons[at].closest("li")?.contains(buttons[at - 1] ?? null)) next = buttons[at - 1];
    else if (event.key === "Home") next = buttons[0];
    else if (event.key === "End") next = buttons[buttons.length - 1];
    else if (event.key.length === 1 && /[\p{L}\p{N}]/u.test(event.key)) {
      word = event.timeStamp - last < WORD_MS ? word + event.key.toLowerCase() : event.key.toLowerCase();
      last = event.timeStamp;
      // The same letter again goes on to the next that begins with it.
      const from = word.length === 1 ? at + 1 : Math.max(0, at);
      next = [...buttons.slice(from), ...buttons.slice(0, from)].find((button) => (button.textContent ?? "").trim().toLowerCase().startsWith(word));
    } else return;
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  });
}

/**
 * The button at the same place in the next item, or the one before.
 * @param {readonly HTMLElement[]} buttons
 * @param {number} at
 * @param {1 | -1} by
 */
function below(buttons, at, by) {
  const item = buttons[at].closest("li");
  const place = buttons.filter((button) => item?.contains(button)).indexOf(buttons[at]);
  let other = at;
  while (buttons[other] && item?.contains(buttons[other])) other += by;
  const next = buttons[other]?.closest("li");
  if (!next) return undefined;
  const inside = buttons.filter((button) => next.contains(button));
  return inside[Math.min(place, inside.length - 1)];
}
