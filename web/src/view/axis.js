/** The horizontal axis and the numbers beside the rows. */

import { axisMode } from "../model/axes.js";
import { aligned, count, decimals, figure } from "../model/format.js";
import { LABEL_ROW, ROWS_TITLE_X, TICK_Y, TITLE_Y } from "../model/layout.js";
import { phrase } from "../model/order.js";
import { label, step, symlogTicks, ticks } from "../model/ticks.js";
import { lineOf } from "../model/viewport.js";

/** @typedef {import("../model/layout.js").Layout} Layout */
/** @typedef {import("./theme.js").Theme} Theme */
/** @typedef {import("../types").Scale} Scale */

/** Pixels between the words at the right end of the plot and the caption beside it. */
const CAPTION_GAP = 8;
/** Pixels between the labels of ticks; further apart where there is room. */
const TICK_APART = 62;
const TICKS_MOST = 9;

/**
 * Values with a tick, and the label of each.
 * @param {Scale} scale
 * @returns {{value: number, text: string}[]}
 */
export function axisTicks(scale) {
  const logarithmic = scale.symlog ? symlogTicks(scale, 34) : [];
  // A narrow part of a logarithmic axis may hold no round power: there it is as good as linear.
  if (logarithmic.length > 2) return logarithmic.map((value) => ({ value, text: figure(value) }));
  const target = Math.min(TICKS_MOST, Math.max(2, Math.floor(scale.width / TICK_APART)));
  const by = step(scale.hi - scale.lo, target);
  return ticks(scale.lo, scale.hi, target).map((value) => ({ value, text: label(value, by) }));
}

/** Pixels of a character of a title, and of the button beside it where only a part of the axis is in view. */
const TITLE_CHARACTER = 6;
const TITLE_BUTTON = 104;

/**
 * What the axis measures, and whose it is.
 * @param {{axis: import("../types").AxisName, symlog: boolean}} state
 * @param {number} width
 * @param {boolean} cut whether only a part of it is in view
 */
export function axisTitle({ axis, symlog }, width, cut) {
  const long = `activation · ${axisMode(axis).title}${symlog ? " · symlog" : ""}`;
  return long.length * TITLE_CHARACTER < width - (cut ? TITLE_BUTTON : 0) ? long : "activation";
}

/**
 * What the rows are and how they stand: the title of the vertical axis, as long as there is room for.
 * @param {import("../types").Order} order
 * @param {import("../types").Direction} direction
 * @param {import("../types").Metadata} metadata
 * @param {number} height of the plot
 */
export function rowsTitle(order, direction, metadata, height) {
  const down = direction === "descending";
  const first = `${down ? "largest" : "smallest"} first`;
  const words = phrase(order, metadata);
  const long = order.kind === "index" ? ["neurons, in original order" + (down ? ", last first" : ""), "neurons, by index"]
    : [`neurons, ranked by ${words}, ${first}`, `neurons, by ${words}`, `neurons, ${first}`];
  return long.find((text) => text.length * TITLE_CHARACTER < height) ?? "neurons";
}

/**
 * The title of the rows, upwards at the left edge.
 * @param {CanvasRenderingContext2D} context CSS pixels
 * @param {Layout} layout
 * @param {string} title
 * @param {Theme} theme
 */
