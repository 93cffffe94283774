/** Draws a frame of a column: densities, zeros, grid and dots; the pinned neurons above them; axis, ranks and figures around them. */

import { CLASS_CHARACTERS_MAX, placeColumn, shortPlaceOf } from "../model/coordinates.js";
import { count, plural } from "../model/format.js";
import { APART_ROW, LANE_LEAST, LANES_FROM_CLASSES, PINNED_ROW, TICK_Y } from "../model/layout.js";
import { areNamed, axisTitle, paintAxis, paintGrid, paintHeadings, paintRowLabels, paintRowsTitle, rowsTitle } from "./axis.js";
import { lastInView } from "./columnframe.js";
import { paintDots } from "./dots.js";
import { HATCH_FROM_ROW, paintHatched } from "./hatch.js";
import { paintLines, paintZeros } from "./painter.js";
import { paintEnds, paintPlaceholders, paintReach } from "./rowmarks.js";
import { paintTies, tiedRuns } from "./ties.js";

/** @typedef {import("./columnframe.js").Frame} Frame */
/** @typedef {import("./columndata.js").Arrangement} Arrangement */
/** @typedef {import("../model/axes.js").Axis} Axis */
/** @typedef {{rows: Int32Array, level: number, y: number, lineHeight: number}} Lines consecutive lines of rows; CSS pixels */

