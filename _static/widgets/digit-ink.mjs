/**
 * The ink of the digit canvas, without a page: strokes on a fine pad, the 28 × 28 image that the network sees of it,
 * MNIST's way to centre a digit, and an image as a short text. Grey values are bytes as MNIST stores them: 0 is paper,
 * 255 is ink. utils/strokes.py has `like_mnist`, with which the tests compare the centring.
 */

export const SIDE = 28;
export const FINE = 8; // pixels of the pad under one pixel of the image, in each direction
export const WIDE = SIDE * FINE;
export const LINK_LIMIT = 800; // characters of a packed image that an address may carry
const LONGEST = 2091; // characters of a packed image: 0 and 255 in turns

/** A pad without ink: WIDE × WIDE grey values, row by row. */
export function blankPad() {
  return new Uint8Array(WIDE * WIDE);
}

/** Give `value` to all of the pad within `radius` of the line between two points [x, y]; lengths in pixels of the image. */
export function paint(pad, [x1, y1], [x2, y2], radius, value) {
  const first = (a, b) => Math.max(0, Math.floor((Math.min(a, b) - radius) * FINE));
  const last = (a, b) => Math.min(WIDE - 1, Math.ceil((Math.max(a, b) + radius) * FINE));
  const length = (x2 - x1) ** 2 + (y2 - y1) ** 2;
  for (let row = first(y1, y2); row <= last(y1, y2); row++)
    for (let column = first(x1, x2); column <= last(x1, x2); column++) {
      const x = (column + 0.5) / FINE;
      const y = (row + 0.5) / FINE;
      // The nearest point of the line, as a fraction of its way.
      const along = length && Math.min(1, Math.max(0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length));
      const [dx, dy] = [x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1)];
      if (dx * dx + dy * dy <= radius * radius) pad[row * WIDE + column] = value;
    }
}

/** Give `value` to one pixel of the image. */
export function fillCell(pad, row, column, value) {
  for (let i = row * FINE; i < (row + 1) * FINE; i++)
    pad.fill(value, i * WIDE + column * FINE, i * WIDE + (column + 1) * FINE);
}

/** The image of a pad, 784 bytes: each pixel is the mean of its part of the pad, which makes edges grey. */
export function imageOf(pad) {
  const sums = new Uint32Array(SIDE * SIDE);
  for (let row = 0; row < WIDE; row++)
    for (let column = 0; column < WIDE; column++)
      sums[Math.floor(row / FINE) * SIDE + Math.floor(column / FINE)] += pad[row * WIDE + column];
  return Uint8Array.from(sums, (sum) => Math.round(sum / FINE ** 2));
}

/** A pad whose image is the given one: each pixel becomes a square. */
export function padOf(image) {
  const pad = blankPad();
  image.forEach((value, i) => fillCell(pad, Math.floor(i / SIDE), i % SIDE, value));
  return pad;
}

/** The pad moved by whole pixels of the image; what leaves it is lost, and paper comes in. */
export function nudged(pad, down, right) {
  const moved = blankPad();
  for (let row = 0; row < WIDE; row++) {
    const from = row - down * FINE;
    if (from < 0 || from >= WIDE) continue;
    const line = pad.subarray(from * WIDE, (from + 1) * WIDE);
    const shift = right * FINE;
    moved.set(shift > 0 ? line.subarray(0, WIDE - shift) : line.subarray(-shift), row * WIDE + Math.max(0, shift));
  }
  return moved;
}

/** Black for white and white for black. */
export function inverted(pad) {
  return pad.map((value) => 255 - value);
}

/** To the nearest whole number, and of two equally near ones to the even one, as Python rounds. */
function roundEven(number) {
  const below = Math.floor(number);
  if (number - below !== 0.5) return Math.round(number);
  return below % 2 === 0 ? below : below + 1;
}

/** Scale one axis as Pillow's box filter does: the mean of the old pixels whose middles lie under a new one. */
function boxed(values, [rows, columns], width) {
  const scale = columns / width;
  const support = Math.max(scale, 1) / 2;
  const result = new Float32Array(rows * width);
  for (let j = 0; j < width; j++) {
    const middle = (j + 0.5) * scale;
    let [from, to] = [middle - support, middle + support].map((edge) => Math.floor(edge + 0.5));
    // A middle right on an edge belongs to the upper one, up to rounding, which is Pillow's here.
    if (!((from - middle + 0.5) * (1 / (2 * support)) > -0.5)) from++;
    if (!((to - 1 - middle + 0.5) * (1 / (2 * support)) <= 0.5)) to--;
    [from, to] = [Math.max(0, from), Math.min(columns, to)];
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      for (let column = from; column < to; column++) sum += values[row * columns + column];
      result[row * width + j] = sum / (to - from);
    }
  }
  return result;
}

function transposed(values, [rows, columns]) {
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}

/**
 * The image of a pad as MNIST's authors would have prepared it: the ink scaled to 20 pixels, its weight in the middle of
 * 28 × 28. Where the pad holds no ink, or mostly ink, an Error says so.
 */
