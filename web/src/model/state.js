/**
 * What is on screen, and its short, stable form in the address. Pure.
 *
 * The form is `#1;d=fashion-mnist;v=…;l=dense_1,dense_2;…`: `1` is the version of the form, keys are one letter, and
 * whatever has its default is left out. Numbers of a column follow its place in `l`: `s0`, `h0`, `p0`, `y0`.
 *
 *     d data set   v version   l layers   g groups   i instances   u their names   s sort   h hidden   p pinned   y rows in view
 *     x part of the axis in view   a axis   z symlog   b bins      c curve   f full opacity   m lanes, hatched or overlaid   k linked   n neuron panel   j divergence view
 *     w groups of the moment, of which `w0` in g is the first   e the one that follows the brush; `r17` in i is row 17
 *     w0, w1 … (of a column) the window fitted to its rows in view
 *     filter, sets, picked: see `finding.js`   channels: see `channels.js`   other NAME/VERSION beside this one
 */

import { AXIS_DEFAULT, AXIS_NAMES } from "./axes.js";
import { decodeDivergence, encodeDivergence } from "./divergencestate.js";
import { decodeChannels, encodeChannels } from "./channels.js";
import { decodeFinding, encodeFinding } from "./finding.js";
import { decodeNames, encodeNames, renumbered } from "./linknames.js";
import { decodeMoments, encodeGroup, encodeInstance, encodeMoments, isMoment, rowInstance, rowOf } from "./moments.js";
import { argumentFor, decodeOrder, encodeOrder, exists, itemOf } from "./order.js";

/** @typedef {import("../types").State} State */
/** @typedef {import("../types").ColumnState} ColumnState */
/** @typedef {import("../types").Metadata} Metadata */

/** Neurons that may be hidden or pinned in a layer: what a person can click, and a link can carry. */
export const HIDDEN_MAX = 500;
export const PINNED_MAX = 24;
/** Instances shown at once: as many as one request may name. */
export const INSTANCES_MAX = 32;
export const GROUPS_MAX = 32;

const FORM = "1";
const CURVES = /** @type {const} */ (["root", "linear", "log"]);
const BINS = /** @type {const} */ ([256, 64, 16]);
/** Below so many rows a class, 256 bins show single rows as specks: the picture begins with 64. */
const FINE_FROM_ROWS = 400;

/**
 * Whether classes have so few rows that fine bins would show single ones.
 * @param {Pick<Metadata, "groups">} metadata
 */
export function hasFewRows({ groups }) {
  const rows = groups.filter((group) => group.kind === "class").map((group) => group.rows);
  const mean = rows.reduce((a, b) => a + b, 0) / Math.max(1, rows.length);
  return rows.length > 0 && mean < FINE_FROM_ROWS;
}

/** @returns {State} nothing chosen */
export function emptyState() {
  return {
    dataset: "", version: "", layers: [], groups: [], instances: [], columns: {},
    axis: AXIS_DEFAULT, symlog: null, bins: null, curve: "root", full: null, lanes: null, hatched: false, linked: false, panel: null, moments: [], brush: null,
    filter: null, sets: [], picked: null, channels: {}, other: null, divergence: null,
  };
}

/**
 * How a layer is first sorted: by the attacked instance, largest first, as in the paper's figure; else by a median.
 * @param {Pick<State, "groups" | "instances">} chosen
 * @param {Metadata} metadata
 * @returns {ColumnState}
 */
export function freshColumn({ groups, instances }, metadata) {
  // Rows that the reader made instances come and go.
  const stored = instances.filter((i) => metadata.instances[i].row === undefined);
  const attacked = stored.find((i) => metadata.instances[i].kind !== "benign") ?? stored[0];
  /** @type {import("../types").Order} */
  const order = attacked !== undefined ? itemOf("value", argumentFor("instance", attacked, metadata))
    : groups.length > 0 ? itemOf("median", argumentFor("group", groups[0], metadata)) : { kind: "index" };
  return { order, direction: order.kind === "index" ? "ascending" : "descending", hidden: [], pinned: [], top: 0, span: null, across: null, fit: null };
}

/**
 * Shows a layer's column, in the place that the layer has among all.
 * @param {State} draft
 * @param {Metadata} metadata
 * @param {string} id
 */
