/** Addresses of Tiles/HTTP.md, all relative to the document: the server may live under any path prefix. */

/** @typedef {import("../types").Metadata} Metadata */

const ROOT = "api/v1/datasets";
const text = encodeURIComponent;

export const catalogueUrl = () => ROOT;

/** @param {string} name */
export const currentUrl = (name) => `${ROOT}/${text(name)}`;

/** @param {string} name @param {string} version */
export const metadataUrl = (name, version) => `${ROOT}/${text(name)}/${text(version)}`;

/**
 * Addresses inside one version of one data set.
 * @param {Pick<Metadata, "name" | "version"> & Partial<Metadata>} metadata
 */
export function versionUrls({ name, version, groups, instances: known }) {
  const base = metadataUrl(name, version);
  /** @param {readonly number[]} list instances, any row among them as the server names it */
  const numbers = (list) => list.map((instance) => (known?.[instance]?.row === undefined ? instance : text(`row ${known[instance].row}`))).join(",");
  /** @param {number} group @returns {string | null} the expression, of a group of the moment */
  const whereOf = (group) => (groups?.[group]?.kind === "moment" ? groups[group].where ?? "" : null);
  /** @param {number} group as the server names a side of a comparison */
  const member = (group) => {
    const where = whereOf(group);
    return where === null ? String(group) : text(`where:${where}`);
  };
  return {
    /** @param {string} layer */
    summary: (layer) => `${base}/layers/${layer}/summary`,
    /** @param {string} layer @param {number} group @param {number} level @param {number} index @param {string} query */
    tile: (layer, group, level, index, query) => {
      const where = whereOf(group);
      return `${base}/layers/${layer}/tiles/${where === null ? group : 0}/${level}/${index}?${query}${where === null ? "" : `&where=${text(where)}`}`;
    },
    /** @param {string} layer @param {number} level @param {number} index @param {string} query @param {readonly number[]} instances */
    rows: (layer, level, index, query, instances) =>
      `${base}/layers/${layer}/rows/${level}/${index}?${query}&instances=${numbers(instances)}&spread=all`,
    /**
     * Rows of single neurons, and no more of them than is asked for.
     * @param {string} layer @param {number} index @param {string} query @param {readonly number[]} instances @param {boolean} spread
     */
    ranks: (layer, index, query, instances, spread) => `${base}/layers/${layer}/rows/0/${index}?${query}&instances=${numbers(instances)}${spread ? "&spread=all" : ""}`,
    /** @param {string} layer @param {string} query @param {number} neuron */
    find: (layer, query, neuron) => `${base}/layers/${layer}/find?${query}&neuron=${neuron}`,
    /** @param {string} layer @param {string} query @param {number} neuron whose rank is sought, and those with the same key */
    findTies: (layer, query, neuron) => `${base}/layers/${layer}/find?${query}&neuron=${neuron}&ties=all`,
    /** @param {string} layer @param {string} query @param {number} rank */
    findRank: (layer, query, rank) => `${base}/layers/${layer}/find?${query}&rank=${rank}`,
    /** @param {string} layer @param {number} neuron @param {readonly number[]} groups @param {readonly number[]} instances */
    neuron: (layer, neuron, groups, instances) =>
      `${base}/layers/${layer}/neurons/${neuron}?groups=${groups.join(",")}&instances=${numbers(instances)}`,
    /**
     * Many neurons in one answer.
     * @param {string} layer @param {readonly number[]} neurons @param {readonly number[]} groups @param {readonly number[]} instances
     */
    neurons: (layer, neurons, groups, instances) =>
      `${base}/layers/${layer}/neurons?neurons=${neurons.join(",")}&groups=${groups.join(",")}&instances=${numbers(instances)}`,
    /** @param {string} layer @param {readonly number[]} neurons @param {readonly number[]} groups @param {number | undefined} row whose value is told, too */
    neuronsWithRow: (layer, neurons, groups, row) =>
      `${base}/layers/${layer}/neurons?neurons=${neurons.join(",")}&groups=${groups.join(",")}&instances=${row === undefined ? "" : text(`row ${row}`)}`,
    /** @param {string} layer @param {readonly number[]} neurons @param {string} where a group of the moment, and nothing else */
    neuronsWhere: (layer, neurons, where) => `${base}/layers/${layer}/neurons?neurons=${neurons.join(",")}&groups=&instances=&where=${text(where)}`,
    /**
     * In all groups, without their counts where they are many.
     * @param {string} layer
     * @param {number} neuron
     */
    neuronOfAll: (layer, neuron) => `${base}/layers/${layer}/neurons/${neuron}?instances=`,
    /**
     * One neuron in a group of the moment, and nothing else.
     * @param {string} layer
     * @param {number} neuron
     * @param {string} where
     */
    neuronWhere: (layer, neuron, where) => `${base}/layers/${layer}/neurons/${neuron}?groups=&instances=&where=${text(where)}`,
    /** @param {string} layer @param {number} neuron @param {number} group stored or of the moment @param {"highest" | "lowest"} end */
    firing: (layer, neuron, group, end) => {
      const where = whereOf(group);
      return `${base}/layers/${layer}/neurons/${neuron}/rows?end=${end}${where !== null ? `&where=${text(where)}` : group > 0 ? `&group=${group}` : ""}`;
    },
    /** @param {number} from @param {number} count */
    table: (from, count) => `${base}/rows?from=${from}&count=${count}`,
    /** @param {string} where @param {number} from @param {number} count */
    tableWhere: (where, from, count) => `${base}/rows?from=${from}&count=${count}&where=${text(where)}`,
    /** @param {readonly number[]} rows ascending; their pictures come one below the other */
    pictures: (rows) => `${base}/rows/pictures?rows=${rows.join(",")}`,
    /** @param {readonly number[]} rows ascending */
    texts: (rows) => `${base}/rows/texts?rows=${rows.join(",")}`,
    confusion: () => `${base}/confusion`,
    /** @param {number} instance @param {{named: number, other: number} | null} contrast groups of two classes, where not its own */
    divergence: (instance, contrast) => {
      const row = known?.[instance]?.row;
      return `${base}/divergences/${row === undefined ? `instances/${instance}` : `rows/${row}`}${contrast ? `?for=${contrast.named}&over=${contrast.other}` : ""}`;
    },
    /** @param {"rows" | "instances"} list @param {number} from @param {number} count @param {number | null} sample rows that stand for all */
    divergences: (list, from, count, sample) => `${base}/divergences/${list}?from=${from}&count=${count}${sample === null ? "" : `&sample=${sample}`}`,
    /** @param {{named: number, other: number}} contrast groups of two classes */
    ladder: ({ named, other }) => `${base}/divergences/ladder?for=${named}&over=${other}`,
    /** @param {number} a @param {number} b groups, stored or of the moment */
    separation: (a, b) => `${base}/separation?a=${member(a)}&b=${member(b)}`,
    /** @param {string} layer @param {number} group stored or of the moment */
    similar: (layer, group) => `${base}/layers/${layer}/similar?a=${member(group)}`,
    /** @param {string} image as the metadata gives it */
    image: (image) => `${base}/${image}`,
  };
}

/** @typedef {ReturnType<typeof versionUrls>} VersionUrls */

/** @param {string} expression @param {import("../types").Direction} direction */
export function orderQuery(expression, direction) {
  return `order=${text(expression)}&direction=${direction}`;
}

/**
 * The parameters of a tile: ordering, axis, and the bins of the whole axis or of a part of it.
 * @param {{query: string, axis: "shared" | "own", bins: number, finer: {zoom: number, from: number} | null}} of
 */
export function tileQuery({ query, axis, bins, finer }) {
  return `${query}&axis=${axis}&${finer ? `bins=256&zoom=${finer.zoom}&from=${finer.from}` : `bins=${bins}`}`;
}