export function paintRowsTitle(context, layout, title, theme) {
  context.save();
  context.translate(ROWS_TITLE_X, layout.plotTop + layout.plotHeight / 2);
  context.rotate(-Math.PI / 2);
  context.font = `11px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = theme.quiet;
  context.fillText(title, 0, 0);
  context.restore();
}

/**
 * Title and tick labels above the plot.
 * @param {CanvasRenderingContext2D} context CSS pixels
 * @param {Layout} layout
 * @param {import("../model/axes.js").Axis} axis
 * @param {Theme} theme
 * @param {string} title
 * @param {string} beyondText how many rows reach further; empty: none
 */
export function paintAxis(context, layout, { scale, ends, above, below }, theme, title, beyondText) {
  const y = TICK_Y;
  const zeros = layout.zeroWidth > 0;
  context.font = `11px ${theme.font}`;
  context.textBaseline = "alphabetic";
  context.fillStyle = theme.quiet;
  context.strokeStyle = theme.rule;
  context.lineWidth = 1;
  const { plotX, plotWidth } = layout;
  context.textAlign = "left";
  // Without figures beside the rows the overview's caption begins where the plot ends.
  const right = plotX + plotWidth - (layout.keyX > 0 ? 0 : CAPTION_GAP);
  const room = beyondText === "" ? plotWidth : right - plotX - context.measureText(beyondText).width - 12;
  const isLong = beyondText !== "" && context.measureText(title).width > room;
  context.fillText(isLong ? "activation" : title, plotX, TITLE_Y);
  if (beyondText && (!isLong || room > context.measureText("activation").width)) {
    context.textAlign = "right";
    context.fillStyle = theme.ink;
    context.fillText(beyondText, right, TITLE_Y);
    context.fillStyle = theme.quiet;
  }
  if (scale) {
    const list = axisTicks(scale);
    list.forEach(({ value, text }, i) => {
      const x = plotX + scale.toPixel(value);
      const atStart = i === 0 && x - plotX < 4;
      const wide = context.measureText(text).width;
      const atEnd = x + wide / 2 > plotX + plotWidth + 10;
      // Further to the left stand the headings of the rows' numbers.
      const atLeft = !(atStart && zeros) && x - wide / 2 < plotX - 6;
      context.textAlign = (atStart && zeros) || atLeft ? "left" : atEnd ? "right" : "center";
      context.fillText(text, atEnd ? plotX + plotWidth + 10 : atLeft ? plotX - 6 : x, y);
      context.fillStyle = theme.rule;
      context.fillRect(Math.round(x), y + 5, 1, 4);
      context.fillStyle = theme.quiet;
    });
    context.fillStyle = theme.faint;
    if (above > 0) beyond(context, "right", plotX + plotWidth, y);
    if (below > 0) beyond(context, "left", plotX, y);
  } else if (ends) {
    context.textAlign = "left";
    context.fillText(ends[0], plotX, y);
    context.textAlign = "right";
    context.fillText(ends[1], plotX + plotWidth, y);
  }
  context.fillStyle = theme.rule;
  context.fillRect(plotX, layout.plotTop - (layout.pinnedRows > 0 ? 4 : 1), plotWidth, 1);
  if (layout.pinnedRows > 0) context.fillRect(plotX, layout.pinnedTop - 2, plotWidth, 1);
}

/**
 * A small chevron: values lie beyond this end.
 * @param {CanvasRenderingContext2D} context
 * @param {"left" | "right"} side
 * @param {number} x
 * @param {number} y
 */
function beyond(context, side, x, y) {
  const d = side === "right" ? 1 : -1;
  context.beginPath();
  context.moveTo(x + d * 4, y + 2.5);
  context.lineTo(x + d * 9, y + 6);
  context.lineTo(x + d * 4, y + 9.5);
  context.closePath();
  context.fill();
}

/**
 * Thin vertical rules under the dots at every tick.
 * @param {CanvasRenderingContext2D} context
 * @param {Layout} layout
 * @param {Scale} scale
 * @param {Theme} theme
 * @param {number} top
 * @param {number} height
 */
export function paintGrid(context, layout, scale, theme, top, height) {
  context.save();
  for (const { value } of axisTicks(scale)) {
    context.globalAlpha = value === 0 ? 0.55 : 0.2;
    context.fillStyle = theme.quiet;
    context.fillRect(Math.round(layout.plotX + scale.toPixel(value)), top, 1, height);
  }
  context.restore();
}

/**
 * @typedef {object} LabelRows
 * @property {Int32Array} rows ranks at level 0, displayed rows above
 * @property {number} y CSS pixels, top of the first line
 * @property {number} lineHeight
 * @property {number} level
 * @property {(row: number) => {neuron: number, key: number} | null} facts
 * @property {(neuron: number) => string} place what a neuron's number means
 * @property {boolean} keyed whether a figure of the sort key says anything (not for the index)
 * @property {number | null} last rank of the layer's last row, where that is in view
 */

/**
 * Beside tall rows their rank and neuron and, at the far end, the figure they are sorted by; beside thin ones round ranks only.
 * @param {CanvasRenderingContext2D} context
 * @param {Layout} layout
 * @param {LabelRows} what
 * @param {Theme} theme
 * @param {ReadonlySet<number>} marked neurons with a pin
 */
export function paintRowLabels(context, layout, what, theme, marked) {
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.font = `11px ${theme.font}`;
  if (areNamed(what)) paintNames(context, layout, what, theme, marked);
  else paintRanks(context, layout, what, theme);
}

/**
 * Above the numbers beside the rows, what they are.
 * @param {CanvasRenderingContext2D} context
 * @param {Layout} layout
 * @param {Pick<LabelRows, "level" | "lineHeight">} what
 * @param {Theme} theme
 * @param {string} place heading of what the numbers mean
 */
export function paintHeadings(context, layout, what, theme, place) {
  context.font = `10px ${theme.font}`;
  context.textBaseline = "alphabetic";
  context.textAlign = "right";
  context.fillStyle = theme.faint;
  const named = areNamed(what);
  // "rank" beside "= 0" would read as one: the lane's heading is narrow and stands over its lane alone.
  const x = layout.neuronX - (layout.zeroWidth > 0 ? 6 : 0);
  if (layout.rankX > 0 && named) context.fillText("rank", layout.rankX - (layout.zeroWidth > 0 ? 6 : 0), TICK_Y);
  context.fillText(named ? "neuron" : "rank", layout.placeX > 0 ? layout.neuronX : x, TICK_Y);
  if (named && layout.placeX > 0) context.fillText(place, layout.placeX - (layout.zeroWidth > 0 ? 6 : 0), TICK_Y);
}

/** @param {Pick<LabelRows, "level" | "lineHeight">} what */
export function areNamed({ level, lineHeight }) {
  return level === 0 && lineHeight >= LABEL_ROW;
}

/** @param {CanvasRenderingContext2D} context @param {Layout} layout @param {LabelRows} what @param {Theme} theme @param {ReadonlySet<number>} marked */
function paintNames(context, layout, { rows, y, lineHeight, facts, place, keyed }, theme, marked) {
  // Sorted: the largest in view stands at one end.
  const places = decimals([facts(rows[0])?.key, facts(rows[rows.length - 1])?.key]);
  for (let line = 0; line < rows.length; line++) {
    const middle = y + (line + 0.5) * lineHeight + 0.5;
    context.fillStyle = theme.faint;
    if (layout.rankX > 0) context.fillText(count(rows[line] + 1), layout.rankX, middle);
    const fact = facts(rows[line]);
    if (!fact) continue;
    context.fillStyle = marked.has(fact.neuron) ? theme.accent : theme.ink;
    context.fillText(String(fact.neuron), layout.neuronX, middle);
    if (layout.placeX > 0) {
      context.fillStyle = theme.quiet;
      context.fillText(place(fact.neuron), layout.placeX, middle);
    }
    if (!keyed || layout.keyX === 0) continue;
    const text = aligned(fact.key, places);
    const x = layout.keyX;
    context.strokeStyle = theme.paperCss;
    context.lineWidth = 3.5;
    context.lineJoin = "round";
    context.strokeText(text, x, middle);
    context.fillStyle = theme.quiet;
    context.fillText(text, x, middle);
  }
}

/** Pixels between the middles of two ranks. */
const RANKS_APART = 13;

/** @param {CanvasRenderingContext2D} context @param {Layout} layout @param {LabelRows} what @param {Theme} theme */
function paintRanks(context, layout, { rows, y, lineHeight, level, last }, theme) {
  if (rows.length === 0) return;
  const per = 2 ** level;
  const first = rows[0] * per;
  const end = (rows[rows.length - 1] + 1) * per;
  const by = Math.max(1, step(end - first, (rows.length * lineHeight) / 44));
  const x = layout.neuronX - 2;
  const bottom = Math.min(layout.plotTop + layout.plotHeight, y + rows.length * lineHeight);
  /** @param {number} rank */
  const middle = (rank) => y + (level > 0 ? (rank + 0.5 - first) / per : lineOf(rows, rank) + 0.5) * lineHeight;
  /** @param {number} rank @param {number} at */
  const mark = (rank, at) => {
    context.fillStyle = theme.quiet;
    context.fillText(count(rank + 1), x, Math.min(bottom - 5, Math.max(at, y + 5)));
    context.fillStyle = theme.rule;
    context.fillRect(x + 4, Math.min(bottom - 1, Math.round(at)), 4, 1);
  };
  // Ranks are told from 1; round ones, the first, and the last.
  if (last !== null) mark(last, bottom);
  const lowest = last === null ? Infinity : bottom - 5 - RANKS_APART;
  let before = -Infinity;
  for (let n = Math.floor(first / by) * by; n <= end; n += by) {
    const rank = n === 0 ? 0 : n - 1;
    const at = middle(rank);
    // Ranks that are not shown have no line between others.
    if (rank < first || rank >= end || at > lowest || at - before < RANKS_APART) continue;
    mark(rank, at);
    before = at;
  }
}
