/** Asks a static site and a server the same and tells where their answers differ: node static_compare.mjs SITE SERVER < paths */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { StaticSite } from "../../web/src/data/static/site.js";
import { decodeRows, decodeTile } from "../../web/src/model/tile.js";

const [siteUrl, serverUrl] = process.argv.slice(2);
const site = new StaticSite(new URL("site.json", siteUrl).href);
const paths = JSON.parse(readFileSync(0, "utf8"));
let same = 0;
for (const path of paths) {
  const response = await fetch(serverUrl + path);
  if (response.status === 404) {
    await assert.rejects(site.answer(siteUrl + path), path);
  } else {
    assert.equal(response.status, 200, path);
    const wanted = path.includes("/tiles/") ? decodeTile(await response.arrayBuffer())
      : path.includes("/rows/") ? decodeRows(await response.arrayBuffer()) : await response.json();
    assert.deepEqual(await site.answer(siteUrl + path), wanted, path);
  }
  same++;
}
console.log(same);
