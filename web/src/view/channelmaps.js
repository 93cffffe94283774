/** Draws the maps of a channel: a cell a position, the more opaque the larger. Colours say who is larger; the middle is paper. */

import { context2d } from "../dom.js";
import { instanceColour, rgb } from "../model/colormap.js";
import { mapOf } from "../model/channels.js";

/** @typedef {import("../types").Rgb} Rgb */
/** @typedef {import("../data/channels.js").ChannelMap} ChannelMap */
/** @typedef {import("../model/channels.js").Grid} Grid */
/** @typedef {{paper: Rgb, above: Rgb, below: Rgb, odd: Rgb}} Inks */

/**
 * The colours of a map's values above and below the middle.
 * @param {import("../app.js").App} app
 * @param {ChannelMap} map
 * @param {readonly number[]} groups the two classes
 * @returns {Inks}
 */
export function inksOf(app, { figure, group }, groups) {
  const { theme } = app;
  const grey = app.colour(0);
  const inks = { paper: theme.paper, odd: rgb(theme.odd), above: grey, below: grey };
  if (group !== null) return { ...inks, above: app.colour(group) };
  if (figure === "auroc") return { ...inks, above: app.colour(groups[1]), below: app.colour(groups[0]) };
  if (figure === "change") return { ...inks, above: instanceColour("attacked", 0, theme.name), below: instanceColour("benign", 0, theme.name) };
  return inks;
}

/**
 * How opaque a value is drawn, and on which side of the middle it lies.
 * @param {ChannelMap["figure"]} figure
 * @param {number} value
 * @param {number} scale
 */
export function opacity(figure, value, scale) {
  const off = figure === "auroc" ? value - 0.5 : value;
  const share = Math.min(1, Math.abs(off) / scale);
  // Medians by the square root, as the densities of the picture: where is the question, not how much.
  return { above: off > 0, alpha: figure === "first" || figure === "second" ? Math.sqrt(share) : share };
}

/**
 * What is fully opaque in a channel: of medians the largest of both classes there.
 * @param {Grid} grid
 * @param {readonly ChannelMap[]} maps
 * @param {number} channel
 */
export function medianScale(grid, maps, channel) {
  let most = 0;
  for (const map of maps) {
    if (map.group === null) continue;
    for (const value of mapOf(grid, map.values, channel)) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  }
  return most || 1;
}

/** One canvas for all: it is read at once. */
const sheet = document.createElement("canvas");

/**
 * One map into a box.
 * @param {CanvasRenderingContext2D} context
 * @param {Grid} grid
 * @param {ChannelMap} map
 * @param {number} channel
 * @param {{inks: Inks, scale: number}} look
 * @param {{x: number, y: number, width: number, height: number}} box device pixels
 */
export function paintMap(context, grid, map, channel, { inks, scale }, box) {
  sheet.width = grid.columns;
  sheet.height = grid.rows;
  const onto = context2d(sheet);
  const picture = onto.createImageData(grid.columns, grid.rows);
  mapOf(grid, map.values, channel).forEach((value, i) => {
    const isOdd = !Number.isFinite(value);
    const { above, alpha } = isOdd ? { above: true, alpha: 0.5 } : opacity(map.figure, value, map.scale || scale);
    const ink = isOdd ? inks.odd : above ? inks.above : inks.below;
    for (let c = 0; c < 3; c++) picture.data[4 * i + c] = Math.round(inks.paper[c] + (ink[c] - inks.paper[c]) * alpha);
    picture.data[4 * i + 3] = 255;
  });
  onto.putImageData(picture, 0, 0);
  // Cells larger than a pixel stay sharp; of smaller ones the mean is seen.
  context.imageSmoothingEnabled = grid.columns > box.width || grid.rows > box.height;
  context.drawImage(sheet, box.x, box.y, box.width, box.height);
}

/**
 * Width and height of a map that has room in a square, in whole cells where cells are larger than a pixel.
 * @param {Grid} grid
 * @param {number} room
 */
export function sizeIn({ rows, columns }, room) {
  const cell = room / Math.max(rows, columns);
  const whole = cell >= 1 ? Math.floor(cell) : cell;
  // A single row of positions is a strip that can be seen.
  return { width: Math.max(1, whole * columns), height: rows === 1 ? Math.min(room, Math.max(whole, room / 3)) : Math.max(1, whole * rows) };
}
