/**
 * Densities onto a canvas: u8 counts → ink table → `putImageData` → scaled `drawImage`. Tiles are never coloured ahead, so
 * another colour, curve or axis costs nothing but the next frame.
 */

import { context2d } from "../dom.js";
import { inkTable, opacity } from "../model/colormap.js";

/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("../types").Rgb} Rgb */
/** @typedef {{tile: Tile, shift: number}} Hit a tile that covers a row: at the wanted level, or `shift` levels coarser */
/** @typedef {{colour: Rgb, resolve: (index: number) => Hit | null}} Ink one group: `resolve` gives the tile for tile index */
/** @typedef {{theme: "light" | "dark", paper: Rgb, curve: import("../types").Curve, full: number, lanes: boolean}} Look */
/** @typedef {{x: number, y: number, width: number, lineHeight: number}} Place canvas pixels; `y` is the first line's top */
/** @typedef {Pick<import("../model/axes.js").Axis, "first" | "end" | "zeroBin" | "lookup">} Bins those in view, and where they lie */

/** Below this width of a bin, in device pixels, bins are smoothed sideways; above, their edges are drawn hard. */
const SMOOTH_BELOW = 3;
/** Bins that smoothing may reach beyond the last one. */
const EDGE = 2;

/** @type {HTMLCanvasElement[]} */
const scratch = [];

/** @param {number} n @param {number} width @param {number} height */
function sheet(n, width, height) {
  const canvas = (scratch[n] ??= document.createElement("canvas"));
  // In steps, as in `blank`: each size is a new buffer.
  if (canvas.width < width) canvas.width = Math.ceil(width / 256) * 256;
  if (canvas.height < height) canvas.height = Math.ceil(height / 256) * 256;
  return { canvas, context: context2d(canvas) };
}

/** Widths that are drawn in one frame: a few axes and the lanes of zeros. */
const IMAGES_MAX = 8;
/** @type {Map<number, ImageData>} */
const images = new Map();

/** @param {number} width @param {number} height */
function blank(width, height) {
  let image = images.get(width);
  // Grown in steps, never shrunk: while zooming, every frame has another number of lines.
  if (!image || image.height < height) {
    if (images.size >= IMAGES_MAX) images.clear();
    images.set(width, (image = new ImageData(width, Math.ceil(height / 256) * 256)));
  }
  return image;
}

/** @typedef {{table: Uint16Array, onPaper: Uint32Array}} InkTable `onPaper`: a pixel for each coded density, where nothing else was drawn */
/** @type {WeakMap<Tile, Map<string, InkTable>>} */
const inkTables = new WeakMap();
/** @type {InkTable} */
const NO_INK = { table: new Uint16Array(768), onPaper: new Uint32Array(256) };

/** @param {Tile} tile @param {Rgb} colour @param {Look} look */
function inkFor(tile, colour, look) {
  const key = `${colour}|${look.theme}|${look.paper}|${look.curve}|${look.full}`;
  let tables = inkTables.get(tile);
  if (!tables || tables.size > 8) inkTables.set(tile, (tables = new Map()));
  let table = tables.get(key);
  if (!table) {
    const inks = inkTable(colour, look.theme, look.curve, look.full, tile.scale);
    const paper = paperPixel(look);
    tables.set(key, (table = { table: inks, onPaper: Uint32Array.from({ length: 256 }, (_, q) => inked(paper, inks, q * 3)) }));
  }
  return table;
}

/** @param {Look} look @returns {number} a pixel of paper, or of its negative in the dark theme (see `inkTable`) */
function paperPixel(look) {
  const [r, g, b] = look.theme === "dark" ? look.paper.map((c) => 255 - c) : look.paper;
  return (255 << 24) | (b << 16) | (g << 8) | r;
}

/**
 * A pixel with ink on it.
 * @param {number} pixel
 * @param {Uint16Array} table
 * @param {number} k three times the coded density
 */
function inked(pixel, table, k) {
  return (255 << 24) | ((((pixel >> 16) & 255) * table[k + 2]) >> 8 << 16) | ((((pixel >> 8) & 255) * table[k + 1]) >> 8 << 8) | (((pixel & 255) * table[k]) >> 8);
}

