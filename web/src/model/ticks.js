/** Round numbers for axes. Pure. */

/**
 * The step 1, 2 or 5 · 10^n that cuts `span` into about `target` parts.
 * @param {number} span
 * @param {number} target
 */
export function step(span, target) {
  const raw = span / Math.max(1, target);
  const power = 10 ** Math.floor(Math.log10(raw));
  const part = raw / power;
  return (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10) * power;
}

/**
 * Round numbers inside [lo, hi], about `target` of them.
 * @param {number} lo
 * @param {number} hi
 * @param {number} target
 * @returns {number[]}
 */
export function ticks(lo, hi, target) {
  if (!(hi > lo)) return [lo];
  const by = step(hi - lo, target);
  const first = Math.ceil(lo / by - 1e-9);
  const last = Math.floor(hi / by + 1e-9);
  const out = [];
  // `n * by` and not a running sum: no drift, and 0 is exactly 0.
  for (let n = first; n <= last; n++) out.push(Number((n * by).toPrecision(12)));
  return out;
}

/**
 * The label of a tick: as many decimals as the step between ticks needs, no more.
 * @param {number} value
 * @param {number} by the distance between ticks
 */
export function label(value, by) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || by < 1e-4) {
    return value.toExponential(1).replace(".0e", "e").replace("e+", "e").replace("e-", "e−").replace(/^-/, "−");
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(by) + 1e-9));
  return value.toFixed(Math.min(decimals, 12)).replace(/^-/, "−");
}

/**
 * Ticks of a symmetric logarithmic axis: 0, and 1, 2, 5 · 10^n of either sign, no closer than `apart` pixels.
 * @param {import("../types").Scale} scale
 * @param {number} apart
 * @returns {number[]}
 */
export function symlogTicks(scale, apart) {
  const most = Math.max(Math.abs(scale.lo), Math.abs(scale.hi));
  const candidates = [0];
  for (let power = Math.floor(Math.log10(most)); power > Math.log10(most) - 5; power--) {
    for (const digit of [1, 5, 2]) candidates.push(digit * 10 ** power, -digit * 10 ** power);
  }
  /** @type {number[]} */
  const kept = [];
  for (const value of candidates) {
    if (value < scale.lo || value > scale.hi) continue;
    const x = scale.toPixel(value);
    if (kept.every((other) => Math.abs(scale.toPixel(other) - x) >= apart)) kept.push(Number(value.toPrecision(12)));
  }
  return kept.sort((a, b) => a - b);
}
