/** The wire forms of Tiles/HTTP.md: `NDT1` (densities) and `NDR1` (rows). Pure; refuses what does not add up. */

import { crc32c } from "./crc32c.js";

/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("../types").RowsTile} RowsTile */

const HEADER = 32;

/** A body that is not what its header says, or a text that is no JSON. Worth fetching again: it was damaged on the way. */
export class Damaged extends Error {}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} magic
 */
function header(buffer, magic) {
  if (buffer.byteLength < HEADER) throw new Damaged(`${buffer.byteLength} bytes, no header`);
  const view = new DataView(buffer);
  const got = String.fromCharCode(view.getUint8(0), view.getUint8(1), view.getUint8(2), view.getUint8(3));
  if (got !== magic) throw new Damaged(`magic ${JSON.stringify(got)}, expected ${magic}`);
  if (view.getUint16(4, true) !== 1) throw new Damaged(`version ${view.getUint16(4, true)}, expected 1`);
  const start = view.getUint16(6, true);
  const body = new Uint8Array(buffer, start);
  const sum = crc32c(body);
  if (sum !== view.getUint32(28, true)) throw new Damaged("checksum of the body differs");
  return {
    start, rows: view.getUint32(8, true), bins: view.getUint16(12, true), level: view.getUint16(14, true),
    scale: view.getFloat32(16, true), first: view.getUint32(20, true),
  };
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {Tile}
 */
export function decodeTile(buffer) {
  const { start, rows, bins, level, scale, first } = header(buffer, "NDT1");
  const expected = start + rows * bins + rows;
  if (buffer.byteLength !== expected) throw new Damaged(`${buffer.byteLength} bytes, expected ${expected}`);
  return {
    rows, bins, level, scale, first, zeroScale: new DataView(buffer).getFloat32(24, true) || scale,
    densities: new Uint8Array(buffer, start, rows * bins),
    zeros: new Uint8Array(buffer, start + rows * bins, rows),
  };
}

/**
 * @param {ArrayBuffer} buffer
 * @returns {RowsTile}
 */
export function decodeRows(buffer) {
  const { start, rows, bins: instances, level, first } = header(buffer, "NDR1");
  const exponentBytes = Math.ceil((2 * rows) / 8) * 8;
  const expected = start + 4 * rows + 8 * rows + exponentBytes + 8 * rows + 12 * rows * instances;
  if (buffer.byteLength !== expected) throw new Damaged(`${buffer.byteLength} bytes, expected ${expected}`);
  let at = start;
  // The parts are not aligned to their own size when `rows` is odd: copy each out.
  /** @param {number} bytes */
  const take = (bytes) => {
    const part = buffer.slice(at, at + bytes);
    at += bytes;
    return part;
  };
  const neurons = new Uint32Array(take(4 * rows));
  const keys = new Float64Array(take(8 * rows));
  const exponents = new Int16Array(take(exponentBytes), 0, rows);
  const origins = Float64Array.from(new BigInt64Array(take(8 * rows)), Number);
  const values = [];
  for (let i = 0; i < instances; i++) values.push(new Float32Array(take(12 * rows)));
  return { rows, level, first, neurons, keys, exponents, origins, values };
}