/**
 * Fills `picture` with paper, or with its negative in the dark theme (see `inkTable`).
 * @param {ImageData} picture
 * @param {number} lines in use
 * @param {Look} look
 */
function layPaper(picture, lines, look) {
  new Uint32Array(picture.data.buffer, 0, picture.width * lines).fill(paperPixel(look));
}

/** @param {ImageData} picture @param {number} lines */
function negative(picture, lines) {
  const pixels = new Uint32Array(picture.data.buffer, 0, picture.width * lines);
  for (let i = 0; i < pixels.length; i++) pixels[i] ^= 0x00ffffff;
}

/**
 * Multiplies the densities of `rows` onto a picture of bins × lines. Exact zeros are left out of their bin, since they are
 * drawn beside the plot: in a ReLU layer they would be most of what is seen.
 * @param {Int32Array} rows displayed rows at the wanted level
 * @param {Ink[]} inks
 * @param {Bins} bins with a lookup the picture is pixels × lines
 * @param {Look} look
 * @param {number} pixels
 * @returns {ImageData}
 */
function picture(rows, inks, { first: firstBin, end: endBin, zeroBin, lookup }, look, pixels) {
  const width = lookup ? pixels : endBin - firstBin;
  const lanes = look.lanes ? Math.max(1, inks.length) : 1;
  const out = blank(width, rows.length * lanes);
  layPaper(out, rows.length * lanes, look);
  const points = new Uint32Array(out.data.buffer);
  inks.forEach((ink, lane) => {
    const isFirst = lane === 0 || lanes > 1;
    let index = -1;
    /** @type {Hit | null} */
    let hit = null;
    let { table, onPaper } = NO_INK;
    for (let line = 0; line < rows.length; line++) {
      const row = rows[line];
      if (row >> 8 !== index) {
        index = row >> 8;
        hit = ink.resolve(index);
        if (hit) ({ table, onPaper } = inkFor(hit.tile, ink.colour, look));
      }
      if (!hit) continue;
      const { tile, shift } = hit;
      const inTile = (row >> shift) - tile.first;
      if (inTile < 0 || inTile >= tile.rows) continue;
      const densities = tile.densities;
      const at = inTile * tile.bins + firstBin;
      const o = (lanes === 1 ? line : line * lanes + lane) * width;
      if (lookup) {
        warpedLine(points, o, table, densities.subarray(inTile * tile.bins, (inTile + 1) * tile.bins), lookup(row), zeroBin, tile.zeros[inTile]);
        continue;
      }
      const zeroAt = zeroBin < firstBin || zeroBin >= endBin ? -1 : at + zeroBin - firstBin;
      const cells = { points, o, densities, at, end: at + endBin - firstBin, zeroAt, zeros: tile.zeros[inTile] };
      if (isFirst) firstInk(cells, onPaper);
      else nextInk(cells, table);
    }
  });
  if (look.theme === "dark") negative(out, rows.length * lanes);
  return out;
}

/** @typedef {{points: Uint32Array, o: number, densities: Uint8Array, at: number, end: number, zeroAt: number, zeros: number}} Cells of one line: pixels from `o` on, their densities `at` to `end`, and where the zeros are among them */

/**
 * The first ink on a line of paper: a pixel a density, with nothing to mix.
 * @param {Cells} cells
 * @param {Uint32Array} onPaper
 */
function firstInk({ points, o, densities, at, end, zeroAt, zeros }, onPaper) {
  for (let i = at, to = o; i < end; i++, to++) points[to] = onPaper[densities[i]];
  if (zeroAt >= 0) points[o + zeroAt - at] = onPaper[withoutZeros(densities[zeroAt], zeros)];
}

/**
 * A further ink on what is there.
 * @param {Cells} cells
 * @param {Uint16Array} table
 */
function nextInk({ points, o, densities, at, end, zeroAt, zeros }, table) {
  for (let i = at, to = o; i < end; i++, to++) {
    const q = i === zeroAt ? withoutZeros(densities[i], zeros) : densities[i];
    if (q !== 0) points[to] = inked(points[to], table, q * 3);
  }
}

/**
 * One line of which every pixel has its own bin.
 * @param {Uint32Array} pixels
 * @param {number} start
 * @param {Uint16Array} table
 * @param {Uint8Array} densities of the row
 * @param {Int16Array} lookup
 * @param {number} zeroBin
 * @param {number} zeros
 */
