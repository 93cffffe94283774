/** Layers with positions and channels, channel by channel: where a neuron lies in the map of its channel, and what channels are sorted by. Pure. */

import { indicesOf, neuronAxes } from "./coordinates.js";

/** @typedef {import("../types").Layer} Layer */
/** @typedef {"auroc" | "first" | "second" | "zeros" | "change" | "index"} Figure what channels are sorted by */
/** @typedef {"mean" | "max"} Over how positions become one figure */
/** @typedef {{by: Figure, over: Over, least: boolean, open: number | null}} Channels of a layer: how they are sorted, and the one that is open */
/**
 * The maps of a layer: so many rows and columns of positions for each channel.
 * @typedef {object} Grid
 * @property {number} channels
 * @property {number} rows
 * @property {number} columns
 * @property {string} rowName empty where there is one row
 * @property {string} columnName
 * @property {(channel: number, position: number) => number} neuron at a position, row by row
 * @property {(neuron: number) => {channel: number, position: number}} place
 */

export const FIGURES = /** @type {const} */ (["auroc", "first", "second", "zeros", "change", "index"]);
export const FRESH = /** @type {Channels} */ ({ by: "auroc", over: "mean", least: false, open: null });

/**
 * @param {Layer} layer
 * @returns {Grid | null} null where a layer has no channels, or nothing but channels
 */
export function channelGrid(layer) {
  const axes = neuronAxes(layer);
  const at = axes.findIndex(({ name }) => name === "ch");
  const positions = axes.filter((_, i) => i !== at);
  if (at < 0 || positions.length === 0) return null;
  const columns = positions[positions.length - 1];
  const rows = positions.slice(0, -1);
  /** @param {number} axis @returns {number} neurons from one index along it to the next */
  const stride = (axis) => axes.slice(axis + 1).reduce((product, { size }) => product * size, 1);
  const strides = axes.map((_, i) => stride(i));
  const others = axes.map((_, i) => i).filter((i) => i !== at);
  return {
    channels: axes[at].size, rows: rows.reduce((product, { size }) => product * size, 1), columns: columns.size,
    rowName: rows.map(({ name }) => name).join(","), columnName: columns.name,
    neuron: (channel, position) => {
      let rest = position;
      let neuron = channel * strides[at];
      for (const i of [...others].reverse()) {
        neuron += (rest % axes[i].size) * strides[i];
        rest = Math.floor(rest / axes[i].size);
      }
      return neuron;
    },
    place: (neuron) => {
      const indices = indicesOf(axes, neuron);
      return { channel: indices[at], position: others.reduce((position, i) => position * axes[i].size + indices[i], 0) };
    },
  };
}

/**
 * The values of a channel, position by position.
 * @param {Grid} grid
 * @param {ArrayLike<number>} values by neuron
 * @param {number} channel
 * @returns {Float64Array}
 */
export function mapOf({ rows, columns, neuron }, values, channel) {
  return Float64Array.from({ length: rows * columns }, (_, position) => values[neuron(channel, position)]);
}

/**
 * How much a value counts when channels are sorted: what tells two classes apart, and what changed, either way.
 * @param {Figure} by
 * @param {number} value
 */
export const weight = (by, value) => (by === "auroc" ? Math.abs(value - 0.5) : by === "change" ? Math.abs(value) : value);

/**
 * One figure of many; NaN where none is known.
 * @param {ArrayLike<number>} values
 * @param {Over} over
 */
export function aggregate(values, over) {
  let sum = 0;
  let most = -Infinity;
  let known = 0;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) continue;
    known++;
    sum += values[i];
    most = Math.max(most, values[i]);
  }
  return known === 0 ? Number.NaN : over === "mean" ? sum / known : most;
}

/**
 * Channels in order, the largest figure first (with `least` the smallest), equal ones by number, unknown ones last.
 * @param {readonly number[]} figures by channel
 * @param {boolean} least
 */
export function inOrder(figures, least) {
  return figures.map((_, channel) => channel).sort((a, b) => {
    const [x, y] = [figures[a], figures[b]];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || a - b;
    return (least ? x - y : y - x) || a - b;
  });
}

/**
 * What |AUROC − ½| is on average without any difference between so many values.
 * @param {number} n
 * @param {number} m
 */
export const chance = (n, m) => Math.sqrt((2 / Math.PI) * ((n + m + 1) / (12 * n * m)));

/**
 * A scale that a few outliers do not set: the value that 995 of 1,000 do not exceed in size.
 * @param {ArrayLike<number>} values
 */
export function usualSize(values) {
  const sizes = Float64Array.from(values, Math.abs).filter(Number.isFinite).sort();
  if (sizes.length === 0) return 1;
  return sizes[Math.min(sizes.length - 1, Math.floor(0.995 * sizes.length))] || sizes[sizes.length - 1] || 1;
}

/**
 * @param {Record<string, Channels>} channels by layer
 * @returns {[string, string][]} as in links: `channels=conv_4.auroc.mean.19`; `~` behind `mean`: the least first
 */
export function encodeChannels(channels) {
  const parts = Object.entries(channels).map(([id, { by, over, least, open }]) => [id, by, over + (least ? "~" : ""), ...(open === null ? [] : [open])].join("."));
  return parts.length > 0 ? [["channels", parts.join(",")]] : [];
}

/**
 * @param {string} text
 * @param {Pick<import("../types").Metadata, "layers">} metadata
 * @returns {Record<string, Channels>}
 */
export function decodeChannels(text, { layers }) {
  return Object.fromEntries(text.split(",").flatMap((part) => {
    const [id, by, over = "", open = ""] = part.split(".");
    const layer = layers.find((one) => one.id === id);
    const grid = layer && channelGrid(layer);
    if (!grid) return [];
    return [[id, {
      by: FIGURES.find((one) => one === by) ?? FRESH.by, over: over.startsWith("max") ? /** @type {const} */ ("max") : /** @type {const} */ ("mean"), least: over.endsWith("~"),
      open: /^\d{1,9}$/.test(open) && Number(open) < grid.channels ? Number(open) : null,
    }]];
  }));
}
