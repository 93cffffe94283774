/** The picture for a paper: what is on screen in whole rows, with its legend and a caption, as PNG or SVG, light or dark, as large as asked for. */

import { context2d } from "../dom.js";
import { css, ramp } from "../model/colormap.js";
import { count, plural } from "../model/format.js";
import { groupName } from "../model/names.js";
import { phrase } from "../model/order.js";
import { inLanes, paintLabels, paintPlot } from "../view/columnpaint.js";
import { markers, paintMark } from "../view/dots.js";
import { hatchPattern } from "../view/hatch.js";
import { opacityWords, overlap, WHAT_DOTS } from "../view/legend.js";
import { themeNamed } from "../view/theme.js";
import { SvgContext } from "./svgcontext.js";

/** @typedef {import("../view/columnframe.js").Frame} Frame */
/** @typedef {{width: number, paint: (x: number, y: number) => void}} Key of the legend: `y` is the base line of its text */
/** @typedef {{kind: "png" | "svg", scale: number, theme: "light" | "dark"}} Wish `scale`: pixels of a PNG for each on an ordinary screen */

const MARGIN = 20;
const TITLE = 30;
const COLUMN_TITLE = 40;
const CAPTION_LINE = 15;
const GUTTER = 24;
const RAMP = 60;
const LEGEND_LINE = 18;
const LEGEND_GAP = 16;
const LEGEND_TOP = 24;

/**
 * @param {import("../app.js").App} app
 * @param {(theme: import("../view/theme.js").Theme, ratio: number) => Frame[]} printed what is on screen, as it is printed
 * @param {Wish} wish
 * @returns {Promise<Blob>}
 */
export async function figure(app, printed, { kind, scale, theme: name }) {
  const theme = themeNamed(name);
  const frames = printed(theme, kind === "svg" ? 1 : scale);
  const width = 2 * MARGIN + frames.reduce((sum, frame) => sum + frame.width, 0) + GUTTER * Math.max(0, frames.length - 1);
  const tallest = Math.max(0, ...frames.map((frame) => frame.height));
  const ruler = context2d(document.createElement("canvas"));
  const legendFont = `11px ${theme.font}`;
  ruler.font = legendFont;
  /** @param {CanvasRenderingContext2D} context */
  const keys = (context) => inLines(legendKeys(app, context, frames, theme), width - 2 * MARGIN);
  const caption = wrapped(captionOf(app, frames), width - 2 * MARGIN, ruler);
  const foot = LEGEND_TOP + LEGEND_LINE * keys(ruler).length + CAPTION_LINE * caption.length;
  const height = MARGIN + TITLE + COLUMN_TITLE + tallest + foot + MARGIN / 2;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const drawing = kind === "svg" ? new SvgContext(width, height, ruler) : null;
  const context = drawing ? /** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (drawing)) : context2d(canvas);
  const ratio = drawing ? 1 : scale;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = theme.paperCss;
  context.fillRect(0, 0, width, height);
  /** @param {string} text @param {number} x @param {number} y @param {number} size @param {string} colour @param {string} [weight] */
  const write = (text, x, y, size, colour, weight = "normal") => {
    context.font = `${weight} ${size}px ${theme.font}`;
    context.textAlign = "left";
    context.textBaseline = "alphabetic";
    context.fillStyle = colour;
    context.fillText(text, x, y, width - x - MARGIN);
  };
  write(app.metadata.title || app.metadata.name, MARGIN, MARGIN + 14, 16, theme.ink, "600");
  let x = MARGIN;
  for (const frame of frames) {
    const y = MARGIN + TITLE;
    write(frame.layer.name, x, y + 12, 13, theme.ink, "600");
    write(about(frame), x, y + 29, 11, theme.quiet);
    paintColumn(context, frame, x, y + COLUMN_TITLE, ratio);
    x += frame.width + GUTTER;
  }
  context.font = legendFont;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  const legendY = MARGIN + TITLE + COLUMN_TITLE + tallest + LEGEND_TOP;
  keys(context).forEach((line, n) => {
    let at = MARGIN;
    for (const key of line) {
      context.font = legendFont;
      key.paint(at, legendY + n * LEGEND_LINE);
      at += key.width + LEGEND_GAP;
    }
  });
  caption.forEach((line, n) => write(line, MARGIN, height - MARGIN / 2 - CAPTION_LINE * (caption.length - 1 - n) - 4, 11, theme.quiet));
  if (drawing) return new Blob([drawing.text()], { type: "image/svg+xml" });
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/png"));
}

