/** The page's side of the worker. */

import { RequestError } from "./queue.js";

/**
 * @param {string | null} token sent with every request
 * @param {string} [site] address of `site.json` where there is no server but a site of plain files (Tiles/STATIC.md)
 * @returns {import("./queue.js").Send}
 */
export function workerTransport(token, site) {
  /** @type {Map<number, {resolve: (result: {data: any, bytes: number}) => void, reject: (error: RequestError) => void}>} */
  const waiting = new Map();
  let last = 0;
  /** @type {Worker | null} */
  let worker = start();

  function start() {
    const made = site
      ? new Worker(new URL("./static/worker.js", import.meta.url), { type: "module" })
      : new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    made.onmessage = (/** @type {MessageEvent<import("./worker.js").Done | import("./worker.js").Failed>} */ { data }) => {
      const waiter = waiting.get(data.id);
      waiting.delete(data.id);
      if (data.ok) waiter?.resolve({ data: data.data, bytes: data.bytes });
      else waiter?.reject(new RequestError(data));
    };
    // A worker that does not start (its script did not arrive) must not leave anyone waiting, now or later: the next request
    // makes another.
    made.onerror = () => {
      if (worker !== made) return;
      made.terminate();
      worker = null;
      const error = new RequestError({ status: 0, message: "the worker stopped", type: "", retryAfter: null, damaged: false });
      for (const waiter of waiting.values()) waiter.reject(error);
      waiting.clear();
    };
    if (site) made.postMessage({ site: new URL(site, document.baseURI).href });
    else if (token !== null) made.postMessage({ token });
    return made;
  }

  return (url, kind) => {
    const id = ++last;
    const promise = new Promise((/** @type {(result: {data: any, bytes: number}) => void} */ resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker ??= start();
      worker.postMessage({ id, url: new URL(url, document.baseURI).href, kind });
    });
    return {
      promise,
      abort: () => {
        // Another worker than the one that was asked knows nothing of it.
        if (waiting.delete(id)) worker?.postMessage({ abort: id });
      },
    };
  };
}
