/** The exact figures of a neuron in a group: their names in the order of Tiles/FORMAT.md §5, and how the table of a neuron shows them. Pure. */

/**
 * `place` orders the columns of the table. `shown`: a `count` as it is; a `share` of the finite values; a `figure` with its decimals under
 * each other; an `exception` only where a group has any.
 */
export const STATISTICS = /** @type {const} */ ([
  { name: "count", title: "n", shown: "count", place: 0 },
  { name: "zeros", title: "zero", shown: "share", place: 1 },
  { name: "nan", title: "NaN", shown: "exception", place: 9 },
  { name: "infinite", title: "±∞", shown: "exception", place: 10 },
  { name: "minimum", title: "minimum", shown: "figure", place: 2 },
  { name: "maximum", title: "maximum", shown: "figure", place: 6 },
  { name: "mean", title: "mean", shown: "figure", place: 7 },
  { name: "deviation", title: "std. dev.", shown: "figure", place: 8 },
  { name: "median", title: "median", shown: "figure", place: 4 },
  { name: "lower_quartile", title: "lower quartile", shown: "figure", place: 3 },
  { name: "upper_quartile", title: "upper quartile", shown: "figure", place: 5 },
]);

/** @typedef {typeof STATISTICS[number]} Statistic */
/** @typedef {Extract<Statistic, {shown: "figure"}>["name"]} FigureName */
/** @typedef {Record<Exclude<Statistic["name"], FigureName>, number> & Record<FigureName, number | null>} Figures a figure of no values is null */

/**
 * Those that a table of some groups shows, in the order of its columns.
 * @param {readonly Figures[]} groups
 * @returns {Statistic[]}
 */
export function columns(groups) {
  const odd = groups.some((group) => STATISTICS.some(({ name, shown }) => shown === "exception" && (group[name] ?? 0) > 0));
  return STATISTICS.filter(({ shown }) => odd || shown !== "exception").sort((a, b) => a.place - b.place);
}
