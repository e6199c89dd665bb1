/** What the digit canvas shows: on a canvas grey values, and the marks of a gradient on them; as text small numbers. */

import { superscript, text } from "./parts.mjs";

/** A number above 0 as two digits times a power of ten, "3.8 · 10⁻⁵". */
export function power(number) {
  const [digits, exponent] = number.toExponential(1).split("e");
  return `${digits} · 10${superscript(exponent)}`;
}

/**
 * A probability as text, `digits` after the point: 3 or 4. A small one has two digits after its zeros, so that −log p
 * can be checked. `chance` of utils/widgets/digit_canvas.py does the same with 3.
 */
export function chance(p, digits) {
  return p > 0 && p < 0.001 ? power(p) : text(p, p > 0 && p < 0.01 ? 4 : digits);
}

/** Grey values 0 to 255, row by row, onto a canvas of as many pixels. */
export function drawGreys(context, values, size) {
  const pixels = context.createImageData(size, size);
  const greys = new Uint32Array(pixels.data.buffer); // four bytes a pixel: three equal ones, and 255, no glass
  values.forEach((value, i) => (greys[i] = 0xff000000 | (value * 0x010101)));
  context.putImageData(pixels, 0, 0);
}

/**
 * A gradient as marks over its image: a full square where it is below 0, an empty one where it is above. A mark's side is
 * as the root of the slope, so its area is as the slope; the largest nearly fills its pixel.
 *
 * @param context of a canvas of `side` × `side` pixels of the image, `zoom` pixels for each
 * @param slopes side × side numbers, row by row
 * @param below the colour of the full squares
 * @param above the colour of the empty ones
 * @returns the largest size of a slope
 */
export function drawSlopes(context, slopes, { side, zoom, below, above }) {
  const most = slopes.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  Object.assign(context, { fillStyle: below, strokeStyle: above, lineWidth: 2 });
  slopes.forEach((slope, i) => {
    const size = (zoom - 2) * Math.sqrt(Math.abs(slope) / most);
    if (!(size >= 2)) return; // too small to be seen, or there is no slope at all
    const [x, y] = [((i % side) + 0.5) * zoom - size / 2, (Math.floor(i / side) + 0.5) * zoom - size / 2];
    if (slope < 0) context.fillRect(x, y, size, size);
    else context.strokeRect(x + 1, y + 1, Math.max(0.5, size - 2), Math.max(0.5, size - 2));
  });
  return most;
}
