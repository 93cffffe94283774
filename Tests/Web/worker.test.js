import assert from "node:assert/strict";
import { test } from "node:test";

/** The worker, and what it says of one answer of a server. */
const said = [];
globalThis.self = { postMessage: (message) => said.push(message) };
await import("../../web/src/data/worker.js");

async function answer(fetched, kind = "json") {
  said.length = 0;
  globalThis.fetch = fetched;
  globalThis.self.onmessage({ data: { id: 7, url: "http://host.example/a", kind } });
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

test("no answer, or one that ends on the way, is absence", async () => {
  const away = async () => {
    throw new TypeError("Failed to fetch");
  };
  const cut = async () => ({ ok: true, text: away, arrayBuffer: away });
  for (const fetched of [away, cut]) for (const kind of ["json", "tile"]) assert.equal((await answer(fetched, kind)).damaged, false);
});

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
