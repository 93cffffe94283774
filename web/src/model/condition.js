/**
 * Conditions on neurons, as `divergence export --neurons` takes them (Tiles/COMPARING.md): what orders neurons and numbers, compared. Beside
 * these the page knows `nan`, `infinite`, `set(NAME)` and, in layers with axes, their names (`ch == 19`). Pure.
 *
 *     zeros(dog) < 50 % and median(cat) > median(dog)
 */

import { indicesOf, neuronAxes } from "./coordinates.js";
import { expression, itemsOf, parseExpression } from "./order.js";

/** @typedef {import("../types").Order} Order */
/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {{number: number, isPercent: boolean} | {order: Order} | {axis: string}} Operand */
/** @typedef {keyof typeof SIGNS} Sign */
/** @typedef {"nan" | "infinite"} Flag whether a neuron has such values among all rows */
/**
 * @typedef {{kind: "or" | "and", a: Condition, b: Condition} | {kind: "not", a: Condition} | {kind: "comparison", a: Operand, sign: Sign, b: Operand}
 *   | {kind: "flag", flag: Flag} | {kind: "set", name: string}} Condition
 */
/**
 * What is known of a layer's neurons, each by neuron.
 * @typedef {object} Known
 * @property {number} neurons
 * @property {readonly import("./coordinates.js").NeuronAxis[]} axes
 * @property {(order: Order) => ArrayLike<number>} keys of an ordering
 * @property {(flag: Flag) => ArrayLike<number>} flags 1 or 0
 * @property {(name: string) => readonly number[]} members of a set in this layer
 */

/** Characters that a link has room for; parentheses and `not` inside each other. */
export const CONDITION_MAX = 2000;
const DEPTH_MAX = 100;

/**
 * In the order in which they are tried: `<=` before `<`.
 * @type {Record<"<=" | ">=" | "==" | "!=" | "<" | ">", (a: number, b: number) => boolean>}
 */
const SIGNS = {
  "<=": (a, b) => a <= b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  // NaN satisfies no comparison.
  "!=": (a, b) => a < b || a > b,
  "<": (a, b) => a < b,
  ">": (a, b) => a > b,
};
const SIGN_NAMES = /** @type {Sign[]} */ (Object.keys(SIGNS));

/** A text that is no condition: what is wrong, and at which character, from 0. */
export class ConditionFault extends Error {
  /** @param {string} message @param {number} at */
  constructor(message, at) {
    super(message);
    this.at = at;
  }
}

/** Reads a condition by recursive descent, as the program does. */
class Reader {
  /** @param {string} text @param {Metadata} metadata @param {readonly string[]} sets */
  constructor(text, metadata, sets) {
    this.text = text;
    this.metadata = metadata;
    this.sets = sets;
    this.at = 0;
    this.depth = 0;
    this.axes = new Set(metadata.layers.flatMap((layer) => neuronAxes(layer).map(({ name }) => name)));
  }

  /** @param {string} what @returns {never} */
  fault(what) {
    throw new ConditionFault(what, this.at);
  }

  skip() {
    while (/\s/.test(this.text[this.at] ?? "")) this.at++;
  }

