import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "../../web/src/model/crc32c.js";

/** The worker, and what it says of one answer of a server. */
const said = [];
globalThis.self = { postMessage: (message) => said.push(message) };
await import("../../web/src/data/worker.js");

async function answer(fetched, kind = "json", url = "http://host.example/a") {
  said.length = 0;
  globalThis.fetch = fetched;
  globalThis.self.onmessage({ data: { id: 7, url, kind } });
  while (said.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return said[0];
}

test("JSON arrives as what it says", async () => {
  assert.deepEqual(await answer(async () => new Response('{"a":[1,null]}')), { id: 7, ok: true, data: { a: [1, null] }, bytes: 0 });
});

for (const text of ["<!doctype html><p>Please log in", '{"a":[1,', ""]) {
  test(`an answer that is no JSON is damaged, not absent: ${JSON.stringify(text)}`, async () => {
    const { ok, status, damaged, message } = await answer(async () => new Response(text));
    assert.deepEqual({ ok, status, damaged }, { ok: false, status: 0, damaged: true });
    assert.equal(message, `${text.length} characters that are not JSON`);
  });
}

test("no answer is absence", async () => {
  const away = async () => {
    throw new TypeError("Failed to fetch");
  };
  for (const kind of ["json", "tile", "rows"]) assert.equal((await answer(away, kind)).damaged, false);
});

test("an answer that ends on the way, or is not in its coding, came from a server that is there", async () => {
  const cut = async () => ({ ok: true, headers: new Headers(), arrayBuffer: async () => { throw new TypeError("Failed to fetch"); } });
  for (const kind of ["json", "tile", "rows"]) {
    const { ok, status, damaged, message } = await answer(cut, kind);
    assert.deepEqual({ ok, status, damaged, message }, { ok: false, status: 0, damaged: true, message: "did not arrive whole: Failed to fetch" });
  }
});

/** A tile or rows, whole but for what is set in its header. */
function wire(magic, change = () => {}) {
  const body = new Uint8Array(magic === "NDT1" ? 17 : 4 + 8 + 8 + 8);
  const buffer = new ArrayBuffer(32 + body.length);
  const view = new DataView(buffer);
  new Uint8Array(buffer).set(new TextEncoder().encode(magic));
  view.setUint16(4, 1, true);
  view.setUint16(6, 32, true);
  view.setUint32(8, 1, true);
  view.setUint16(12, magic === "NDT1" ? 16 : 0, true);
  view.setFloat32(16, 1, true);
  view.setUint32(28, crc32c(body), true);
  const headers = { "Tile-Header-CRC32C": crc32c(new Uint8Array(buffer, 0, 32)).toString(16).padStart(8, "0") };
  change(view);
  return async () => new Response(buffer, { headers });
}

for (const [kind, magic, address] of [["tile", "NDT1", "tiles/0/0/0?bins=16"], ["rows", "NDR1", "rows/0/0?instances="]]) {
  const url = `http://host.example/layers/a/${address}`;
  test(`${kind}: every byte of a header that changed is damage, not absence`, async () => {
    assert.equal((await answer(wire(magic), kind, url)).ok, true);
    for (let at = 0; at < 32; at++) {
      for (const flip of [1, 255]) {
        const { ok, status, damaged } = await answer(wire(magic, (view) => view.setUint8(at, view.getUint8(at) ^ flip)), kind, url);
        assert.deepEqual({ ok, status, damaged }, { ok: false, status: 0, damaged: true }, `byte ${at} ^ ${flip}`);
      }
    }
  });
}

test("a refusal is told with its status, whatever its body is", async () => {
  const { status, message, damaged } = await answer(async () => new Response("no JSON either", { status: 404, statusText: "Not Found" }));
  assert.deepEqual({ status, message, damaged }, { status: 404, message: "Not Found", damaged: false });
});

test("a token goes with every request, as the bytes of UTF-8", async () => {
  const sent = [];
  const fetched = async (_, options) => {
    sent.push(new Request("http://host.example/", options).headers.get("Authorization"));
    return new Response("{}");
  };
  await answer(fetched);
  globalThis.self.onmessage({ data: { token: "sésame" } });
  await answer(fetched);
  await answer(fetched);
  const bytes = Buffer.from("sésame").toString("latin1");
  assert.deepEqual(sent, [null, `Bearer ${bytes}`, `Bearer ${bytes}`]);
});
