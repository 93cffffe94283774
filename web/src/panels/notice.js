/** Notices: the server is away, or busy, or sends damage; a newer version of the data; a link to a version that is gone; a part of the page that did not load. */

import { byId, el } from "../dom.js";

/** @typedef {"away" | "busy" | "version" | "gone" | "refused" | "damaged" | "part"} NoticeKind */

const bar = () => byId("notices");

/**
 * @param {NoticeKind} kind one of each at a time
 * @param {string} text
 * @param {{label: string, run: () => void}} [action]
 */
export function showNotice(kind, text, action) {
  hideNotice(kind);
  const close = el("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onClick: () => hideNotice(kind) }, "×");
  bar().append(el("div", { class: `notice ${kind}`, "data-kind": kind },
    el("span", {}, text), action ? el("button", { type: "button", class: "notice-action", onClick: action.run }, action.label) : null, close));
}

/**
 * @param {NoticeKind} kind
 * @returns {boolean} whether it was there
 */
export function hideNotice(kind) {
  const notice = bar().querySelector(`[data-kind="${kind}"]`);
  notice?.remove();
  return notice !== null;
}