  /** @param {string} text */
  take(text) {
    this.skip();
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** @param {string} word that is not the beginning of a longer one */
  takeWord(word) {
    this.skip();
    const rest = this.text.slice(this.at);
    if (!rest.startsWith(word) || /[\p{L}\p{N}_]/u.test(rest[word.length] ?? "")) return false;
    this.at += word.length;
    return true;
  }

  /** @returns {Condition} */
  whole() {
    const condition = this.disjunction();
    this.skip();
    if (this.at < this.text.length) this.fault("something follows the end of the condition");
    return condition;
  }

  /** @returns {Condition} */
  disjunction() {
    let left = this.conjunction();
    while (this.takeWord("or")) left = { kind: "or", a: left, b: this.conjunction() };
    return left;
  }

  /** @returns {Condition} */
  conjunction() {
    let left = this.negation();
    while (this.takeWord("and")) left = { kind: "and", a: left, b: this.negation() };
    return left;
  }

  /** @returns {Condition} */
  negation() {
    if (++this.depth > DEPTH_MAX) this.fault(`more than ${DEPTH_MAX} parentheses or “not” lie inside each other`);
    const found = this.one();
    this.depth--;
    return found;
  }

  /** @returns {Condition} */
  one() {
    if (this.takeWord("not")) return { kind: "not", a: this.negation() };
    if (this.take("(")) {
      const inner = this.disjunction();
      if (!this.take(")")) this.fault("a parenthesis is not closed");
      return inner;
    }
    for (const flag of /** @type {Flag[]} */ (["nan", "infinite"])) if (this.takeWord(flag)) return { kind: "flag", flag };
    if (this.text.startsWith("set(", this.at)) return { kind: "set", name: this.setName() };
    return this.comparison();
  }

  setName() {
    const start = this.at + "set(".length;
    // Names may hold brackets: of the places where one could end, the first counts at which it is known.
    for (let end = this.text.indexOf(")", start); end >= 0; end = this.text.indexOf(")", end + 1)) {
      const name = this.text.slice(start, end).trim();
      if (!this.sets.includes(name)) continue;
      this.at = end + 1;
      return name;
    }
    return this.fault(this.sets.length > 0 ? `there is no such set; there is ${this.sets.join(", ")}` : "there are no sets yet");
  }

  /** @returns {Condition} */
  comparison() {
    const start = this.at;
    const a = this.operand();
    const sign = SIGN_NAMES.find((one) => this.take(one));
    if (!sign) this.fault("a comparison is missing: < <= > >= == !=");
    const b = this.operand();
    if ([a, b].some((one) => "isPercent" in one && one.isPercent) && [a, b].some((one) => "order" in one && itemsOf(one.order).some((item) => item.kind === "percentile"))) {
      this.at = start;
      this.fault("percentiles are in percent already: write 99 in place of 99 %");
    }
    return { kind: "comparison", a, sign: /** @type {Sign} */ (sign), b };
  }

  /** @returns {Operand} */
  operand() {
    this.skip();
    const rest = this.text.slice(this.at);
    const number = /^[-−]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(rest);
    if (number) {
      this.at += number[0].length;
      const value = Number(number[0].replace("−", "-"));
      const isPercent = this.take("%");
      return { number: isPercent ? value / 100 : value, isPercent };
    }
    for (const axis of this.axes) if (this.takeWord(axis)) return { axis };
    if (this.takeWord("index")) return { order: { kind: "index" } };
    for (let end = rest.indexOf(")"); end >= 0; end = rest.indexOf(")", end + 1)) {
      const name = rest.slice(0, end + 1);
      // People write a space behind a comma.
      const order = parseExpression(name, this.metadata) ?? parseExpression(name.replace(/\s*([(,)])\s*/g, "$1"), this.metadata);
      if (!order) continue;
      this.at += end + 1;
      return { order };
    }
    return this.fault(/^[a-z_]+\(/.test(rest) ? "there is no such figure, class or instance" : "a number or a figure is missing, such as median(cat)");
  }
}

/**
 * @param {string} text
 * @param {Metadata} metadata
 * @param {readonly string[]} sets their names
 * @returns {Condition}
 * @throws {ConditionFault}
 */
export function parseCondition(text, metadata, sets) {
  if (text.length > CONDITION_MAX) throw new ConditionFault(`a condition has at most ${CONDITION_MAX} characters`, CONDITION_MAX);
  return new Reader(text, metadata, sets).whole();
}

/**
 * What has to be known of a layer to tell for which neurons a condition holds.
 * @param {Condition} condition
 * @returns {{orders: Order[], flags: boolean}}
 */
export function needs(condition) {
  switch (condition.kind) {
    case "or": case "and": {
      const [a, b] = [needs(condition.a), needs(condition.b)];
      return { orders: [...a.orders, ...b.orders], flags: a.flags || b.flags };
    }
    case "not": return needs(condition.a);
    case "comparison": return { orders: [condition.a, condition.b].flatMap((one) => ("order" in one && one.order.kind !== "index" ? [one.order] : [])), flags: false };
    case "flag": return { orders: [], flags: true };
    case "set": return { orders: [], flags: false };
  }
}

/**
 * For which neurons a condition holds.
 * @param {Condition} condition
 * @param {Known} known
 * @returns {Uint8Array} 1 or 0 by neuron
 */
export function holds(condition, known) {
  const { neurons } = known;
  const out = new Uint8Array(neurons);
  switch (condition.kind) {
    case "or": case "and": {
      const a = holds(condition.a, known);
      const b = holds(condition.b, known);
      for (let n = 0; n < neurons; n++) out[n] = condition.kind === "or" ? a[n] | b[n] : a[n] & b[n];
      return out;
    }
    case "not": {
      const a = holds(condition.a, known);
      for (let n = 0; n < neurons; n++) out[n] = 1 - a[n];
      return out;
    }
    case "comparison": {
      const test = SIGNS[condition.sign];
      const [a, b] = [condition.a, condition.b].map((one) => reader(one, known));
      for (let n = 0; n < neurons; n++) out[n] = test(a(n), b(n)) ? 1 : 0;
      return out;
    }
    case "flag": return Uint8Array.from(known.flags(condition.flag));
    case "set":
      for (const n of known.members(condition.name)) if (n < neurons) out[n] = 1;
      return out;
  }
}

/** @param {Operand} operand @param {Known} known @returns {(neuron: number) => number} */
function reader(operand, known) {
  if ("number" in operand) return () => operand.number;
  if ("axis" in operand) {
    const place = known.axes.findIndex(({ name }) => name === operand.axis);
    return (neuron) => (place < 0 ? Number.NaN : indicesOf(known.axes, neuron)[place]);
  }
  if (operand.order.kind === "index") return (neuron) => neuron;
  const keys = known.keys(operand.order);
  return (neuron) => keys[neuron];
}

/**
 * Conditions that people look for first, in this view.
 * @param {import("../types").State} state
 * @param {Metadata} metadata
 * @returns {{title: string, where: string}[]}
 */
export function readyConditions(state, metadata) {
  const { groups, instances } = metadata;
  const all = groups.findIndex((group) => group.kind === "all");
  const out = [];
  if (all >= 0) {
    const name = groups[all].name;
    out.push({ title: "always 0", where: `zeros(${name}) == 1` }, { title: "constant", where: `minimum(${name}) == maximum(${name})` });
  }
  out.push({ title: "NaN or ∞", where: "nan or infinite" });
  const chosen = state.instances.filter((i) => instances[i].row === undefined);
  const attacked = chosen.find((i) => instances[i].kind !== "benign") ?? chosen[0];
  for (const group of attacked === undefined ? [] : state.groups.filter((g) => groups[g].kind === "class").slice(0, 2)) {
    const place = expression({ kind: "percentile", instance: attacked, group }, metadata);
    out.push({ title: `${instances[attacked].name} outside ${groups[group].name}’s 1–99 %`, where: `${place} < 1 or ${place} > 99` });
  }
  return out;
}
