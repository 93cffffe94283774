import assert from "node:assert/strict";
import { test } from "node:test";
import { LruCache } from "../../web/src/model/cache.js";
import { crc32c } from "../../web/src/model/crc32c.js";
import { Damaged, decodeRows, decodeTile } from "../../web/src/model/tile.js";

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

test("CRC-32C gives the check values of RFC 3720", () => {
  assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(255)), 0x62a8ab43);
  assert.equal(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test("a tile is read as it was written", () => {
  const body = Uint8Array.from({ length: 3 * 4 + 3 }, (_, i) => i);
  const tile = decodeTile(message("NDT1", 3, 4, body));
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
  const tile = decodeRows(message("NDR1", rows, 1, body));
  assert.deepEqual([...tile.neurons], [100, 101, 102]);
  assert.deepEqual([...tile.keys], [0, 0.5, Number.NaN]);
  assert.deepEqual([...tile.exponents], [-5, -5, -5]);
  assert.deepEqual([...tile.origins], [-7, -7, -7]);
  assert.deepEqual([...tile.values[0]], [0, 1, 2, 3, 4, 5, 6, 7, 8]);
});

test("every flipped bit, wrong length and foreign message is refused", () => {
  const good = message("NDT1", 2, 4, new Uint8Array(10).fill(9));
  for (let bit = 32 * 8; bit < good.byteLength * 8; bit++) {
    const bad = good.slice(0);
    new Uint8Array(bad)[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(() => decodeTile(bad), Damaged);
  }
  assert.throws(() => decodeTile(good.slice(0, 40)), Damaged);
  assert.throws(() => decodeTile(good.slice(0, 7)), Damaged);
  assert.throws(() => decodeTile(message("NDT1", 3, 4, new Uint8Array(10))), Damaged);
  assert.throws(() => decodeRows(good), Damaged);
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
