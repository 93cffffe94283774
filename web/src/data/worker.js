/** The worker: fetches, checks and decodes, so that the page's thread only draws. */

// Named here as well, so that it is fetched beside `tile.js` and not after it.
import "../model/crc32c.js";
import { Damaged, askedBy, decodeRows, decodeTile, rowsAskedBy } from "../model/tile.js";
import { authorization } from "./authorization.js";

/** @typedef {"tile" | "rows" | "json" | "pictures"} Kind */
/** @typedef {{id: number, url: string, kind: Kind}} Job */
/** @typedef {{id: number, ok: true, data: any, bytes: number}} Done */
/** @typedef {{id: number, ok: false, status: number, message: string, detail?: string, type: string, retryAfter: number | null, damaged: boolean}} Failed status 0: no answer; `detail`: what exactly is wrong */

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
    await answer(job, control.signal);
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
 * Fetches and decodes. No answer at all is whatever `fetch` throws; all that goes wrong once there is one is damage, so that
 * nothing that is sent can be taken for a server that is away.
 * @param {Job} job
 * @param {AbortSignal} signal
 */
async function answer(job, signal) {
  const response = await fetch(job.url, { signal, ...authorization(token) });
  if (!response.ok) return scope.postMessage(await refusal(job, response));
  const buffer = await whole(response);
  try {
    if (job.kind === "pictures") {
      const data = await cut(await createImageBitmap(new Blob([buffer])), rowsAskedBy(job.url).length);
      scope.postMessage({ id: job.id, ok: true, data, bytes: buffer.byteLength }, data);
      return;
    }
    const { data, transfer } = decoded(job.kind, job.url, buffer, response.headers.get("Tile-Header-CRC32C"));
    scope.postMessage({ id: job.id, ok: true, data, bytes: job.kind === "json" ? 0 : buffer.byteLength }, transfer);
  } catch (error) {
    throw error instanceof Damaged ? error : new Damaged(`cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * The pictures of a sheet on which they stand one below the other.
 * @param {ImageBitmap} sheet
 * @param {number} count
 */
async function cut(sheet, count) {
  const height = sheet.height / count;
  if (!Number.isInteger(height)) throw new Damaged(`${count} pictures on ${sheet.height} lines`);
  const pictures = await Promise.all(Array.from({ length: count }, (_, at) => createImageBitmap(sheet, 0, at * height, sheet.width, height)));
  sheet.close();
  return pictures;
}

/**
 * The body, whole. One that ends on the way, or is not in the coding that it claims, came from a server that is there.
 * @param {Response} response
 */
async function whole(response) {
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throw new Damaged(`did not arrive whole: ${error instanceof Error ? error.message : error}`);
  }
}

/**
 * @param {Exclude<Kind, "pictures">} kind
 * @param {string} url
 * @param {ArrayBuffer} buffer
 * @param {string | null} sum
 * @returns {{data: any, transfer: Transferable[]}}
 */
function decoded(kind, url, buffer, sum) {
  switch (kind) {
    case "tile": return { data: decodeTile(buffer, askedBy(url), sum), transfer: [buffer] };
    case "rows": return { data: decodeRows(buffer, askedBy(url), sum), transfer: [] };
    case "json": return { data: parsed(new TextDecoder().decode(buffer)), transfer: [] };
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
  let problem = { title: response.statusText, detail: "", type: "" };
  try {
    problem = { ...problem, ...(await response.json()) };
  } catch {
    // Not a problem document: the status alone must do.
  }
  const after = Number(response.headers.get("Retry-After"));
  return {
    id: job.id, ok: false, status: response.status, message: problem.title, detail: problem.detail, type: problem.type,
    retryAfter: Number.isFinite(after) && after > 0 ? after : null, damaged: false,
  };
}
