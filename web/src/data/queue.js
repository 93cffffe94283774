/**
 * The client's own queue of requests: HTTP/1.1 gives a page six connections, and which requests use them first must be
 * ours to say. Bounded in flight and in waiting; retries with jitter; aborts.
 */

/** @typedef {import("./worker.js").Kind} Kind */
/** @typedef {import("./worker.js").Failed} Failed */
/** @typedef {{promise: Promise<{data: any, bytes: number}>, abort: () => void}} Sent */
/** @typedef {(url: string, kind: Kind) => Sent} Send `promise` rejects with a `RequestError` */

/** Requests on the wire at once. */
export const IN_FLIGHT_MAX = 6;
/** Requests waiting for their turn; the least urgent beyond it are refused. */
export const WAITING_MAX = 256;
/** Longest pause between two tries, in milliseconds. */
const BACKOFF_MAX_MS = 8000;
/** How long an answer that nobody waits for may keep its place: as many answers' times, within these bounds in milliseconds. */
const SPARE_ANSWERS = 1.5;
const SPARE_MIN_MS = 40;
const SPARE_MAX_MS = 250;
/** How far ahead movement is foreseen: as many answers' times (a screen is two rounds of requests), within these bounds in milliseconds. */
const LOOKAHEAD_ANSWERS = 3;
const LOOKAHEAD_MIN_MS = 50;
const LOOKAHEAD_MAX_MS = 400;
/** The weight of the latest answer in the time that one takes. */
const LATEST = 0.2;
/** Answers that came damaged before one is given up; a server that is away is asked for as long as the answer is wanted. */
const DAMAGED_TRIES_MAX = 4;
/** So often in a row one answer is "busy" before it is told; it is asked for on, as the server says. */
const BUSY_TOLD = 4;

/** Why a request failed: `status` 0 is no answer at all, -1 an abort. */
export class RequestError extends Error {
  /** @param {Omit<Failed, "id" | "ok">} what */
  constructor(what) {
    super(what.message);
    /** What exactly is wrong, as the server says. */
    this.detail = what.detail || what.message;
    this.status = what.status;
    this.type = what.type;
    this.retryAfter = what.retryAfter;
    this.damaged = what.damaged;
  }

  /** The server asks for a token, or for another one. */
  get needsToken() {
    return this.status === 401 && this.type.endsWith("/unauthorized");
  }

  get aborted() {
    return this.status === -1;
  }
}

/** @param {string} message */
const abortError = (message) => new RequestError({ status: -1, message, type: "", retryAfter: null, damaged: false });

/**
 * @typedef {object} Request
 * @property {string} url
 * @property {Kind} kind
 * @property {number} priority smaller is sooner; may change while it waits
 * @property {AbortSignal} [signal]
 * @property {boolean} [spare] nobody waits for it any more
 */

/**
 * @typedef {object} Entry
 * @property {Request} request
 * @property {number} tries
 * @property {number} damaged tries that brought a damaged answer
 * @property {number} busy tries to which the server said that it is busy
 * @property {number} notBefore
 * @property {number} sentAt
 * @property {Sent | null} sent
 * @property {(result: {data: any, bytes: number}) => void} resolve
 * @property {(error: RequestError) => void} reject
 */

/**
 * @typedef {object} Options
 * @property {(away: boolean) => void} [onAway] told `true` when the server stops answering and `false` when it answers again
 * @property {(busy: boolean) => void} [onBusy] told `true` when the server keeps saying that it is busy and `false` when it answers again
 * @property {(url: string, error: RequestError) => void} [onDamaged] told of an answer that came damaged at every try
 * @property {() => number} [now] for tests, as the rest
 * @property {(run: () => void, ms: number) => unknown} [later]
 * @property {() => number} [random]
 */

export class RequestQueue {
  /**
   * @param {Send} send
   * @param {Options} options
   */
  constructor(send, { onAway = () => {}, onBusy = () => {}, onDamaged = () => {}, now = () => performance.now(), later = (run, ms) => setTimeout(run, ms), random = Math.random } = {}) {
    this.send = send;
    this.onAway = onAway;
    this.onBusy = onBusy;
    this.onDamaged = onDamaged;
    this.now = now;
    this.later = later;
    this.random = random;
    /** @type {Set<Entry>} */
    this.waiting = new Set();
    /** @type {Set<Entry>} */
    this.flying = new Set();
    this.away = false;
    this.busy = false;
    /** Milliseconds from sending to the answer, as of late. */
    this.answerMs = 0;
    this.counters = { requests: 0, bytes: 0, aborts: 0, retries: 0 };
  }

  /**
   * @param {Request} request
   * @returns {Promise<{data: any, bytes: number}>}
   */
  request(request) {
    return new Promise((resolve, reject) => {
      const { signal } = request;
      if (signal?.aborted) return reject(abortError("aborted"));
      /** @type {Entry} */
      const entry = { request, tries: 0, damaged: 0, busy: 0, notBefore: 0, sentAt: 0, sent: null, resolve, reject };
      signal?.addEventListener("abort", () => this.drop(entry, "aborted"), { once: true });
      this.waiting.add(entry);
      if (this.waiting.size > WAITING_MAX) this.drop(this.least(), "queue full");
      this.pump();
    });
  }