/**
 * All but the marks and what stands beside the rows. Leaves the context in CSS pixels.
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 */
export function paintPlot(context, frame) {
  const { layout, axis, screen, theme, state, column, ratio } = frame;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = theme.paperCss;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  if (axis) {
    const beyond = paintBlock(context, frame, { arrangement: frame.arrangement, axis },
      { rows: screen.rows, level: screen.level, y: layout.plotTop + screen.y, lineHeight: screen.height }, { top: layout.plotTop, height: layout.plotHeight });
    if (layout.pinnedRows > 0) paintPinned(context, frame);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paintAxis(context, layout, axis, theme, axisTitle({ axis: frame.arrangement.mode, symlog: axis.scale ? axis.scale.symlog : state.symlog === true }, layout.plotWidth, column.across !== null), beyondWords(beyond, screen.level));
    if (layout.zeroWidth > 0) paintZeroHead(context, frame);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

/**
 * @param {number} beyond rows that reach further than the axis
 * @param {number} level
 */
function beyondWords(beyond, level) {
  if (beyond === 0) return "";
  return level > 0 ? `neurons of ${plural(beyond, "row")} reach further` : `${plural(beyond, "neuron")} ${beyond === 1 ? "reaches" : "reach"} further`;
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame */
function paintZeroHead(context, { layout, theme }) {
  context.font = `10px ${theme.font}`;
  context.textAlign = "center";
  context.textBaseline = "alphabetic";
  context.fillStyle = theme.faint;
  context.fillText("=0", layout.zeroX + layout.zeroWidth / 2, TICK_Y);
}

/**
 * Densities, zeros, grid and dots of consecutive lines, clipped to a strip of the canvas.
 * @param {CanvasRenderingContext2D} context
 * @param {Frame} frame
 * @param {{arrangement: Arrangement, axis: Axis}} of
 * @param {Lines} lines
 * @param {{top: number, height: number}} strip CSS pixels
 */
function paintBlock(context, frame, { arrangement, axis }, { rows, level, y, lineHeight }, strip) {
  const { layout, state, theme, data, ratio, width } = frame;
  const look = { theme: theme.name, paper: theme.paper, curve: state.curve, full: frame.full, lanes: inLanes(state, lineHeight) };
  const inks = frame.inks.map(({ group, colour }) => ({
    colour,
    resolve: (/** @type {number} */ index) => data.bestTile(arrangement, group, level, index),
  }));
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.beginPath();
  context.rect(0, Math.round(strip.top * ratio), Math.round(width * ratio), Math.round(strip.height * ratio));
  context.clip();
  const top = Math.round(y * ratio);
  const line = lineHeight * ratio;
  const x = Math.round(layout.plotX * ratio);
  const place = { x, y: top, width: layout.plotWidth * ratio, lineHeight: line };
  context.save();
  context.beginPath();
  context.rect(x, 0, Math.round(place.width), context.canvas.height);
  context.clip();
  /** @param {CanvasRenderingContext2D} onto @param {typeof inks} some */
  const lines = (onto, some) => paintLines(onto, { rows, inks: some, axis }, { ...place, x: Math.round((layout.plotX + axis.x) * ratio), width: axis.width * ratio }, look);
  if (state.hatched && lineHeight >= HATCH_FROM_ROW && inks.length > 1 && !("vector" in context)) {
    const area = { x, y: Math.max(0, Math.round(strip.top * ratio)), width: Math.round(place.width), height: Math.round(strip.height * ratio) };
    paintHatched(context, inks.length, { theme: theme.name, paper: theme.paperCss, ratio, ...area }, (sheet, n) => lines(sheet, [inks[n]]));
  } else lines(context, inks);
  const of = { arrangement, axis };
  const block = { rows, level, y, lineHeight };
  paintEnds(context, frame, of, block);
  paintPlaceholders(context, block, (index) => inks.every((ink) => ink.resolve(index)?.shift === 0), { x: layout.plotX, width: layout.plotWidth, ratio, paper: theme.paperCss });
  context.restore();
  if (layout.zeroWidth > 0) {
    paintZeros(context, { rows, inks }, { ...place, x: Math.round(layout.zeroX * ratio), width: layout.zeroWidth * ratio }, look);
  }
  if (lineHeight >= APART_ROW) {
    // A gap between tall rows, cut into the paper.
    context.fillStyle = theme.paperCss;
    const gap = Math.max(1, Math.round((lineHeight >= 14 ? 2 : 1) * ratio));
    for (let i = 0; i <= rows.length; i++) context.fillRect(0, Math.round(top + i * line) - gap, context.canvas.width, gap);
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  if (axis.scale) paintGrid(context, layout, axis.scale, theme, strip.top, Math.min(strip.height, y + rows.length * lineHeight - strip.top));
  context.setTransform(1, 0, 0, 1, 0, 0);
  const beyond = paintReach(context, frame, of, block);
  const { toPixel } = axis;
  if (toPixel) {
    for (const [instance, marker] of frame.markers) {
      paintDots(context, {
        rows, y: top, lineHeight: line,
        resolve: (index) => data.bestValues(arrangement.query, level, index, instance),
        toPixel: (value, row) => toPixel(value, row) * ratio,
      }, { x, width: place.width, ratio, theme }, marker);
    }
  }
  context.restore();
  return beyond;
}

/** @param {CanvasRenderingContext2D} context @param {Frame} frame */
function paintPinned(context, frame) {
  const { layout, theme, data, ratio, pinned: { arrangement, axis } } = frame;
  if (!axis) return;
  const shown = frame.column.pinned.slice(0, layout.pinnedRows);
  const lines = { rows: Int32Array.from(shown), level: 0, y: layout.pinnedTop, lineHeight: PINNED_ROW };
  paintBlock(context, frame, { arrangement, axis }, lines, { top: layout.pinnedTop - 1, height: layout.pinnedRows * PINNED_ROW + 1 });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.font = `11px ${theme.font}`;
  context.textBaseline = "middle";
  context.textAlign = "right";
  shown.forEach((neuron, i) => {
    const y = layout.pinnedTop + (i + 0.5) * PINNED_ROW;
    const rank = data.rank(frame.arrangement, neuron);
    context.fillStyle = theme.faint;
    if (layout.rankX > 0 && rank !== undefined) context.fillText(count(rank + 1), layout.rankX, y);
    context.fillStyle = theme.accent;
    context.fillText(String(neuron), layout.neuronX, y);
    context.beginPath();
    if (layout.placeX > 0) {
      context.fillStyle = theme.quiet;
      context.fillText(short(shortPlaceOf(frame.layer, neuron, frame.metadata)), layout.placeX, y);
      context.fillStyle = theme.accent;
    }
    context.arc(layout.neuronX + 5, y, 1.8, 0, 7);
    context.fill();
  });
}

/**
 * Whether each class has a lane of its own in rows of this height: as chosen, else where overlaid ones would mix to mud.
 * @param {import("../types").State} state
 * @param {number} lineHeight CSS pixels
 */
export function inLanes({ lanes, hatched, groups }, lineHeight) {
  return lanes ?? (!hatched && groups.length >= LANES_FROM_CLASSES && lineHeight >= LANE_LEAST * groups.length);
}

/** @param {string} text A long name of a class leaves room for the plot. */
const short = (text) => (text.length > CLASS_CHARACTERS_MAX ? `${text.slice(0, CLASS_CHARACTERS_MAX - 1)}…` : text);

/**
 * Ranks, neurons and figures beside the rows.
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {Frame} frame
 */
export function paintLabels(context, frame) {
  const { layout, arrangement, metadata, screen, theme, column, data, layer } = frame;
  paintHeadings(context, layout, { level: screen.level, lineHeight: screen.height }, theme, placeColumn(layer, metadata).heading);
  paintRowsTitle(context, layout, rowsTitle(arrangement.order, arrangement.direction, metadata, layout.plotHeight), theme);
  const lines = { rows: screen.rows, y: layout.plotTop + screen.y, lineHeight: screen.height, level: screen.level };
  const keyed = arrangement.order.kind !== "index";
  withinPlot(context, frame, () => {
    paintRowLabels(context, layout, {
      ...lines, facts: data.factsOf(arrangement.query, 0), place: (neuron) => short(shortPlaceOf(layer, neuron, metadata)), keyed, last: lastInView(frame),
    }, theme, new Set(column.pinned));
    // Between the ranks and the numbers, where both are there.
    const x = areNamed(lines) && layout.rankX > 0 ? layout.rankX + 4 : layout.neuronX + 1;
    if (keyed) paintTies(context, tiedRuns(screen.rows, data.factsOf(arrangement.query, screen.level)), { ...lines, x }, theme);
  });
}

/**
 * Paints clipped to the height of the rows.
 * @param {CanvasRenderingContext2D} context in CSS pixels
 * @param {Frame} frame
 * @param {() => void} paint
 */
export function withinPlot(context, { layout, width }, paint) {
  context.save();
  context.beginPath();
  context.rect(0, layout.plotTop, width, layout.plotHeight);
  context.clip();
  paint();
  context.restore();
}
