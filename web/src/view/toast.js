/** A line that says what happened, or why nothing did, and goes again; with a button where it can be undone. */

import { byId, el } from "../dom.js";

const SHOWN_MS = 2600;
/** Whoever wants to undo something has to find the button first. */
const WITH_BUTTON_MS = 6000;

let timer = 0;

/**
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 */
export function toast(text, action) {
  const element = byId("hint");
  const hide = () => element.classList.remove("shown");
  const button = action && el("button", { type: "button", class: "notice-action", onClick: () => {
    hide();
    action.run();
  } }, action.label);
  element.replaceChildren(text, ...(button ? [" ", button] : []));
  element.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(hide, button ? WITH_BUTTON_MS : SHOWN_MS);
}