  /** How far ahead to look so that what will be needed is there by then. */
  get lookaheadMs() {
    return Math.min(LOOKAHEAD_MAX_MS, Math.max(LOOKAHEAD_MIN_MS, LOOKAHEAD_ANSWERS * this.answerMs));
  }

  /** The waiting entry that would go last. */
  least() {
    return [...this.waiting].reduce((last, entry) => (entry.request.priority >= last.request.priority ? entry : last));
  }

  /** @param {Entry} entry @param {string} why */
  drop(entry, why) {
    if (!this.waiting.delete(entry) && !this.flying.delete(entry)) return;
    if (entry.sent) {
      entry.sent.abort();
      this.counters.aborts++;
    }
    entry.reject(abortError(why));
    this.pump();
  }

  /** Sends what may be sent. While the server is away one request at a time asks whether it is back. */
  pump() {
    const most = this.away ? 1 : IN_FLIGHT_MAX;
    for (let next = this.next(); next; next = this.next()) {
      if (this.flying.size >= most) return this.makeRoom();
      this.launch(next);
    }
  }

  /**
   * Drops what nobody waits for and what is not about to come. Small answers are let come: aborting one costs its connection,
   * which takes as long to make anew, and one level of a zoom after another would be aborted, so that the picture stays coarse.
   */
  makeRoom() {
    const entry = [...this.flying].find((one) => one.request.spare);
    if (!entry) return;
    const left = entry.sentAt + Math.min(SPARE_MAX_MS, Math.max(SPARE_MIN_MS, SPARE_ANSWERS * this.answerMs)) - this.now();
    // Dropping it pumps.
    if (left <= 0) this.drop(entry, "gave way");
    else this.later(() => this.pump(), left + 1);
  }

  /** The waiting entry that goes first, of those that may. */
  next() {
    const now = this.now();
    /** @type {Entry | null} */
    let next = null;
    for (const entry of this.waiting) {
      if (entry.notBefore <= now && (next === null || entry.request.priority < next.request.priority)) next = entry;
    }
    return next;
  }

  /**
   * Nobody waits for a request any more. What has not been sent is dropped; an answer on its way may come, see `makeRoom`.
   * @param {Request} request
   */
  release(request) {
    request.spare = true;
    for (const entry of this.waiting) if (entry.request === request) return this.drop(entry, "released");
    this.pump();
  }

  /** @param {Entry} entry */
  launch(entry) {
    this.waiting.delete(entry);
    this.flying.add(entry);
    this.counters.requests++;
    entry.sentAt = this.now();
    const sent = this.send(entry.request.url, entry.request.kind);
    entry.sent = sent;
    sent.promise.then(
      (result) => {
        if (!this.flying.delete(entry)) return;
        this.counters.bytes += result.bytes;
        this.answerMs += LATEST * (this.now() - entry.sentAt - this.answerMs);
        this.setAway(false);
        this.setBusy(false);
        entry.resolve(result);
        this.pump();
      },
      (/** @type {RequestError} */ error) => {
        if (!this.flying.delete(entry)) return;
        entry.sent = null;
        this.failed(entry, error);
        this.pump();
      },
    );
  }

  /** @param {Entry} entry @param {RequestError} error */
  failed(entry, error) {
    if (entry.request.spare) return entry.reject(abortError("released"));
    entry.tries++;
    const unreachable = (error.status === 0 && !error.damaged) || error.status === 502 || error.status === 504;
    const busy = error.status === 429 || error.status === 503;
    if (error.damaged) entry.damaged++;
    if (busy && ++entry.busy === BUSY_TOLD) this.setBusy(true);
    // Whatever else is wrong with it, an answer is one.
    this.setAway(unreachable);
    if (!unreachable && !busy && !(error.damaged && entry.damaged < DAMAGED_TRIES_MAX)) {
      if (error.damaged) this.onDamaged(entry.request.url, error);
      return entry.reject(error);
    }
    const pause = error.retryAfter !== null ? error.retryAfter * 1000 : Math.min(BACKOFF_MAX_MS, 250 * 2 ** entry.tries);
    // Jitter: clients that lost the same server must not all come back in the same moment.
    const wait = pause * (0.5 + this.random());
    entry.notBefore = this.now() + wait;
    this.counters.retries++;
    this.waiting.add(entry);
    this.later(() => this.pump(), wait + 1);
  }

  /** Try again at once; for the "try now" button. */
  hurry() {
    for (const entry of this.waiting) entry.notBefore = 0;
    this.pump();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    if (this.busy === busy) return;
    this.busy = busy;
    this.onBusy(busy);
  }

  /** @param {boolean} away */
  setAway(away) {
    if (this.away === away) return;
    this.away = away;
    this.onAway(away);
    if (!away) this.hurry();
  }
}
