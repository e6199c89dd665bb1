/** The pixel explorer's canvases: a layer of the scene, what a tool lays over it, and where the prediction changed. */
import { COLUMNS, KINDS, PIXELS, ROWS } from "./pixel-loss.mjs";

const FULL_INK = 5; // nats, as in the chapter's figure
const VOID = [[0, 0, 0, 255], [255, 255, 255, 255]]; // chequered
const MARKED = [255, 0, 200, 190];
const OPACITY = 190; // of what is chosen: three times as light or as dark as the ground, and ink still shows through
const NOTHING = [0, 0, 0, 0];

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

  /** Void pixels, and what a tool's `kindOf(desk, i)` names. */
  function veil(canvas, desk, kindOf) {
    const blue = getComputedStyle(canvas).getPropertyValue("--blue").trim(); // the theme's
    const veils = { chosen: [...partsOf(blue), OPACITY], marked: MARKED };
    fill(canvas, (i) => {
      if (!desk.valid[i]) return VOID[(i + Math.floor(i / COLUMNS)) % 2];
      return veils[kindOf?.(desk, i)] ?? NOTHING;
    });
  }

  /** The prediction, pale where it is still that of the photo as it was. */
  function changes(canvas, { prediction, base }) {
    fill(canvas, (i) => (prediction[i] === base.prediction[i] ? [...paints[prediction[i]], 90] : paints[prediction[i]]));
  }

  return { layer, veil, changes };
}
