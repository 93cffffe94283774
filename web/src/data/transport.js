/** The page's side of the worker. */

import { RequestError } from "./queue.js";

/**
 * @param {string} [site] address of `site.json` where there is no server but a site of plain files (Tiles/STATIC.md)
 * @returns {import("./queue.js").Send}
 */
export function workerTransport(site) {
  const worker = site
    ? new Worker(new URL("./static/worker.js", import.meta.url), { type: "module" })
    : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  if (site) worker.postMessage({ site: new URL(site, document.baseURI).href });
  /** @type {Map<number, {resolve: (result: {data: any, bytes: number}) => void, reject: (error: RequestError) => void}>} */
  const waiting = new Map();
  let last = 0;
  worker.onmessage = (/** @type {MessageEvent<import("./worker.js").Done | import("./worker.js").Failed>} */ { data }) => {
    const waiter = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.ok) waiter?.resolve({ data: data.data, bytes: data.bytes });
    else waiter?.reject(new RequestError(data));
  };
  // A worker that does not start (its script did not arrive) must not leave anyone waiting.
  worker.onerror = () => {
    const error = new RequestError({ status: 0, message: "the worker stopped", type: "", retryAfter: null, damaged: false });
    for (const waiter of waiting.values()) waiter.reject(error);
    waiting.clear();
  };
  return (url, kind) => {
    const id = ++last;
    const promise = new Promise((/** @type {(result: {data: any, bytes: number}) => void} */ resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, url: new URL(url, document.baseURI).href, kind });
    });
    return {
      promise,
      abort: () => {
        waiting.delete(id);
        worker.postMessage({ abort: id });
      },
    };
  };
}
