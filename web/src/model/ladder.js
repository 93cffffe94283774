/**
 * The ladder: where an input stands between two classes, layer by layer. 0 is the median of the rows of the one class, 1 that of the class
 * that the network named (Tiles/HTTP.md, "Divergences"). Pure.
 */

import { bare } from "./format.js";
import { ticks } from "./ticks.js";

/**
 * An input in a layer, as the server tells it.
 * @typedef {object} LayerStanding
 * @property {string} id
 * @property {boolean} in_omnibus
 * @property {number | null} D
 * @property {number | null} T
 * @property {number | null} R
 * @property {number | null} D_percentile
 * @property {number | null} T_percentile
 * @property {number | null} R_percentile
 * @property {number | null} [contribution] missing where no two classes are looked at
 * @property {number | null} [other_median]
 * @property {number | null} [named_median]
 * @property {number | null} [ladder]
 */
/** @typedef {{id: string, untold?: string, neurons?: number, named?: number[] | null, other?: number[] | null, named_rows?: number, other_rows?: number}} LayerBands */
/**
 * @typedef {object} Rung
 * @property {string} id of the layer
 * @property {number | null} own
 * @property {number | null} twin
 * @property {number[] | null} named quantiles of the rows of the class that was named: 5, 25, 50, 75, 95 %
 * @property {number[] | null} other the same of the other class
 * @property {string} why empty, or why there is nothing
 */

/** The ladder is never shown shorter than this, nor longer: what lies beyond is an arrow with its number. */
const LEAST = { lo: -0.5, hi: 1.5 };
const MOST = { lo: -4, hi: 5 };

/**
 * @param {readonly LayerStanding[]} own
 * @param {readonly LayerStanding[] | null} twin between the same classes
 * @param {readonly LayerBands[] | null} bands of the same classes
 * @returns {Rung[]} a layer each
 */
export function rungs(own, twin, bands) {
  return own.map(({ id, contribution, other_median, named_median }) => {
    const none = { id, own: null, twin: null, named: null, other: null };
    const band = bands?.find((one) => one.id === id);
    if (band?.untold) return { ...none, why: band.untold };
    if (contribution === undefined || contribution === null) return { ...none, why: "The input has no value here, or several samples." };
    const zero = other_median ?? null;
    const one = named_median ?? null;
    if (zero === null || one === null) return { ...none, why: "The store has no medians of these two classes here." };
    if (one <= zero) return { ...none, why: "Nothing here tells the rows of the two classes apart." };
    const scale = (/** @type {number} */ mean) => (mean - zero) / (one - zero);
    const other = twin?.find((entry) => entry.id === id)?.contribution ?? null;
    return {
      id, own: scale(contribution), twin: other === null ? null : scale(other), named: band?.named?.map(scale) ?? null, other: band?.other?.map(scale) ?? null, why: "",
    };
  });
}

/**
 * What of the ladder is in view: all bands and dots, within reason.
 * @param {readonly Rung[]} all
 */
export function extent(all) {
  const numbers = all.flatMap(({ own, twin, named, other }) => [own ?? [], twin ?? [], named ?? [], other ?? []].flat());
  return {
    lo: Math.max(MOST.lo, Math.min(LEAST.lo, ...numbers)),
    hi: Math.min(MOST.hi, Math.max(LEAST.hi, ...numbers)),
  };
}

/** @typedef {{lo: number, hi: number, width: number, toX: (value: number) => number, ticks: number[]}} LadderScale */

/** Room at both ends for half a dot. */
const MARGIN = 8;
const TICKS_APART = 56;

/**
 * @param {{lo: number, hi: number}} extent
 * @param {number} width CSS pixels
 * @returns {LadderScale} `toX` stays inside the width
 */
export function ladderScale({ lo, hi }, width) {
  const toX = (/** @type {number} */ value) => MARGIN + ((Math.min(hi, Math.max(lo, value)) - lo) / (hi - lo)) * (width - 2 * MARGIN);
  // 0 and 1 are the ladder: both are always among the ticks.
  const round = ticks(lo, hi, Math.max(2, width / TICKS_APART)).filter(Number.isInteger);
  return { lo, hi, width, toX, ticks: [...new Set([0, 1, ...round])].sort((a, b) => a - b) };
}

/**
 * A rung's number: two decimals, without the zero in front.
 * @param {number | null} value
 */
export function rungNumber(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  const text = bare(value, 2);
  return text === "−.00" ? ".00" : text;
}

/** @param {number} value @param {number[]} band of the class @param {string} name */
function against(value, band, name) {
  if (value < band[0]) return `short of 95 % of the rows labelled ${name}`;
  if (value > band[4]) return `beyond 95 % of the rows labelled ${name}`;
  if (value >= band[1] && value <= band[3]) return `amid the rows labelled ${name}`;
  return `among the rows labelled ${name}, ${value < band[1] ? "at their near end" : "at their far end"}`;
}

/**
 * The path in a sentence or two.
 * @param {readonly Rung[]} all
 * @param {{own: string, twin: string, named: string, other: string, layer: (id: string) => string}} names `own`: how a sentence about the input begins
 * @returns {string} empty where there is no path
 */
export function pathInWords(all, { own, twin, named, other, layer }) {
  const told = all.filter((rung) => rung.own !== null);
  const last = told[told.length - 1];
  if (!last || last.own === null) return "";
  const isAway = (/** @type {Rung} */ rung) => rung.other !== null && rung.own !== null && rung.own > rung.other[4];
  let first = told.length;
  while (first > 0 && isAway(told[first - 1])) first--;
  const left = first === told.length ? ""
    : first === 0 ? `${own} lies beyond 95 % of the rows labelled ${other} in every layer. `
      : `From ${layer(told[first].id)} on, ${own.charAt(0).toLowerCase()}${own.slice(1)} lies beyond 95 % of the rows labelled ${other}. `;
  const where = last.named ? `, ${against(last.own, last.named, named)}` : "";
  const stayed = first === told.length && last.other ? `, not beyond those labelled ${other}` : "";
  const end = `${left ? "It" : own} ends at ${rungNumber(last.own)}${where}${stayed}.`;
  return left + end + (last.twin === null ? "" : ` ${twin} ends at ${rungNumber(last.twin)}.`);
}
