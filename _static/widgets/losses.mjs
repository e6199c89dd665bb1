/** One row of logits in float64: the definitions of utils/losses.py, with which the tests compare them. */

/** log softmax of `logits` (K numbers) divided by `temperature`, in nats. */
export function logSoftmax(logits, temperature = 1) {
  const highest = Math.max(...logits);
  const shifted = logits.map((z) => (z - highest) / temperature);
  const logSum = Math.log(shifted.reduce((sum, z) => sum + Math.exp(z), 0));
  return shifted.map((z) => z - logSum);
}

/** Probabilities, K numbers that sum to 1. */
export function softmax(logits, temperature = 1) {
  return logSoftmax(logits, temperature).map(Math.exp);
}

/** −log p of the label, in nats; `label` is a position in `logits`. */
export function crossEntropy(label, logits, temperature = 1) {
  return -logSoftmax(logits, temperature)[label];
}

/** The same from a row of K target probabilities: −Σ t log p. */
export function crossEntropyOfRow(target, logits, temperature = 1) {
  const logProbs = logSoftmax(logits, temperature);
  return -target.reduce((sum, t, k) => sum + t * logProbs[k], 0);
}

/** Gradient of −log p of the label with respect to the logits: (p − t) / temperature. */
export function crossEntropyGradient(label, logits, temperature = 1) {
  return softmax(logits, temperature).map((p, k) => (p - (k === label ? 1 : 0)) / temperature);
}

/** e^z over its sum as written, in float32: {powers, sum, probs}. Overflows above 88.7, which is what it is for. */
export function naiveSoftmax(logits) {
  const powers = logits.map((z) => Math.fround(Math.exp(Math.fround(z))));
  const sum = powers.reduce((total, power) => Math.fround(total + power), 0);
  return { powers, sum, probs: powers.map((power) => Math.fround(power / sum)) };
}
