import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const web = fileURLToPath(new URL("../../web/", import.meta.url));
const files = readdirSync(web, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => relative(web, join(entry.path, entry.name)));
const text = (name) => readFileSync(join(web, name), "utf8");
const modules = files.filter((name) => name.endsWith(".js"));

test("no file is longer than 400 lines", () => {
  for (const name of files) assert.ok(text(name).split("\n").length <= 400, name);
});

test("everything is fetched from where the page came from, by relative addresses", () => {
  for (const name of files) {
    const foreign = text(name).replace(/\/\*[\s\S]*?\*\/|\/\/ .*/g, "").match(/https?:\/\/[^\s"'`)]+/g) ?? [];
    assert.deepEqual(foreign.filter((url) => !url.startsWith("http://www.w3.org/")), [], name);
  }
  for (const [, address] of text("index.html").matchAll(/(?:src|href)="([^"]+)"/g)) assert.ok(!/^(\/|[a-z]+:)/.test(address), address);
  for (const name of modules) assert.ok(!/["'`]\/(api|src|style)/.test(text(name)), name);
});

/** All modules that one needs before it can run. */
function closure(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  const source = text(name).replace(/\/\*[\s\S]*?\*\//g, "");
  for (const match of source.matchAll(/^(?:import|export)\s[^;(]*?from "([^"]+)"|^import "([^"]+)"/gm)) closure(join(name, "..", match[1] ?? match[2]), seen);
  return seen;
}

test("a slow line fetches at once all modules of the first picture, and no others: each is named in index.html, the early ones first", () => {
  const named = [...text("index.html").matchAll(/modulepreload" href="([^"]+)"/g)].map((match) => match[1]);
  const first = closure("src/main.js");
  assert.deepEqual([...named].sort(), [...first].sort());
  const early = closure("src/prefetch.js");
  assert.deepEqual(new Set(named.slice(0, early.size)), early);
  for (const name of ["src/panels/neuron.js", "src/panels/sortmenu.js", "src/export/figure.js"]) assert.ok(!first.has(name) && modules.includes(name), name);
});

test("pure modules import nothing but pure modules, and touch no page", () => {
  for (const name of modules.filter((one) => one.startsWith("src/model/"))) {
    for (const [, from] of text(name).matchAll(/^import .* from "([^"]+)"/gm)) assert.match(from, /^\.\/[a-z0-9]+\.js$/, name);
    assert.ok(!/\b(document|window|location|fetch|localStorage)\b\s*[.(]/.test(text(name).replace(/\/\*[\s\S]*?\*\//g, "")), name);
  }
});

test("one place asks for animation frames", () => {
  assert.deepEqual(modules.filter((name) => text(name).includes("requestAnimationFrame(")), ["src/view/frame.js"]);
});

test("every element that a module asks for by id is in index.html", () => {
  const ids = new Set([...text("index.html").matchAll(/id="([^"]+)"/g)].map((match) => match[1]));
  for (const name of modules) {
    for (const [, id] of text(name).matchAll(/byId\("([^"]+)"\)/g)) assert.ok(ids.has(id), `${name}: ${id}`);
  }
});