export function showLayer(draft, metadata, id) {
  draft.columns[id] ??= freshColumn(draft, metadata);
  if (!draft.layers.includes(id)) draft.layers = metadata.layers.map((layer) => layer.id).filter((one) => one === id || draft.layers.includes(one));
}

/**
 * The first visit: what the data set's job chose, else the last two layers before the last, two classes and a pair.
 * @param {Metadata} metadata
 * @returns {State}
 */
export function firstVisit(metadata) {
  const start = metadata.start ?? {};
  const ids = metadata.layers.map((layer) => layer.id);
  const layers = (start.layers ?? []).filter((id) => ids.includes(id));
  const groups = (start.groups ?? []).filter((g) => g < metadata.groups.length);
  const instances = (start.instances ?? []).filter((i) => i < metadata.instances.length);
  const pair = metadata.instances[0]?.pair;
  const classes = metadata.groups.flatMap((group, g) => (group.kind === "class" ? [g] : []));
  /** @type {State} */
  const state = {
    ...emptyState(), dataset: metadata.name, version: metadata.version,
    layers: layers.length > 0 ? layers : ids.length > 2 ? ids.slice(-3, -1) : ids,
    groups: groups.length > 0 ? groups : classes.length > 0 ? classes.slice(0, 2) : [0],
    instances: start.instances ? instances
      : metadata.instances.flatMap((one, i) => (i === 0 || (pair !== undefined && one.pair === pair) ? [i] : [])).slice(0, 2),
  };
  for (const id of state.layers) state.columns[id] = freshColumn(state, metadata);
  return state;
}

/** @param {number[]} list */
const packed = (list) => [...list].sort((a, b) => a - b).map((n) => n.toString(36)).join(".");
/** @param {string} text @param {number} most */
const unpacked = (text, most) => [...new Set(text.split(".").filter((t) => /^[0-9a-z]{1,7}$/.test(t)).map((t) => Number.parseInt(t, 36)))].slice(0, most);
/** @param {number} n */
const short = (n) => String(Number(n.toPrecision(7)));
/** @param {number} n A narrow part far from zero has its difference in the last digits. */
const fine = (n) => String(Number(n.toPrecision(10)));

/**
 * @param {State} state
 * @param {Metadata} [metadata] that the state is of: then the link holds names as well, and is right for other versions
 * @returns {string} beginning with `#`
 */
export function encodeState(state, metadata) {
  /** @type {[string, string][]} */
  const parts = [["d", encodeURIComponent(state.dataset)], ["v", state.version], ["l", state.layers.join(",")], ["g", state.groups.map((group) => encodeGroup(group, state.moments)).join(",")]];
  if (state.instances.length > 0) parts.push(["i", state.instances.map((instance) => encodeInstance(instance, metadata)).join(",")]);
  const names = metadata ? encodeNames(storedOnly(state, metadata), metadata) : "";
  if (names) parts.push(["u", names]);
  if (metadata && state.moments.length > 0) parts.push(["w", encodeMoments(state.moments, metadata)]);
  if (state.brush !== null) parts.push(["e", encodeGroup(state.brush, state.moments)]);
  state.layers.forEach((id, place) => {
    const column = state.columns[id];
    if (!column) return;
    parts.push([`s${place}`, encodeOrder(column.order) + (column.direction === "descending" ? "~" : "")]);
    if (column.hidden.length > 0) parts.push([`h${place}`, packed(column.hidden)]);
    if (column.pinned.length > 0) parts.push([`p${place}`, packed(column.pinned)]);
    if (column.span !== null) parts.push([`y${place}`, `${short(column.top)}_${short(column.span)}`]);
    if (column.fit && column.span !== null) parts.push([`w${place}`, [column.fit.lo, column.fit.hi, column.fit.unit, column.fit.most].map(fine).join("_")]);
    if (column.across !== null) parts.push([`x${place}`, `${fine(column.across.lo)}_${fine(column.across.hi)}`]);
  });
  if (state.axis !== AXIS_DEFAULT) parts.push(["a", state.axis]);
  if (state.symlog !== null) parts.push(["z", state.symlog ? "symlog" : "linear"]);
  if (state.curve !== "root") parts.push(["c", state.curve]);
  if (state.bins !== null) parts.push(["b", String(state.bins)]);
  if (state.full !== null) parts.push(["f", short(state.full)]);
  if (state.lanes !== null || state.hatched) parts.push(["m", state.lanes ? "lanes" : state.hatched ? "hatched" : "overlaid"]);
  if (state.linked) parts.push(["k", "1"]);
  if (state.panel) parts.push(["n", `${state.panel.layer}.${state.panel.neuron}`]);
  if (state.divergence) parts.push(["j", encodeDivergence(state.divergence, (instance) => encodeInstance(instance, metadata))]);
  if (state.other) parts.push(["other", `${encodeURIComponent(state.other.name)}/${state.other.version}`]);
  parts.push(...encodeFinding(state), ...encodeChannels(state.channels));
  return `#${FORM};${parts.map(([key, value]) => `${key}=${value}`).join(";")}`;
}

