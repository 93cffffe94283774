/** Where the parts of a column lie. CSS pixels. Pure. */

import { count } from "./format.js";
import { ROW_MAX } from "./viewport.js";

/** The axis' title, its numbers, its ticks. */
export const AXIS_HEIGHT = 40;
/** Base lines of the title, and of the numbers and of what stands beside them. */
export const TITLE_Y = 12;
export const TICK_Y = 31;
export const PINNED_ROW = 18;
/** Rows this tall stand apart: there is a gap between them, and one of them can be aimed at. */
export const APART_ROW = 5;
/** Rows this tall carry their neuron's number, and a figure of what they are sorted by. */
export const LABEL_ROW = 12;
/** So many classes lie in lanes of their own, where each has so much of a row. */
export const LANES_FROM_CLASSES = 3;
export const LANE_LEAST = 3;
/** Middle of the title of the rows, which is written upwards, and the room that it takes. */
export const ROWS_TITLE_X = 6;
const ROWS_TITLE = 15;
const DIGIT = 6.3;
/** The word "neuron" above its numbers. */
const HEADING = 40;
const ZERO_LANE = 6;
/** Room right of the plot for half an arrow or dot, and where there is enough of it for the figures that rows are sorted by. */
const RIGHT_MARGIN = 12;
const KEY_MARGIN = 46;
const KEY_FROM_WIDTH = 260;
const PLACE_FROM_WIDTH = 380;
const PLACE_CHARACTER = 5.9;

/**
 * @typedef {object} Layout
 * @property {number} rankX right edge of the ranks; 0 where there is no room for them
 * @property {number} neuronX right edge of the neurons' numbers
 * @property {number} placeX right edge of what the numbers mean; 0 where there is no room, or nothing to say
 * @property {number} zeroX
 * @property {number} zeroWidth 0 where the layer has no exact zeros
 * @property {number} plotX
 * @property {number} plotWidth
 * @property {number} keyX right edge of the figures that rows are sorted by; 0 where there is no room for them
 * @property {number} plotTop
 * @property {number} plotHeight
 * @property {number} pinnedTop
 * @property {number} pinnedRows pinned neurons that have room
 */

/**
 * @param {{width: number, height: number, neurons: number, zeroLanes: number, pinned: number, keyed?: boolean, place?: number}} of `keyed`: rows
 *   carry the figures that they are sorted by; `place`: characters of what their numbers mean
 * @returns {Layout}
 */
export function columnLayout({ width, height, neurons, zeroLanes, pinned, keyed = false, place = 0 }) {
  const widest = count(neurons).length * DIGIT;
  const narrow = width < 330;
  // Numbers at the left edge stand beside the title of the rows.
  const outer = Math.ceil(Math.max(HEADING, widest + ROWS_TITLE));
  const rankX = narrow ? 0 : outer;
  // The heading makes room for that of the lane of zeros.
  const neuronX = narrow ? outer + (zeroLanes > 0 ? 5 : 0) : rankX + Math.ceil(Math.max(HEADING, widest) + 9);
  const zeroWidth = zeroLanes === 0 ? 0 : Math.min(30, zeroLanes * ZERO_LANE);
  const placeX = place > 0 && width >= PLACE_FROM_WIDTH ? neuronX + 11 + Math.ceil(place * PLACE_CHARACTER) : 0;
  const zeroX = (placeX || neuronX) + 9;
  const plotX = zeroX + (zeroWidth > 0 ? zeroWidth + 9 : 0);
  const pinnedRows = Math.min(pinned, Math.floor((height * 0.4) / PINNED_ROW));
  const plotTop = AXIS_HEIGHT + (pinnedRows > 0 ? pinnedRows * PINNED_ROW + 7 : 0);
  const keys = keyed && width >= KEY_FROM_WIDTH;
  const margin = keys ? KEY_MARGIN : RIGHT_MARGIN;
  return {
    rankX, neuronX, placeX, zeroX, zeroWidth, plotX, plotWidth: Math.max(20, width - plotX - margin), keyX: keys ? width - 3 : 0,
    plotTop, plotHeight: Math.max(10, height - plotTop - 2), pinnedTop: AXIS_HEIGHT + 1, pinnedRows,
  };
}

/**
 * How tall a row is made that one goes to: it carries its numbers, and has room for a lane a class.
 * @param {Pick<import("../types").State, "lanes" | "hatched" | "groups">} state
 */
export function rowToRead({ lanes, hatched, groups }) {
  const laned = lanes ?? (!hatched && groups.length >= LANES_FROM_CLASSES);
  return Math.min(ROW_MAX, Math.max(LABEL_ROW + 2, laned ? LANE_LEAST * groups.length : 0));
}
