import assert from "node:assert/strict";
import { test } from "node:test";
import { IN_FLIGHT_MAX, RequestError, RequestQueue, WAITING_MAX } from "../../web/src/data/queue.js";

/** A server that answers when told, and a clock that moves when told. */
function world() {
  const sent = [];
  const timers = [];
  const clock = { now: 0 };
  const queue = new RequestQueue((url) => {
    const one = { url, aborted: false };
    const promise = new Promise((resolve, reject) => Object.assign(one, {
      answer: (data) => resolve({ data, bytes: 1 }),
      refuse: (status, more = {}) => reject(new RequestError({ status, message: "no", type: "", retryAfter: null, damaged: false, ...more })),
    }));
    sent.push(one);
    return { promise, abort: () => { one.aborted = true; } };
  }, { now: () => clock.now, later: (run, ms) => timers.push({ at: clock.now + ms, run }), random: () => 0.5 });
  const advance = (ms) => {
    clock.now += ms;
    for (const timer of timers.splice(0)) (timer.at <= clock.now ? timer.run() : timers.push(timer));
  };
  return { queue, sent, advance };
}
const ask = (queue, url, priority, signal) => queue.request({ url, kind: "tile", priority, signal });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("six at a time, the most urgent first, equals in order", async () => {
  const { queue, sent } = world();
  for (let i = 0; i < 8; i++) void ask(queue, `late ${i}`, 4).catch(() => {});
  void ask(queue, "urgent", 0);
  void ask(queue, "urgent too", 0);
  assert.equal(sent.length, IN_FLIGHT_MAX);
  sent[0].answer(1);
  sent[1].answer(1);
  await settled();
  assert.deepEqual(sent.slice(6).map((one) => one.url), ["urgent", "urgent too"]);
});

test("an abort before sending costs nothing, one on the wire frees its place", async () => {
  const { queue, sent } = world();
  const controls = Array.from({ length: 8 }, () => new AbortController());
  const results = controls.map((control, i) => ask(queue, `${i}`, 1, control.signal).catch((error) => error.aborted));
  controls[7].abort();
  controls[0].abort();
  assert.equal(await results[7], true);
  assert.equal(await results[0], true);
  assert.ok(sent[0].aborted);
  assert.deepEqual(sent.map((one) => one.url), ["0", "1", "2", "3", "4", "5", "6"]);
  assert.equal(queue.flying.size, 6);
});

test("the waiting line is bounded: the least urgent is told so", async () => {
  const { queue } = world();
  const last = [];
  for (let i = 0; i < IN_FLIGHT_MAX + WAITING_MAX + 5; i++) last.push(ask(queue, `${i}`, i < 250 ? 1 : 5).then(() => "ok", (error) => error.aborted));
  assert.equal(queue.waiting.size, WAITING_MAX);
  assert.equal(await last[last.length - 1], true);
});

test("no answer: the page is told, one request keeps asking, all come when it is back", async () => {
  const { queue, sent, advance } = world();
  const told = [];
  queue.onAway = (away) => told.push(away);
  const results = Promise.all([1, 2, 3].map((i) => ask(queue, `${i}`, 1)));
  for (const one of [...sent]) one.refuse(0);
  await settled();
  assert.deepEqual(told, [true]);
  advance(2000);
  assert.equal(sent.length, 4, "one asks");
  sent[3].refuse(0);
  await settled();
  advance(20000);
  assert.equal(sent.length, 5);
  sent[4].answer("back");
  await settled();
  assert.deepEqual(told, [true, false]);
  assert.equal(sent.length, 7);
  sent[5].answer("b");
  sent[6].answer("c");
  assert.equal((await results).length, 3);
});

test("a busy server says when to come back, and is heard", async () => {
  const { queue, sent, advance } = world();
  const result = ask(queue, "x", 1);
  sent[0].refuse(503, { retryAfter: 3 });
  await settled();
  advance(2900);
  assert.equal(sent.length, 1);
  advance(200);
  assert.equal(sent.length, 2);
  sent[1].answer("now");
  assert.equal((await result).data, "now");
  assert.equal(queue.away, false);
});

