/**
 * The course's networks on the reader's machine: the layers of Keras that they are made of, forwards, and for the digits
 * also backwards to the pixels. utils/nets/networks.py has the same networks; the tests compare each number.
 *
 * A tensor is {shape, values}: values is a Float32Array, row by row, the last axis fastest. There is no axis of the batch:
 * an image is (height, width, channels). A kernel has the shape that Keras gives it. No layer changes what it is given.
 */
import { crossEntropyGradient } from "./losses.mjs";

const EPSILON = 1e-3; // what BatchNormalization of Keras adds to a variance

/** A tensor of zeros. */
function zeros(...shape) {
  return { shape, values: new Float32Array(shape.reduce((size, n) => size * n, 1)) };
}

/** Raise an error with this sentence unless the condition holds. */
function demand(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

const row = (values) => ({ shape: [values.length], values });

// ------------------------------------------------------------------------------------------------------------ layers

/**
 * Nearly all the work of a network: sums += x W for one row x, the `count` numbers from `at` on, and for the rows of the
 * matrix W from `first` on; `width` sums stand from `to` on. Four rows of W at a time, so that a sum is read and written
 * a quarter as often; four zeros, which ReLU leaves many of, cost nothing.
 */
function addProduct(values, at, count, matrix, first, width, sums, to) {
  const end = to + width;
  let k = 0;
  for (; k + 3 < count; k += 4) {
    const [a, b, c, d] = [values[at + k], values[at + k + 1], values[at + k + 2], values[at + k + 3]];
    if (a === 0 && b === 0 && c === 0 && d === 0) continue;
    let p = (first + k) * width;
    let q = p + width;
    let r = q + width;
    let s = r + width;
    for (let j = to; j < end; j++) sums[j] += a * matrix[p++] + b * matrix[q++] + c * matrix[r++] + d * matrix[s++];
  }
  for (; k < count; k++) {
    let p = (first + k) * width;
    for (let j = to; j < end; j++) sums[j] += values[at + k] * matrix[p++];
  }
}

/** Dense without activation: input (…, n), kernel (n, m), bias (m,) → (…, m). */
export function dense(input, kernel, bias) {
  const [inputs, outputs] = kernel.shape;
  demand(input.shape.at(-1) === inputs, `The kernel takes ${inputs} numbers, the input has ${input.shape.at(-1)}.`);
  demand(bias.shape[0] === outputs, `The kernel gives ${outputs} numbers, the bias has ${bias.shape[0]}.`);
  const output = zeros(...input.shape.slice(0, -1), outputs);
  for (let i = 0; i * inputs < input.values.length; i++) {
    output.values.set(bias.values, i * outputs);
    addProduct(input.values, i * inputs, inputs, kernel.values, 0, outputs, output.values, i * outputs);
  }
  return output;
}

/** The gradient of a loss with respect to the input of `dense`, a row (n,), from that for its output, (m,). */
export function denseGradient(gradient, kernel) {
  const [inputs, outputs] = kernel.shape;
  const result = zeros(inputs);
  for (let k = 0; k < inputs; k++)
    for (let j = 0; j < outputs; j++) result.values[k] += gradient.values[j] * kernel.values[k * outputs + j];
  return result;
}

/**
 * Where a convolution with "same" padding looks. Under each row of the filter lie numbers of the image that stand side by
 * side, as do the rows of the kernel that they are multiplied by: visit(at, count, first, to) is told where in the image
 * they begin and how many they are, the first of those rows, and where the output's pixel begins. What the filter sees
 * beyond the border is 0 and left out.
 */
function eachLook([height, width, channels], [tall, wide, , filters], strides, visit) {
  const [rows, columns] = [Math.ceil(height / strides), Math.ceil(width / strides)];
  // Half of the padding stands before the image; of an odd number the larger half after it, as in TensorFlow.
  const above = Math.floor(Math.max(0, (rows - 1) * strides + tall - height) / 2);
  const before = Math.floor(Math.max(0, (columns - 1) * strides + wide - width) / 2);
  for (let y = 0; y < rows; y++)
    for (let x = 0; x < columns; x++)
      for (let i = 0; i < tall; i++) {
        const line = y * strides - above + i;
        if (line < 0 || line >= height) continue;
        const start = x * strides - before;
        const left = Math.max(0, start);
        const right = Math.min(width, start + wide);
        const first = (i * wide + left - start) * channels;
        visit((line * width + left) * channels, (right - left) * channels, first, (y * columns + x) * filters);
      }
}

/**
 * Conv2D with padding="same", without activation: image (h, w, c), kernel (rows, columns, c, f), bias (f,) or none
 * → (⌈h / strides⌉, ⌈w / strides⌉, f).
 */
export function conv2d(image, kernel, bias = null, strides = 1) {
  const [height, width, channels] = image.shape;
  const filters = kernel.shape[3];
  demand(kernel.shape.length === 4, `A kernel has 4 axes, this one ${kernel.shape.length}.`);
  demand(kernel.shape[2] === channels, `The kernel takes ${kernel.shape[2]} channels, the image has ${channels}.`);
  demand(!bias || bias.shape[0] === filters, `There are ${filters} filters, the bias has ${bias?.shape[0]} numbers.`);
  const output = zeros(Math.ceil(height / strides), Math.ceil(width / strides), filters);
  if (bias) for (let i = 0; i < output.values.length; i += filters) output.values.set(bias.values, i);
  eachLook(image.shape, kernel.shape, strides, (at, count, first, to) =>
    addProduct(image.values, at, count, kernel.values, first, filters, output.values, to));
  return output;
}

/** The gradient with respect to the image of `conv2d`, of the given shape (h, w, c), from that for its output. */
export function conv2dGradient(gradient, kernel, shape, strides = 1) {
  const filters = kernel.shape[3];
  const result = zeros(...shape);
  eachLook(shape, kernel.shape, strides, (at, count, first, to) => {
    for (let k = 0; k < count; k++) {
      let sum = 0;
      for (let j = 0; j < filters; j++) sum += gradient.values[to + j] * kernel.values[(first + k) * filters + j];
      result.values[at + k] += sum;
    }
  });
  return result;
}

/** For each output of a pool, visit(to, best): its position and that of the largest of its four, the first if equal. */
function eachPool([height, width, channels], values, visit) {
  const columns = Math.floor(width / 2);
  for (let y = 0; y < Math.floor(height / 2); y++)
    for (let x = 0; x < columns; x++)
      for (let c = 0; c < channels; c++) {
        const corner = (2 * y * width + 2 * x) * channels + c;
        let best = corner;
        for (const at of [corner + channels, corner + width * channels, corner + (width + 1) * channels])
          if (values[at] > values[best]) best = at;
        visit((y * columns + x) * channels + c, best);
      }
}

/** MaxPool2D(2): image (h, w, c) → (⌊h / 2⌋, ⌊w / 2⌋, c); an odd row or column at the end is left out. */
export function maxPool2d(image) {
  const [height, width, channels] = image.shape;
  const output = zeros(Math.floor(height / 2), Math.floor(width / 2), channels);
  eachPool(image.shape, image.values, (to, best) => (output.values[to] = image.values[best]));
  return output;
}

/** The gradient with respect to the image of `maxPool2d`, from that for its output: the largest of each four gets it. */
export function maxPool2dGradient(gradient, image) {
  const result = zeros(...image.shape);
  eachPool(image.shape, image.values, (to, best) => (result.values[best] = gradient.values[to]));
  return result;
}

/** UpSampling2D(2): image (h, w, c) → (2h, 2w, c), each pixel four times. */
export function upSampling2d(image) {
  const [height, width, channels] = image.shape;
  const output = zeros(2 * height, 2 * width, channels);
  for (let y = 0; y < 2 * height; y++)
    for (let x = 0; x < 2 * width; x++) {
      const at = ((y >> 1) * width + (x >> 1)) * channels;
      output.values.set(image.values.subarray(at, at + channels), (y * 2 * width + x) * channels);
    }
  return output;
}

/** Concatenate: images (h, w, a) and (h, w, b) → (h, w, a + b). */
export function concatenate(one, other) {
  const [height, width, a] = one.shape;
  const b = other.shape[2];
  demand(other.shape[0] === height && other.shape[1] === width, `${one.shape} and ${other.shape} differ in size.`);
  const output = zeros(height, width, a + b);
  for (let i = 0; i < height * width; i++) {
    output.values.set(one.values.subarray(i * a, (i + 1) * a), i * (a + b));
    output.values.set(other.values.subarray(i * b, (i + 1) * b), i * (a + b) + a);
  }
  return output;
}

/** ReLU: what is below 0 becomes 0. */
export function relu(input) {
  return { shape: input.shape, values: input.values.map((value) => (value > 0 ? value : 0)) };
}

/** The gradient with respect to the input of `relu`, from that for its output; either is told by its output. */
export function reluGradient(gradient, output) {
  return { shape: output.shape, values: gradient.values.map((slope, i) => (output.values[i] > 0 ? slope : 0)) };
}

/**
 * What a trained BatchNormalization does to each channel, x scale + shift. All four are (c,); so are the answers, the
 * rows {scale, shift}.
 */
export function normalisation({ gamma, beta, mean, variance }) {
  const scale = gamma.values.map((each, c) => each / Math.sqrt(variance.values[c] + EPSILON));
  const shift = beta.values.map((each, c) => each - mean.values[c] * scale[c]);
  return { scale, shift };
}

/** The normalisation of an input (…, c). */
export function normalise(input, { scale, shift }) {
  const channels = scale.length;
  demand(input.shape.at(-1) === channels, `${channels} channels are normalised, the input has ${input.shape.at(-1)}.`);
  return { shape: input.shape, values: input.values.map((x, i) => x * scale[i % channels] + shift[i % channels]) };
}

/** A convolution's kernel without bias, and the normalisation right after it, as one convolution: {kernel, bias}. */
export function fold(kernel, { scale, shift }) {
  const filters = kernel.shape.at(-1);
  demand(filters === scale.length, `${scale.length} channels are normalised, the kernel gives ${filters}.`);
  const values = kernel.values.map((each, i) => each * scale[i % filters]);
  return { kernel: { shape: kernel.shape, values }, bias: row(shift) };
}

/** Embedding: row `id` of a table (n, m), as (m,). */
export function embedding(id, table) {
  const [rows, size] = table.shape;
  demand(Number.isInteger(id) && id >= 0 && id < rows, `The number ${id} has no row among 0 to ${rows - 1}.`);
  return row(table.values.subarray(id * size, (id + 1) * size));
}

/**
 * One step of LSTM: input (n,), state {hidden, cell}, two rows of u numbers; kernel (n, 4u), recurrent (u, 4u) and bias
 * (4u,) hold the four gates side by side in the order of Keras: input, forget, candidate, output. Returns the next state,
 * whose `hidden` is the layer's output; the state that was given stays as it was.
 */
export function lstmStep(input, { hidden, cell }, { kernel, recurrent, bias }) {
  const units = recurrent.shape[0];
  demand(hidden.values.length === units && cell.values.length === units, `The state must have ${units} numbers.`);
  const gates = dense(input, kernel, bias).values;
  addProduct(hidden.values, 0, units, recurrent.values, 0, 4 * units, gates, 0);
  const sigmoid = (z) => 1 / (1 + Math.exp(-z));
  const next = { hidden: zeros(units), cell: zeros(units) };
  for (let k = 0; k < units; k++) {
    const [i, f, c, o] = [gates[k], gates[units + k], gates[2 * units + k], gates[3 * units + k]];
    next.cell.values[k] = sigmoid(f) * cell.values[k] + sigmoid(i) * Math.tanh(c);
    next.hidden.values[k] = sigmoid(o) * Math.tanh(next.cell.values[k]);
  }
  return next;
}

// ---------------------------------------------------------------------------------------------------------- networks
// `weights` is what weights.mjs reads: tensors by the names that Keras gave them.

/** One weight, or an error that says which is missing or has another shape; an axis that is null may have any length. */
function weight(weights, name, ...shape) {
  const found = weights[name];
  demand(found, `The weights lack ${name}: they belong to another network.`);
  const fits = found.shape.length === shape.length && shape.every((n, axis) => n === null || n === found.shape[axis]);
  demand(fits, `${name} has shape (${found.shape}); wanted (${shape.map((n) => n ?? "any")}).`);
  return found;
}

/** What the k-th layer of a kind is called by Keras: conv2d, conv2d_1, … */
const numbered = (kind, k) => (k === 0 ? kind : `${kind}_${k}`);

/** The normalisation of the k-th BatchNormalization. */
function normalisationOf(weights, k) {
  const of = (name) => weight(weights, `${numbered("batch_normalization", k)}/${name}`, null);
  const given = { gamma: of("gamma"), beta: of("beta"), mean: of("moving_mean"), variance: of("moving_variance") };
  return normalisation(given);
}

/**
 * The digit network.
 *
 * - logits(image): 10 numbers, as an array, for 28 × 28 grey values 0 to 1, row by row.
 * - gradient(image, label, temperature = 1): the slope of −log p(label) for each grey value, a Float32Array of 784, in nats
 *   a unit of grey; p is the softmax of the logits divided by the temperature.
 */
export function digitCnn(weights) {
  const first = { kernel: weight(weights, "conv2d/kernel", 5, 5, 1, 16), bias: weight(weights, "conv2d/bias", 16) };
  // A pool stands between convolution and normalisation. Folding one into the other would be right only for positive
  // scales, for a negative one turns the largest of four into the smallest; here there is little left to multiply anyway.
  const stages = [
    { kernel: weight(weights, "conv2d_1/kernel", 3, 3, 16, 32), norm: normalisationOf(weights, 0) },
    { kernel: weight(weights, "conv2d_2/kernel", 3, 3, 32, 64), norm: normalisationOf(weights, 1) },
  ];
  const last = { kernel: weight(weights, "dense/kernel", 576, 10), bias: weight(weights, "dense/bias", 10) };

  /** What each stage makes of an image; the gradient needs all of it. */
  function run(image) {
    demand(image.length === 784, `A digit has 784 grey values, this one ${image.length}.`);
    const lowest = relu(conv2d({ shape: [28, 28, 1], values: Float32Array.from(image) }, first.kernel, first.bias, 2));
    let features = lowest;
    const steps = [];
    for (const { kernel, norm } of stages) {
      const input = features;
      const unpooled = conv2d(input, kernel);
      features = relu(normalise(maxPool2d(unpooled), norm));
      steps.push({ input, unpooled, output: features, kernel, norm });
    }
    const logits = dense(row(features.values), last.kernel, last.bias);
    return { lowest, steps, logits: Array.from(logits.values) };
  }

  function gradient(image, label, temperature = 1) {
    demand(Number.isInteger(label) && label >= 0 && label < 10, `The label is ${label}; wanted a digit, 0 to 9.`);
    demand(temperature > 0, `The temperature is ${temperature}; wanted a number above 0.`);
    const { lowest, steps, logits } = run(image);
    // Each layer backwards, from the last to the first.
    let slopes = denseGradient(row(crossEntropyGradient(label, logits, temperature)), last.kernel);
    for (const { input, unpooled, output, kernel, norm } of steps.reverse()) {
      const { values } = reluGradient(slopes, output);
      const pooled = { values: values.map((slope, i) => slope * norm.scale[i % norm.scale.length]) };
      slopes = conv2dGradient(maxPool2dGradient(pooled, unpooled), kernel, input.shape);
    }
    return conv2dGradient(reluGradient(slopes, lowest), first.kernel, [28, 28, 1], 2).values;
  }

  return { logits: (image) => run(image).logits, gradient };
}

/**
 * The network of the street scenes.
 *
 * - logits(image): a tensor (96, 128, 23), for 96 × 128 × 3 numbers RGB 0 to 1, row by row. The logits of the pixel in row
 *   y and column x are the 23 values from (128 y + x) · 23 on.
 */
export function unet(weights) {
  let kernels = 0;
  let norms = 0;
  const nextKernel = () => weight(weights, `${numbered("conv2d", kernels++)}/kernel`, null, null, null, null);
  const nextFolded = () => fold(nextKernel(), normalisationOf(weights, norms++));
  // Keras numbers the layers in the order in which an image meets them.
  const down = [nextFolded(), nextFolded(), nextFolded()];
  const bottom = [nextFolded(), nextFolded()];
  const up = down.map(() => ({ narrow: nextKernel(), folded: nextFolded() }));
  const last = { kernel: nextKernel(), bias: weight(weights, "conv2d_11/bias", 23) };
  const convolution = (features, { kernel, bias }) => relu(conv2d(features, kernel, bias));

  function logits(image) {
    demand(image.length === 96 * 128 * 3, `A scene has 96 × 128 × 3 = 36864 numbers, this one ${image.length}.`);
    let features = { shape: [96, 128, 3], values: Float32Array.from(image) };
    const skips = [];
    for (const stage of down) {
      skips.push(convolution(features, stage));
      features = maxPool2d(skips.at(-1));
    }
    for (const stage of bottom) features = convolution(features, stage);
    for (const { narrow, folded } of up) {
      const enlarged = upSampling2d(conv2d(features, narrow));
      features = convolution(concatenate(enlarged, skips.pop()), folded);
    }
    return conv2d(features, last.kernel, last.bias);
  }

  return { logits };
}

/**
 * The character model, of as many characters and units as its weights have: {characters, units, step, logits}.
 *
 * - step(id, state): reads one character, by its number, after what the state has read; without a state it is the first.
 *   Returns {logits, state}: the next character's logits, as an array, and the state to go on from. A state is never
 *   changed, so one can be kept and gone back to.
 * - logits(ids): the next character's logits after the whole text, which has one character or more.
 */
export function charLstm(weights) {
  const table = weight(weights, "embedding/embeddings", null, null);
  const [characters, size] = table.shape;
  const recurrent = weight(weights, "lstm/lstm_cell/recurrent_kernel", null, null);
  const units = recurrent.shape[0];
  demand(recurrent.shape[1] === 4 * units, `An LSTM has four gates; this one is (${recurrent.shape}).`);
  const kernel = weight(weights, "lstm/lstm_cell/kernel", size, 4 * units);
  const lstm = { kernel, recurrent, bias: weight(weights, "lstm/lstm_cell/bias", 4 * units) };
  const last = { kernel: weight(weights, "dense/kernel", units, characters), bias: weight(weights, "dense/bias", characters) };

  const advance = (id, state) => lstmStep(embedding(id, table), state ?? { hidden: zeros(units), cell: zeros(units) }, lstm);
  const answer = (state) => Array.from(dense(state.hidden, last.kernel, last.bias).values);

  function step(id, state = null) {
    const next = advance(id, state);
    return { logits: answer(next), state: next };
  }

  function logits(ids) {
    demand(ids.length > 0, "A text needs one character or more.");
    let state = null;
    for (const id of ids) state = advance(id, state);
    return answer(state);
  }

  return { characters, units, step, logits };
}
