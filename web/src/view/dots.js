/** Instances as dots: one a row and instance, an arrow at the edge where the value lies outside the axis. */

import { css, formOf, instanceColour } from "../model/colormap.js";
import { context2d } from "../dom.js";

/** @typedef {import("../model/colormap.js").Shape} Shape */
/** @typedef {{colour: import("../types").Rgb} & import("../model/colormap.js").Form} Marker */

/**
 * Colour and form of every chosen instance. Forms follow the order in which pairs were chosen, colours their kind.
 * @param {readonly number[]} chosen
 * @param {import("../types").Metadata} metadata
 * @param {"light" | "dark"} theme
 * @returns {Map<number, Marker>}
 */
export function markers(chosen, metadata, theme) {
  /** @type {string[]} */
  const sets = [];
  /** @type {Map<string, number>} */
  const seen = new Map();
  const out = new Map();
  for (const index of chosen) {
    const { kind, pair } = metadata.instances[index];
    const set = pair === undefined ? `#${index}` : String(pair);
    if (!sets.includes(set)) sets.push(set);
    const nth = seen.get(kind) ?? 0;
    seen.set(kind, nth + 1);
    out.set(index, { colour: instanceColour(kind, nth, theme), ...formOf(sets.indexOf(set)) });
  }
  return out;
}

/**
 * The outline of a shape of radius `r` around (x, y).
 * @param {CanvasRenderingContext2D | Path2D} path
 * @param {Shape | "left" | "right"} shape
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function trace(path, shape, x, y, r) {
  /** @param {...[number, number]} points */
  const polygon = (...points) => {
    points.forEach(([dx, dy], i) => (i === 0 ? path.moveTo(x + dx * r, y + dy * r) : path.lineTo(x + dx * r, y + dy * r)));
    path.closePath();
  };
  if (shape === "circle") path.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === "diamond") polygon([0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]);
  else if (shape === "square") polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
  else if (shape === "triangle") polygon([0, -1.2], [1.15, 0.9], [-1.15, 0.9]);
  else if (shape === "left") polygon([-1.3, 0], [0.7, -1], [0.7, 1]);
  else if (shape === "right") polygon([1.3, 0], [-0.7, -1], [-0.7, 1]);
  else {
    const a = 0.4;
    polygon([-a, -1.2], [a, -1.2], [a, -a], [1.2, -a], [1.2, a], [a, a], [a, 1.2], [-a, 1.2], [-a, a], [-1.2, a], [-1.2, -a], [-a, -a]);
  }
}

/** Width of a hollow mark's line, in radii. */
const LINE = 0.45;

/**
 * A mark of radius `r` around (x, y), as large whether filled or hollow.
 * @param {CanvasRenderingContext2D} context
 * @param {{shape: Shape | "left" | "right", hollow: boolean, colour: string}} mark
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function paintMark(context, { shape, hollow, colour }, x, y, r) {
  context.beginPath();
  trace(context, shape, x, y, hollow ? r * (1 - LINE / 2) : r);
  if (hollow) {
    context.lineWidth = r * LINE;
    context.lineJoin = "miter";
    context.strokeStyle = colour;
    context.stroke();
  } else {
    context.fillStyle = colour;
    context.fill();
  }
}

/** @type {Map<string, HTMLCanvasElement>} */
const sprites = new Map();

/**
 * A dot drawn once and stamped: thousands a frame cost a millisecond.
 * @param {{shape: Shape | "left" | "right", hollow: boolean, colour: string}} mark
 * @param {number} radius device pixels
 * @param {string} halo
 * @param {boolean} haloed small dots stand so close that a halo would cut the curve they make
 */
function sprite(mark, radius, halo, haloed) {
  const key = `${mark.shape}|${mark.hollow}|${mark.colour}|${radius}|${halo}|${haloed}`;
  let canvas = sprites.get(key);
  if (!canvas) {
    if (sprites.size > 200) sprites.clear();
    canvas = document.createElement("canvas");
    const size = Math.ceil(radius * 2.6 + 4);
    canvas.width = canvas.height = size;
    const context = context2d(canvas);
    if (haloed) {
      context.beginPath();
      trace(context, mark.shape, size / 2, size / 2, radius);
      context.lineWidth = Math.max(1.5, radius * 0.5);
      context.lineJoin = "round";
      context.strokeStyle = halo;
      context.globalAlpha = 0.9;
      context.stroke();
      if (mark.hollow) {
        // Densities inside would colour it.
        context.fillStyle = halo;
        context.fill();
      }
      context.globalAlpha = 1;
    }
    paintMark(context, mark, size / 2, size / 2, radius);
    sprites.set(key, canvas);
  }
  return canvas;
}

/**
 * @typedef {object} DotRows
 * @property {Int32Array} rows displayed rows
 * @property {number} y top of the first line, device pixels
 * @property {number} lineHeight device pixels
 * @property {(index: number) => {values: Float32Array, shift: number, first: number} | null} resolve values of tile index
 * @property {(value: number, row: number) => number} toPixel of the axis, in device pixels from `x`
 */

/**
 * Draws one instance in all rows of a screen: its value, or where a row stands for several neurons their mean.
 * @param {CanvasRenderingContext2D} context
 * @param {DotRows} what
 * @param {{x: number, width: number, ratio: number, paper: string}} place
 * @param {Marker} marker
 */
export function paintDots(context, { rows, y, lineHeight, resolve, toPixel }, { x, width, ratio, paper }, marker) {
  const { shape, hollow } = marker;
  const colour = css(marker.colour);
  // In half pixels: zooming must not draw a new dot for every frame.
  const radius = Math.round(2 * Math.min(4.25 * ratio, Math.max(1.5 * ratio, lineHeight * 0.36))) / 2;
  const dot = sprite({ shape, hollow, colour }, radius, paper, radius >= 2 * ratio);
  const arrowRadius = Math.max(radius, 2.2 * ratio);
  const half = dot.width / 2;
  let index = -1;
  /** @type {ReturnType<typeof resolve>} */
  let hit = null;
  for (let line = 0; line < rows.length; line++) {
    if (rows[line] >> 8 !== index) {
      index = rows[line] >> 8;
      hit = resolve(index);
    }
    if (!hit) continue;
    const at = ((rows[line] >> hit.shift) - hit.first) * 3;
    const mean = hit.values[at + 1];
    // No finite value: no dot. The hover card says which it was.
    if (!(Math.abs(mean) < Infinity)) continue;
    const middle = y + (line + 0.5) * lineHeight;
    const px = toPixel(mean, rows[line]);
    if (px < 0 || px > width) {
      const arrow = sprite({ shape: px < 0 ? "left" : "right", hollow, colour }, arrowRadius, paper, lineHeight >= 5 * ratio);
      context.drawImage(arrow, Math.round(x + (px < 0 ? 0 : width) - arrow.width / 2), Math.round(middle - arrow.height / 2));
    } else context.drawImage(dot, x + px - half, middle - half);
  }
}
