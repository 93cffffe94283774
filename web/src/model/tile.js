/** The wire forms of Tiles/HTTP.md: `NDT1` (densities) and `NDR1` (rows). Pure; refuses what does not add up. */

import { crc32c } from "./crc32c.js";

/** @typedef {import("../types").Tile} Tile */
/** @typedef {import("../types").RowsTile} RowsTile */

const HEADER = 32;
const VERSION = 1;
/** Displayed rows of a tile, at most. */
const ROWS_MAX = 256;

/** A body that is not what its header says, or a text that is no JSON. Worth fetching again: it was damaged on the way. */
export class Damaged extends Error {}

/**
 * What an address asks for, as far as a header has to say the same; `bins` are instances where it asks for rows, `spread` whether these
 * come with how far they reach.
 * @typedef {{level: number, index: number, bins: number, spread?: boolean}} Asked
 */

/**
 * @param {string} url of a tile or of rows
 * @returns {Asked}
 */
export function askedBy(url) {
  const { pathname, searchParams: query } = new URL(url);
  // `tiles/GROUP/LEVEL/INDEX` or `rows/LEVEL/INDEX`.
  const [what, level, index] = pathname.split("/").slice(-3);
  const instances = query.get("instances") || null;
  const bins = what === "rows" ? instances?.split(",").length ?? 0 : Number(query.get("bins") ?? 256);
  return { level: Number(level), index: Number(index), bins, ...(query.get("spread") === "all" && { spread: true }) };
}

/**
 * The rows whose pictures a URL asks for.
 * @param {string} url
 */
export function rowsAskedBy(url) {
  return (new URL(url).searchParams.get("rows") ?? "").split(",").map(Number);
}

/**
 * @param {ArrayBuffer} buffer
 * @param {string} magic
 * @param {Asked} asked
 * @param {string | null} sum `Tile-Header-CRC32C`, where it came along
 */
function header(buffer, magic, asked, sum) {
  if (buffer.byteLength < HEADER) throw new Damaged(`${buffer.byteLength} bytes, no header`);
  const view = new DataView(buffer);
  /** @param {string} what @param {string | number} got @param {string | number} expected */
  const same = (what, got, expected) => {
    if (got !== expected) throw new Damaged(`${what} ${JSON.stringify(got)}, expected ${expected}`);
  };
  same("magic", String.fromCharCode(...new Uint8Array(buffer, 0, 4)), magic);
  same("version", view.getUint16(4, true), VERSION);
  same("header size", view.getUint16(6, true), HEADER);
  same("checksum of the body", crc32c(new Uint8Array(buffer, HEADER)), view.getUint32(28, true));
  if (sum !== null) same("checksum of the header", crc32c(new Uint8Array(buffer, 0, HEADER)), Number.parseInt(sum, 16));
  const rows = view.getUint32(8, true);
  if (rows < 1 || rows > ROWS_MAX) throw new Damaged(`${rows} rows, expected 1 to ${ROWS_MAX}`);
  same("bins", view.getUint16(12, true), asked.bins);
  same("level", view.getUint16(14, true), asked.level);
  same("first row", view.getUint32(20, true), asked.index * ROWS_MAX);
  const scale = view.getFloat32(16, true);
  const zeroScale = view.getFloat32(24, true);
  // Shares.
  if (!(scale > 0 && scale <= 1)) throw new Damaged(`scale ${scale}`);
  if (!(zeroScale >= 0 && zeroScale <= 1)) throw new Damaged(`scale of the zeros ${zeroScale}`);
  return { rows, bins: asked.bins, level: asked.level, first: asked.index * ROWS_MAX, scale, zeroScale: zeroScale || scale };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {Asked} asked
 * @param {string | null} sum of the header
 * @returns {Tile}
 */
export function decodeTile(buffer, asked, sum) {
  const { rows, bins, ...rest } = header(buffer, "NDT1", asked, sum);
  const expected = HEADER + rows * bins + rows;
  if (buffer.byteLength !== expected) throw new Damaged(`${buffer.byteLength} bytes, expected ${expected}`);
  return {
    rows, bins, ...rest,
    densities: new Uint8Array(buffer, HEADER, rows * bins),
    zeros: new Uint8Array(buffer, HEADER + rows * bins, rows),
  };
}

/**
 * @param {ArrayBuffer} buffer
 * @param {Asked} asked
 * @param {string | null} sum of the header
 * @returns {RowsTile}
 */
export function decodeRows(buffer, asked, sum) {
  const { rows, bins: instances, level, first } = header(buffer, "NDR1", asked, sum);
  const exponentBytes = Math.ceil((2 * rows) / 8) * 8;
  const expected = HEADER + 4 * rows + 8 * rows + exponentBytes + 8 * rows + 12 * rows * instances + (asked.spread ? 25 * rows : 0);
  if (buffer.byteLength !== expected) throw new Damaged(`${buffer.byteLength} bytes, expected ${expected}`);
  let at = HEADER;
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
  const spread = asked.spread ? new Float32Array(take(24 * rows)) : new Float32Array(0);
  const odd = asked.spread ? new Uint8Array(take(rows)) : new Uint8Array(0);
  return { rows, level, first, neurons, keys, exponents, origins, values, spread, odd };
}
