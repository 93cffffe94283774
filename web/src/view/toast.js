/** A line that says what happened, or why nothing did, and goes again. */

import { byId, setText } from "../dom.js";

const SHOWN_MS = 2600;

let timer = 0;

/** @param {string} text */
export function toast(text) {
  const element = byId("hint");
  setText(element, text);
  element.classList.add("shown");
  clearTimeout(timer);
  timer = setTimeout(() => element.classList.remove("shown"), SHOWN_MS);
}
