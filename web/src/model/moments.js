/**
 * Groups of the moment and rows as instances: what the reader made on the page beside what the data set has (Tiles/HTTP.md, "Groups of the
 * moment"). They stand behind the stored groups and instances in the metadata's lists, once each for as long as the page is open, so that
 * whatever draws a group draws these as well. Pure, but that the lists grow.
 */

import { figure } from "./format.js";

/** @typedef {import("../types").Metadata} Metadata */

/** Groups that the reader made, shown or not. */
export const MOMENTS_MAX = 24;
/** Bytes of an expression in a link: an address has room for some. */
export const WHERE_MAX = 4000;

/**
 * Whether a layer knows its values row by row.
 * @param {Pick<import("../types").Layer, "codes">} layer
 */
export const hasCodes = ({ codes }) => codes !== undefined && codes !== "none";

/** @param {Pick<Metadata, "groups">} metadata @param {number} group */
export function isMoment({ groups }, group) {
  return groups[group]?.kind === "moment";
}

/** @param {Pick<Metadata, "instances">} metadata @param {number} instance @returns {number | null} its row, where it is one of the data */
export function rowOf({ instances }, instance) {
  return instances[instance]?.row ?? null;
}

/**
 * The group of an expression: a new one where there is none yet.
 * @param {Metadata} metadata
 * @param {{where: string, name?: string, colour?: number}} moment `name`: as the reader calls it; `colour`: a number of the palette
 * @returns {number} its place in the list of groups
 */
export function momentGroup(metadata, { where, name, colour }) {
  const { groups } = metadata;
  const known = groups.findIndex((group) => group.kind === "moment" && group.where === where);
  if (known >= 0) {
    if (name !== undefined) groups[known].name = name || describe(where);
    if (colour !== undefined) groups[known].colour = colour;
    return known;
  }
  groups.push({ name: name || describe(where), kind: "moment", rows: Number.NaN, where, colour: colour ?? 0 });
  return groups.length - 1;
}

/**
 * A row of the data as an instance.
 * @param {Metadata} metadata
 * @param {{row: number, label?: string, prediction?: string}} of
 * @returns {number} its place in the list of instances
 */
export function rowInstance({ instances, table }, { row, label, prediction }) {
  const known = instances.findIndex((one) => one.row === row);
  if (known >= 0) {
    Object.assign(instances[known], label !== undefined && { label }, prediction !== undefined && { prediction });
    return known;
  }
  instances.push({ name: `row ${row}`, kind: "row", row, ...(label !== undefined && { label }), ...(prediction !== undefined && { prediction }), ...(table?.pictures && { image: `rows/${row}/picture` }) });
  return instances.length - 1;
}

/**
 * The smallest number of a colour behind those of the stored groups that no other group of the moment has.
 * @param {Metadata} metadata
 * @param {readonly number[]} moments
 */
export function freeColour({ groups }, moments) {
  const first = groups.filter((group) => group.kind !== "all" && group.kind !== "moment").length;
  const taken = new Set(moments.map((group) => groups[group].colour));
  let colour = first;
  while (taken.has(colour)) colour++;
  return colour;
}

/**
 * A text as expressions write it.
 * @param {string} text
 */
export const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** @param {string} layer @param {number} neuron */
export const valueOf = (layer, neuron) => `value(${quoted(layer)}, ${neuron})`;

/**
 * The rows in which a neuron lies in a part of its range.
 * @param {string} layer its name
 * @param {number} neuron
 * @param {{from: number | null, below: number | null}} part null: without end
 * @returns {string} empty where both ends are open
 */
export function brushed(layer, neuron, { from, below }) {
  const value = valueOf(layer, neuron);
  return [from === null ? "" : `${value} >= ${from}`, below === null ? "" : `${value} < ${below}`].filter(Boolean).join(" and ");
}

const NUMBER = String.raw`(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)`;

/**
 * The part of a neuron's range that an expression of `brushed` is; null where it is another.
 * @param {string} where
 * @param {string} layer
 * @param {number} neuron
 * @returns {{from: number | null, below: number | null} | null}
 */
