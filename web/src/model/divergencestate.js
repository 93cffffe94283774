/**
 * The divergence view: which of the chosen instances it is about, and its short form in links. Pure.
 *
 * The form is `j=3,dense_1,0.05,100,attacked`: instance, layer of the neurons, rate of false alarms, one input in so many, kind; what has its
 * default is empty.
 */

/** @typedef {import("../types").Metadata} Metadata */
/** @typedef {import("../types").DivergenceState} DivergenceState */
/** @typedef {{own: number, twin: number | null}} Subject an instance, and the same input before the attack */

export const RATE_DEFAULT = 0.05;
export const ONE_IN_DEFAULT = 100;

/** @returns {DivergenceState} as it is first opened */
export const freshDivergence = () => ({ instance: null, layer: null, rate: RATE_DEFAULT, oneIn: ONE_IN_DEFAULT, kind: null });

/**
 * What the view can be about: of each chosen pair the attacked one, beside its twin.
 * @param {readonly number[]} chosen
 * @param {Pick<Metadata, "instances">} metadata
 * @returns {Subject[]}
 */
export function subjects(chosen, { instances }) {
  /** @type {Subject[]} */
  const found = [];
  for (const index of chosen) {
    const { pair, kind } = instances[index];
    const members = pair === undefined ? [index] : instances.flatMap((one, i) => (one.pair === pair ? [i] : []));
    const own = kind === "benign" ? members.find((i) => instances[i].kind !== "benign") ?? index : index;
    if (found.some((one) => one.own === own)) continue;
    found.push({ own, twin: members.find((i) => i !== own && instances[i].kind === "benign") ?? null });
  }
  return found;
}

/**
 * @param {{instances: readonly number[], divergence: DivergenceState | null}} state
 * @param {Pick<Metadata, "instances">} metadata
 * @returns {Subject | null} null where nothing is chosen
 */
export function subjectOf({ instances, divergence }, metadata) {
  const all = subjects(instances, metadata);
  return all.find(({ own }) => own === divergence?.instance) ?? all[0] ?? null;
}

/**
 * @param {DivergenceState} state
 * @param {(instance: number) => string} encodeInstance
 */
export function encodeDivergence({ instance, layer, rate, oneIn, kind }, encodeInstance) {
  const parts = [
    instance === null ? "" : encodeInstance(instance), layer ?? "", rate === RATE_DEFAULT ? "" : String(rate), oneIn === ONE_IN_DEFAULT ? "" : String(oneIn),
    kind === null ? "" : encodeURIComponent(kind),
  ];
  return parts.join(",").replace(/,+$/, "");
}

/**
 * @param {string} text
 * @param {Pick<Metadata, "layers">} metadata
 * @param {(text: string) => number | null} decodeInstance
 * @returns {DivergenceState}
 */
export function decodeDivergence(text, { layers }, decodeInstance) {
  const [instance = "", layer = "", rate = "", oneIn = "", kind = ""] = text.split(",");
  const state = freshDivergence();
  state.instance = decodeInstance(instance);
  state.layer = layers.some(({ id }) => id === layer) ? layer : null;
  if (/^[\d.e-]{1,20}$/.test(rate) && Number(rate) > 0 && Number(rate) <= 1) state.rate = Number(rate);
  if (/^\d{1,7}$/.test(oneIn) && Number(oneIn) >= 2) state.oneIn = Number(oneIn);
  try {
    state.kind = kind === "" ? null : decodeURIComponent(kind);
  } catch {
    // Mistyped: the kind is chosen as at first.
  }
  return state;
}
