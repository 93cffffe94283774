/**
 * Colours, and how densities become opacity. Pure.
 *
 * Classes mix as inks do on paper (light theme: every class multiplies what is there) or as lights do (dark theme). Both
 * are symmetric: which class is drawn first makes no difference, and none can cover another.
 */

/** @typedef {import("../types").Rgb} Rgb */
/** @typedef {import("../types").Curve} Curve */
/** @typedef {"light" | "dark"} Theme */

/**
 * Fixed colours of the first classes. Begun from Okabe and Ito's set (https://jfly.uni-koeln.de/color/), without its
 * red and black, which belong to attacked and benign instances, and widened so that neighbours differ in lightness as well.
 */
const CLASS_LIGHT = [
  "#dc8400", "#6a44b8", "#02a884", "#4aa3ee", "#d9be00", "#d668ad",
  "#1d4a9c", "#7f5037", "#4f7d1a", "#8d2a68", "#3ccfd9", "#93a8b5",
];
const CLASS_DARK = [
  "#ff9d2e", "#a17cf0", "#12b893", "#74c0ff", "#ffe052", "#f489c4",
  "#4f74dd", "#b0805a", "#6fa52a", "#bd4c90", "#7af3f0", "#bccbd6",
];
const ALL = { light: "#6f7682", dark: "#a4abb8" };
const ATTACKED = { light: ["#d4141c", "#b0006d", "#e4570a", "#8a1420"], dark: ["#ff5148", "#ff6ac1", "#ff9a52", "#ff8d8d"] };
const BENIGN = { light: ["#101214", "#4b5058", "#28496b", "#5d4a2c"], dark: ["#ffffff", "#c3c8d0", "#b9d2ee", "#e6d5b5"] };
const OTHER = { light: ["#0b57d0", "#00695c", "#7a1fa2", "#6d4c00"], dark: ["#8ab4ff", "#6fe0d0", "#dd9cff", "#e8c66a"] };

