/** A reader of the tile store in JavaScript, written from Tiles/FORMAT.md alone, on the golden stores. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { ordering } from "../../web/src/data/static/order.js";
import { argumentsOf, itemsOf, parseExpression } from "../../web/src/model/order.js";
import { Sums } from "../../web/src/data/static/sums.js";
import { crc32c } from "../../web/src/model/crc32c.js";

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
/** A golden store for each version of the format, and what it holds. */
const STORES = ["", "version-2/"].map((folder, i) => {
  const golden = fileURLToPath(new URL(`../../Tiles/golden/${folder}`, import.meta.url));
  const dataset = join(golden, "store/golden");
  const version = join(dataset, readlinkSync(join(dataset, "current")));
  return {
    format: i + 1, version, expected: JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")),
    json: (path) => JSON.parse(readFileSync(join(version, path), "utf8")),
  };
});
const TYPES = {
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, int16: Int16Array, int64: BigInt64Array,
  float32: Float32Array, float64: Float64Array,
};

/** LZ4 block format: https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md */
function lz4(source, size) {
  const out = new Uint8Array(size);
  let from = 0;
  let to = 0;
  const length = (start) => {
    let sum = start;
    if (start === 15) do sum += source[from]; while (source[from++] === 255);
    return sum;
  };
  while (from < source.length) {
    const token = source[from++];
    for (let rest = length(token >> 4); rest > 0; rest--) out[to++] = source[from++];
    if (from >= source.length) break;
    const distance = source[from++] | (source[from++] << 8);
    for (let rest = length(token & 15) + 4; rest > 0; rest--, to++) out[to] = out[to - distance];
  }
  assert.equal(to, size);
  return out;
}

/** Blosc with LZ4, as the store's writers make it: one block, or the bytes as they are. */
function blosc(packed, { cname, shuffle, typesize }, size) {
  assert.equal(cname, "lz4");
  const flags = packed[2];
  assert.deepEqual([packed[0], packed[1], packed[3]], [2, 1, typesize]);
  assert.equal(flags & ~2, 0x30 | { noshuffle: 0, shuffle: 1, bitshuffle: 4 }[shuffle]);
  assert.deepEqual([4, 8, 12].map((at) => packed.readUInt32LE(at)), [size, size, packed.length]);
  if (flags & 2) return new Uint8Array(packed.subarray(16));
  assert.deepEqual([packed.readUInt32LE(16), packed.readUInt32LE(20)], [20, packed.length - 24]);
  const rows = lz4(packed.subarray(24), size);
  if (shuffle === "noshuffle") return rows;
  const count = size / typesize;
  const out = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    const [byte, element] = [i % typesize, Math.floor(i / typesize)];
    if (shuffle === "shuffle") out[i] = rows[byte * count + element];
    else for (let bit = 0; bit < 8; bit++) out[i] |= ((rows[((byte * 8 + bit) * count + element) >> 3] >> (element & 7)) & 1) << bit;
  }
  return out;
}

const product = (numbers) => numbers.reduce((a, b) => a * b, 1);
/** All places of a grid, in row-major order. */
const places = (shape) => shape.reduce((list, n) => list.flatMap((place) => Array.from({ length: n }, (_, i) => [...place, i])), [[]]);

/** A whole array as bytes, by §7. */
function readArray({ version, json, format }, path) {
  const { shape, data_type: type, chunk_grid: grid, codecs } = json(`${path}/zarr.json`);
  const shard = grid.configuration.chunk_shape;
  const chunk = codecs[0].configuration.chunk_shape;
  assert.equal(codecs[0].name, "sharding_indexed");
  assert.equal(codecs[0].configuration.index_location, "start");
  const [order, compressor, sum] = codecs[0].configuration.codecs;
  assert.deepEqual([order.name, compressor.name, sum.name], ["bytes", format === 1 ? "numcodecs.lz4" : "blosc", "crc32c"]);
  const width = TYPES[type].BYTES_PER_ELEMENT;
  const out = new Uint8Array(product(shape) * width);
  const perShard = shard.map((n, axis) => n / chunk[axis]);
  for (const at of places(shape.map((n, axis) => Math.ceil(n / shard[axis])))) {
    const file = readFileSync(join(version, path, "c", ...at.map(String)));
    const indexBytes = product(perShard) * 16;
    assert.equal(crc32c(file.subarray(0, indexBytes)), file.readUInt32LE(indexBytes), `${path}: index`);
    places(perShard).forEach((inner, number) => {
      const first = inner.map((n, axis) => at[axis] * shard[axis] + n * chunk[axis]);
      const offset = file.readBigUInt64LE(number * 16);
      if (first.some((n, axis) => n >= shape[axis])) return assert.equal(offset, 2n ** 64n - 1n, `${path}: chunk beyond the array`);
      const packed = file.subarray(Number(offset), Number(offset + file.readBigUInt64LE(number * 16 + 8)));
      assert.equal(crc32c(packed.subarray(0, -4)), packed.readUInt32LE(packed.length - 4), `${path}: chunk ${first}`);
      const size = product(chunk) * width;
      const bytes = format === 1
        ? lz4(packed.subarray(4, -4), packed.readUInt32LE(0)) : blosc(packed.subarray(0, -4), compressor.configuration, size);
      assert.equal(bytes.length, size);
      // Runs along the last axis, of what lies in the array.
      const run = Math.min(chunk.at(-1), shape.at(-1) - first.at(-1)) * width;
      places(chunk.slice(0, -1)).forEach((row, i) => {
        const place = [...row, 0].map((n, axis) => first[axis] + n);
        if (place.some((n, axis) => n >= shape[axis])) return;
        const start = place.reduce((sum, n, axis) => sum * shape[axis] + n, 0) * width;
        out.set(bytes.subarray(i * chunk.at(-1) * width, i * chunk.at(-1) * width + run), start);
      });
    });
  }
  return { shape, type, bytes: out, values: new TYPES[type](out.buffer) };
}

