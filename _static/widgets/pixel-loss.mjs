/**
 * The loss of one scene, pixel by pixel, in nats. A scene has 96 × 128 pixels and 23 classes; whatever has a number for each
 * pixel is an array of 12,288, row by row, and `surprise` holds −log p of all classes, the 23 of a pixel side by side.
 * A pixel is valid where `valid` is 1; void ones are 0. utils/losses.py and utils/metrics.py are what the tests compare with.
 */

export const ROWS = 96;
export const COLUMNS = 128;
export const PIXELS = ROWS * COLUMNS;
export const KINDS = 23; // classes

/** A stored scene's bytes as {picture, mask, surprise}; a byte of the last stands for `step` nats. */
export function unpackScene(content, step) {
  if (content.length !== PIXELS * (4 + KINDS)) throw new Error(`A scene has ${PIXELS * (4 + KINDS)} bytes, this one ${content.length}.`);
  const mask = content.slice(3 * PIXELS, 4 * PIXELS);
  if (mask.some((label) => label >= KINDS)) throw new Error(`The scene’s mask holds ${Math.max(...mask)}; there are ${KINDS} classes.`);
  return { picture: content.slice(0, 3 * PIXELS), mask, surprise: Float64Array.from(content.subarray(4 * PIXELS), (byte) => step * byte) };
}

/** −log softmax of each pixel's logits. */
export function surpriseOf(logits) {
  const surprise = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += KINDS) {
    let highest = -Infinity;
    for (let k = 0; k < KINDS; k++) highest = Math.max(highest, logits[at + k]);
    let sum = 0;
    for (let k = 0; k < KINDS; k++) sum += Math.exp(logits[at + k] - highest);
    const logSum = highest + Math.log(sum);
    for (let k = 0; k < KINDS; k++) surprise[at + k] = logSum - logits[at + k];
  }
  return surprise;
}

/** −log p of each pixel's label. */
export function lossesOf(surprise, mask) {
  const losses = new Float64Array(PIXELS); // a loop, not from(): a frame asks up to four times
  for (let i = 0; i < PIXELS; i++) losses[i] = surprise[i * KINDS + mask[i]];
  return losses;
}

/** The class of the smallest −log p at each pixel, the first of equal ones, as argmax of the logits. */
export function argmaxOf(surprise) {
  const classes = new Uint8Array(surprise.length / KINDS);
  for (let i = 0; i < classes.length; i++) {
    let best = 0;
    for (let k = 1; k < KINDS; k++) if (surprise[i * KINDS + k] < surprise[i * KINDS + best]) best = k;
    classes[i] = best;
  }
  return classes;
}

/** Visit the neighbours of a pixel above, below, left and right. */
function eachNeighbour(i, visit) {
  if (i >= COLUMNS) visit(i - COLUMNS);
  if (i < PIXELS - COLUMNS) visit(i + COLUMNS);
  if (i % COLUMNS > 0) visit(i - 1);
  if (i % COLUMNS < COLUMNS - 1) visit(i + 1);
}

/** 1 where a pixel's value differs from that of one of its four neighbours. */
export function bordersOf(mask) {
  const borders = new Uint8Array(PIXELS);
  for (let i = 0; i < PIXELS; i++) eachNeighbour(i, (j) => { if (mask[i] !== mask[j]) borders[i] = 1; });
  return borders;
}

/** How many valid pixels each class has. */
export function countsOf(mask, valid) {
  const counts = new Array(KINDS).fill(0);
  for (let i = 0; i < PIXELS; i++) counts[mask[i]] += valid[i];
  return counts;
}

/** The `number` classes with the fewest pixels, of those that occur. */
export function rarestOf(counts, number) {
  const there = counts.map((_, k) => k).filter((k) => counts[k] > 0);
  return there.sort((a, b) => counts[a] - counts[b] || a - b).slice(0, number);
}

/** The class whose valid pixels have the largest mean loss, the first of equal ones; undefined where all pixels are void. */
export function dearestOf(losses, mask, valid) {
  const counts = countsOf(mask, valid);
  const sums = new Array(KINDS).fill(0);
  for (let i = 0; i < PIXELS; i++) if (valid[i]) sums[mask[i]] += losses[i];
  const there = counts.map((_, k) => k).filter((k) => counts[k] > 0);
  return there.sort((a, b) => sums[b] / counts[b] - sums[a] / counts[a] || a - b)[0];
}

/** What the valid pixels pay: {sum, pixels, mean}; the mean of none is 0, as Keras has it. */
export function meanOf(losses, valid) {
  let sum = 0;
  let pixels = 0;
  for (let i = 0; i < PIXELS; i++) if (valid[i]) [sum, pixels] = [sum + losses[i], pixels + 1];
  return { sum, pixels, mean: pixels ? sum / pixels : 0 };
}