export function warpedLine(pixels, start, table, densities, lookup, zeroBin, zeros) {
  for (let x = 0; x < lookup.length; x++) {
    const bin = lookup[x];
    if (bin < 0) continue;
    const q = bin === zeroBin ? withoutZeros(densities[bin], zeros) : densities[bin];
    if (q !== 0) pixels[start + x] = inked(pixels[start + x], table, q * 3);
  }
}

/**
 * The density of a bin without its zeros. Shares are squares of the coded values, so their difference is one of squares;
 * where a bin holds nothing but zeros both codes are equal.
 * @param {number} q
 * @param {number} zeros
 */
export function withoutZeros(q, zeros) {
  return q > zeros ? Math.max(1, Math.round(Math.sqrt(q * q - zeros * zeros))) : 0;
}

/**
 * Draws lines of densities.
 * @param {CanvasRenderingContext2D} context in device pixels
 * @param {{rows: Int32Array, inks: Ink[], axis: Bins}} what
 * @param {Place} place
 * @param {Look} look
 */
export function paintLines(context, { rows, inks, axis }, place, look) {
  const { lookup } = axis;
  const width = Math.round(place.width);
  const bins = lookup ? width : axis.end - axis.first;
  const lanes = look.lanes ? Math.max(1, inks.length) : 1;
  const lines = rows.length * lanes;
  if (lines === 0 || bins <= 0 || place.width < 1) return;
  const raw = sheet(0, bins + EDGE, lines);
  raw.context.putImageData(picture(rows, inks, axis, look, width), 0, 0, 0, 0, bins, lines);
  const height = rows.length * place.lineHeight;
  context.imageSmoothingEnabled = false;
  if (lookup || width / bins >= SMOOTH_BELOW) {
    context.drawImage(raw.canvas, 0, 0, bins, lines, place.x, place.y, width, height);
    return;
  }
  // Sideways first, lines kept apart: smoothing in both directions would mix neurons.
  const wide = sheet(1, width, lines);
  // Smoothing reaches beyond the source's edge, into whatever was drawn there before: repeat the last bin there.
  raw.context.imageSmoothingEnabled = false;
  raw.context.drawImage(raw.canvas, bins - 1, 0, 1, lines, bins, 0, EDGE, lines);
  wide.context.imageSmoothingEnabled = true;
  wide.context.imageSmoothingQuality = "high";
  wide.context.drawImage(raw.canvas, 0, 0, bins, lines, 0, 0, width, lines);
  context.drawImage(wide.canvas, 0, 0, width, lines, place.x, place.y, width, height);
}

/**
 * Draws the share of exact zeros, one narrow lane a group, opacity = share.
 * @param {CanvasRenderingContext2D} context
 * @param {{rows: Int32Array, inks: Ink[]}} what
 * @param {Place} place
 * @param {Look} look
 */
export function paintZeros(context, { rows, inks }, place, look) {
  if (rows.length === 0 || inks.length === 0) return;
  const out = blank(inks.length, rows.length);
  layPaper(out, rows.length, look);
  const dark = look.theme === "dark";
  inks.forEach((ink, lane) => {
    for (let line = 0; line < rows.length; line++) {
      const hit = ink.resolve(rows[line] >> 8);
      const inTile = hit ? (rows[line] >> hit.shift) - hit.tile.first : -1;
      if (!hit || inTile < 0 || inTile >= hit.tile.rows) continue;
      const alpha = opacity("linear", 1, hit.tile.zeroScale * (hit.tile.zeros[inTile] / 255) ** 2);
      const o = (line * inks.length + lane) * 4;
      for (let channel = 0; channel < 3; channel++) {
        out.data[o + channel] *= 1 - alpha * (dark ? ink.colour[channel] / 255 : 1 - ink.colour[channel] / 255);
      }
    }
  });
  if (dark) negative(out, rows.length);
  const raw = sheet(0, inks.length, rows.length);
  raw.context.putImageData(out, 0, 0, 0, 0, inks.length, rows.length);
  context.imageSmoothingEnabled = false;
  context.drawImage(raw.canvas, 0, 0, inks.length, rows.length, place.x, place.y, place.width, rows.length * place.lineHeight);
}