export function brushOf(where, layer, neuron) {
  const value = valueOf(layer, neuron).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const match = new RegExp(`^(?:${value} >= ${NUMBER})?(?: and )?(?:${value} < ${NUMBER})?$`).exec(where);
  if (!match || (match[1] === undefined && match[2] === undefined)) return null;
  const part = { from: match[1] === undefined ? null : Number(match[1]), below: match[2] === undefined ? null : Number(match[2]) };
  return brushed(layer, neuron, part) === where ? part : null;
}

/**
 * Rows of a label that have a prediction.
 * @param {string} label
 * @param {string} prediction
 */
export const confused = (label, prediction) => `label == ${quoted(label)} and prediction == ${quoted(prediction)}`;

/** @param {string} text in quotes */
const unquoted = (text) => text.slice(1, -1).replace(/\\(.)/g, "$1");
const QUOTED = String.raw`("(?:[^"\\]|\\.)*")`;

/**
 * A short name for an expression: that of a cell and of a brush in words, else the expression itself.
 * @param {string} where
 */
export function describe(where) {
  const cell = new RegExp(`^label == ${QUOTED} and prediction == ${QUOTED}$`).exec(where);
  if (cell) return `${unquoted(cell[1])}, named ${unquoted(cell[2])}`;
  const value = new RegExp(`^value\\(${QUOTED}, (\\d+)\\)`).exec(where);
  const part = value && brushOf(where, unquoted(value[1]), Number(value[2]));
  if (!value || !part) return where;
  const neuron = `${unquoted(value[1])} ${value[2]}`;
  const [from, below] = [part.from, part.below].map((edge) => figure(edge, 3));
  if (part.from === null) return `${neuron} < ${below}`;
  return part.below === null ? `${neuron} ≥ ${from}` : `${neuron} in ${from} – ${below}`;
}

/**
 * As `encodeURIComponent`, a space as `+`; and without what separates in links.
 * @param {string} text
 */
const packed = (text) => encodeURIComponent(text).replace(/%20/g, "+").replace(/!/g, "%21");

/** @param {string} text */
function unpacked(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, "%20"));
  } catch {
    return "";
  }
}

/**
 * Groups of the moment as in links: `11.label+%3D%3D+%22cat%22!my+cats,12.…`: colour, expression, and the name where it has one of its own.
 * @param {readonly number[]} moments
 * @param {Metadata} metadata
 */
export function encodeMoments(moments, { groups }) {
  return moments.map((group) => {
    const { where = "", name, colour } = groups[group];
    return `${colour}.${packed(where)}${name === describe(where) ? "" : `!${packed(name)}`}`;
  }).join(",");
}

/**
 * @param {string} text of `encodeMoments`
 * @param {Metadata} metadata
 * @returns {number[]} groups
 */
export function decodeMoments(text, metadata) {
  const groups = text.split(",").flatMap((part) => {
    const match = /^(\d{1,4})\.([^!]+)(?:!(.*))?$/.exec(part);
    const where = match ? unpacked(match[2]) : "";
    if (!match || where === "" || where.length > WHERE_MAX) return [];
    return [momentGroup(metadata, { where, name: unpacked(match[3] ?? ""), colour: Number(match[1]) })];
  });
  return [...new Set(groups)].slice(0, MOMENTS_MAX);
}

/**
 * A group as in links: its number, or `w0` for the first group of the moment.
 * @param {number} group
 * @param {readonly number[]} moments
 */
export function encodeGroup(group, moments) {
  const place = moments.indexOf(group);
  return place < 0 ? String(group) : `w${place}`;
}

/**
 * An instance as in links: its number, or `r17` for row 17.
 * @param {number} instance
 * @param {Metadata | undefined} metadata
 */
export function encodeInstance(instance, metadata) {
  const row = metadata ? rowOf(metadata, instance) : null;
  return row === null ? String(instance) : `r${row}`;
}