export function likeMnist(pad) {
  const most = pad.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) throw new Error("There is no ink to centre.");
  const sorted = pad.slice().sort();
  const median = (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
  if (median > 0.5 * most) throw new Error("The pad is mostly ink: MNIST is white on black. Press Invert.");
  let [top, bottom, left, right] = [WIDE, -1, WIDE, -1];
  pad.forEach((value, i) => {
    if (value <= 0.1 * most) return;
    const [row, column] = [Math.floor(i / WIDE), i % WIDE];
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  const shape = [bottom - top + 1, right - left + 1];
  const digit = new Float32Array(shape[0] * shape[1]);
  for (let row = 0; row < shape[0]; row++)
    for (let column = 0; column < shape[1]; column++)
      digit[row * shape[1] + column] = pad[(top + row) * WIDE + left + column] / most;
  const [height, width] = shape.map((side) => Math.max(1, roundEven((20 * side) / Math.max(...shape))));
  const narrow = boxed(digit, shape, width);
  const small = transposed(boxed(transposed(narrow, [shape[0], width]), [width, shape[0]], height), [width, height]);

  // In the middle of the image first, then by whole pixels until the centre of mass is there.
  let [above, before] = [Math.floor((SIDE - height) / 2), Math.floor((SIDE - width) / 2)];
  let [sum, rows, columns] = [0, 0, 0];
  small.forEach((value, i) => {
    sum += value;
    rows += value * (above + Math.floor(i / width));
    columns += value * (before + (i % width));
  });
  above += roundEven(SIDE / 2 - rows / sum);
  before += roundEven(SIDE / 2 - columns / sum);
  const image = new Uint8Array(SIDE * SIDE);
  small.forEach((value, i) => {
    const [row, column] = [above + Math.floor(i / width), before + (i % width)];
    if (row >= 0 && row < SIDE && column >= 0 && column < SIDE) image[row * SIDE + column] = Math.round(255 * value);
  });
  return image;
}

/**
 * An image as text: its bytes row by row, of which 0 and 255 are followed by how often they stand there, 1 to 255; all
 * in base64 for addresses. `pack_image` of utils/widgets/digit_canvas.py does the same.
 */
export function packImage(image) {
  const bytes = [];
  for (let i = 0; i < image.length; ) {
    const value = image[i];
    let count = 1;
    if (value === 0 || value === 255) while (image[i + count] === value && count < 255) count++;
    bytes.push(value, ...(value === 0 || value === 255 ? [count] : []));
    i += count;
  }
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The image of such a text, 784 bytes; null where the text is none. */
export function unpackImage(packed) {
  if (typeof packed !== "string" || packed.length > LONGEST || !/^[\w-]+$/.test(packed) || packed.length % 4 === 1) return null;
  const bytes = atob(packed.replace(/-/g, "+").replace(/_/g, "/"));
  const image = new Uint8Array(SIDE * SIDE);
  let at = 0;
  for (let i = 0; i < bytes.length; i++) {
    const value = bytes.charCodeAt(i);
    const count = value === 0 || value === 255 ? bytes.charCodeAt(++i) : 1; // NaN at the end of the text
    if (!(count >= 1) || at + count > image.length) return null;
    image.fill(value, at, at + count);
    at += count;
  }
  return at === image.length ? image : null;
}

/** The state as it stands in an address, "#digit-canvas=y:7;t:1;i:AP8A…", and back; null where it is no state. */
export function digitFragment({ image, label, temperature }) {
  return `#digit-canvas=y:${label ?? "none"};t:${temperature};i:${image}`;
}

export function fromDigitFragment(fragment) {
  const plain = fragment.replace(/%3A|%3B/gi, decodeURIComponent); // some programs write : and ; as codes
  const found = plain.match(/^#digit-canvas=y:(\d|none);t:(\d(?:\.\d{1,4})?);i:([\w-]+)$/);
  if (!found) return null;
  const [label, temperature, image] = [found[1] === "none" ? null : Number(found[1]), Number(found[2]), found[3]];
  const good = temperature >= 0.25 && temperature <= 4 && image.length <= LINK_LIMIT && unpackImage(image) !== null;
  return good ? { image, label, temperature } : null;
}

/**
 * About how many test digits have a larger loss than this one, from a table of the loss at some ranks.
 *
 * @param loss in nats
 * @param ranks whole numbers that rise from 1: 1 is the digit with the largest loss
 * @param powers log10 of the loss at each rank; they fall
 * @returns a number with two digits, or null where the loss is below that of the last rank
 */
export function countLarger(loss, ranks, powers) {
  const power = Math.log10(loss);
  const next = powers.findIndex((each) => each <= power); // the first that is not larger
  if (next === 0) return 0;
  if (next === -1) return null;
  // Between two ranks the logarithm of the rank follows that of the loss.
  const share = (powers[next - 1] - power) / (powers[next - 1] - powers[next]);
  const rank = ranks[next - 1] * (ranks[next] / ranks[next - 1]) ** share;
  const count = Math.min(ranks[next] - 1, Math.floor(rank + 1e-9));
  return Number(count.toPrecision(2));
}
