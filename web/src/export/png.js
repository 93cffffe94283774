/** The picture with its legend and its source, as a PNG of what is on screen. */

import { context2d } from "../dom.js";
import { css, ramp } from "../model/colormap.js";
import { count } from "../model/format.js";
import { phrase } from "../model/order.js";
import { markers, paintMark } from "../view/dots.js";
import { hatchPattern } from "../view/hatch.js";
import { groupName, opacityWords, overlap, WHAT_DOTS } from "../view/legend.js";

/** @typedef {{canvas: HTMLCanvasElement, frame: import("../view/columnframe.js").Frame}} Plot a frame, and the canvas that it is drawn on */
/** @typedef {{width: number, paint: (x: number, y: number) => void}} Key of the legend: `y` is the base line of its text */

const MARGIN = 20;
const TITLE = 46;
const COLUMN_TITLE = 40;
const FOOT = 64;
const GUTTER = 24;
const RAMP = 60;
const LEGEND_LINE = 18;
const LEGEND_GAP = 16;

/**
 * @param {import("../app.js").App} app
 * @param {Plot[]} columns
 * @param {string} link
 * @returns {Promise<Blob>}
 */
export async function png(app, columns, link) {
  const ratio = devicePixelRatio;
  const { theme, metadata } = app;
  const width = 2 * MARGIN + columns.reduce((sum, { frame }) => sum + frame.width, 0) + GUTTER * Math.max(0, columns.length - 1);
  const tallest = Math.max(0, ...columns.map(({ frame }) => frame.height));
  const canvas = document.createElement("canvas");
  const context = context2d(canvas);
  const legendFont = `11px ${theme.font}`;
  context.font = legendFont;
  const legend = inLines(legendKeys(app, context, columns.map(({ frame }) => frame)), width - 2 * MARGIN);
  const foot = FOOT + LEGEND_LINE * (legend.length - 1);
  const height = MARGIN + TITLE + COLUMN_TITLE + tallest + foot;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = theme.paperCss;
  context.fillRect(0, 0, width, height);
  /** @param {string} text @param {number} x @param {number} y @param {number} size @param {string} colour @param {string} [weight] */
  const write = (text, x, y, size, colour, weight = "normal") => {
    context.font = `${weight} ${size}px ${theme.font}`;
    context.fillStyle = colour;
    context.fillText(text, x, y, width - x - MARGIN);
  };
  write(metadata.title || metadata.name, MARGIN, MARGIN + 14, 16, theme.ink, "600");
  write(`${metadata.name} · version ${metadata.version} · ${count(metadata.rows)} rows`, MARGIN, MARGIN + 32, 11, theme.quiet);
  let x = MARGIN;
  for (const column of columns) {
    const y = MARGIN + TITLE;
    const { arrangement: { order, direction }, column: { hidden: gone }, screen: { level }, layer } = column.frame;
    const hidden = gone.length > 0 ? ` · ${count(gone.length)} hidden` : "";
    const grain = level > 0 ? ` · 1 row = ${count(2 ** level)} neurons` : "";
    write(`${layer.name} · ${count(layer.neurons)} neurons${hidden}${grain}`, x, y + 12, 13, theme.ink, "600");
    write(`sorted by ${phrase(order, metadata)}, ${direction}`, x, y + 29, 11, theme.quiet);
    context.drawImage(column.canvas, x, y + COLUMN_TITLE, column.frame.width, column.frame.height);
    x += column.frame.width + GUTTER;
  }
  context.font = legendFont;
  legend.forEach((keys, n) => {
    let at = MARGIN;
    for (const key of keys) {
      key.paint(at, height - foot + 24 + n * LEGEND_LINE);
      at += key.width + LEGEND_GAP;
    }
  });
  write(link, MARGIN, height - 12, 9, theme.faint);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

/**
 * @param {Key[]} keys
 * @param {number} room
 */
function inLines(keys, room) {
  /** @type {Key[][]} */
  const lines = [[]];
  let used = 0;
  for (const key of keys) {
    if (used > 0 && used + key.width > room) {
      lines.push([]);
      used = 0;
    }
    lines[lines.length - 1].push(key);
    used += key.width + LEGEND_GAP;
  }
  return lines;
}

/**
 * @param {import("../app.js").App} app
 * @param {CanvasRenderingContext2D} context with the font that they are painted in
 * @param {import("../view/columnframe.js").Frame[]} frames
 * @returns {Key[]}
 */
function legendKeys(app, context, frames) {
  const { theme, state, metadata } = app;
  /** @param {string} text @param {string} colour @param {number} before @param {(x: number, y: number) => void} [mark] */
  const key = (text, colour, before = 0, mark) => ({
    width: before + context.measureText(text).width,
    paint: (/** @type {number} */ x, /** @type {number} */ y) => {
      mark?.(x, y);
      context.fillStyle = colour;
      context.fillText(text, x + before, y);
    },
  });
  /** @param {number[]} groups @param {number} place of the class, for its stripes @param {string} name */
  const bar = (groups, place, name) => key(name, theme.ink, RAMP + 6, (x, y) => {
    const fill = context.createLinearGradient(x, 0, x + RAMP, 0);
    ramp(groups.map((group) => app.colour(group)), theme.paper, theme.name, state.curve, 12).forEach((colour, i) => fill.addColorStop(i / 12, colour));
    for (const style of [fill, state.hatched && hatchPattern(context, place, theme.paperCss, 1)]) {
      if (!style) continue;
      context.fillStyle = style;
      context.fillRect(x, y - 9, RAMP, 10);
    }
  });
  const both = overlap(state);
  const zeros = state.layers.some((id) => app.summaries.get(id)?.zeros.some((share) => share > 0));
  return [
    ...state.groups.map((group, n) => bar([group], n, groupName(metadata.groups[group]))),
    ...(both ? [bar(both.groups, 0, both.name)] : []),
    key(opacityWords(frames, state.curve), theme.quiet),
    ...(zeros ? [key("=0: exact zeros", theme.quiet)] : []),
    ...[...markers(state.instances, metadata, theme.name)].map(([instance, { colour, shape, hollow }]) => key(metadata.instances[instance].name, theme.ink, 14,
      (x, y) => paintMark(context, { shape, hollow, colour: css(colour) }, x + 5, y - 4, 4))),
    ...(state.instances.length > 0 ? [key(WHAT_DOTS, theme.quiet)] : []),
  ];
}
