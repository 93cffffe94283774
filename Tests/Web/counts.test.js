import assert from "node:assert/strict";
import { test } from "node:test";
import { PackedCounts } from "../../web/src/data/static/counts.js";

/** Packs rows as Tiles/STATIC.md says. */
function packed(rows, sections) {
  const bytes = [];
  for (let section = 0; section < sections; section++) {
    const blocks = rows.map((row) => Array.from({ length: row.length / 16 }, (_, i) => row.slice(16 * i, 16 * i + 16).map((count) => (count >>> (8 * section)) & 255)));
    const kept = (block) => block.some((byte) => byte !== 0);
    for (const row of blocks) {
      const mask = row.reduce((bits, block, i) => bits | (kept(block) ? 1 << i : 0), 0);
      bytes.push(mask & 255, mask >> 8);
    }
    bytes.push(...blocks.flat().filter(kept).flat());
  }
  return Uint8Array.from(bytes).buffer;
}

const SIZES = [0, 0, 0, 1, 254, 255, 256, 512, 65_535, 65_536, 16_777_216, 4_294_967_295];

test("rows are read as they were packed", () => {
  for (const bins of [16, 64, 256]) {
    for (const sections of [1, 2, 4]) {
      const known = SIZES.filter((size) => size < 256 ** sections);
      const rows = Array.from({ length: 40 }, (_, row) => Array.from({ length: bins }, (_, bin) =>
        row % 5 === 0 || (row * 7 + (bin >> 4)) % 3 === 0 ? 0 : known[(row * 31 + bin * 17) % known.length]));
      const counts = new PackedCounts(packed(rows, sections), rows.length, bins);
      const read = new Uint32Array(bins).fill(9);
      for (const [row, wanted] of rows.entries()) {
        const end = counts.read(row, read);
        assert.deepEqual([...read], wanted, `row ${row} of ${bins} bins in ${sections} bytes`);
        assert.ok(wanted.slice(end).every((count) => count === 0));
      }
    }
  }
});

test("what is too short or too long is refused", () => {
  const whole = packed([new Array(64).fill(300), new Array(64).fill(0)], 2);
  assert.equal(new PackedCounts(whole, 2, 64).sections.length, 2);
  for (const wrong of [new ArrayBuffer(0), whole.slice(0, -1), whole.slice(0, 70), new ArrayBuffer(5 * 4)]) {
    assert.throws(() => new PackedCounts(wrong, 2, 64), /are not the counts of 2 neurons/);
  }
});
