/** The keyboard in a list of toggles: arrows go from one to the next, typed letters to the one that begins with them. */

/** Letters typed within this time make one word. */
const WORD_MS = 700;

/** @param {HTMLElement} list */
export function listKeys(list) {
  let word = "";
  let last = 0;
  list.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const buttons = /** @type {HTMLElement[]} */ ([...list.querySelectorAll("li:not([hidden]) > button")]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    /** @type {HTMLElement | undefined} */
    let next;
    if (event.key === "ArrowDown") next = buttons[Math.min(buttons.length - 1, at + 1)];
    else if (event.key === "ArrowUp") next = buttons[Math.max(0, at - 1)];
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
