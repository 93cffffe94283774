import assert from "node:assert/strict";
import { test } from "node:test";
import { Part } from "../../web/src/parts.js";

/** A part whose modules come when the test lets them. */
function held() {
  let loads = 0;
  let makes = 0;
  /** @type {(modules: string) => void} */
  let come = () => {};
  const part = new Part(() => {
    loads += 1;
    return new Promise((resolve) => (come = resolve));
  }, (modules) => ({ modules, number: (makes += 1) }));
  return { part, counts: () => [loads, makes], come: async () => {
    come("modules");
    await new Promise((resolve) => setImmediate(resolve));
  } };
}

test("a part is loaded and made once, whoever asks for it while it is on its way, in the order in which they asked", async () => {
  const { part, counts, come } = held();
  const seen = [];
  part.use(({ number }) => seen.push(`a${number}`));
  part.use(({ number }) => seen.push(`b${number}`));
  assert.deepEqual([seen, counts()], [[], [1, 0]]);
  await come();
  assert.deepEqual([seen, counts()], [["a1", "b1"], [1, 1]]);
});

test("once fetched it is made at its first use, before that returns", async () => {
  const { part, counts, come } = held();
  const fetched = part.fetch();
  await come();
  await fetched;
  assert.deepEqual(counts(), [1, 0]);
  let seen = 0;
  part.use(({ number }) => (seen = number));
  assert.equal(seen, 1);
  part.use(({ number }) => (seen += number));
  assert.deepEqual([seen, counts()], [2, [1, 1]]);
});

test("a part that asks for itself while it is made is made once, and answers afterwards", async () => {
  const seen = [];
  /** @type {Part<string, number>} */
  const part = new Part(async () => "modules", () => {
    part.use((view) => seen.push(view));
    assert.deepEqual(seen, []);
    return 7;
  });
  await part.fetch();
  part.use((view) => seen.push(view + 1));
  assert.deepEqual(seen, [8, 7]);
});
