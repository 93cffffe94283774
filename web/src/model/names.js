/** Names as people read them: of groups, and of layers in a narrow list: without what all begin with, cut in the middle, and as a tree where they have parts. Pure. */

/** From so many layers on, those of one part stand under its name. */
const TREE_FROM = 12;
/** Characters at the end of a name that are never cut off: they tell it from its neighbours. */
const TAIL = 14;

/** @param {Pick<import("../types").Group, "kind" | "name">} group */
export const groupName = (group) => (group.kind === "all" ? "all rows" : group.name);

/**
 * Names without the path that all of them begin with: `activations/conv_1`, `activations/fc` → `conv_1`, `fc`;
 * `model.layers.0.mlp`, `model.layers.1.mlp` → `0.mlp`, `1.mlp`.
 * @param {readonly string[]} names
 * @returns {string[]}
 */
export function withoutCommonPath(names) {
  if (names.length < 2) return [...names];
  let length = names[0].length;
  for (const name of names) while (!name.startsWith(names[0].slice(0, length))) length--;
  const cut = Math.max(names[0].lastIndexOf("/", length - 1), names[0].lastIndexOf(".", length - 1)) + 1;
  return names.map((name) => name.slice(cut));
}

/**
 * A name in two pieces, of which the first may be cut off at its end.
 * @param {string} name
 * @returns {[string, string]}
 */
export function inTwo(name) {
  return name.length <= TAIL ? ["", name] : [name.slice(0, -TAIL), name.slice(-TAIL)];
}

/**
 * Neighbours whose names begin with the same part, under that part; each name alone where there are few, or none share one.
 * @param {readonly string[]} names
 * @returns {{part: string, members: {index: number, rest: string}[]}[]} `part` is empty of a name that stands alone
 */
export function tree(names) {
  const parts = names.map((name) => /^([^./]+)[./](.+)$/.exec(name));
  /** @type {{part: string, members: {index: number, rest: string}[]}[]} */
  const out = [];
  names.forEach((name, index) => {
    const found = names.length >= TREE_FROM ? parts[index] : null;
    const last = out[out.length - 1];
    if (found && last?.part === found[1]) last.members.push({ index, rest: found[2] });
    else out.push(found ? { part: found[1], members: [{ index, rest: found[2] }] } : { part: "", members: [{ index, rest: name }] });
  });
  // A part of one is no part.
  return out.map((one) => (one.members.length > 1 ? one : { part: "", members: [{ index: one.members[0].index, rest: names[one.members[0].index] }] }));
}
