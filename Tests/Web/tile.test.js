import assert from "node:assert/strict";
import { test } from "node:test";
import { LruCache } from "../../web/src/model/cache.js";
import { crc32c } from "../../web/src/model/crc32c.js";
import { Damaged, askedBy, decodeRows, decodeTile } from "../../web/src/model/tile.js";

/** @param {string} magic @param {number} rows @param {number} bins @param {Uint8Array} body */
function message(magic, rows, bins, body) {
  const buffer = new ArrayBuffer(32 + body.length);
  const view = new DataView(buffer);
  [...magic].forEach((c, i) => view.setUint8(i, c.charCodeAt(0)));
  view.setUint16(4, 1, true);
  view.setUint16(6, 32, true);
  view.setUint32(8, rows, true);
  view.setUint16(12, bins, true);
  view.setUint16(14, 3, true);
  view.setFloat32(16, 0.5, true);
  view.setUint32(20, 512, true);
  view.setUint32(28, crc32c(body), true);
  new Uint8Array(buffer, 32).set(body);
  return buffer;
}

const asked = (bins) => ({ level: 3, index: 2, bins });
const headerSum = (buffer) => crc32c(new Uint8Array(buffer, 0, 32)).toString(16).padStart(8, "0");

test("CRC-32C gives the check values of RFC 3720", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("a tile is read as it was written", () => {
  const body = Uint8Array.from({ length: 3 * 4 + 3 }, (_, i) => i);
  const tile = decodeTile(message("NDT1", 3, 4, body), asked(4), null);
  assert.deepEqual([tile.rows, tile.bins, tile.level, tile.scale, tile.first], [3, 4, 3, 0.5, 512]);
  assert.deepEqual([...tile.densities], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  assert.deepEqual([...tile.zeros], [12, 13, 14]);
});

test("rows are read at odd counts too, where nothing is aligned", () => {
  const rows = 3;
  const body = new Uint8Array(4 * rows + 8 * rows + 8 + 8 * rows + 12 * rows);
  const view = new DataView(body.buffer);
  for (let i = 0; i < rows; i++) {
    view.setUint32(4 * i, 100 + i, true);
    view.setFloat64(12 + 8 * i, i === 2 ? Number.NaN : i / 2, true);
    view.setInt16(36 + 2 * i, -5, true);
    view.setBigInt64(44 + 8 * i, -7n, true);
    for (let j = 0; j < 3; j++) view.setFloat32(68 + 12 * i + 4 * j, i * 3 + j, true);
  }
  const tile = decodeRows(message("NDR1", rows, 1, body), asked(1), null);
  assert.deepEqual([...tile.neurons], [100, 101, 102]);
  assert.deepEqual([...tile.keys], [0, 0.5, Number.NaN]);
  assert.deepEqual([...tile.exponents], [-5, -5, -5]);
  assert.deepEqual([...tile.origins], [-7, -7, -7]);
  assert.deepEqual([...tile.values[0]], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("every flipped bit of header and body is refused; only the two scales need the header's checksum", () => {
  const good = message("NDT1", 2, 4, new Uint8Array(10).fill(9));
  const sum = headerSum(good);
  assert.equal(decodeTile(good, asked(4), sum).rows, 2);
  for (let bit = 0; bit < good.byteLength * 8; bit++) {
    const bad = good.slice(0);
    new Uint8Array(bad)[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(() => decodeTile(bad, asked(4), sum), Damaged, `bit ${bit}`);
    const isScale = [16, 24].some((at) => bit >> 5 === at / 4);
    if (!isScale) assert.throws(() => decodeTile(bad, asked(4), null), Damaged, `bit ${bit}, without the header's checksum`);
  }
  assert.throws(() => decodeTile(good, asked(4), "no checksum"), Damaged);
});

test("a wrong length, a foreign message, and an answer to another question are refused", () => {
  const good = message("NDT1", 2, 4, new Uint8Array(10).fill(9));
  for (const length of [0, 7, 31, 32, 40]) assert.throws(() => decodeTile(good.slice(0, length), asked(4), null), Damaged);
  assert.throws(() => decodeTile(message("NDT1", 3, 4, new Uint8Array(10)), asked(4), null), Damaged);
  assert.throws(() => decodeRows(good, asked(4), null), Damaged);
  for (const other of [{ level: 2 }, { index: 1 }, { bins: 2 }]) assert.throws(() => decodeTile(good, { ...asked(4), ...other }, null), Damaged);
});

test("no size in a header makes anything but a Damaged", () => {
  const good = message("NDT1", 2, 4, new Uint8Array(10).fill(9));
  for (const size of [0, 1, 31, 33, 42, 43, 1000, 65535]) {
    const bad = good.slice(0);
    new DataView(bad).setUint16(6, size, true);
    assert.throws(() => decodeTile(bad, asked(4), null), { constructor: Damaged, message: `header size ${size}, expected 32` });
  }
});

test("scales that are no shares are refused", () => {
  for (const [at, scale] of [[16, 0], [16, -0.5], [16, 2], [16, Number.NaN], [16, Infinity], [24, -0.5], [24, 2], [24, Number.NaN]]) {
    const bad = message("NDT1", 2, 4, new Uint8Array(10).fill(9));
    new DataView(bad).setFloat32(at, scale, true);
    assert.throws(() => decodeTile(bad, asked(4), headerSum(bad)), Damaged, `${scale} at ${at}`);
  }
});

test("an address tells what it asks for", () => {
  const at = (path) => askedBy(`http://host.example/prefix/api/v1/datasets/d/v/layers/${path}`);
  assert.deepEqual(at("dense/tiles/3/2/17?order=index&direction=ascending&axis=own&bins=64"), { level: 2, index: 17, bins: 64 });
  assert.deepEqual(at("tiles/tiles/0/0/0?order=index&bins=256&zoom=3&from=128"), { level: 0, index: 0, bins: 256 });
  assert.deepEqual(at("tiles/rows/1/5?order=index&instances=4,7,9"), { level: 1, index: 5, bins: 3 });
  assert.deepEqual(at("rows/rows/1/5?order=index&instances="), { level: 1, index: 5, bins: 0 });
});

test("the cache keeps what was used last, within its bytes", () => {
  const cache = new LruCache(100);
  cache.set("a", 1, 40);
  cache.set("b", 2, 40);
  assert.equal(cache.get("a"), 1);
  cache.set("c", 3, 40);
  assert.equal(cache.get("b"), undefined);
  assert.equal(cache.get("a"), 1);
  assert.equal(cache.bytes, 80);
  cache.set("a", 9, 10);
  assert.equal(cache.bytes, 50);
  cache.set("large", 4, 500);
  assert.equal(cache.get("large"), 4, "what was just fetched can be drawn even when it is too large to keep others");
});
