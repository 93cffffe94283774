/** What a neuron's number means: its place on the axes of its layer, or at the last layer the class it stands for. Pure. */

/** @typedef {import("../types").Layer} Layer */
/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {{name: string, size: number}} NeuronAxis */

/** Letters of axes (Jobs/README.md) whose elements are neurons however positions are reduced. */
const OF_NEURONS = "CDFU";
/** What axes are called beside a number. */
const NAMES = /** @type {Record<string, string>} */ ({ H: "y", W: "x", T: "t", C: "ch", D: "dim", F: "ch", U: "unit", S: "pos", L: "pos", P: "pos" });

/** @type {WeakMap<Layer, NeuronAxis[]>} */
const known = new WeakMap();

/**
 * The axes along which a layer's neurons are numbered, the last one fastest; none where there is only one.
 * @param {Layer} layer
 * @returns {readonly NeuronAxis[]}
 */
export function neuronAxes(layer) {
  let found = known.get(layer);
  if (found) return found;
  const { axes = "", shape = [], reduce = "flatten", neurons } = layer;
  const kept = axes.length !== shape.length ? [] : [...axes].flatMap((letter, i) =>
    (NAMES[letter] && (reduce === "flatten" || OF_NEURONS.includes(letter)) ? [{ name: NAMES[letter], size: shape[i] }] : []));
  found = kept.length > 1 && kept.reduce((product, { size }) => product * size, 1) === neurons ? kept : [];
  known.set(layer, found);
  return found;
}

/**
 * Indices of a neuron along the axes of its layer.
 * @param {readonly NeuronAxis[]} axes
 * @param {number} neuron
 */
export function indicesOf(axes, neuron) {
  const out = new Array(axes.length);
  let rest = neuron;
  for (let i = axes.length - 1; i >= 0; i--) {
    out[i] = rest % axes[i].size;
    rest = Math.floor(rest / axes[i].size);
  }
  return out;
}

/**
 * The neuron at a place; null where there is no such place.
 * @param {readonly NeuronAxis[]} axes
 * @param {readonly number[]} indices
 */
export function neuronAt(axes, indices) {
  if (indices.length !== axes.length || indices.some((index, i) => index >= axes[i].size)) return null;
  return indices.reduce((number, index, i) => number * axes[i].size + index, 0);
}

/**
 * The classes that the neurons of the last layer stand for, in their order: where it has as many neurons as there are classes, and
 * labels are their numbers.
 * @param {Layer} layer
 * @param {Metadata} metadata
 * @returns {readonly string[]} empty where nothing says so
 */
export function classesOf(layer, { layers, groups }) {
  const classes = groups.filter((group) => group.kind === "class");
  if (layers[layers.length - 1]?.id !== layer.id || layer.neurons !== classes.length) return [];
  return classes.every((group, i) => Number(group.label) === i) ? classes.map((group) => group.name) : [];
}

/**
 * What a neuron's number means, in words: `y 3, x 7, ch 19`, `sandal`; empty where it means nothing.
 * @param {Layer} layer
 * @param {number} neuron
 * @param {Metadata} metadata
 */
export function placeOf(layer, neuron, metadata) {
  const axes = neuronAxes(layer);
  if (axes.length > 0) return indicesOf(axes, neuron).map((index, i) => `${axes[i].name} ${index}`).join(", ");
  return classesOf(layer, metadata)[neuron] ?? "";
}

/**
 * The same for a narrow column under a heading: `3,7,19`.
 * @param {Layer} layer
 * @param {number} neuron
 * @param {Metadata} metadata
 */
export function shortPlaceOf(layer, neuron, metadata) {
  const axes = neuronAxes(layer);
  return axes.length > 0 ? indicesOf(axes, neuron).join(",") : placeOf(layer, neuron, metadata);
}

/**
 * The heading of that column, and how many characters it may take.
 * @param {Layer} layer
 * @param {Metadata} metadata
 */
