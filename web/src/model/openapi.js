/** The server's description of itself (OpenAPI 3.1) as what a page can show: operations with their parameters, answers and problems. Pure. */

/** @typedef {any} Json */
/** @typedef {{name: string, isInPath: boolean, isRequired: boolean, type: string, about: string}} Parameter */
/** @typedef {{type: string, shape: string}} Answer `shape` is empty where it is no JSON */
/** @typedef {{id: string, path: string, part: string, summary: string, parameters: Parameter[], answers: Answer[], problems: {status: string, about: string}[]}} Operation */

/** Patterns that are longer say nothing to a reader. */
const PATTERN_MAX = 48;

/**
 * What a reference stands for.
 * @param {Json} description
 * @param {Json} node
 * @returns {Json}
 */
function resolved(description, node) {
  if (typeof node?.$ref !== "string") return node ?? {};
  return node.$ref.slice(2).split("/").reduce((/** @type {Json} */ at, /** @type {string} */ name) => at?.[name], description) ?? {};
}

/** @param {string} path the part of the page that an operation belongs to */
function partOf(path) {
  if (!/^.api./.test(path)) return "The server";
  if (path.includes("/layers/")) return "A layer";
  if (path.includes("/divergences/")) return "Divergences";
  return /\/(rows|confusion)\b/.test(path) ? "Rows" : "Data sets";
}

/**
 * All operations, in the order of the page: data sets, layers, rows, divergences, the server; in each by path.
 * @param {Json} description
 * @returns {Operation[]}
 */
export function operations(description) {
  const order = ["Data sets", "A layer", "Rows", "Divergences", "The server"];
  return Object.entries(description.paths ?? {}).map(([path, { get }]) => ({
    id: get.operationId, path, part: partOf(path), summary: get.summary,
    parameters: (get.parameters ?? []).map((/** @type {Json} */ one) => parameter(description, resolved(description, one))),
    answers: Object.entries(get.responses?.["200"]?.content ?? {}).map(([type, { schema }]) => ({ type, shape: type === "application/json" ? shape(description, schema) : "" })),
    problems: Object.entries(get.responses ?? {}).filter(([status]) => Number(status) >= 400).map(([status, response]) => ({ status, about: resolved(description, response).description ?? "" })),
  })).sort((a, b) => order.indexOf(a.part) - order.indexOf(b.part) || (a.path < b.path ? -1 : 1));
}

/** @param {Json} description @param {Json} one @returns {Parameter} */
function parameter(description, { name, in: place, required, schema, description: about }) {
  const { default: usual } = schema ?? {};
  return {
    name, isInPath: place === "path", isRequired: required === true, about: about ?? "",
    type: words(description, schema) + (usual === undefined ? "" : `, at first ${usual}`),
  };
}

/**
 * A type in a line: `integer, 0 to 24`, `"a" or "b"`, `number or null`.
 * @param {Json} description
 * @param {Json} of
 * @returns {string}
 */
export function words(description, of) {
  const schema = resolved(description, of);
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((/** @type {Json} */ one) => JSON.stringify(one)).join(" or ");
  if (schema.anyOf) return schema.anyOf.map((/** @type {Json} */ one) => words(description, one)).join(" or ");
  if (schema.type === "array") return `[${words(description, schema.items)}]`;
  const type = [schema.type ?? "anything"].flat().join(" or ");
  const { minimum, maximum, maxLength, pattern } = schema;
  const range = minimum !== undefined && maximum !== undefined ? `, ${minimum} to ${maximum}` : minimum !== undefined ? `, ${minimum} or more` : maximum !== undefined ? `, at most ${maximum}` : "";
  const length = maxLength === undefined ? "" : `, at most ${maxLength} characters`;
  return type + range + length + (pattern !== undefined && pattern.length <= PATTERN_MAX ? ` like ${pattern}` : "");
}

/**
 * The shape of JSON, one key a line; `?` after what may be missing.
 * @param {Json} description
 * @param {Json} of
 * @param {string} [indent]
 * @returns {string}
 */
export function shape(description, of, indent = "") {
  const schema = resolved(description, of);
  if (schema.anyOf) return schema.anyOf.map((/** @type {Json} */ one) => shape(description, one, indent)).join(" or ");
  if (schema.type === "array") return `[${shape(description, schema.items ?? {}, indent)}]`;
  if (!schema.properties) return words(description, schema);
  const needed = new Set(schema.required ?? []);
  const lines = Object.entries(schema.properties).map(([name, one]) => `${indent}  ${name}${needed.has(name) ? "" : "?"}: ${shape(description, one, `${indent}  `)}`);
  return `{\n${lines.join("\n")}\n${indent}}`;
}

/**
 * An address that can be asked, with values for what the path names; null where one is not known.
 * @param {Operation} operation
 * @param {Readonly<Record<string, string>>} values by the parameter's name
 */
export function example({ path, parameters }, values) {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  const needed = parameters.filter((one) => one.isRequired && !one.isInPath);
  if ([...names, ...needed.map(({ name }) => name)].some((name) => values[name] === undefined)) return null;
  const query = needed.map(({ name }) => `${name}=${encodeURIComponent(values[name])}`).join("&");
  return path.slice(1).replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(values[name])) + (query && `?${query}`);
}
