/** What was assumed of the dump, and what of it was left out: a quiet line in the header that opens the list. */

import { byId, el, setText } from "../dom.js";

/** Lines shown at most; a file can have thousands of datasets that nobody meant. */
export const LINES_MAX = 200;

/**
 * The lines as the program says them, and their numbers in few words.
 * @param {unknown} provenance of the metadata: stores of earlier versions have none of this
 * @returns {{words: string, lines: string[]}}
 */
export function dumpNotes(provenance) {
  const { assumed, left_out: leftOut } = /** @type {{assumed?: unknown, left_out?: unknown}} */ (provenance ?? {});
  const guesses = Array.isArray(assumed) ? assumed.map(String) : [];
  const others = Array.isArray(leftOut) ? leftOut.map((one) => `${one?.path}: ${one?.why}`) : [];
  return {
    words: [guesses.length > 0 ? `${guesses.length} assumed` : "", others.length > 0 ? `${others.length} left out` : ""].filter(Boolean).join(" · "),
    lines: [...guesses.map((guess) => `Assumed: ${guess}`), ...others.map((other) => `Left out: ${other}`)],
  };
}

/**
 * @param {import("../types").Metadata} metadata
 * @param {import("./popover.js").Popover} popover
 */
export function dumpNotesView(metadata, popover) {
  const { words, lines } = dumpNotes(metadata.provenance);
  const button = byId("dump-notes");
  button.hidden = lines.length === 0;
  setText(/** @type {Element} */ (button.querySelector("span")), words);
  button.addEventListener("click", () => popover.open(button, "How the dump was read", list(lines)));
}

/** @param {string[]} lines */
function list(lines) {
  const more = lines.length - LINES_MAX;
  return el("div", { class: "dump-notes", tabindex: 0, "data-focus": true },
    el("h2", {}, "How the dump was read"),
    el("ul", {}, ...lines.slice(0, LINES_MAX).map((line) => el("li", {}, line))),
    more > 0 && el("p", { class: "quiet" }, `And ${more} more: divergence show --json lists all.`));
}
