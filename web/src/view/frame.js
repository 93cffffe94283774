/** The one owner of animation frames: everything that wants to be drawn says so here, and is drawn once. */
export class FrameLoop {
  /** @param {(time: number) => void} draw */
  constructor(draw) {
    this.draw = draw;
    this.asked = false;
    /** Milliseconds spent drawing, the last 240 frames: for the benchmark. */
    this.times = new Float64Array(240);
    this.count = 0;
  }

  request() {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame((time) => {
      this.asked = false;
      const before = performance.now();
      this.draw(time);
      this.times[this.count++ % this.times.length] = performance.now() - before;
    });
  }
}
