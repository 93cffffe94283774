/** What a reader types to find rows, and the condition that it stands for. Pure. */

import { quoted } from "./moments.js";

/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {{row: number} | {where: string} | {fault: string}} RowQuery */

/** Classes that a part of a name may stand for. */
const CLASSES_MAX = 12;

/**
 * The classes that a text names: the one of that name, else those that begin with it, else those that hold it.
 * @param {string} text
 * @param {readonly string[]} names
 */
function named(text, names) {
  const wanted = text.trim().toLowerCase();
  const lower = names.map((name) => name.toLowerCase());
  for (const match of [(/** @type {string} */ name) => name === wanted, (/** @type {string} */ name) => name.startsWith(wanted), (/** @type {string} */ name) => name.includes(wanted)]) {
    const found = names.filter((_, i) => match(lower[i]));
    if (found.length > 0) return found.slice(0, CLASSES_MAX);
  }
  return [];
}

/** @param {string} what @param {readonly string[]} names */
const oneOf = (what, names) => (names.length === 1 ? `${what} == ${quoted(names[0])}` : `${what} in [${names.map(quoted).join(", ")}]`);

/**
 * `17`, `#17` and `row 17` are a row; `cat → dog` (also `->`) rows of a label that have a prediction, either of which may be missing; a class
 * those of its label; what compares is a condition as it stands; anything else is looked for in the columns of texts.
 * @param {string} text
 * @param {Metadata} metadata
 * @returns {RowQuery | null} null where nothing is typed
 */
export function rowQuery(text, metadata) {
  const typed = text.trim();
  if (typed === "") return null;
  const row = /^(?:row\s+|#)?(\d{1,9})$/i.exec(typed);
  if (row) return Number(row[1]) < metadata.rows ? { row: Number(row[1]) } : { fault: `Rows are numbered from 0 to ${metadata.rows - 1}.` };
  // Classes of labels and of predictions have the same names, but for predictions that no label has.
  const names = metadata.groups.filter((group) => group.kind === "class").map((group) => group.name);
  const arrow = /^(.*?)\s*(?:→|->)\s*(.*)$/.exec(typed);
  if (arrow) {
    const sides = [["label", arrow[1]], ["prediction", arrow[2]]].filter(([, side]) => side.trim() !== "");
    const conditions = sides.map(([what, side]) => {
      const found = named(side, names);
      return found.length > 0 ? oneOf(what, found) : null;
    });
    if (conditions.length === 0) return null;
    const missing = conditions.indexOf(null);
    return missing < 0 ? { where: conditions.join(" and ") } : { fault: `There is no class “${sides[missing][1].trim()}”.` };
  }
  if (/==|!=|[<>]|\bin\s*\[|\bnot\b/.test(typed)) return { where: typed };
  const found = named(typed, names);
  if (found.length > 0) return { where: oneOf("label", found) };
  const texts = (metadata.table?.columns ?? []).flatMap(({ name, values }) => {
    const held = named(typed, values ?? []);
    return held.length > 0 ? [oneOf(`column(${quoted(name)})`, held)] : [];
  });
  return texts.length > 0 ? { where: texts.join(" or ") } : { fault: `No class or column has “${typed}”. Also: a row’s number, cat → dog, or a condition such as row < 10.` };
}
