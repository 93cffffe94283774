/**
 * A canvas that writes SVG: as much of the 2D context as the painters of this page use. What they paint pixel by pixel comes out as
 * pictures of exactly these pixels, all else as shapes and text.
 */

import { svg } from "../dom.js";

/** @typedef {[number, number, number, number, number, number]} Matrix */
/** @typedef {{matrix: Matrix, clip: string, style: Record<string, any>}} Kept */

const STYLE = () => ({
  fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, lineJoin: "miter", font: "10px sans-serif", textAlign: "start", textBaseline: "alphabetic", globalAlpha: 1, dash: /** @type {number[]} */ ([]),
});
const ANCHORS = /** @type {Record<string, string>} */ ({ left: "start", start: "start", right: "end", end: "end", center: "middle" });
/** How far below its middle a line of text has its base, in its size. */
const MIDDLE = 0.36;
const TOP = 0.85;

/** @param {number} n */
const short = (n) => String(Number(n.toFixed(3)));

export class SvgContext {
  /** Painters draw marks one by one instead of stamping them. */
  vector = true;
  globalCompositeOperation = "source-over";
  imageSmoothingEnabled = false;

  /**
   * @param {number} width
   * @param {number} height
   * @param {CanvasRenderingContext2D} ruler measures text
   */
  constructor(width, height, ruler) {
    this.canvas = { width, height };
    this.root = svg("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${width} ${height}`, width, height });
    this.defs = svg("defs");
    this.root.append(this.defs);
    this.ruler = ruler;
    /** @type {Matrix} */
    this.matrix = [1, 0, 0, 1, 0, 0];
    this.clipId = "";
    /** @type {Kept[]} */
    this.stack = [];
    this.path = "";
    this.ids = 0;
    Object.assign(this, STYLE());
  }

  /** @returns {any} */
  get own() {
    return this;
  }

  save() {
    const style = Object.fromEntries(Object.keys(STYLE()).map((name) => [name, this.own[name]]));
    this.stack.push({ matrix: [...this.matrix], clip: this.clipId, style });
  }

  restore() {
    const kept = this.stack.pop();
    if (!kept) return;
    this.matrix = kept.matrix;
    this.clipId = kept.clip;
    Object.assign(this, kept.style);
  }

  /** @param {number} a @param {number} b @param {number} c @param {number} d @param {number} e @param {number} f */
  setTransform(a, b, c, d, e, f) {
    this.matrix = [a, b, c, d, e, f];
  }

  /** @param {number} x @param {number} y */
  translate(x, y) {
    const [a, b, c, d, e, f] = this.matrix;
    this.matrix = [a, b, c, d, e + a * x + c * y, f + b * x + d * y];
  }

  /** @param {number} x @param {number} y */
  scale(x, y) {
    const [a, b, c, d, e, f] = this.matrix;
    this.matrix = [a * x, b * x, c * y, d * y, e, f];
  }

  /** @param {number} angle */
  rotate(angle) {
    const [a, b, c, d, e, f] = this.matrix;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    this.matrix = [a * cos + c * sin, b * cos + d * sin, c * cos - a * sin, d * cos - b * sin, e, f];
  }

  /** @param {number[]} dash */
  setLineDash(dash) {
    this.own.dash = dash;
  }

  beginPath() {
    this.path = "";
  }

  /** @param {number} x @param {number} y */
  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`;
  }

  /** @param {number} x @param {number} y */
  lineTo(x, y) {
    this.path += `L${short(x)} ${short(y)}`;
  }

  closePath() {
    this.path += "z";
  }

  /**
   * A whole circle: painters draw no others.
   * @param {number} x @param {number} y @param {number} r
   */
  arc(x, y, r) {
    this.path += `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0z`;
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  clip() {
    const id = `c${this.ids++}`;
    /** @type {Record<string, string>} */
    const outer = this.clipId ? { "clip-path": `url(#${this.clipId})` } : {};
    this.defs.append(svg("clipPath", { id, ...outer }, svg("path", { d: this.path, transform: this.transform() })));
    this.clipId = id;
  }

  transform() {
    return `matrix(${this.matrix.map(short).join(" ")})`;
  }

  /** @param {string} tag @param {Record<string, string | number>} attributes @param {...string} text */
  add(tag, attributes, ...text) {
    const { globalAlpha } = this.own;
    const [a, b, c, d, e, f] = this.matrix;
    const isPlain = a === 1 && b === 0 && c === 0 && d === 1 && e === 0 && f === 0;
    const element = svg(tag, { ...attributes, ...(isPlain ? {} : { transform: this.transform() }), ...(globalAlpha < 1 ? { opacity: short(globalAlpha) } : {}) }, ...text);
    if (this.clipId) this.root.append(svg("g", { "clip-path": `url(#${this.clipId})` }, element));
    else this.root.append(element);
  }

  fill() {
    this.add("path", { d: this.path, fill: this.paint(this.own.fillStyle) });
  }

  stroke() {
    const { strokeStyle, lineWidth, lineJoin, dash } = this.own;
    this.add("path", { d: this.path, fill: "none", stroke: this.paint(strokeStyle), "stroke-width": lineWidth, "stroke-linejoin": lineJoin, ...(dash.length > 0 ? { "stroke-dasharray": dash.join(" ") } : {}) });
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  fillRect(x, y, width, height) {
    if (width <= 0 || height <= 0) return;
    this.add("rect", { x: short(x), y: short(y), width: short(width), height: short(height), fill: this.paint(this.own.fillStyle) });
  }

  /** @param {number} x @param {number} y @param {number} width @param {number} height */
  strokeRect(x, y, width, height) {
    this.beginPath();
    this.rect(x, y, width, height);
    this.stroke();
  }

  /** @param {string} text */
  measureText(text) {
    this.ruler.font = this.own.font;
    return this.ruler.measureText(text);
  }

  /** @param {string} text @param {number} x @param {number} y @param {number} [most] */
  fillText(text, x, y, most) {
    this.write(text, x, y, { fill: this.paint(this.own.fillStyle) }, most);
  }

  /** @param {string} text @param {number} x @param {number} y */
  strokeText(text, x, y) {
    const { strokeStyle, lineWidth, lineJoin } = this.own;
    this.write(text, x, y, { fill: "none", stroke: this.paint(strokeStyle), "stroke-width": lineWidth, "stroke-linejoin": lineJoin });
  }

  /** @param {string} text @param {number} x @param {number} y @param {Record<string, string | number>} how @param {number} [most] */
  write(text, x, y, how, most) {
    const { font, textAlign, textBaseline } = this.own;
    const [, weight = "", size, family] = /^(?:(\S+)\s+)?([\d.]+)px\s+(.*)$/.exec(font) ?? ["", "", "10", "sans-serif"];
    const shift = textBaseline === "middle" ? MIDDLE * Number(size) : textBaseline === "top" ? TOP * Number(size) : 0;
    /** @type {Record<string, string>} */
    const squeezed = most !== undefined && this.measureText(text).width > most ? { textLength: short(most), lengthAdjust: "spacingAndGlyphs" } : {};
    /** @type {Record<string, string>} */
    const heavy = weight && weight !== "normal" ? { "font-weight": weight } : {};
    this.add("text", {
      x: short(x), y: short(y + shift), "font-family": family, "font-size": size, ...heavy,
      "text-anchor": ANCHORS[textAlign] ?? "start", ...how, ...squeezed,
    }, text);
  }

  /**
   * @param {HTMLCanvasElement} source
   * @param {number} sx @param {number} sy @param {number} sw @param {number} sh
   * @param {number} x @param {number} y @param {number} width @param {number} height
   */
  drawImage(source, sx, sy, sw, sh, x, y, width, height) {
    const piece = document.createElement("canvas");
    piece.width = Math.max(1, Math.round(sw));
    piece.height = Math.max(1, Math.round(sh));
    piece.getContext("2d")?.drawImage(source, sx, sy, sw, sh, 0, 0, piece.width, piece.height);
    this.add("image", {
      x: short(x), y: short(y), width: short(width), height: short(height), href: piece.toDataURL("image/png"),
      preserveAspectRatio: "none", "image-rendering": "pixelated",
    });
  }

  /** @param {HTMLCanvasElement} tile */
  createPattern(tile) {
    const id = `p${this.ids++}`;
    this.defs.append(svg("pattern", { id, width: tile.width, height: tile.height, patternUnits: "userSpaceOnUse" },
      svg("image", { width: tile.width, height: tile.height, href: tile.toDataURL("image/png"), "image-rendering": "pixelated" })));
    return `url(#${id})`;
  }

  /** @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1 */
  createLinearGradient(x0, y0, x1, y1) {
    const id = `g${this.ids++}`;
    const gradient = svg("linearGradient", { id, gradientUnits: "userSpaceOnUse", x1: short(x0), y1: short(y0), x2: short(x1), y2: short(y1) });
    this.defs.append(gradient);
    return { toString: () => `url(#${id})`, addColorStop: (/** @type {number} */ at, /** @type {string} */ colour) => gradient.append(svg("stop", { offset: at, "stop-color": colour })) };
  }

  /**
   * Puts another drawing at a place of this one.
   * @param {SvgContext} other
   * @param {number} x @param {number} y
   */
  place(other, x, y) {
    const prefix = `i${this.ids++}`;
    const group = svg("g", { transform: `translate(${short(x)} ${short(y)})` }, ...[...other.root.childNodes].map((node) => node));
    // Names of clips and patterns are the drawing's own.
    for (const element of group.querySelectorAll("*")) {
      for (const { name, value } of [...element.attributes]) {
        if (name === "id") element.setAttribute("id", prefix + value);
        else if (value.startsWith("url(#")) element.setAttribute(name, value.replace("url(#", `url(#${prefix}`));
      }
    }
    this.root.append(group);
  }

  /** @param {any} style */
  paint(style) {
    return String(style);
  }

  /** @returns {string} the file */
  text() {
    return new XMLSerializer().serializeToString(this.root);
  }
}