/**
 * The view without what has a name of its own in links.
 * @param {State} state
 * @param {Metadata} metadata
 * @returns {State}
 */
function storedOnly(state, metadata) {
  return { ...state, groups: state.groups.filter((group) => !isMoment(metadata, group)), instances: state.instances.filter((instance) => rowOf(metadata, instance) === null) };
}

/** @param {string} hash @returns {Map<string, string> | null} null when it is none of our forms */
function fields(hash) {
  const [form, ...parts] = hash.replace(/^#/, "").split(";");
  if (form !== FORM) return null;
  return new Map(parts.flatMap((part) => {
    const at = part.indexOf("=");
    return at > 0 ? [/** @type {[string, string]} */ ([part.slice(0, at), part.slice(at + 1)])] : [];
  }));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/**
 * A link's token, and the link without it. `token=…` may stand anywhere between semicolons.
 * @param {string} hash
 * @returns {{token: string | null, rest: string}} `rest` is empty where nothing else was there
 */
export function splitToken(hash) {
  const parts = hash.replace(/^#/, "").split(";");
  const found = parts.find((part) => part.startsWith("token="));
  if (found === undefined) return { token: null, rest: hash };
  const rest = parts.filter((part) => !part.startsWith("token=")).join(";");
  return { token: decoded(found.slice("token=".length)), rest: rest && `#${rest}` };
}

/**
 * Which data set and version a link is about.
 * @param {string} hash
 */
export function linkTarget(hash) {
  const map = fields(hash);
  if (!map) return null;
  return { dataset: decoded(map.get("d") ?? ""), version: map.get("v") ?? "" };
}

/**
 * What a link names that these data do not have.
 * @param {string} hash
 * @param {Metadata} metadata
 */
export function goneNames(hash, metadata) {
  return decodeNames(fields(hash)?.get("u") ?? "", metadata).gone;
}

/**
 * @param {string} text
 * @param {(n: number) => number | null} renumber
 * @param {number} end
 * @param {number} most
 * @param {(text: string) => number | undefined} made what the reader made on the page, and is no number
 */
function indices(text, renumber, end, most, made) {
  const all = text.split(",").flatMap((t) => {
    if (!/^\d{1,9}$/.test(t)) return made(t) ?? [];
    const n = renumber(Number(t));
    return n !== null && n < end ? [n] : [];
  });
  return [...new Set(all)].slice(0, most);
}

/**
 * Layers that a link asks for and these data do not have.
 * @param {string} hash
 * @param {Metadata} metadata
 */
export function goneLayers(hash, metadata) {
  const asked = (fields(hash)?.get("l") ?? "").split(",").filter(Boolean).map(decoded);
  return asked.filter((id) => !metadata.layers.some((layer) => layer.id === id));
}

/**
 * The view a link describes. What the data set does not have (a link to another version, a mistyped one) is left out.
 * @param {string} hash
 * @param {Metadata} metadata
 * @returns {State | null} null when it is no link of ours
 */
export function decodeState(hash, metadata) {
  const map = fields(hash);
  if (!map || !map.has("l")) return null;
  /** @type {State} */
  const state = { ...emptyState(), dataset: metadata.name, version: metadata.version };
  const layers = new Map(metadata.layers.map((layer) => [layer.id, layer]));
  const ids = (map.get("l") ?? "").split(",");
  const names = decodeNames(map.get("u") ?? "", metadata);
  const stored = { groups: metadata.groups.filter((_, g) => !isMoment(metadata, g)).length, instances: metadata.instances.filter((one) => one.row === undefined).length };
  state.moments = decodeMoments(map.get("w") ?? "", metadata);
  /** @param {string} text */
  const moment = (text) => (/^w\d{1,3}$/.test(text) ? state.moments[Number(text.slice(1))] : undefined);
  /** @param {string} text */
  const row = (text) => (/^r\d{1,9}$/.test(text) && Number(text.slice(1)) < metadata.rows ? rowInstance(metadata, { row: Number(text.slice(1)) }) : undefined);
  state.groups = indices(map.get("g") ?? "", names.group, stored.groups, GROUPS_MAX, moment);
  state.instances = indices(map.get("i") ?? "", names.instance, stored.instances, INSTANCES_MAX, row);
  state.brush = moment(map.get("e") ?? "") ?? null;
  ids.forEach((id, place) => {
    const layer = layers.get(id);
    if (!layer || state.layers.includes(id)) return;
    state.layers.push(id);
    state.columns[id] = decodeColumn(map, place, layer, state, metadata);
  });
  // Links of before the scale was a choice of its own said `a=symlog` for the whole axis, logarithmic.
  const symlogAxis = map.get("a") === "symlog";
  state.axis = symlogAxis ? "whole" : AXIS_NAMES.find((axis) => axis === map.get("a")) ?? AXIS_DEFAULT;
  state.symlog = symlogAxis || map.get("z") === "symlog" ? true : map.get("z") === "linear" ? false : null;
  state.curve = CURVES.find((curve) => curve === map.get("c")) ?? "root";
  state.bins = BINS.find((bins) => String(bins) === map.get("b")) ?? null;
  const full = Number(map.get("f"));
  state.full = full > 0 && full <= 1 ? full : null;
  const way = map.get("m");
  state.lanes = way === "lanes" ? true : way === "hatched" || way === "overlaid" ? false : null;
  state.hatched = map.get("m") === "hatched";
  state.linked = map.get("k") === "1";
  const panel = /^([A-Za-z0-9_-]+)\.(\d{1,10})$/.exec(map.get("n") ?? "");
  const panelLayer = panel && layers.get(panel[1]);
  if (panel && panelLayer && Number(panel[2]) < panelLayer.neurons) state.panel = { layer: panel[1], neuron: Number(panel[2]) };
  const divergence = map.get("j");
  if (divergence !== undefined) state.divergence = decodeDivergence(divergence, metadata, (text) => indices(text, names.instance, stored.instances, 1, row)[0] ?? null);
  Object.assign(state, decodeFinding(map, metadata));
  const other = /^([^/]+)\/([^/]+)$/.exec(map.get("other") ?? "");
  if (other && decoded(other[1])) state.other = { name: decoded(other[1]), version: other[2] };
  state.channels = decodeChannels(map.get("channels") ?? "", metadata);
  return state;
}

/**
 * @param {Map<string, string>} map
 * @param {number} place
 * @param {import("../types").Layer} layer
 * @param {State} chosen
 * @param {Metadata} metadata
 * @returns {ColumnState}
 */
function decodeColumn(map, place, layer, chosen, metadata) {
  const column = freshColumn(chosen, metadata);
  const sort = map.get(`s${place}`) ?? "";
  const said = decodeOrder(sort.replace(/~$/, ""));
  const order = said && renumbered(said, decodeNames(map.get("u") ?? "", metadata));
  if (order && exists(order, metadata)) {
    column.order = order;
    column.direction = sort.endsWith("~") ? "descending" : "ascending";
  }
  column.hidden = unpacked(map.get(`h${place}`) ?? "", HIDDEN_MAX).filter((n) => n < layer.neurons);
  column.pinned = unpacked(map.get(`p${place}`) ?? "", PINNED_MAX).filter((n) => n < layer.neurons);
  const rows = /^([\d.]+)_([\d.]+)$/.exec(map.get(`y${place}`) ?? "");
  if (rows && Number(rows[2]) > 0) {
    column.top = Math.min(Number(rows[1]), layer.neurons);
    column.span = Number(rows[2]);
  }
  const [lo, hi, unit, most] = (map.get(`w${place}`) ?? "").split("_").map(Number);
  if (column.span !== null && lo < hi && unit >= 0 && most >= 16 && most <= 255 && [lo, hi, unit, most].every(Number.isFinite)) column.fit = { lo, hi, unit, most };
  const across = (map.get(`x${place}`) ?? "").split("_").map(Number);
  if (across.length === 2 && across[0] < across[1] && across.every(Number.isFinite)) column.across = { lo: across[0], hi: across[1] };
  return column;
}
