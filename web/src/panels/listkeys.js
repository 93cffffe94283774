/** The keyboard in a list of toggles: one stop for Tab, arrows go from one to the next, typed letters to the one that begins with them. */

/** Letters typed within this time make one word. */
const WORD_MS = 700;

/** @param {HTMLElement} list */
export function listKeys(list) {
  oneStop(list);
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

/**
 * Lets Tab stop at one button of a list: the one that was last in focus, else the first that is pressed, else the first.
 * @param {HTMLElement} list
 */
export function oneStop(list) {
  /** @type {Element | null} */
  let last = null;
  const update = () => {
    const buttons = [...list.querySelectorAll("button")];
    const stop = (last && buttons.find((button) => button === last)) ?? buttons.find((button) => button.getAttribute("aria-pressed") === "true" && button.offsetParent) ?? buttons.find((button) => button.offsetParent) ?? buttons[0];
    for (const button of buttons) if (button.tabIndex !== (button === stop ? 0 : -1)) button.tabIndex = button === stop ? 0 : -1;
  };
  list.addEventListener("focusin", (event) => {
    last = /** @type {Element} */ (event.target);
    update();
  });
  new MutationObserver(update).observe(list, { childList: true, subtree: true, attributes: true, attributeFilter: ["hidden", "aria-pressed"] });
  update();
}
