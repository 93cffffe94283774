/** A snapshot as a table: one line a row on screen. Pure. */

import { STATISTICS } from "../model/statistics.js";

/** @param {string | number | null | boolean | undefined} value */
export function cell(value) {
  if (value === null || value === undefined) return "";
  const text = String(value);
  return /[",#\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * The first line names the source, the second reads the file in Python; both are comments.
 * @param {ReturnType<typeof import("./snapshot.js").snapshot>} shot
 * @param {string} [name] of the file
 */
export function csv(shot, name = "table.csv") {
  const instances = shot.instances.map((one) => one.name);
  const axes = [...new Set(shot.layers.flatMap((layer) => layer.axes))];
  const classes = shot.layers.some((layer) => layer.rows.some((row) => row.class !== undefined));
  // Two versions side by side are told apart in each line.
  /** @type {(layer: {dataset: {name: string, version: string}}) => string[]} */
  const version = ({ dataset }) => (shot.beside ? [`${dataset.name}/${dataset.version}`] : []);
  const head = [...(shot.beside ? ["version"] : []), "layer", "pinned", "first_rank", "last_rank", "neuron", ...axes, ...(classes ? ["class"] : []), "sorted_by", "direction", "sort_key",
    ...instances.flatMap((name) => [`${name}: lowest`, `${name}: mean`, `${name}: highest`]),
    ...shot.groups.flatMap((group) => [`${group.name}: share of zeros`, ...STATISTICS.map(({ name }) => `${group.name}: ${name}`)])];
  const lines = shot.layers.flatMap((layer) => layer.rows.map((row) => [
    ...version(layer), layer.name, row.pinned, row.firstRank, row.lastRank, row.neuron, ...axes.map((axis) => row.place?.[axis]), ...(classes ? [row.class] : []),
    layer.sortedBy.words, layer.sortedBy.direction, row.key,
    ...row.values.flatMap((one) => [one.lowest, one.mean, one.highest]),
    ...shot.groups.flatMap((group) => {
      const own = row.groups.find((one) => one.group === group.group);
      return [own?.zeroShare, ...STATISTICS.map((statistic) => own?.figures?.[statistic.name])];
    }),
  ]));
  const origin = [`# ${[shot.dataset, ...(shot.beside ? [shot.beside] : [])].map(({ name, version }) => `${name} ${version}`).join(", beside it ")} ${shot.link}`, `# pandas.read_csv(${JSON.stringify(name)}, comment="#")`];
  return [...origin, ...[head, ...lines].map((line) => line.map(cell).join(","))].join("\r\n") + "\r\n";
}
