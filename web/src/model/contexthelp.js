/** What can be done where the pointer is: the words of the line under the columns. Pure. */

/** @typedef {[act: string, effect: string]} Way */
/**
 * What of the columns the words depend on.
 * @typedef {object} Now
 * @property {boolean} touch whether fingers are used
 * @property {boolean} thin whether no row on screen is tall enough to aim at
 * @property {boolean} whole whether all columns show their whole layer: there is nothing to scroll to
 */

/** @type {Way} */
const ZOOM = ["Ctrl + wheel", "to zoom"];
/** @type {Way} */
const PIN = ["Shift-click", "to pin it on top"];
/** @type {Way} */
const PICK = ["drag over the numbers", "to select rows"];
/** @type {Way} */
const HIDE = ["h", "to hide the one the keys are at"];
/** @type {Way} */
const BACK = ["“hidden” above", "to bring back"];

/**
 * `rest`: nowhere in particular; `row`: a neuron's row; `thin`, `sum`: a row that is too thin to aim
 * at, of one neuron or of several; the others are the parts of the page that name themselves with `data-help`. The first of each are
 * what a reader needs most: what has no room is left out from the end.
 * @type {Record<string, (now: Now) => Way[]>}
 */
const POINTER = {
  rest: (now) => (now.thin
    ? [["click", "to zoom in there"], ["then click a row", "for its panel"], scroll("wheel or drag", now), ["hover", "for figures"], ZOOM, PIN]
    : [["click a row", "for its panel"], PIN, HIDE, BACK, scroll("wheel or drag", now), ["hover", "for its figures"], ZOOM]),
  row: (now) => [["click", "for this neuron’s panel"], PIN, HIDE, BACK, scroll("wheel or drag", now), PICK, ZOOM],
  thin: (now) => [["click", "to zoom in here: then a click on a row opens its neuron"], scroll("wheel or drag", now), PIN, ZOOM],
  sum: (now) => [["click", "to zoom in to single neurons: then a click on a row opens one"], scroll("wheel or drag", now), ZOOM],
  pinned: () => [["click", "to open this neuron"], ["Shift-click", "to unpin it"]],
  axis: () => [["wheel", "to zoom the x axis"], ["drag", "to pan"], ["double-click", "to reset"]],
  minimap: ({ whole }) => [["overview", "of the whole layer; the frame is what the column shows of it"],
    whole ? ["once zoomed in, drag the frame", "to scroll"] : ["drag the frame, or click,", "to scroll"]],
  layers: () => [["click", "to show or hide a layer’s column"]],
  classes: () => [["click", "to show or hide a class"], ["double-click", "for only this one"], ["Shift-click", "for all from the last one"], ["≈", "the most similar classes"]],
  instances: () => [["click a picture", "to show or hide its dots"], ["click a pair’s name", "for only this pair"]],
  moments: () => [["type a condition", "or click in label × prediction, or brush over a neuron’s histogram: those rows become a group"]],
  sort: () => [["click", "to sort by the median of a class, the value of an instance, the difference of two, or the index"]],
  direction: () => [["click", "to reverse the order: largest first (descending) or smallest first (ascending)"]],
  channels: () => [["click a channel", "to open its maps"], ["click a cell", "for its neuron"], ["↑ ↓", "from channel to channel"]],
  filter: () => [["type a condition", "on neurons, then Enter"], ["only, mark, hide", "say what becomes of those for which it holds"]],
  hidden: () => [["click", "to list the hidden neurons and bring them back"]],
  pins: () => [["click", "to list the pinned neurons and unpin them"]],
  keys: () => [["↑ ↓", "from neuron to neuron"], ["h", "hide"], ["p", "pin"], ["Enter", "open"], ["+ − 0", "zoom"], ["?", "all keys"]],
};

/** @type {typeof POINTER} */
const TOUCH = {
  rest: (now) => (now.thin
    ? [["tap", "to zoom in there"], scroll("drag", now), ["pinch", "to zoom"]]
    : [["tap a row", "to open, pin, hide"], ["pinch", "to zoom"], scroll("drag", now)]),
  channels: () => [["tap a channel", "to open its maps"], ["tap a cell", "for its neuron"]],
};

/** @param {string} act @param {Now} now @returns {Way} */
function scroll(act, { whole }) {
  return [act, whole ? "to scroll, once zoomed in" : "to scroll"];
}

/**
 * @param {string} place one that is not known is as good as none
 * @param {Now} now
 * @returns {readonly Way[]} in order of need
 */
export function helpFor(place, now) {
  const words = now.touch ? TOUCH : POINTER;
  return (words[place] ?? words.rest)(now);
}
