/** What the server sends (Tiles/HTTP.md) and what the client remembers. Types only. */

export interface DatasetEntry { name: string; version: string; title?: string; rows?: number; url?: string }

export interface Layer {
  id: string; name: string; neurons: number; samples: number;
  dtype?: string; shape?: number[]; axes?: string; reduce?: string;
  /** Which codes the store has of single values. */
  codes?: "both" | "columns" | "none";
  shared: { exponent: number; origin: number };
}
export interface Group { name: string; kind: "all" | "class" | "where" | "moment"; rows: number; label?: string | number; where?: string;
  /** Of a group of the moment: a number of the palette. */
  colour?: number;
}
export interface Instance {
  name: string; kind: string; pair?: number; label?: string | number; prediction?: string | number; image?: string; text?: string;
  /** Of a row of the data that the reader made an instance. */
  row?: number;
}
/** What is known of each row. */
export interface Table {
  label: boolean; prediction: boolean; scores?: number; texts: boolean;
  columns: { name: string; kind: "integer" | "number" | "boolean" | "text"; values?: string[] }[];
  pictures?: { height: number; width: number; channels: number };
}
export interface Metadata {
  name: string; version: string; title?: string; rows: number;
  layers: Layer[]; groups: Group[]; instances: Instance[];
  start?: { layers?: string[]; groups?: number[]; instances?: number[]; text?: string };
  provenance?: unknown;
  table?: Table;
  /** Whether rows and instances were judged against their classes. */
  judged?: boolean;
}
export interface Summary {
  id: string; neurons: number;
  shared: { exponent: number; origin: number };
  distribution: { bins: number; counts: number[][] };
  /** Of which groups the lists are; missing: of all. */
  groups?: number[];
  zeros: number[]; dead: number[]; nan: number[]; infinite: number[];
  /** Missing on sites of earlier versions. */
  spread?: Spread;
}
/** Quantiles over a layer's neurons of how far each reaches; null where all are constant. */
export type Spread = { neurons: number; over: number[] } & Record<"minimum" | "low" | "lower" | "width" | "upper" | "high" | "maximum", (number | null)[]>;

type Items = typeof import("./model/order.js").ITEMS;
/** What an item of an ordering is of: by number in the metadata, or a group of the moment, or any row of the data. */
export interface Arguments { group: number | { where: string }; other: number | { where: string }; instance: number | { row: number } }
export type Argument = Arguments[keyof Arguments];
/** An item of an ordering: a figure of a group, such as its median, or the value of an instance, or a figure of both. */
export type Item = { [K in keyof Items]: { kind: K } & Pick<Arguments, Items[K]["of"][number]> }[keyof Items];
export type Order = { kind: "index" } | Item | { kind: "absolute"; item: Item } | { kind: "difference"; a: Item; b: Item; absolute?: true };
export type Direction = "ascending" | "descending";

/** A part of an axis: activations on the layer's, shares from 0 to 1 of each neuron's on its own. */
export interface Part { lo: number; hi: number }
/**
 * One column of the Activation view. `span` is the number of rows in view; null means "all of them". `across` is the part of
 * the axis in view; null means "as the axis mode says".
 */
export interface ColumnState {
  order: Order; direction: Direction; hidden: number[]; pinned: number[]; top: number; span: number | null; across: Part | null;
  /** The window that was fitted to the rows in view; null: that of the whole layer. */
  fit: import("./model/fit").Fit | null;
}
export type AxisName = import("./model/axes.js").AxisName;
/** Bins of the whole axis that the server is asked for. */
export type Bins = 256 | 64 | 16;
export type Curve = "linear" | "root" | "log";
/** The divergence view: of which chosen instance (null: the first), whose layer's neurons are listed (null: the last), and what alarm is looked at. */
export interface DivergenceState { instance: number | null; layer: string | null; rate: number; oneIn: number; kind: string | null }
/** Neurons that were kept under a name, by the ids of their layers. */
export interface NamedSet { name: string; layers: Record<string, number[]> }
/** A condition on neurons, and what becomes of those for which it holds: only they are shown, they are marked, they are hidden. */
export interface Filter { where: string; way: "only" | "mark" | "hide" }
export interface State {
  dataset: string; version: string;
  layers: string[]; groups: number[]; instances: number[];
  columns: Record<string, ColumnState>;
  /** Bins across, the share of full opacity, whether the axis is logarithmic, and whether classes lie in lanes; null: as fits the data. */
  bins: Bins | null; full: number | null;
  axis: AxisName; symlog: boolean | null; curve: Curve; lanes: boolean | null; hatched: boolean; linked: boolean;
  panel: { layer: string; neuron: number } | null;
  /** Groups of the moment, shown or not, and the one of them that follows the brush. */
  moments: number[]; brush: number | null;
  /** null: it is not open. */
  divergence: DivergenceState | null;
  /** The condition on neurons, in all layers; named sets; the rows that are selected. */
  filter: Filter | null; sets: NamedSet[]; picked: { layer: string; neurons: number[] } | null;
  /** Another version that is shown beside this one. */
  other: { name: string; version: string } | null;
  /** Layers that are shown channel by channel, by id. */
  channels: Record<string, import("./model/channels.js").Channels>;
}

/** Densities of up to 256 displayed rows of one group. */
export interface Tile {
  rows: number; bins: number; level: number; scale: number; first: number;
  densities: Uint8Array; zeros: Uint8Array;
  /** The share at 255 of the zeros; that of the densities, unless the tile is a window of the axis. */
  zeroScale: number;
}
/** Which neurons those rows are. `values` holds lowest, mean, highest per row, one array an instance. */
export interface RowsTile {
  rows: number; level: number; first: number;
  neurons: Uint32Array; keys: Float64Array; exponents: Int16Array; origins: Float64Array;
  values: Float32Array[];
  /** How far the row's values reach, six figures a row (`FIGURES` of `model/fit.js`), and what of them is no finite number (1 NaN, 2 infinite, 4 nothing finite). */
  spread: Float32Array; odd: Uint8Array;
}

export type NeuronGroup = { group: number; name: string; counts?: number[] } & import("./model/statistics").Figures;
export interface NeuronInstance {
  instance: number; name: string; value: number | null; value_text?: string;
  percentiles: { group: number; low: number; high: number }[];
}
export interface NeuronFacts {
  neuron: number; layer: string;
  grid: { exponent: number; origin: number; tails: boolean };
  groups: NeuronGroup[]; instances: NeuronInstance[];
}

export type Rgb = [number, number, number];
/** A horizontal scale: activation ↔ pixel. */
export interface Scale {
  lo: number; hi: number; width: number; symlog: boolean;
  toPixel(value: number): number; toValue(pixel: number): number;
}
