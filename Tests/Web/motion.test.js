import assert from "node:assert/strict";
import { test } from "node:test";
import { Motion } from "../../web/src/model/motion.js";
import { zoomAt } from "../../web/src/model/viewport.js";

/** @param {(step: number) => {top: number, span: number}} at a view every 16 ms */
function moved(at, steps = 12) {
  const motion = new Motion();
  for (let step = 0; step <= steps; step++) motion.note(step * 16, at(step));
  return motion;
}

test("a scroll goes on as it went, up and down", () => {
  for (const speed of [3, -7.5]) {
    const soon = moved((step) => ({ top: 1000 + speed * step, span: 100 })).foresee(160);
    assert.ok(Math.abs(soon.top - (1000 + speed * 22)) < 1e-6);
    assert.equal(soon.span, 100);
  }
});

test("a zoom keeps the row under the pointer, wherever that is", () => {
  const views = [{ top: 0, span: 200_000 }];
  while (views.length < 20) views.push(zoomAt(views[views.length - 1], 262_144, 800, 1.2, 600));
  for (const back of [false, true]) {
    const at = back ? (step) => views[19 - step] : (step) => views[step];
    const soon = moved(at).foresee(5 * 16);
    const expected = at(17);
    assert.ok(Math.abs(soon.span / expected.span - 1) < 1e-6);
    assert.ok(Math.abs(soon.top - expected.top) < 1e-3 * expected.span);
  }
});

test("at rest, after a rest and after a jump nothing is foreseen", () => {
  assert.equal(new Motion().foresee(100), null);
  assert.equal(moved(() => ({ top: 5, span: 100 })).foresee(100), null);
  assert.equal(moved((step) => ({ top: Math.min(step, 4), span: 100 }), 14).foresee(100), null);
  const jump = new Motion();
  jump.note(0, { top: 0, span: 100 });
  jump.note(16, { top: 90_000, span: 100 });
  assert.equal(jump.foresee(100), null);
});

test("the first step of a wheel is not taken for a rush", () => {
  const motion = new Motion();
  motion.note(0, { top: 0, span: 100 });
  motion.note(5000, { top: 0, span: 100 });
  motion.note(5016, { top: 10, span: 100 });
  assert.ok(motion.foresee(100).top <= 30);
});
