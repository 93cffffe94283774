/**
 * Row space: which neurons of an ordering a column shows, and at which level. Pure.
 *
 * A *position* counts the rows on screen, a *rank* the neurons of the ordering; they differ by the hidden neurons.
 */

/** Rows of a tile. */
export const TILE_ROWS = 256;
/** A fitted row never grows above this many pixels, and a zoomed one never above the second. */
export const FIT_ROW_MAX = 26;
export const ROW_MAX = 72;

/**
 * The first level with at most 256 displayed rows.
 * @param {number} neurons
 */
export function topLevel(neurons) {
  let level = 0;
  while (Math.ceil(neurons / 2 ** level) > TILE_ROWS) level++;
  return level;
}

/**
 * Height of a row in pixels.
 * @param {number} total rows of the layer
 * @param {number | null} span rows in view, null for all
 * @param {number} height pixels
 */
export function rowHeight(total, span, height) {
  if (span === null) return Math.min(FIT_ROW_MAX, height / Math.max(1, total));
  return Math.min(ROW_MAX, height / Math.max(1e-6, span));
}

/**
 * A view brought back inside the layer.
 * @param {{top: number, span: number | null}} view
 * @param {number} total
 * @param {number} height
 * @returns {{top: number, span: number | null}}
 */
export function clampView(view, total, height) {
  let { top, span } = view;
  if (span !== null) {
    span = Math.max(span, height / ROW_MAX);
    // All rows in view is the same thing as the fitted view, and is called so: links stay short.
    if (span >= total) span = null;
  }
  if (span === null) return { top: 0, span: null };
  return { top: Math.min(Math.max(0, top), Math.max(0, total - span)), span };
}

/**
 * Zoom by `factor` (> 1 nearer) so that the row under `y` stays where it is.
 * @param {{top: number, span: number | null}} view
 * @param {number} total
 * @param {number} height
 * @param {number} factor
 * @param {number} y pixels from the first row's top
 */
export function zoomAt(view, total, height, factor, y) {
  const before = rowHeight(total, view.span, height);
  const after = Math.min(ROW_MAX, before * factor);
  const at = view.top + y / before;
  return clampView({ top: at - y / after, span: height / after }, total, height);
}

/**
 * The level at which a displayed row is at least `lines` device pixels high: 2^level neurons a row.
 * @param {number} height of a neuron's row, CSS pixels
 * @param {number} ratio device pixels per CSS pixel
 * @param {number} lines device pixels a row needs (1, or one a lane)
 * @param {number} top the layer's top level
 */
export function levelFor(height, ratio, lines, top) {
  // A hair below one pixel still counts as one: rounding must not halve the resolution of a fitted layer.
  const level = Math.ceil(Math.log2((lines / (height * ratio)) * 0.999));
  return Math.min(top, Math.max(0, level));
}

/**
 * How many of an ascending list lie before the first for which `isPast` holds.
 * @param {number} length
 * @param {(at: number) => boolean} isPast false, then true
 */
function before(length, isPast) {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isPast(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Rank of the row at a position, skipping hidden ranks: they may be nearly all of a layer, so they are not gone through.
 * @param {number} position
 * @param {ArrayLike<number>} hiddenRanks ascending
 */
export function rankAt(position, hiddenRanks) {
  // A hidden rank with `at` before it leaves `rank - at` shown ones above it.
  return position + before(hiddenRanks.length, (at) => hiddenRanks[at] - at > position);
}

/**
 * Position of a rank; of a hidden one, the position it would take.
 * @param {number} rank
 * @param {ArrayLike<number>} hiddenRanks ascending
 */
export function positionOf(rank, hiddenRanks) {
  return rank - before(hiddenRanks.length, (at) => hiddenRanks[at] >= rank);
}

/**
 * The displayed rows of a screen: `rows[i]` is the row (at `level`) of line `i`, its top at `y + i * height`.
 * @param {{top: number, level: number, rowHeight: number, height: number, neurons: number, hiddenRanks: ArrayLike<number>}} view
 * @returns {{rows: Int32Array, y: number, height: number, position: number}}
 */
export function screenRows({ top, level, rowHeight, height, neurons, hiddenRanks }) {
  const per = 2 ** level;
  const lineHeight = rowHeight * per;
  if (level === 0) {
    const shown = neurons - hiddenRanks.length;
    const first = Math.max(0, Math.floor(top));
    const end = Math.min(shown, Math.ceil(top + height / rowHeight));
    const rows = new Int32Array(Math.max(0, end - first));
    for (let i = 0; i < rows.length; i++) rows[i] = rankAt(first + i, hiddenRanks);
    return { rows, y: (first - top) * rowHeight, height: lineHeight, position: first };
  }
  // Aggregated rows: hidden neurons cannot be taken out of a sum, so ranks are shown as they are (and the screen says so).
  const total = Math.ceil(neurons / per);
  const first = Math.max(0, Math.floor(top / per));
  const end = Math.min(total, Math.ceil((top + height / rowHeight) / per));
  const rows = new Int32Array(Math.max(0, end - first));
  for (let i = 0; i < rows.length; i++) rows[i] = first + i;
  return { rows, y: (first * per - top) * rowHeight, height: lineHeight, position: first * per };
}

/**
 * The rank of the last neuron of a screen.
 * @param {{rows: Int32Array, level: number}} screen
 * @param {number} neurons of the layer
 */
export function lastRank({ rows, level }, neurons) {
  return rows.length === 0 ? 0 : Math.min(neurons, (rows[rows.length - 1] + 1) * 2 ** level) - 1;
}

/**
 * The line of a rank where each row is one neuron's; of a hidden one, the line of the next.
 * @param {ArrayLike<number>} rows ascending
 * @param {number} rank
 */
export function lineOf(rows, rank) {
  return before(rows.length, (at) => rows[at] >= rank);
}

/**
 * Indices of the tiles that hold these rows, ascending.
 * @param {Int32Array} rows ascending
 */
export function tilesOf(rows) {
  /** @type {number[]} */
  const out = [];
  for (let i = 0; i < rows.length; i++) {
    const tile = rows[i] >> 8;
    if (out[out.length - 1] !== tile) out.push(tile);
  }
  return out;
}
