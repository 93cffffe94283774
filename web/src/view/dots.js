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

/** @typedef {"mark" | "halo" | "both"} Part of a dot */

/**
 * A dot drawn once and stamped: with its halo it takes several paths. A small mark alone is drawn faster than it is stamped.
 * @param {{shape: Shape | "left" | "right", hollow: boolean, colour: string}} mark
 * @param {number} radius device pixels
 * @param {string} halo
 * @param {Part} part
 */
function sprite(mark, radius, halo, part) {
  const key = `${mark.shape}|${mark.hollow}|${mark.colour}|${radius}|${halo}|${part}`;
  let canvas = sprites.get(key);
  if (!canvas) {
    if (sprites.size > 200) sprites.clear();
    canvas = document.createElement("canvas");
    const size = Math.ceil(radius * 2.6 + 4);
    canvas.width = canvas.height = size;
    const context = context2d(canvas);
    if (part !== "mark") {
      context.beginPath();
      trace(context, mark.shape, size / 2, size / 2, radius);
      context.lineWidth = Math.max(2, radius * 0.6);
      context.lineJoin = "round";
      context.strokeStyle = context.fillStyle = halo;
      context.stroke();
      // Densities inside would colour a hollow mark.
      context.fill();
    }
    if (part !== "halo") paintMark(context, mark, size / 2, size / 2, radius);
    sprites.set(key, canvas);
  }
  return canvas;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Parameters<typeof paintMark>[1]} mark
 * @param {number} x @param {number} px @param {number} y @param {number} width @param {number} radius
 * @param {string} halo
 * @param {Part} part
 */
function paintVector(context, mark, x, px, y, width, radius, halo, part) {
  if (!Number.isFinite(px)) return;
  const shape = px < 0 ? "left" : px > width ? "right" : mark.shape;
  const at = x + Math.min(width, Math.max(0, px));
  if (part !== "mark") {
    context.beginPath();
    trace(context, shape, at, y, radius);
    context.lineWidth = Math.max(2, radius * 0.6);
    context.strokeStyle = context.fillStyle = halo;
    context.stroke();
    context.fill();
  }
  if (part !== "halo") paintMark(context, { ...mark, shape }, at, y, radius);
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
 * Places along the axis of the instance that is being drawn, a line each; NaN where it has none.
 * @type {Float32Array}
 */
let places = new Float32Array(1024);

/**
 * @param {DotRows} what
 * @returns {Float32Array} `places`, filled: device pixels from the axis' start
 */
function placed({ rows, resolve, toPixel }) {
  if (places.length < rows.length) places = new Float32Array(2 * rows.length);
  let index = -1;
  /** @type {ReturnType<typeof resolve>} */
  let hit = null;
  for (let line = 0; line < rows.length; line++) {
    if (rows[line] >> 8 !== index) {
      index = rows[line] >> 8;
      hit = resolve(index);
    }
    const mean = hit ? hit.values[((rows[line] >> hit.shift) - hit.first) * 3 + 1] : Number.NaN;
    // No finite value: no dot. The hover card says which it was.
    places[line] = Math.abs(mean) < Infinity ? toPixel(mean, rows[line]) : Number.NaN;
  }
  return places;
}

/**
 * Draws one instance in all rows of a screen: its value, or where a row stands for several neurons their mean.
 * @param {CanvasRenderingContext2D} context
 * @param {DotRows} what
 * @param {{x: number, width: number, ratio: number, theme: Pick<import("./theme.js").Theme, "name" | "halo">}} place
 * @param {Marker} marker
 */
export function paintDots(context, what, { x, width, ratio, theme }, marker) {
  const { rows, y, lineHeight } = what;
  const mark = { shape: marker.shape, hollow: marker.hollow, colour: css(marker.colour) };
  // In half pixels: zooming must not draw a new dot for every frame.
  const radius = Math.round(2 * Math.min(4.25 * ratio, Math.max(1.5 * ratio, lineHeight * 0.36))) / 2;
  const small = radius < 2 * ratio;
  // Small dots stand so close that a halo would cut the curve they make: on paper they need none, among lights all halos lie below all dots.
  /** @type {Part[]} */
  const parts = !small ? ["both"] : theme.name === "dark" ? ["halo", "mark"] : ["mark"];
  const xs = placed(what);
  const arrowRadius = Math.max(radius, 2.2 * ratio);
  for (const part of parts) {
    const dot = sprite(mark, radius, theme.halo, part);
    const half = dot.width / 2;
    for (let line = 0; line < rows.length; line++) {
      const px = xs[line];
      const middle = y + (line + 0.5) * lineHeight;
      // A drawing for print has marks of its own, not stamped ones.
      if ("vector" in context) paintVector(context, mark, x, px, middle, width, radius, theme.halo, part);
      else if (px >= 0 && px <= width && small && part === "mark") paintMark(context, mark, x + px, middle, radius);
      else if (px >= 0 && px <= width) context.drawImage(dot, x + px - half, middle - half);
      else if (px < 0 || px > width) {
        const arrow = sprite({ ...mark, shape: px < 0 ? "left" : "right" }, arrowRadius, theme.halo, lineHeight >= 5 * ratio ? part : "mark");
        context.drawImage(arrow, Math.round(x + (px < 0 ? 0 : width) - arrow.width / 2), Math.round(middle - arrow.height / 2));
      }
    }
  }
}