/**
 * A column at a place of the picture. A canvas gets one of its own, since painters work in its pixels; in SVG it is a group that is moved.
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {number} x @param {number} y
 * @param {number} ratio
 */
function paintColumn(context, frame, x, y, ratio) {
  const { width, height } = frame;
  const own = context instanceof SvgContext ? new SvgContext(width, height, context.ruler) : null;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const onto = own ? /** @type {CanvasRenderingContext2D} */ (/** @type {unknown} */ (own)) : context2d(canvas);
  paintPlot(onto, frame);
  paintLabels(onto, frame);
  if (own && context instanceof SvgContext) context.place(own, x, y);
  else context.drawImage(canvas, 0, 0, canvas.width, canvas.height, x, y, width, height);
}

/** @param {Frame} frame what a column shows, under its name */
function about({ layer, column, screen, arrangement, metadata, state, data, total }) {
  const { order, direction } = arrangement;
  const found = data.filter.leavesOut && state.filter ? `${count(total)} shown: ${data.filter.applied?.way === "hide" ? "not " : ""}${state.filter.where}` : "";
  return [plural(layer.neurons, "neuron"), screen.level > 0 ? `1 row = ${count(2 ** screen.level)} of them` : "", found, column.hidden.length > 0 ? `${count(column.hidden.length)} hidden` : "",
    `sorted by ${phrase(order, metadata)}, ${direction === "descending" ? "largest" : "smallest"} first`].filter(Boolean).join(" · ");
}

/**
 * What can stand under the figure: where it is from, and what is seen.
 * @param {import("../app.js").App} app
 * @param {readonly Frame[]} frames
 */
function captionOf({ metadata, state, other }, frames) {
  const classes = state.groups.map((g) => `${groupName(metadata.groups[g])} (${plural(metadata.groups[g].rows, "row")})`).join(", ");
  const parts = [
    `Activations of ${frames.map(({ layer }) => layer.name).join(" and ")}${classes ? `: ${classes}` : ""}. A row is ${frames.some(({ screen }) => screen.level > 0) ? "one or several neurons" : "a neuron"}.`,
    `Data: ${metadata.title || metadata.name}, ${plural(metadata.rows, "row")}, version ${metadata.version}${other ? `; beside it ${other.metadata.title || other.metadata.name}, version ${other.metadata.version}` : ""}. Drawn with Neural Divergence.`,
    // An address on one's own machine tells nobody anything.
    /^(localhost|127\.|\[?::1|0\.0\.0\.0)/.test(location.hostname) ? "" : location.href,
  ];
  return parts.filter(Boolean).join(" ");
}

/** @param {string} text @param {number} room @param {CanvasRenderingContext2D} ruler */
function wrapped(text, room, ruler) {
  /** @type {string[]} */
  const lines = [""];
  for (const word of text.split(" ")) {
    const longer = lines[lines.length - 1] ? `${lines[lines.length - 1]} ${word}` : word;
    if (ruler.measureText(longer).width > room && lines[lines.length - 1]) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
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
 * @param {readonly Frame[]} frames
 * @param {import("../view/theme.js").Theme} theme
 * @returns {Key[]}
 */
function legendKeys(app, context, frames, theme) {
  const { state, metadata } = app;
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
    ramp(groups.map((group) => app.colour(group, theme.name)), theme.paper, theme.name, state.curve, 12).forEach((colour, i) => fill.addColorStop(i / 12, colour));
    for (const style of [fill, state.hatched && hatchPattern(context, place, theme.paperCss, 1)]) {
      if (!style) continue;
      context.fillStyle = style;
      context.fillRect(x, y - 9, RAMP, 10);
    }
  });
  const both = overlap({ groups: state.groups, lanes: frames.every(({ screen }) => inLanes(state, screen.height)) });
  const zeros = state.layers.some((id) => app.summaries.get(id)?.zeros.some((share) => share > 0));
  return [
    ...state.groups.map((group, n) => bar([group], n, groupName(metadata.groups[group]))),
    ...(both ? [bar(both.groups, 0, both.name)] : []),
    key(opacityWords(frames, app), theme.quiet),
    ...(zeros ? [key("=0: exact zeros", theme.quiet)] : []),
    ...[...markers(state.instances, metadata, theme.name)].map(([instance, { colour, shape, hollow }]) => key(metadata.instances[instance].name, theme.ink, 14,
      (x, y) => paintMark(context, { shape, hollow, colour: css(colour) }, x + 5, y - 4, 4))),
    ...(state.instances.length > 0 ? [key(WHAT_DOTS, theme.quiet)] : []),
  ];
}
