/** A snapshot as a table: one line a row on screen. Pure. */

/** @param {string | number | null | boolean} value */
export function cell(value) {
  if (value === null) return "";
  const text = String(value);
  return /[",#\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {ReturnType<typeof import("./snapshot.js").snapshot>} shot */
export function csv(shot) {
  const names = shot.instances.map((one) => one.name);
  const head = ["layer", "pinned", "first_rank", "last_rank", "neuron", "sorted_by", "direction", "sort_key",
    ...names.flatMap((name) => [`${name}: lowest`, `${name}: mean`, `${name}: highest`]),
    ...shot.groups.map((group) => `${group.name}: share of zeros`)];
  const lines = shot.layers.flatMap((layer) => layer.rows.map((row) => [
    layer.name, row.pinned, row.firstRank, row.lastRank, row.neuron, layer.sortedBy.words, layer.sortedBy.direction, row.key,
    ...row.values.flatMap((one) => [one.lowest, one.mean, one.highest]),
    ...shot.groups.map((group) => row.groups.find((one) => one.group === group.group)?.zeroShare ?? null),
  ]));
  const origin = `# ${shot.dataset.name} ${shot.dataset.version} ${shot.link}`;
  return [origin, ...[head, ...lines].map((line) => line.map(cell).join(","))].join("\r\n") + "\r\n";
}
