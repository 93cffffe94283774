/** Asks a static site and a server the same and tells where their answers differ: node static_compare.mjs SITE SERVER < paths */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { StaticSite } from "../../web/src/data/static/site.js";
import { askedBy, decodeRows, decodeTile } from "../../web/src/model/tile.js";

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
    const decode = path.includes("/tiles/") ? decodeTile : path.includes("/rows/") ? decodeRows : null;
    const sum = response.headers.get("Tile-Header-CRC32C");
    if (decode) assert.match(sum ?? "none", /^[0-9a-f]{8}$/, path);
    const wanted = decode ? decode(await response.arrayBuffer(), askedBy(serverUrl + path), sum) : await response.json();
    const found = await site.answer(siteUrl + path);
    // A site has counts of samples, a server codes of rows.
    if (wanted.tied !== undefined && found.tied === undefined) delete wanted.tied;
    assert.deepEqual(found, wanted, path);
  }
  same++;
}
console.log(same);