/** The valid pixels, the one with the largest loss first; of equal ones, the first in the picture. */
export function largestOf(losses, valid) {
  return Array.from(losses.keys()).filter((i) => valid[i]).sort((a, b) => losses[b] - losses[a] || a - b);
}

/** Which place pixel i has among them, from 1. */
export function rankOf(i, losses, valid) {
  let rank = 1;
  for (let j = 0; j < PIXELS; j++) if (valid[j] && (losses[j] > losses[i] || (losses[j] === losses[i] && j < i))) rank++;
  return rank;
}

/** The valid pixels for which `chosen` is 1: {pixels, sum, area, loss}, the last two as shares of all valid ones, 0 to 1. */
export function shareOf(losses, valid, chosen) {
  const all = meanOf(losses, valid);
  const part = meanOf(losses, valid.map((each, i) => each & chosen[i]));
  return { pixels: part.pixels, sum: part.sum, area: part.pixels / (all.pixels || 1), loss: part.sum / (all.sum || 1) };
}

/** share^−power for each class that occurs, 0 for the others. */
export function weightsOf(counts, power) {
  const pixels = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => (count ? (count / pixels) ** -power : 0));
}

/** The loss with a weight for each class: {sum, pixels, weights}: Σ w · loss, the valid pixels, and Σ w over them. */
export function weighted(losses, valid, mask, weights) {
  const total = { sum: 0, pixels: 0, weights: 0 };
  for (let i = 0; i < PIXELS; i++) {
    if (!valid[i]) continue;
    total.sum += weights[mask[i]] * losses[i];
    total.weights += weights[mask[i]];
    total.pixels++;
  }
  return total;
}

/** Visit the pixels under a round brush that moves straight from one pixel to another, each [row, column]. */
export function eachUnderBrush(from, to, radius, visit) {
  const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]), 1);
  for (let step = 0; step <= steps; step++) {
    const [row, column] = [0, 1].map((axis) => Math.round(from[axis] + ((to[axis] - from[axis]) * step) / steps));
    for (let y = Math.max(0, row - radius + 1); y < Math.min(ROWS, row + radius); y++)
      for (let x = Math.max(0, column - radius + 1); x < Math.min(COLUMNS, column + radius); x++)
        if ((y - row) ** 2 + (x - column) ** 2 < radius ** 2) visit(y * COLUMNS + x);
  }
}

/**
 * How far a stroke on the photo reached: {changed, outside, farthest}. `changed` is 1 where the class is another and no
 * brush was, `outside` their number, `farthest` the distance in pixels from the stroke to the one farthest from it.
 */
export function reachOf(before, after, stroke) {
  // Of all pixels of the stroke the nearest one lies on its rim: from an inner one a step leads nearer.
  const rim = [];
  for (let i = 0; i < PIXELS; i++) {
    if (!stroke[i]) continue;
    let inner = true;
    eachNeighbour(i, (j) => (inner &&= stroke[j] === 1));
    if (!inner) rim.push([Math.floor(i / COLUMNS), i % COLUMNS]);
  }
  const changed = new Uint8Array(PIXELS);
  let outside = 0;
  let farthest = 0;
  for (let i = 0; i < PIXELS; i++) {
    if (stroke[i] || before[i] === after[i]) continue;
    changed[i] = 1;
    outside++;
    let nearest = Infinity;
    for (const [y, x] of rim) nearest = Math.min(nearest, (y - Math.floor(i / COLUMNS)) ** 2 + (x - (i % COLUMNS)) ** 2);
    farthest = Math.max(farthest, nearest);
  }
  return { changed, outside, farthest: Math.sqrt(farthest) };
}

/** Pixels that are 1 and few steps apart as groups, each {pixels, row, column, radius}: a circle around all of it. */
export function groupsOf(changed, apart = 4) {
  const left = changed.slice();
  const groups = [];
  for (let first = 0; first < PIXELS; first++) {
    if (!left[first]) continue;
    const members = [first];
    left[first] = 0;
    for (let k = 0; k < members.length; k++) {
      const [row, column] = [Math.floor(members[k] / COLUMNS), members[k] % COLUMNS];
      for (let y = Math.max(0, row - apart); y <= Math.min(ROWS - 1, row + apart); y++)
        for (let x = Math.max(0, column - apart); x <= Math.min(COLUMNS - 1, column + apart); x++)
          if (left[y * COLUMNS + x]) [left[y * COLUMNS + x], members[members.length]] = [0, y * COLUMNS + x];
    }
    const [rows, columns] = [members.map((i) => Math.floor(i / COLUMNS)), members.map((i) => i % COLUMNS)];
    const [top, bottom, start, end] = [Math.min(...rows), Math.max(...rows), Math.min(...columns), Math.max(...columns)];
    groups.push({ pixels: members.length, row: (top + bottom) / 2, column: (start + end) / 2, radius: Math.hypot(bottom - top + 1, end - start + 1) / 2 });
  }
  return groups;
}
