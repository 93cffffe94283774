/** Light and dark: the reader's choice, else the system's; and the colours that canvases need, read from the style sheet. */

import { rgb } from "../model/colormap.js";

const KEY = "neural-divergence-theme";

/**
 * @typedef {object} Theme
 * @property {"light" | "dark"} name
 * @property {import("../types").Rgb} paper
 * @property {string} ink
 * @property {string} quiet
 * @property {string} faint
 * @property {string} rule
 * @property {string} accent
 * @property {string} paperCss
 * @property {string} halo round dots
 * @property {string} odd of what is no finite number
 * @property {string} font
 */

/** @returns {"light" | "dark"} */
export function themeName() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** Restores what the reader chose last time. The theme is the reader's, not the view's: it is not in links. */
export function restoreTheme() {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
  } catch {
    // Storage may be forbidden: then the system decides.
  }
}

export function toggleTheme() {
  const next = themeName() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // As above.
  }
}

/** @returns {Theme} */
export function readTheme() {
  const style = getComputedStyle(document.documentElement);
  return themeOf(themeName(), (name) => style.getPropertyValue(name).trim());
}

/**
 * A theme that need not be the page's: pictures for papers are light, however one reads.
 * @param {"light" | "dark"} name
 * @returns {Theme}
 */
export function themeNamed(name) {
  const found = new Map();
  for (const sheet of document.styleSheets) {
    for (const rule of sheet.cssRules) {
      if (!(rule instanceof CSSStyleRule) || (rule.selectorText !== ":root" && !(name === "dark" && /data-theme="?dark"?/.test(rule.selectorText)))) continue;
      for (const property of rule.style) if (property.startsWith("--")) found.set(property, rule.style.getPropertyValue(property).trim());
    }
  }
  return themeOf(name, (property) => found.get(property) ?? "");
}

/** @param {"light" | "dark"} name @param {(name: string) => string} value of a property @returns {Theme} */
function themeOf(name, value) {
  const style = getComputedStyle(document.documentElement);
  return {
    name, paper: rgb(value("--paper")), paperCss: value("--paper"), ink: value("--ink"), quiet: value("--quiet"),
    faint: value("--faint"), halo: value("--halo"), rule: value("--rule"), odd: value("--odd"), accent: value("--accent"), font: style.fontFamily,
  };
}
