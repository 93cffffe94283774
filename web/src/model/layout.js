/** Where the parts of a column lie. CSS pixels. Pure. */

/** The axis' title, its numbers, its ticks. */
export const AXIS_HEIGHT = 40;
/** Base lines of the title, and of the numbers and of what stands beside them. */
export const TITLE_Y = 12;
export const TICK_Y = 31;
export const PINNED_ROW = 18;
/** Rows this tall carry their neuron's number, and a figure of what they are sorted by. */
export const LABEL_ROW = 12;
const DIGIT = 6.3;
/** The word "neuron" above its numbers. */
const HEADING = 40;
const ZERO_LANE = 6;
/** Room right of the plot for half an arrow or dot, and where there is enough of it for the figures that rows are sorted by. */
const RIGHT_MARGIN = 12;
const KEY_MARGIN = 46;
const KEY_FROM_WIDTH = 340;

/**
 * @typedef {object} Layout
 * @property {number} rankX right edge of the ranks; 0 where there is no room for them
 * @property {number} neuronX right edge of the neurons' numbers
 * @property {number} zeroX
 * @property {number} zeroWidth 0 where the layer has no exact zeros
 * @property {number} plotX
 * @property {number} plotWidth
 * @property {number} keyX right edge of the figures that rows are sorted by
 * @property {number} plotTop
 * @property {number} plotHeight
 * @property {number} pinnedTop
 * @property {number} pinnedRows pinned neurons that have room
 */

/**
 * @param {{width: number, height: number, neurons: number, zeroLanes: number, pinned: number, keyed?: boolean}} of `keyed`: rows
 *   carry the figures that they are sorted by
 * @returns {Layout}
 */
export function columnLayout({ width, height, neurons, zeroLanes, pinned, keyed = false }) {
  const number = Math.max(String(neurons - 1).length * DIGIT, HEADING);
  const narrow = width < 330;
  const rankX = narrow ? 0 : Math.ceil(number);
  // The heading makes room for that of the lane of zeros.
  const neuronX = rankX + Math.ceil(number + (narrow ? (zeroLanes > 0 ? 5 : 0) : 9));
  const zeroWidth = zeroLanes === 0 ? 0 : Math.min(30, zeroLanes * ZERO_LANE);
  const zeroX = neuronX + 9;
  const plotX = zeroX + (zeroWidth > 0 ? zeroWidth + 9 : 0);
  const pinnedRows = Math.min(pinned, Math.floor((height * 0.4) / PINNED_ROW));
  const plotTop = AXIS_HEIGHT + (pinnedRows > 0 ? pinnedRows * PINNED_ROW + 7 : 0);
  const margin = keyed && width >= KEY_FROM_WIDTH ? KEY_MARGIN : RIGHT_MARGIN;
  return {
    rankX, neuronX, zeroX, zeroWidth, plotX, plotWidth: Math.max(20, width - plotX - margin), keyX: width - 3,
    plotTop, plotHeight: Math.max(10, height - plotTop - 2), pinnedTop: AXIS_HEIGHT + 1, pinnedRows,
  };
}
