/** The worker: fetches, checks and decodes, so that the page's thread only draws. */

// Named here as well, so that it is fetched beside `tile.js` and not after it.
import "../model/crc32c.js";
import { Damaged, decodeRows, decodeTile } from "../model/tile.js";
import { authorization } from "./authorization.js";

/** @typedef {"tile" | "rows" | "json"} Kind */
/** @typedef {{id: number, url: string, kind: Kind}} Job */
/** @typedef {{id: number, ok: true, data: any, bytes: number}} Done */
/** @typedef {{id: number, ok: false, status: number, message: string, type: string, retryAfter: number | null, damaged: boolean}} Failed status 0: no answer */

// `lib.dom` types `self` as a window; a worker's `postMessage` has another second parameter.
const scope = /** @type {{postMessage(message: Done | Failed, transfer?: Transferable[]): void, onmessage: any}} */ (/** @type {unknown} */ (self));

/** @type {Map<number, AbortController>} */
const running = new Map();

/** @type {string | null} */
let token = null;

scope.onmessage = (/** @type {MessageEvent<Job | {abort: number} | {token: string}>} */ { data }) => {
  if ("abort" in data) running.get(data.abort)?.abort();
  else if ("token" in data) token = data.token;
  else void run(data);
};

/** @param {Job} job */
async function run(job) {
  const control = new AbortController();
  running.set(job.id, control);
  try {
    const response = await fetch(job.url, { signal: control.signal, ...authorization(token) });
    if (!response.ok) scope.postMessage(await refusal(job, response));
    else if (job.kind === "json") scope.postMessage({ id: job.id, ok: true, data: parsed(await response.text()), bytes: 0 });
    else {
      const buffer = await response.arrayBuffer();
      const bytes = buffer.byteLength;
      if (job.kind === "tile") {
        const data = decodeTile(buffer);
        scope.postMessage({ id: job.id, ok: true, data, bytes }, [buffer]);
      } else {
        scope.postMessage({ id: job.id, ok: true, data: decodeRows(buffer), bytes });
      }
    }
  } catch (error) {
    // Nobody waits for an aborted job.
    if (!control.signal.aborted) {
      const message = error instanceof Error ? error.message : String(error);
      scope.postMessage({ id: job.id, ok: false, status: 0, message, type: "", retryAfter: null, damaged: error instanceof Damaged });
    }
  } finally {
    running.delete(job.id);
  }
}

/**
 * A text that is no JSON did come: a page of a proxy, or an answer cut off. The server is not away.
 * @param {string} text
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Damaged(`${text.length} characters that are not JSON`);
  }
}

/**
 * @param {Job} job
 * @param {Response} response
 * @returns {Promise<Failed>}
 */
async function refusal(job, response) {
  let problem = { title: response.statusText, type: "" };
  try {
    problem = { ...problem, ...(await response.json()) };
  } catch {
    // Not a problem document: the status alone must do.
  }
  const after = Number(response.headers.get("Retry-After"));
  return {
    id: job.id, ok: false, status: response.status, message: problem.title, type: problem.type,
    retryAfter: Number.isFinite(after) && after > 0 ? after : null, damaged: false,
  };
}
