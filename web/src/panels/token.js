/** Asks for the token that a data set needs. */

import { enterToken, keepToken, token } from "../data/token.js";
import { el } from "../dom.js";

/**
 * A form that keeps the token and starts the page anew with it.
 * @param {string | null} dataset `null`: the server shows none at all
 */
export function tokenForm(dataset) {
  const wrong = token() !== null;
  const what = dataset === null ? "any data set here" : `“${dataset}”`;
  const says = wrong ? `The token does not open ${what}. Check it, and enter it again.`
    : dataset === null ? "No data set here is open to everybody. Enter the token that you were given."
      : `The data set ${what} is not open to everybody. Enter the token that you were given.`;
  // A token that opens nothing is not sent again.
  if (wrong) keepToken(null);
  const field = el("input", { type: "password", name: "token", autocomplete: "off", spellcheck: "false", required: true });
  const form = el("form", { id: "token-form", class: "empty" },
    el("p", { role: wrong ? "alert" : null }, says),
    el("label", {}, "Token ", field), " ", el("button", { type: "submit", class: "notice-action" }, "Open"));
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    enterToken(field.value);
  });
  return { form, field };
}
