/** Says in the picture where a part of it could not be had, so that what is drawn there in its place is not taken for it. */

/** @typedef {{from: number, to: number}} Lines of a screen, `to` excluded */

export const LACKING_TEXT = "Not all of this part could be loaded.";
const FONT_SIZE = 11;
const PAD = 4;

/**
 * Runs of lines of which something is lacking.
 * @param {Int32Array} rows displayed rows, a line each
 * @param {(index: number) => boolean} isLacking whether it is of the tile of that index
 * @returns {Lines[]}
 */
export function lackingLines(rows, isLacking) {
  /** @type {Lines[]} */
  const runs = [];
  for (let line = 0; line < rows.length; line++) {
    if (!isLacking(rows[line] >> 8)) continue;
    const last = runs.at(-1);
    if (last?.to === line) last.to++;
    else runs.push({ from: line, to: line + 1 });
  }
  return runs;
}

/**
 * @param {CanvasRenderingContext2D} context in CSS pixels, clipped to the plot
 * @param {import("./columnframe.js").Frame} frame
 */
export function paintLacking(context, { lacking, layout, screen, theme }) {
  const y = layout.plotTop + screen.y;
  const lineHeight = screen.height;
  context.font = `${FONT_SIZE}px ${theme.font}`;
  context.textAlign = "left";
  context.textBaseline = "top";
  for (const { from, to } of lacking) {
    const top = Math.max(layout.plotTop, y + from * lineHeight);
    const bottom = Math.min(layout.plotTop + layout.plotHeight, y + to * lineHeight);
    if (bottom <= top) continue;
    context.setLineDash([4, 3]);
    context.lineWidth = 1;
    context.strokeStyle = theme.accent;
    context.strokeRect(layout.plotX + 0.5, top + 0.5, layout.plotWidth - 1, Math.max(0, bottom - top - 1));
    context.setLineDash([]);
    const width = context.measureText(LACKING_TEXT).width + 2 * PAD;
    context.fillStyle = theme.paperCss;
    context.fillRect(layout.plotX + 1, top + 1, width, FONT_SIZE + 2 * PAD);
    context.fillStyle = theme.ink;
    context.fillText(LACKING_TEXT, layout.plotX + 1 + PAD, top + 1 + PAD);
  }
}
