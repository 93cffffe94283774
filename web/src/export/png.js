/** The picture with its legend and its source, as a PNG of what is on screen. */

import { context2d } from "../dom.js";
import { css, inkOn, opacity } from "../model/colormap.js";
import { count, percent } from "../model/format.js";
import { phrase } from "../model/order.js";
import { markers, paintMark } from "../view/dots.js";
import { hatchPattern } from "../view/hatch.js";

/** @typedef {import("../view/column.js").Column} Column */

const MARGIN = 20;
const TITLE = 46;
const COLUMN_TITLE = 40;
const FOOT = 64;
const GUTTER = 24;
const RAMP = 60;

/**
 * @param {import("../app.js").App} app
 * @param {Column[]} columns
 * @param {string} link
 * @returns {Promise<Blob>}
 */
export async function png(app, columns, link) {
  const ratio = devicePixelRatio;
  const { theme, metadata } = app;
  const width = 2 * MARGIN + columns.reduce((sum, column) => sum + column.width, 0) + GUTTER * Math.max(0, columns.length - 1);
  const tallest = Math.max(0, ...columns.map((column) => column.height));
  const height = MARGIN + TITLE + COLUMN_TITLE + tallest + FOOT;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = context2d(canvas);
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
    const { order, direction } = column.data.shown ?? column.data.wanted();
    const hidden = column.state.hidden.length > 0 ? ` · ${count(column.state.hidden.length)} hidden` : "";
    const grain = column.level > 0 ? ` · 1 row = ${count(2 ** column.level)} neurons` : "";
    write(`${column.layer.name} · ${count(column.layer.neurons)} neurons${hidden}${grain}`, x, y + 12, 13, theme.ink, "600");
    write(`sorted by ${phrase(order, metadata)}, ${direction}`, x, y + 29, 11, theme.quiet);
    context.drawImage(column.canvas, x, y + COLUMN_TITLE, column.width, column.height);
    x += column.width + GUTTER;
  }
  legend(app, context, MARGIN, height - FOOT + 24);
  write(link, MARGIN, height - 12, 9, theme.faint);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

/** @param {import("../app.js").App} app @param {CanvasRenderingContext2D} context @param {number} x @param {number} y */
function legend(app, context, x, y) {
  const { theme, state, metadata } = app;
  context.font = `11px ${theme.font}`;
  /** @param {string} text @param {string} colour */
  const label = (text, colour) => {
    context.fillStyle = colour;
    context.fillText(text, x, y);
    x += context.measureText(text).width + 16;
  };
  for (const [n, group] of state.groups.entries()) {
    const ramp = context.createLinearGradient(x, 0, x + RAMP, 0);
    for (let i = 0; i <= 12; i++) ramp.addColorStop(i / 12, css(inkOn(app.colour(group), theme.paper, theme.name, opacity(state.curve, 1, i / 12))));
    context.fillStyle = ramp;
    context.fillRect(x, y - 9, RAMP, 10);
    const stripes = state.hatched && hatchPattern(context, n, theme.paperCss, 1);
    if (stripes) {
      context.fillStyle = stripes;
      context.fillRect(x, y - 9, RAMP, 10);
    }
    x += RAMP + 6;
    label(metadata.groups[group].kind === "all" ? "all rows" : metadata.groups[group].name, theme.ink);
  }
  label(`opacity: 0 – ${percent(app.full)} of a class in a bin (${state.curve === "root" ? "square root" : state.curve})`, theme.quiet);
  if (state.layers.some((id) => app.summaries.get(id)?.zeros.some((share) => share > 0))) label("=0: share of exact zeros", theme.quiet);
  for (const [instance, { colour, shape, hollow }] of markers(state.instances, metadata, theme.name)) {
    paintMark(context, { shape, hollow, colour: css(colour) }, x + 5, y - 4, 4);
    x += 14;
    label(metadata.instances[instance].name, theme.ink);
  }
}
