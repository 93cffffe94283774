/** What can be done where the pointer is: the words of the line under the columns. Pure. */

/** @typedef {[act: string, effect: string]} Way */
/**
 * `rest`: nowhere in particular; `row`, `named`, `sum`: a neuron's row, one that carries its number, one of several neurons; the others
 * are the parts of the page that name themselves with `data-guide`.
 * @typedef {keyof typeof POINTER} Place
 */

/** @type {Way} */
const SCROLL = ["wheel or drag", "to scroll"];
/** @type {Way} */
const ZOOM = ["Ctrl + wheel", "to zoom"];
/** @type {Way} */
const PIN = ["Shift-click", "to pin it on top"];
/** @type {Way} */
const NEARER = ["click", "to zoom in to single neurons"];
/** @type {Way} */
const BACK = ["“hidden” above", "to bring back"];

/** The first of each are what a reader needs most: what has no room is left out from the end. */
const POINTER = {
  rest: /** @type {Way[]} */ ([["click a bar", "to hide its neuron"], PIN, BACK, ["hover", "for its figures"], SCROLL, ZOOM]),
  sums: /** @type {Way[]} */ ([NEARER, ["there, click a bar", "to hide it"], PIN, SCROLL, ZOOM]),
  row: /** @type {Way[]} */ ([["click", "to hide this neuron"], PIN, BACK, SCROLL, ZOOM]),
  named: /** @type {Way[]} */ ([["click", "to hide this neuron"], PIN, BACK, ["click its number", "to open it"], SCROLL, ZOOM]),
  sum: /** @type {Way[]} */ ([NEARER, SCROLL, ZOOM]),
  pinned: /** @type {Way[]} */ ([["click", "to open this neuron"], ["Shift-click", "to unpin it"]]),
  axis: /** @type {Way[]} */ ([["wheel", "to zoom along the axis"], ["drag", "to move along it"], ["double-click", "for the whole axis"]]),
  minimap: /** @type {Way[]} */ ([["click or drag", "to scroll through the whole layer"], ["the frame", "is what the column shows of it"]]),
  layers: /** @type {Way[]} */ ([["click", "to show or hide a layer’s column"]]),
  classes: /** @type {Way[]} */ ([["click", "to show or hide a class"], ["double-click", "for only this one"], ["≈", "the classes most alike, and how much"]]),
  instances: /** @type {Way[]} */ ([["click a picture", "to show or hide its dots"], ["click a pair’s name", "for only this pair"]]),
  sort: /** @type {Way[]} */ ([["click", "to sort by the median of a class, the value of an instance, the difference of two, or the index"]]),
  direction: /** @type {Way[]} */ ([["click", "to turn the order round"]]),
  hidden: /** @type {Way[]} */ ([["click", "to list the hidden neurons and bring them back"]]),
  pins: /** @type {Way[]} */ ([["click", "to list the pinned neurons and unpin them"]]),
  keys: /** @type {Way[]} */ ([["↑ ↓", "from neuron to neuron"], ["h", "hide"], ["p", "pin"], ["Enter", "open"], ["+ − 0", "zoom"], ["?", "all keys"]]),
};

/** @type {Partial<Record<Place, Way[]>>} */
const TOUCH = {
  rest: [["tap a bar", "to hide"], ["its number", "to open, pin"], ["pinch", "to zoom"], ["drag", "to scroll"]],
  sums: [["tap", "to zoom in to neurons"], ["pinch", "to zoom"], ["drag", "to scroll"]],
};

/**
 * @param {string} place one that is not known is as good as none
 * @param {{touch: boolean, sums: boolean}} now `sums`: no row on screen is a single neuron's
 * @returns {readonly Way[]} in order of need
 */
export function guideFor(place, { touch, sums }) {
  /** @type {Partial<Record<string, Way[]>>} */
  const words = touch ? TOUCH : POINTER;
  const rest = sums ? "sums" : "rest";
  return words[place === "rest" ? rest : place] ?? words[rest] ?? [];
}
