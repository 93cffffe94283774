/** The worker of a static site: the same messages as `../worker.js`, answered from files. */

import { StaticSite, refusalOf } from "./site.js";

// `lib.dom` types `self` as a window; a worker's `postMessage` has another second parameter.
const scope = /** @type {{postMessage(message: import("../worker.js").Done | import("../worker.js").Failed): void, onmessage: any}} */ (/** @type {unknown} */ (self));

/** @type {StaticSite | null} */
let site = null;
/** @type {Set<number>} */
const running = new Set();

scope.onmessage = (/** @type {MessageEvent<import("../worker.js").Job | {abort: number} | {site: string}>} */ { data }) => {
  if ("site" in data) site = new StaticSite(data.site);
  else if ("abort" in data) running.delete(data.abort);
  else void run(data);
};

/** @param {import("../worker.js").Job} job */
async function run({ id, url }) {
  running.add(id);
  try {
    // What was asked for in the same burst may be aborted in the next: look again before computing.
    await new Promise((resolve) => setTimeout(resolve, 0));
    if (!site || !running.has(id)) return;
    const data = await site.answer(url);
    // What waited for files may no longer be wanted.
    if (running.has(id)) scope.postMessage({ id, ok: true, data, bytes: weight(data) });
  } catch (error) {
    scope.postMessage({ id, ok: false, ...refusalOf(error), type: "", retryAfter: null });
  } finally {
    running.delete(id);
  }
}

/** @param {any} data bytes of its arrays: what a cache has to hold */
function weight(data) {
  const arrays = Object.values(data).flat().filter((value) => ArrayBuffer.isView(value));
  return arrays.reduce((sum, array) => sum + array.byteLength, 0);
}