export function placeColumn(layer, metadata) {
  const axes = neuronAxes(layer);
  if (axes.length > 0) return { heading: axes.map(({ name }) => name).join(","), characters: axes.reduce((sum, { size }) => sum + 1 + String(size - 1).length, -1) };
  const classes = classesOf(layer, metadata);
  return { heading: classes.length > 0 ? "class" : "", characters: Math.min(CLASS_CHARACTERS_MAX, Math.max(0, ...classes.map((name) => name.length))) };
}

/** Of a long name of a class, so much is shown. */
export const CLASS_CHARACTERS_MAX = 14;

/**
 * What is looked for in the find field.
 * @typedef {{layer: string | null} & ({kind: "neuron" | "rank", number: number} | {kind: "place", indices: number[]} | {kind: "channel", name: string, number: number} | {kind: "class", name: string})} Sought
 */

/**
 * `417`, `dense_2 417`, `#3`, `conv_4 3,7,19`, `y 3, x 7, ch 19`, `ch 19`, `logits sandal`.
 * @param {string} text
 * @param {readonly Layer[]} layers of which a name, or a part of one, may come first
 * @returns {Sought | null}
 */
export function parseFind(text, layers) {
  const whole = text.trim();
  const of = (/** @type {string} */ rest, /** @type {string | null} */ layer) => sought(rest.trim(), layer, layers);
  const alone = of(whole, null);
  if (alone && alone.kind !== "class") return alone;
  const space = whole.search(/\s/);
  const first = space < 0 ? whole : whole.slice(0, space);
  const isLayer = space > 0 && layers.some((layer) => layer.name.includes(first));
  return (isLayer ? of(whole.slice(space), first) : null) ?? alone;
}

/** @param {string} rest @param {string | null} layer @param {readonly Layer[]} layers @returns {Sought | null} */
function sought(rest, layer, layers) {
  const number = /^(?:neuron\s+)?(#?)(\d{1,10})$/.exec(rest.replaceAll(/(\d),(?=\d{3}$)/g, "$1"));
  const list = /^\(?(\d{1,9}(?:\s*,\s*\d{1,9})+)\)?$/.exec(rest);
  const hasAxes = layers.some((one) => (layer === null || one.name.includes(layer)) && neuronAxes(one).length > 0);
  if (list && hasAxes) return { layer, kind: "place", indices: list[1].split(",").map(Number) };
  if (number) return { layer, kind: number[1] ? "rank" : "neuron", number: Number(number[2]) };
  const named = rest.replaceAll(/[()]/g, "").split(",").map((part) => /^\s*([a-z]+)\s*(\d{1,9})\s*$/i.exec(part));
  if (named.length > 0 && named.every((one) => one && Object.values(NAMES).includes(one[1].toLowerCase()))) {
    const parts = named.map((one) => ({ name: /** @type {RegExpExecArray} */ (one)[1].toLowerCase(), number: Number(/** @type {RegExpExecArray} */ (one)[2]) }));
    return parts.length === 1 ? { layer, kind: "channel", ...parts[0] } : { layer, kind: "place", indices: parts.map((part) => part.number) };
  }
  return rest ? { layer, kind: "class", name: rest } : null;
}

/**
 * The neurons of a layer that are sought, ascending; a rank is none.
 * @param {Sought} what
 * @param {Layer} layer
 * @param {Metadata} metadata
 * @returns {number[]}
 */
export function neuronsSought(what, layer, metadata) {
  const axes = neuronAxes(layer);
  if (what.kind === "neuron") return what.number < layer.neurons ? [what.number] : [];
  if (what.kind === "place") {
    const neuron = neuronAt(axes, what.indices);
    return neuron === null ? [] : [neuron];
  }
  if (what.kind === "channel") {
    const axis = axes.findIndex(({ name }) => name === what.name);
    if (axis < 0 || what.number >= axes[axis].size) return [];
    return Array.from({ length: layer.neurons }, (_, neuron) => neuron).filter((neuron) => indicesOf(axes, neuron)[axis] === what.number);
  }
  if (what.kind === "class") {
    const wanted = what.name.toLowerCase();
    const classes = classesOf(layer, metadata);
    const exact = classes.findIndex((name) => name.toLowerCase() === wanted);
    return exact >= 0 ? [exact] : classes.flatMap((name, i) => (name.toLowerCase().includes(wanted) ? [i] : []));
  }
  return [];
}
