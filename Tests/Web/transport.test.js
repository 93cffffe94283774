import assert from "node:assert/strict";
import { test } from "node:test";
import { workerTransport } from "../../web/src/data/transport.js";

/** Workers that answer when told, and the page that makes them. */
function page(t) {
  const workers = [];
  const before = { Worker: globalThis.Worker, document: globalThis.document };
  globalThis.document = { baseURI: "http://host.example/page/" };
  globalThis.Worker = class {
    constructor(address) {
      Object.assign(this, { address, sent: [], stopped: false });
      workers.push(this);
    }
    postMessage(message) {
      assert.ok(!this.stopped, "a worker that was stopped is told nothing");
      this.sent.push(message);
    }
    terminate() { this.stopped = true; }
  };
  t.after(() => Object.assign(globalThis, before));
  return workers;
}

test("the worker starts with the page, and answers go to who asked", async (t) => {
  const workers = page(t);
  const send = workerTransport(null);
  assert.equal(workers.length, 1);
  const [one, other] = [send("a", "json"), send("b", "tile")];
  assert.deepEqual(workers[0].sent, [{ id: 1, url: "http://host.example/page/a", kind: "json" }, { id: 2, url: "http://host.example/page/b", kind: "tile" }]);
  workers[0].onmessage({ data: { id: 2, ok: true, data: "tile", bytes: 4 } });
  workers[0].onmessage({ data: { id: 1, ok: false, status: 404, message: "no", type: "", retryAfter: null, damaged: false } });
  assert.deepEqual(await other.promise, { data: "tile", bytes: 4 });
  await assert.rejects(one.promise, { status: 404 });
});

for (const site of [undefined, "site.json"]) {
  test(`a worker that does not start is replaced with the next request, ${site ? "of a site" : "of a server"}`, async (t) => {
    const workers = page(t);
    const send = workerTransport(null, site);
    const greeting = site ? [{ site: "http://host.example/page/site.json" }] : [];
    const lost = send("a", "json");
    workers[0].onerror();
    await assert.rejects(lost.promise, { status: 0, damaged: false });
    lost.abort();
    assert.ok(workers[0].stopped);
    assert.equal(workers.length, 1, "not before there is something to ask");
    const again = send("a", "json");
    const beside = send("b", "json");
    // It may fail twice; what the first says late is nothing to the second.
    workers[0].onerror();
    assert.equal(workers.length, 2);
    assert.equal(workers[1].address.href, workers[0].address.href);
    assert.deepEqual(workers[1].sent, [
      ...greeting, { id: 2, url: "http://host.example/page/a", kind: "json" }, { id: 3, url: "http://host.example/page/b", kind: "json" },
    ]);
    beside.abort();
    assert.deepEqual(workers[1].sent.at(-1), { abort: 3 });
    workers[1].onmessage({ data: { id: 2, ok: true, data: 7, bytes: 0 } });
    assert.deepEqual(await again.promise, { data: 7, bytes: 0 });
  });
}

test("a token is told to every worker before anything is asked of it, and to none of a site of plain files", async (t) => {
  const workers = page(t);
  const send = workerTransport("sesame");
  assert.deepEqual(workers[0].sent, [{ token: "sesame" }]);
  workers[0].onerror();
  send("a", "json").promise.catch(() => {});
  assert.deepEqual(workers[1].sent.map(({ token, kind }) => token ?? kind), ["sesame", "json"]);
  workerTransport("sesame", "site.json");
  assert.deepEqual(workers[2].sent, [{ site: "http://host.example/page/site.json" }]);
});
