import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { RequestError, RequestQueue } from "../../web/src/data/queue.js";
import { StaticSite, refusalOf } from "../../web/src/data/static/site.js";

const ROOT = "http://host.example/site/";
const VERSION = "0123456789abcdef";
const FOLDER = `api/v1/datasets/a/${VERSION}`;
const SUMMARY = `${ROOT}${FOLDER}/layers/l/summary`;
const TILE = `${ROOT}${FOLDER}/layers/l/tiles/0/0/0?axis=own`;

/** Counts of one neuron, all of them 1: a mask of the blocks of 16 that are not 0, and these. */
const COUNTS = Uint8Array.from([255, 255, ...new Array(256).fill(1)]);

/** A site of one layer of one neuron. */
function files() {
  const planes = { block: 1, groups: [["counts.bin"]] };
  return new Map(Object.entries({
    "site.json": JSON.stringify({
      format: "neural-divergence-site", format_version: 2,
      datasets: [{ name: "a", version: VERSION, url: FOLDER, manifest: "manifest.json" }],
    }),
    [`${FOLDER}/manifest.json`]: JSON.stringify({
      metadata: { layers: [{ id: "l", neurons: 1, shared: { exponent: 0, origin: 0 } }] }, layers: { l: "layer.json" },
    }),
    [`${FOLDER}/layer.json`]: JSON.stringify({ summary: "summary.json", zeros: ["zeros.bin"], counts: { "own/256": planes } }),
    [`${FOLDER}/summary.json`]: JSON.stringify({ neurons: 1 }),
    [`${FOLDER}/zeros.bin`]: gzipSync(new Uint8Array(4)),
    [`${FOLDER}/counts.bin`]: gzipSync(COUNTS),
  }));
}

/** Has `fetch` answer from a map of files; what is a function answers itself. */
function serve(t, served) {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (url) => {
    asked.push(url);
    const content = served.get(url.slice(ROOT.length));
    if (typeof content === "function") return content();
    return content === undefined ? new Response(null, { status: 404 }) : new Response(content);
  });
  return { asked, site: new StaticSite(`${ROOT}site.json`) };
}

const refused = (site, url) => site.answer(url).then(() => assert.fail("it was answered"), refusalOf);

test("what came but is not what it should be is damaged, and fetched anew for the next who asks", async (t) => {
  const whole = gzipSync(COUNTS);
  const flipped = Buffer.from(whole);
  flipped[flipped.length - 6] ^= 1;
  for (const [name, content, url] of [
    ["summary.json", "<html>not found, says the host</html>", SUMMARY], ["layer.json", '{"summary": ', SUMMARY],
    ["counts.bin", flipped, TILE], ["counts.bin", whole.subarray(0, whole.length - 9), TILE], ["counts.bin", gzipSync(COUNTS.subarray(0, 257)), TILE],
    ["counts.bin", gzipSync(new Uint8Array(100)), TILE],
  ]) {
    const served = files().set(`${FOLDER}/${name}`, content);
    const { asked, site } = serve(t, served);
    const { status, damaged } = await refused(site, url);
    assert.deepEqual({ status, damaged }, { status: 0, damaged: true }, name);
    served.set(`${FOLDER}/${name}`, files().get(`${FOLDER}/${name}`));
    await site.answer(url);
    assert.equal(asked.filter((one) => one.endsWith(name)).length, 2, name);
  }
});

test("a catalogue that is none is damaged", async (t) => {
  const { site } = serve(t, files().set("site.json", "<html>"));
  assert.equal((await refused(site, SUMMARY)).damaged, true);
});

test("a host that is away, before an answer or in the middle of it, is not damage; neither is what is not there", async (t) => {
  const broken = new ReadableStream({ start: (control) => control.error(new TypeError("network error")) });
  for (const [content, status] of [
    [() => { throw new TypeError("failed to fetch"); }, 0], [() => new Response(broken), 0], [undefined, 404], [() => new Response("", { status: 503 }), 503],
  ]) {
    const { site } = serve(t, files().set(`${FOLDER}/summary.json`, content));
    const refusal = await refused(site, SUMMARY);
    assert.deepEqual({ status: refusal.status, damaged: refusal.damaged }, { status, damaged: false });
  }
  const { site } = serve(t, files());
  assert.deepEqual((await refused(site, SUMMARY.replace("/l/", "/m/"))), { status: 404, message: "there is no layer m", damaged: false });
});

test("the queue gives damage up after a few tries, and does not take the host for away", async (t) => {
  const { site } = serve(t, files().set(`${FOLDER}/summary.json`, "<html>"));
  let tries = 0;
  const queue = new RequestQueue((url) => {
    tries++;
    const promise = site.answer(url).then((data) => ({ data, bytes: 0 }), (error) => {
      throw new RequestError({ ...refusalOf(error), type: "", retryAfter: null });
    });
    return { promise, abort: () => {} };
  }, { now: () => performance.now() * 1e6, later: (run) => setTimeout(run, 1), random: () => 0 });
  queue.onAway = () => assert.fail("the host is there");
  await assert.rejects(queue.request({ url: SUMMARY, kind: "json", priority: 0 }), { damaged: true });
  assert.equal(tries, 4);
});