test("a server that stays busy is told, once, until it answers", async () => {
  const { queue, sent, advance } = world();
  const told = [];
  queue.onBusy = (busy) => told.push([sent.length, busy]);
  const result = ask(queue, "x", 1);
  for (let i = 0; i < 6; i++) {
    sent[i].refuse(i % 2 === 0 ? 503 : 429, { retryAfter: 1 });
    await settled();
    advance(2000);
  }
  sent[6].answer("now");
  assert.equal((await result).data, "now");
  assert.deepEqual(told, [[4, true], [7, false]]);
});

test("a damaged answer is fetched again, but not for ever; a refusal not at all", async () => {
  const { queue, sent, advance } = world();
  const told = [];
  queue.onDamaged = (url, error) => told.push([url, error.message]);
  queue.onAway = (away) => told.push(away);
  const result = ask(queue, "x", 1).catch((error) => error);
  for (let i = 0; i < 4; i++) {
    sent[i].refuse(0, { damaged: true });
    await settled();
    advance(60000);
  }
  assert.equal((await result).damaged, true);
  assert.equal(sent.length, 4);
  assert.deepEqual(told, [["x", "no"]], "told once, by its address, and not as absence");
  const refused = ask(queue, "y", 1).catch((error) => error.status);
  sent[4].refuse(404);
  assert.equal(await refused, 404);
  assert.equal(sent.length, 5);
});

test("damaged answers are counted by themselves: a long absence before uses none of them up", async () => {
  const { queue, sent, advance } = world();
  const result = ask(queue, "x", 1).catch((error) => error);
  const answers = [...Array(9).fill({}), ...Array(3).fill({ damaged: true })];
  for (const [i, more] of answers.entries()) {
    sent[i].refuse(0, more);
    await settled();
    advance(60000);
  }
  sent[answers.length].answer("whole");
  assert.equal((await result).data, "whole");
});

test("a server that refuses, or sends damage, is back", async () => {
  for (const how of [[404], [0, { damaged: true }], [503]]) {
    const { queue, sent, advance } = world();
    const told = [];
    queue.onAway = (away) => told.push(away);
    void ask(queue, "x", 1).catch(() => {});
    sent[0].refuse(0);
    await settled();
    advance(20000);
    sent[1].refuse(...how);
    await settled();
    assert.deepEqual(told, [true, false], String(how));
  }
});

test("what waits may become urgent: what was foreseen comes into view", async () => {
  const { queue, sent } = world();
  for (let i = 0; i < IN_FLIGHT_MAX; i++) void ask(queue, `${i}`, 1);
  void ask(queue, "seen", 1);
  const foreseen = { url: "foreseen", kind: "tile", priority: 4 };
  void queue.request(foreseen);
  foreseen.priority = 0;
  sent[0].answer(1);
  await settled();
  assert.equal(sent[IN_FLIGHT_MAX].url, "foreseen");
});

test("what nobody waits for is not sent, but let come where it is about to; it gives way where it takes long", async () => {
  const { queue, sent, advance } = world();
  const requests = Array.from({ length: 8 }, (_, i) => ({ url: `${i}`, kind: "tile", priority: 1 }));
  const results = requests.map((request) => queue.request(request).then(() => "came", (error) => (error.aborted ? "aborted" : "failed")));
  queue.release(requests[7]);
  assert.equal(await results[7], "aborted");
  for (const request of requests.slice(0, 6)) queue.release(request);
  assert.deepEqual(sent.map((one) => one.aborted), Array(6).fill(false), "about to come");
  advance(10);
  sent[0].answer(1);
  assert.equal(await results[0], "came");
  await settled();
  assert.equal(sent[6].url, "6");
  void ask(queue, "urgent", 0);
  assert.equal(sent.length, 7);
  advance(60);
  assert.equal(sent[7].url, "urgent", "a place was made");
  assert.equal(await results[1], "aborted");
  assert.ok(sent[1].aborted && !sent[2].aborted, "only as many as are needed");
});

test("what nobody waits for and fails is neither tried again nor told", async () => {
  const { queue, sent, advance } = world();
  const request = { url: "a", kind: "tile", priority: 1 };
  const result = queue.request(request).catch((error) => error.aborted);
  queue.release(request);
  sent[0].refuse(500);
  assert.equal(await result, true);
  advance(20000);
  assert.equal(sent.length, 1);
});
