/**
 * What is asked for before the page's other modules are here: the catalogue, the metadata, and the coarsest tiles of the first
 * picture. On a line with a long way to the server the modules take a dozen round trips; these need not wait for them.
 *
 * Nothing rests on it: what fails here is asked for again by the queue, which retries and tells.
 */

import { authorization } from "./data/authorization.js";
import { catalogueUrl, metadataUrl, orderQuery, tileQuery, versionUrls } from "./data/api.js";
import { axisMode } from "./model/axes.js";
import { isNew, token } from "./data/token.js";
import { expression } from "./model/order.js";
import { hasCodes, isMoment } from "./model/moments.js";
import { decodeState, firstVisit, hasFewRows, linkTarget } from "./model/state.js";
import { topLevel } from "./model/viewport.js";

/** @typedef {import("./types").Metadata} Metadata */
/** @typedef {import("./types").DatasetEntry} DatasetEntry */

/** @param {string} url */
async function json(url) {
  const response = await fetch(url, authorization(token()));
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

/** A site of plain files (Tiles/STATIC.md) has no such addresses. */
const plain = document.documentElement.dataset.site !== undefined;

/** @type {Promise<DatasetEntry[] | null>} null: ask again */
export const entries = plain ? Promise.resolve(null) : json(catalogueUrl()).then((answer) => (Array.isArray(answer) ? answer : answer.datasets ?? []), () => null);

/**
 * The metadata of the current version, where that is what the link is about.
 * @type {Promise<Metadata | null>}
 */
export const metadata = entries.then(async (list) => {
  const target = linkTarget(location.hash);
  // What a token is about that came without a name is found out later.
  const entry = target?.dataset ? list?.find((one) => one.name === target.dataset) : isNew ? null : list?.[0];
  if (!entry || (target?.version && target.version !== entry.version)) return null;
  const known = await json(metadataUrl(entry.name, entry.version));
  firstTiles(known);
  return known;
}).catch(() => null);

/**
 * Into the browser's cache, where the worker finds them: these answers never change. Tiles follow the summary, which says what of the
 * axis they are to show.
 * @param {Metadata} data
 */
function firstTiles(data) {
  const state = decodeState(location.hash, data) ?? firstVisit(data);
  const urls = versionUrls(data);
  const mode = axisMode(state.axis);
  const few = hasFewRows(data);
  for (const id of state.layers) {
    const layer = data.layers.find((one) => one.id === id);
    if (!layer) continue;
    const { order, direction } = state.columns[id];
    const query = orderQuery(expression(order, data), direction);
    const top = topLevel(layer.neurons);
    fetch(urls.rows(id, top, 0, query, hasCodes(layer) && layer.samples === 1 ? state.instances : state.instances.filter((instance) => data.instances[instance].row === undefined)), authorization(token())).then((response) => response.arrayBuffer()).catch(() => {});
    json(urls.summary(id)).then((/** @type {import("./types").Summary} */ summary) => {
      const fit = mode.fit(summary, { shared: layer.shared, zeros: summary.zeros.some((share) => share > 0), few, bins: state.bins, symlog: state.symlog });
      const { bins, finer, warp } = mode.bins(layer.shared, fit, fit, fit.most);
      for (const group of state.groups) {
        if (isMoment(data, group) && !hasCodes(layer)) continue;
        for (const one of warp ? warp.sources : [finer]) {
          fetch(urls.tile(id, group, top, 0, tileQuery({ query, axis: mode.tiles, bins, finer: one })), authorization(token())).then((response) => response.arrayBuffer()).catch(() => {});
        }
      }
    }).catch(() => {});
  }
}
