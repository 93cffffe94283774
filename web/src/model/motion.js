/**
 * Where a view is going, from where it was: what is asked for takes a while to come, and by then the view has moved on. Pure.
 *
 * Scrolling and zooming are the same map of rows repeated, `row → fixed + factor · (row − fixed)`: a step of a zoom leaves the
 * row under the pointer where it is, and a scroll is one whose fixed row is far away.
 */

/** @typedef {{top: number, span: number}} Rows in view: the first, and how many */

/** How far back movement is looked at, in milliseconds: some steps of a wheel, which come every 16 to 50. */
const MEMORY_MS = 110;
/** A view that would go further than this many of its own heights is not followed: a jump is no movement. */
const SHIFT_MAX = 4;
/** How many times more or fewer rows may be foreseen. */
const FACTOR_MAX = 16;

export class Motion {
  constructor() {
    /** @type {(Rows & {time: number})[]} oldest first */
    this.seen = [];
  }

  /**
   * Tells what is in view now.
   * @param {number} time milliseconds
   * @param {Rows} view
   */
  note(time, { top, span }) {
    const { seen } = this;
    // The newest of the old ones stays: it says where the view was when memory begins.
    while (seen.length > 1 && seen[1].time <= time - MEMORY_MS) seen.shift();
    seen.push({ time, top, span });
  }

  /**
   * What will be in view `ahead` milliseconds after the last note, as far as can be foreseen; null: the same as now.
   * @param {number} ahead
   * @returns {Rows | null}
   */
  foresee(ahead) {
    const now = this.seen[this.seen.length - 1];
    const then = this.seen[0];
    if (!now || then === now || (then.top === now.top && then.span === now.span)) return null;
    const elapsed = Math.max(now.time - then.time, MEMORY_MS / 2);
    const steps = ahead / elapsed;
    const factor = now.span / then.span;
    const grown = Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, factor ** steps));
    // The sum of `factor ** n` over the steps to come, which for a scroll is their number.
    const reach = Math.abs(factor - 1) < 1e-6 ? steps : (factor * (grown - 1)) / (factor - 1);
    const shift = (now.top - then.top) * reach;
    const span = now.span * grown;
    if (Math.abs(shift) > SHIFT_MAX * Math.max(now.span, span)) return null;
    return { top: now.top + shift, span };
  }
}
