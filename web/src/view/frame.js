/** The one owner of animation frames: everything that wants to be drawn says so here, and is drawn once. */
export class FrameLoop {
  /** @param {(time: number) => boolean} draw returns whether everything shown was exact */
  constructor(draw) {
    this.draw = draw;
    this.asked = false;
    /** Milliseconds spent drawing, the last 240 frames: for the benchmark. */
    this.times = new Float64Array(240);
    this.count = 0;
    this.inexact = 0;
    /**
     * How long exact rows took to come, each time they were missing: milliseconds, the last 240.
     * @type {number[]}
     */
    this.waits = [];
    this.waitingSince = 0;
  }

  /** @param {boolean} exact @param {number} now */
  record(exact, now) {
    if (!exact) {
      this.inexact++;
      this.waitingSince ||= now;
    } else if (this.waitingSince) {
      this.waits.push(now - this.waitingSince);
      if (this.waits.length > this.times.length) this.waits.shift();
      this.waitingSince = 0;
    }
  }

  request() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((time) => {
      this.asked = false;
      const before = performance.now();
      const exact = this.draw(time);
      const after = performance.now();
      this.times[this.count++ % this.times.length] = after - before;
      this.record(exact, after);
    });
  }
}
