/** Hatching: a second encoding of overlaid classes beside their colours. The first class stays solid, the others are striped. */

import { context2d } from "../dom.js";

/** Directions of the stripes, by the class's place on screen; `null` is solid. Degrees from upright. */
const STRIPES = [null, 45, -45, 0, 90];
/** CSS pixels from stripe to stripe. */
const PERIOD = 6;
/** Rows lower than this have no room for stripes: there the classes are overlaid plainly. */
export const HATCH_FROM_ROW = 9;

/** @param {number} place of a class among the chosen */
const stripes = (place) => STRIPES[place % STRIPES.length];

/** @type {Map<string, HTMLCanvasElement>} */
const tiles = new Map();

/**
 * What covers a class's picture so that only its stripes are left: stripes of paper. Null for the solid class.
 * @param {CanvasRenderingContext2D} context
 * @param {number} place
 * @param {string} paper
 * @param {number} ratio device pixels per CSS pixel
 * @returns {CanvasPattern | null}
 */
export function hatchPattern(context, place, paper, ratio) {
  const angle = stripes(place);
  if (angle === null) return null;
  const key = `${angle}|${paper}|${ratio}`;
  let tile = tiles.get(key);
  if (!tile) {
    if (tiles.size > 40) tiles.clear();
    const size = Math.max(4, 2 * Math.round((PERIOD * ratio) / 2));
    tile = document.createElement("canvas");
    tile.width = tile.height = size;
    const brush = context2d(tile);
    brush.fillStyle = paper;
    // Pixel by pixel: a slanted line drawn with smoothing would leave seams where tiles meet.
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const along = angle === 45 ? x + y : angle === -45 ? x - y + size : angle === 0 ? x : y;
        if (along % size < size / 2) brush.fillRect(x, y, 1, 1);
      }
    }
    tiles.set(key, tile);
  }
  return context.createPattern(tile, "repeat");
}

/**
 * The same over a swatch of the legend, as a CSS background layer; empty for the solid class.
 * @param {number} place
 * @param {string} paper
 */
export function hatchCss(place, paper) {
  const angle = stripes(place);
  if (angle === null) return "";
  const turn = angle === 45 ? 135 : angle === -45 ? 45 : angle === 0 ? 90 : 0;
  return `repeating-linear-gradient(${turn}deg, ${paper} 0 2px, transparent 2px 4px), `;
}

/** @type {HTMLCanvasElement | null} */
let sheet = null;

/**
 * Paints classes one by one, each in its stripes, so that they mix as overlaid ones do.
 * @param {CanvasRenderingContext2D} context in device pixels; filled with paper
 * @param {number} classes
 * @param {{theme: "light" | "dark", paper: string, ratio: number, x: number, y: number, width: number, height: number}} place device pixels
 * @param {(context: CanvasRenderingContext2D, n: number) => void} paint one class onto a sheet of the canvas's size
 */
export function paintHatched(context, classes, { theme, paper, ratio, x, y, width, height }, paint) {
  sheet ??= document.createElement("canvas");
  if (sheet.width !== context.canvas.width || sheet.height !== context.canvas.height) {
    sheet.width = context.canvas.width;
    sheet.height = context.canvas.height;
  }
  const own = context2d(sheet);
  for (let n = 0; n < classes; n++) {
    own.fillStyle = paper;
    own.fillRect(x, y, width, height);
    paint(own, n);
    const pattern = hatchPattern(own, n, paper, ratio);
    if (pattern) {
      own.fillStyle = pattern;
      own.fillRect(x, y, width, height);
    }
    // Symmetric, and paper on paper stays paper.
    context.globalCompositeOperation = theme === "dark" ? "lighten" : "multiply";
    context.drawImage(sheet, x, y, width, height, x, y, width, height);
  }
  context.globalCompositeOperation = "source-over";
}
