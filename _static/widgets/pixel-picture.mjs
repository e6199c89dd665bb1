/** The pixel explorer's canvases: a layer of the scene, what a tool lays over it, and where the prediction changed. */
import { COLUMNS, KINDS, PIXELS, ROWS } from "./pixel-loss.mjs";

const FULL_INK = 5; // nats, as in the chapter's figure
export const FINE = 4; // the veil has 4 × 4 points for a pixel: an outline leaves most of what it surrounds to be seen
const TINT = 40; // of 255: how opaque the veil is inside an outline
const SPECK = 8; // pixels: so small a group gets a ring

/** A colour, "#rrggbb", as [red, green, blue]. */
const partsOf = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/** What paints the canvases, of 96 × 128 pixels each; `colours` are those of the classes, "#rrggbb". */
export function makePainter(colours) {
  const paints = colours.map(partsOf);
  const image = new ImageData(COLUMNS, ROWS);

  /** Each pixel as paint(i) says: [red, green, blue], or also the opacity. */
  function fill(canvas, paint) {
    const { data } = image;
    for (let i = 0; i < PIXELS; i++) {
      const colour = paint(i);
      data[4 * i] = colour[0];
      data[4 * i + 1] = colour[1];
      data[4 * i + 2] = colour[2];
      data[4 * i + 3] = colour.length > 3 ? colour[3] : 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  }

  /** A layer: "photo", "mask", "prediction", "loss", or "p7" for p of class 7. */
  function layer(canvas, { photo, mask, prediction, surprise, losses, valid }, name) {
    if (name === "mask" || name === "prediction") {
      const classes = name === "mask" ? mask : prediction;
      return fill(canvas, (i) => paints[classes[i]]);
    }
    const colour = [0, 0, 0, 255]; // one for all pixels: an array for each would be 12,288 a frame
    if (name === "photo") return fill(canvas, (i) => {
      for (let c = 0; c < 3; c++) colour[c] = photo[3 * i + c];
      return colour;
    });
    // Ink, of the theme's colour, on the page's ground.
    getComputedStyle(canvas).color.match(/\d+/g).slice(0, 3).forEach((each, c) => (colour[c] = Number(each)));
    const k = Number(name.slice(1));
    const strength = name === "loss" ? (i) => (valid[i] ? losses[i] / FULL_INK : 0) : (i) => Math.exp(-surprise[KINDS * i + k]);
    return fill(canvas, (i) => {
      colour[3] = Math.round(255 * Math.min(1, strength(i)));
      return colour;
    });
  }

  const fine = new ImageData(FINE * COLUMNS, FINE * ROWS);
  const points = new Uint32Array(fine.data.buffer);
  const pointOf = (...parts) => new Uint32Array(Uint8Array.from(parts).buffer)[0];
  const [black, white, marked] = [pointOf(0, 0, 0, 255), pointOf(255, 255, 255, 255), pointOf(255, 0, 200, 255)];

  /** Fill a part of pixel i, in points. */
  function fillPoints(i, left, top, width, height, point) {
    const from = (Math.floor(i / COLUMNS) * FINE + top) * FINE * COLUMNS + (i % COLUMNS) * FINE + left;
    for (let y = 0; y < height; y++) points.fill(point, from + y * FINE * COLUMNS, from + y * FINE * COLUMNS + width);
  }

  /** Void pixels, what a tool's `veil(desk, i)` names, and rings around its specks. */
  function veil(canvas, desk, tool) {
    const blue = partsOf(getComputedStyle(canvas).getPropertyValue("--blue").trim()); // the theme's
    const [tint, outline] = [pointOf(...blue, TINT), pointOf(...blue, 255)];
    points.fill(0);
    const chosen = new Uint8Array(PIXELS);
    for (let i = 0; i < PIXELS; i++) {
      const kind = desk.valid[i] ? tool.veil?.(desk, i) : "void"; // chequered
      if (kind === "void") fillPoints(i, 0, 0, FINE, FINE, (i + Math.floor(i / COLUMNS)) % 2 ? white : black);
      else if (kind === "marked") fillPoints(i, 0, 0, FINE, FINE, marked);
      else if (kind === "chosen") {
        chosen[i] = 1;
        fillPoints(i, 0, 0, FINE, FINE, tint);
      }
    }
    for (let i = 0; i < PIXELS; i++) {
      if (!chosen[i]) continue;
      const column = i % COLUMNS;
      if (!chosen[i - COLUMNS]) fillPoints(i, 0, 0, FINE, 1, outline);
      if (!chosen[i + COLUMNS]) fillPoints(i, 0, FINE - 1, FINE, 1, outline);
      if (column === 0 || !chosen[i - 1]) fillPoints(i, 0, 0, 1, FINE, outline);
      if (column === COLUMNS - 1 || !chosen[i + 1]) fillPoints(i, FINE - 1, 0, 1, FINE, outline);
    }
    const context = canvas.getContext("2d");
    context.putImageData(fine, 0, 0);
    context.globalCompositeOperation = "destination-over"; // no ring hides what it is to show
    for (const [colour, width] of [["#000", 3], ["#fff", 7]]) {
      Object.assign(context, { strokeStyle: colour, lineWidth: width });
      for (const { pixels, row, column, radius } of tool.specks?.(desk) ?? []) {
        if (pixels > SPECK) continue;
        context.beginPath();
        context.arc(FINE * (column + 0.5), FINE * (row + 0.5), FINE * (radius + 2), 0, 2 * Math.PI);
        context.stroke();
      }
    }
  }

  /** The prediction, pale where it is still that of the photo as it was. */
  function changes(canvas, { prediction, base }) {
    fill(canvas, (i) => (prediction[i] === base.prediction[i] ? [...paints[prediction[i]], 90] : paints[prediction[i]]));
  }

  return { layer, veil, changes };
}