/** @param {string} hex @returns {Rgb} */
export function rgb(hex) {
  const n = Number.parseInt(hex.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

/** @param {Rgb} c */
export function css(c) {
  return `rgb(${c[0]}, ${c[1]}, ${c[2]})`;
}

/**
 * sRGB of an OKLCH colour (https://bottosson.github.io/posts/oklab/), cut to the gamut.
 * @param {number} l 0…1
 * @param {number} chroma
 * @param {number} hue degrees
 * @returns {Rgb}
 */
export function oklch(l, chroma, hue) {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const [x, y, z] = [
    (l + 0.3963377774 * a + 0.2158037573 * b) ** 3,
    (l - 0.1055613458 * a - 0.0638541728 * b) ** 3,
    (l - 0.0894841775 * a - 1.291485548 * b) ** 3,
  ];
  /** @param {number} v */
  const gamma = (v) => {
    const c = Math.min(1, Math.max(0, v));
    return Math.round(255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * c ** (1 / 2.4) - 0.055));
  };
  return [
    gamma(4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z),
    gamma(-1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z),
    gamma(-0.0041960863 * x - 0.7034186147 * y + 1.707614701 * z),
  ];
}

/**
 * A colour's number for every group of a data set, the same in every view and link: the groups of the first visit take the
 * clearest colours, the others follow in their order. -1: all rows, which has no class's colour.
 * @param {Pick<import("../types").Metadata, "groups" | "start">} metadata
 * @returns {number[]}
 */
export function paletteNumbers({ groups, start }) {
  const coloured = groups.flatMap((group, g) => (group.kind === "all" || group.kind === "moment" ? [] : [g]));
  const first = (start?.groups ?? []).filter((g) => coloured.includes(g));
  const order = [...first, ...coloured.filter((g) => !first.includes(g))];
  return groups.flatMap((group, g) => (group.kind === "moment" ? [] : [order.indexOf(g)]));
}

/**
 * @param {number} number of `paletteNumbers`
 * @param {Theme} theme
 * @returns {Rgb}
 */
export function paletteColour(number, theme) {
  if (number < 0) return rgb(ALL[theme]);
  const fixed = theme === "dark" ? CLASS_DARK : CLASS_LIGHT;
  if (number < fixed.length) return rgb(fixed[number]);
  // Beyond the fixed ones: hues by the golden angle, in three lightnesses, so that neighbours in the list differ in both.
  const n = number - fixed.length + 1;
  const lightness = (theme === "dark" ? [0.76, 0.66, 0.84] : [0.6, 0.48, 0.7])[n % 3];
  return oklch(lightness, 0.13, 40 + n * 137.508);
}

/**
 * The colour of an instance. `nth` counts the chosen instances of the same kind: the first pair is red and black.
 * @param {string} kind
 * @param {number} nth
 * @param {Theme} theme
 * @returns {Rgb}
 */
export function instanceColour(kind, nth, theme) {
  const family = kind === "attacked" ? ATTACKED : kind === "benign" ? BENIGN : OTHER;
  const colours = family[theme];
  return rgb(colours[nth % colours.length]);
}

/** Shapes of dots, by the order in which pairs were chosen: the second encoding beside colour. */
const SHAPES = /** @type {const} */ (["circle", "diamond", "square", "triangle", "cross"]);
/** @typedef {typeof SHAPES[number]} Shape */
/** @typedef {{shape: Shape, hollow: boolean}} Form */
/** Forms that are told apart; beyond, they begin anew. */
export const FORMS = 2 * SHAPES.length;

/**
 * The form of the dots of the `nth` chosen pair: each shape filled, then each hollow.
 * @param {number} nth
 * @returns {Form}
 */
export function formOf(nth) {
  return { shape: SHAPES[nth % SHAPES.length], hollow: nth % FORMS >= SHAPES.length };
}

/**
 * Opacity of a share.
 * @param {Curve} curve
 * @param {number} full the share that is fully opaque
 * @param {number} share
 */
export function opacity(curve, full, share) {
  const t = Math.min(1, Math.max(0, share / full));
  if (curve === "linear") return t;
  if (curve === "root") return Math.sqrt(t);
  return Math.log1p(99 * t) / Math.log(100);
}

/**
 * For each density `q` of a tile, what a class lets through, per channel, in 256ths: `[q * 3 + channel]`. To be
 * multiplied onto the picture (light) or onto its negative (dark).
 * @param {Rgb} colour
 * @param {Theme} theme
 * @param {Curve} curve
 * @param {number} full
 * @param {number} scale the tile's share at 255
 * @returns {Uint16Array}
 */
export function inkTable(colour, theme, curve, full, scale) {
  const table = new Uint16Array(768);
  for (let q = 0; q < 256; q++) {
    const alpha = opacity(curve, full, scale * (q / 255) ** 2);
    for (let channel = 0; channel < 3; channel++) {
      const ink = theme === "dark" ? colour[channel] / 255 : 1 - colour[channel] / 255;
      table[q * 3 + channel] = Math.round(256 * (1 - alpha * ink));
    }
  }
  return table;
}

/**
 * Colours from nothing to full of classes that overlap, each as opaque as the others.
 * @param {readonly Rgb[]} colours one or several
 * @param {Rgb} paper
 * @param {Theme} theme
 * @param {Curve} curve
 * @param {number} steps
 * @returns {string[]} CSS colours, `steps + 1` of them
 */
export function ramp(colours, paper, theme, curve, steps) {
  return Array.from({ length: steps + 1 }, (_, i) => {
    const alpha = opacity(curve, 1, i / steps);
    return css(colours.reduce((under, colour) => inkOn(colour, under, theme, alpha), paper));
  });
}

/**
 * Colour that `inkTable` gives on `paper` for one class at `alpha`; the legend's ramp.
 * @param {Rgb} colour
 * @param {Rgb} paper
 * @param {Theme} theme
 * @param {number} alpha
 * @returns {Rgb}
 */
export function inkOn(colour, paper, theme, alpha) {
  /** @param {number} c @param {number} p */
  const one = (c, p) => Math.round(theme === "dark"
    ? 255 - (255 - p) * (1 - alpha * (c / 255))
    : p * (1 - alpha * (1 - c / 255)));
  return [one(colour[0], paper[0]), one(colour[1], paper[1]), one(colour[2], paper[2])];
}