/** The wire form of Tiles/HTTP.md. */
function wire(tile) {
  const body = Buffer.concat([tile.densities, tile.zeros]);
  const head = Buffer.alloc(32);
  head.write("NDT1");
  head.writeUInt16LE(1, 4);
  head.writeUInt16LE(32, 6);
  head.writeUInt32LE(tile.rows, 8);
  head.writeUInt16LE(tile.bins, 12);
  head.writeUInt16LE(tile.level, 14);
  head.writeFloatLE(tile.scale, 16);
  head.writeUInt32LE(tile.first, 20);
  head.writeUInt32LE(crc32c(body) >>> 0, 28);
  return Buffer.concat([head, body]);
}

for (const store of STORES) {
  const { version, expected, json, format } = store;
  const of = `, version ${format}`;

  test(`the version's name is the hash of the manifest, and the manifest names every file by its own${of}`, () => {
    const manifest = readFileSync(join(version, "MANIFEST"), "utf8");
    assert.equal(sha256(manifest).slice(0, 16), expected.version);
    assert.ok(version.endsWith(expected.version));
    for (const line of manifest.trimEnd().split("\n")) {
      const [, hash, path] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
      assert.equal(sha256(readFileSync(join(version, path))), hash, path);
    }
  });

  test(`every array holds the bytes that were written${of}`, () => {
    for (const [path, { shape, dtype, sha256: hash }] of Object.entries(expected.arrays)) {
      const array = readArray(store, path);
      assert.deepEqual(array.shape, shape, path);
      assert.equal(array.type, dtype, path);
      assert.equal(sha256(array.bytes), hash, path);
    }
  });

  test(`the attributes say what they hold${of}`, () => {
    const { attributes } = json("zarr.json");
    assert.equal(attributes.format, "neural-divergence");
    assert.equal(attributes.format_version, format);
    for (const layer of attributes.layers) {
      assert.deepEqual(json(`layers/${layer.id}/zarr.json`).attributes, layer);
      const counts = readArray(store, `layers/${layer.id}/own/256`);
      assert.deepEqual(counts.shape, [attributes.groups.length, layer.neurons, 256]);
      const sums = readArray(store, `layers/${layer.id}/statistics/count`).values;
      sums.forEach((count, i) => assert.equal(counts.values.subarray(i * 256, i * 256 + 256).reduce((a, b) => a + b, 0), count));
    }
  });

  test(`tiles of what was read are those that another program made${of}`, () => {
    const { attributes } = json("zarr.json");
    assert.equal(expected.tiles.length, 15);
    for (const { layer, group, axis, bins, order, direction, level, index, sha256: hash } of expected.tiles) {
      const base = `layers/${layer}`;
      const neurons = attributes.layers.find((one) => one.id === layer).neurons;
      const parsed = parseExpression(order, attributes);
      const keys = itemsOf(parsed).map((item) => {
        const i = argumentsOf(item)[0].value;
        return Float64Array.from(readArray(store, item.kind === "value" ? `${base}/values` : `${base}/statistics/${item.kind}`).values.subarray(i * neurons, (i + 1) * neurons));
      });
      const { ranks } = ordering(neurons, parsed, keys, direction === "descending");
      const counts = readArray(store, `${base}/${axis}/${bins}`).values;
      const zeros = readArray(store, `${base}/statistics/zeros`).values;
      const sums = new Sums(Math.ceil(neurons / 2 ** level), bins);
      for (let neuron = 0; neuron < neurons; neuron++) {
        const at = group * neurons + neuron;
        sums.add(counts, at * bins, bins, ranks[neuron] >> level);
        sums.zeros[ranks[neuron] >> level] += zeros[at];
      }
      assert.equal(sha256(wire(sums.tile(index * 256, level, index * 256, false))), hash, `${layer} ${order}`);
    }
  });
}
