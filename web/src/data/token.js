/**
 * The token that opens data sets which are not open to all, sent with every request as `Authorization: Bearer`.
 *
 * It comes in a link (`#token=…`) or is typed in. It is kept for this tab only, for this origin and path: the catalogue is asked for before
 * it is known which data set it will be, and one token may open several. A link's token leaves the address before anything else happens,
 * so that neither a copied link nor a bookmark carries it; a fragment is never sent to a server, nor in a referrer.
 */

import { splitToken } from "../model/state.js";

const key = `divergence-token ${new URL(".", document.baseURI).pathname}`;

/** Where the browser keeps nothing for this page, it is known until the page is left. */
let known = stored();

function stored() {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** @returns {string | null} */
export const token = () => known;

/** @param {string | null} text `null`: forget it */
export function keepToken(text) {
  known = text?.trim() || null;
  try {
    if (known === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, known);
  } catch {
    // See `known`.
  }
}

/**
 * Takes a token out of the address.
 * @returns {boolean} whether there was one
 */
export function takeToken() {
  const { token: found, rest } = splitToken(location.hash);
  if (found === null) return false;
  history.replaceState(history.state, "", rest || location.pathname + location.search);
  keepToken(found);
  return true;
}

/**
 * Starts the page anew with a token that was typed in.
 * @param {string} text
 */
export function enterToken(text) {
  keepToken(text);
  history.replaceState({ isNew: true }, "");
  location.reload();
}

/** Whether the page was opened with a link that has a token, or the token has just been typed in. */
export const isNew = takeToken() || history.state?.isNew === true;
if (history.state?.isNew) history.replaceState(null, "");
