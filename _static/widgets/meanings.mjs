/**
 * What a loss can mean, by its number: `meanings(given)` ranks the rows of the table below.
 *
 * given: {typed, classes, ends, rule, counts}: the loss as it was typed, K or null, what the model ends in ("", "logits",
 * "softmax", "behind": a layer behind the softmax, "sigmoid"), the loss ("", "probs": from_logits=False, "logits":
 * from_logits=True, "binary"), and how many rows each class has, or []. A row answers with {value, title, because, next,
 * cell, sure}: `value` is the number that it predicts, `sure` how well it fits, `cell` where the book shows it.
 */

const CLIP = -Math.log(1e-7); // 16.118
const SMALLEST = 2 ** -23; // the least that float32 can lack of 1, 1.19e-07

/** How many nats half a step of the last typed digit is: 2.30 is 2.295 to 2.305. */
export function precision(typed) {
  const [digits, power = "0"] = typed.toLowerCase().split("e");
  return 0.5 * 10 ** (Number(power) - (digits.split(".")[1] ?? "").length);
}

/** How well a loss fits a value, 0 to 1: 1 within what was typed, less up to `loose` parts of the value. */
function fit(given, value, loose = 0.002) {
  // What was typed with few digits fits no better than to a fiftieth: 0 is not 0.3 because it could be 0.4.
  const off = Math.abs(given.loss - value) - Math.min(precision(given.typed), 0.02 * Math.abs(value)) - 1e-12;
  if (off <= 0) return 1;
  return off < loose * Math.abs(value) ? 0.6 * (1 - off / (loose * Math.abs(value))) : 0;
}

/** The K at which a function of K gives the loss, where so few digits can tell; else null. */
function classesAt(given, from) {
  const classes = Math.round(from(given.loss));
  return classes >= 2 && 1 / classes > 4 * precision(given.typed) ? classes : null;
}

const many = (count) => count.toLocaleString("en");
const nats = (value) =>
  Math.abs(value) >= 1000 ? many(value) : value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential(2) : value.toFixed(4);
const entropy = (shares) => shares.reduce((sum, share) => (share > 0 ? sum - share * Math.log(share) : sum), 0);

/** Rows of which a number tells nothing: what goes wrong with any loss of such a model. */
const SETTINGS = [
  {
    when: { ends: "logits", rule: "probs" },
    title: "Logits are given to a loss that expects probabilities",
    because: "It clips them to 0 … 1: most of the gradient is 0, and the loss stands near ln K or at shares of 16.118.",
    next: "Say from_logits=True.",
    cell: "06_field_guide#cell-6ef712a4",
  },
  {
    when: { ends: "behind", rule: "logits" },
    title: "Softmax is applied twice",
    because: "The last layer hides the softmax, so that Keras takes probabilities for logits. The loss cannot fall below ln(e + K − 1) − 1.",
    next: "Remove the softmax, or leave out from_logits=True.",
    cell: "06_field_guide#cell-b9fb35f1",
  },
  {
    when: { ends: "behind", rule: "probs" },
    title: "Probabilities are clipped at 1e-7",
    because: "Keras does not find the logits behind the last layer: where the label has less, the loss stops at 16.118 and its gradient is 0.",
    next: "End in logits, with from_logits=True.",
    cell: "05_inside_keras#cell-c068d55b",
  },
];

/** The table: each row looks at what is given and returns null or an answer. */
const ROWS = {
  nan: (given) =>
    Number.isNaN(given.loss) && {
      sure: 1, value: NaN, title: "Not a number: four sources",
      because: "A label out of range under XLA or on a GPU, NaN or Inf in the data, a log or a division of 0 in a loss by hand, or steps that were too large.",
      next: "Check the labels, then evaluate once before training: NaN there is in the data or in the formula.",
      cell: "06_field_guide#cell-e6b39fe3",
    },

  infinite: (given) =>
    given.loss === Infinity && {
      sure: 1, value: Infinity, title: "The label’s class is impossible",
      because: "Its logit is −inf, by a mask or by overflow, or a log by hand took 0.",
      next: "Mask with −1e9 instead, and never mask the label.",
      cell: "04_labels#cell-2eedb301",
    },

  negative: (given) =>
    given.loss < 0 && {
      sure: 1, value: given.loss, title: "No cross-entropy of probabilities and labels is negative",
      because: "Binary cross-entropy goes below 0 for labels other than 0 to 1; a loss by hand, for probabilities above 1 or without the minus sign.",
      next: "Look at the labels: K classes want K outputs and the sparse loss.",
      cell: "06_field_guide#cell-b786c849",
    },

  zero: (given) =>
    given.loss === 0 && {
      sure: 1, value: 0, title: "Nothing is left to lose, or nothing was counted",
      because: "A softmax over one output is always 1. A label out of range gives a one-hot row of zeros. Or a mask, an ignored class or weights of 0 cover the batch.",
      next: "Look at the output’s last axis, then at the labels and weights.",
      cell: "02_softmax#cell-5a34dc35",
    },

  oneOutput: (given) =>
    given.classes === 1 && {
      sure: 1, value: 0, title: "One output: softmax makes it 1, and the loss 0",
      because: "A softmax over one number has nothing to compare it with.",
      next: "Use a sigmoid with binary cross-entropy, or two outputs.",
      cell: "02_softmax#cell-5a34dc35",
    },

  even: (given) => {
    if (given.ends === "sigmoid" || given.rule === "binary") return null;
    const told = given.classes ?? classesAt(given, Math.exp);
    const classes = told ?? Math.round(Math.exp(given.loss));
    if (classes < 2 || classes > 1e6) return null;
    const value = Math.log(classes);
    return {
      sure: (told ? 1 : 0.6) * fit(given, value, 0.01), value,
      title: told ? `An even guess among ${many(classes)} classes` : `An even guess, if you have about ${many(classes)} classes`,
      because: `ln ${many(classes)} = ${nats(value)}. Before training this is right.`,
      next: "If it stays: inputs that are not scaled, a step too small or too large, dead units, or logits without from_logits=True.",
      cell: "06_field_guide#cell-e56e4cdd",
    };
  },

  coin: (given) =>
    (given.ends === "sigmoid" || given.rule === "binary" || (given.classes !== 2 && !given.rule)) && {
      sure: (given.ends === "sigmoid" || given.rule ? 1 : 0.9) * fit(given, Math.LN2, 0.01), value: Math.LN2, title: "A coin is tossed for each yes or no",
      because: "ln 2 = 0.6931: two classes, or sigmoids that all give 0.5. Keras finds logits behind a softmax too, and takes their sigmoid where the loss is binary.",
      next: "Before training this is right; if it stays, nothing is learned from the input.",
      cell: "03_cross_entropy#cell-4d4c9038",
    },

  evenBinary: (given) => {
    if (!given.classes || given.classes < 3 || given.rule === "logits" || given.rule === "probs" || given.ends === "sigmoid") return null;
    const [p, rest] = [1 / given.classes, given.classes - 1];
    const value = (-Math.log(p) - rest * Math.log(1 - p)) / given.classes;
    return {
      sure: 0.9 * fit(given, value), value, title: "An even guess, measured by binary cross-entropy",
      because: `One-hot rows of ${many(given.classes)} classes as ${many(given.classes)} questions of yes or no cost ${nats(value)} instead of ln ${many(given.classes)} = ${nats(Math.log(given.classes))}.`,
      next: "For one class out of K use the categorical or the sparse loss.",
      cell: "03_cross_entropy#cell-acada786",
    };
  },

  bits: (given) => {
    if (!given.classes || given.rule) return null;
    const value = Math.log2(given.classes);
    return {
      sure: 0.8 * fit(given, value), value, title: `An even guess among ${many(given.classes)} classes, in bits`,
      because: `log2 ${many(given.classes)} = ${nats(value)}; Keras gives nats, ln ${many(given.classes)} = ${nats(Math.log(given.classes))}.`,
      next: "Divide by ln 2 to get bits, multiply by it to get nats.",
      cell: "09_shakespeare#cell-1db9d160",
    };
  },

  classMean: (given) => {
    if (!given.classes || given.rule) return null;
    const value = Math.log(given.classes) / given.classes;
    return {
      sure: 0.8 * fit(given, value), value, title: "An even guess, divided by K once more",
      because: `ln ${many(given.classes)} / ${many(given.classes)} = ${nats(value)}: a mean was taken over the classes as well as over the rows.`,
      next: "Sum over the classes, then take the mean over the rows.",
      cell: "03_cross_entropy#cell-acada786",
    };
  },

  frequencies: (given) => {
    const total = given.counts.reduce((sum, count) => sum + count, 0);
    if (!(total > 0)) return null;
    const value = entropy(given.counts.map((count) => count / total));
    return {
      sure: fit(given, value, 0.01), value, title: "The model knows how frequent the classes are, and no more",
      because: `The entropy of these frequencies is ${nats(value)}: what constant predictions reach.`,
      next: "If it stays, the input is not used: scale it, and look for dead units.",
      cell: "06_field_guide#cell-519beb3d",
    };
  },

  belowEven: (given) => {
    const value = given.classes && Math.log(given.classes);
    if (!value || given.counts.length || given.loss >= value || given.loss < 0.7 * value || given.rule === "binary") return null;
    return {
      sure: 0.35, value, title: "A little below an even guess: the frequencies of the classes",
      because: `A model that ignores its input reaches the entropy of the frequencies, which is below ln ${many(given.classes)} = ${nats(value)} where classes differ.`,
      next: "Enter how many rows each class has, and compare.",
      cell: "06_field_guide#cell-519beb3d",
    };
  },

  falling: (given) => {
    const value = given.classes && Math.log(given.classes);
    if (!value || given.loss >= 0.98 * value || given.loss < 1e-6 || given.rule === "binary") return null;
    return {
      sure: 0.5, value, title: "A loss on its way down",
      because: `It is below ln ${many(given.classes)} = ${nats(value)}: a model that has been trained has learned something.`,
      next: "Compare it with the loss on rows that were held out, and with the entropy of the frequencies.",
      cell: "06_field_guide#cell-e5968eba",
    };
  },

  uncounted: (given) => {
    const value = given.classes && Math.log(given.classes);
    if (!value || given.loss <= 0 || given.loss >= value || given.rule === "binary") return null;
    const share = 1 - given.loss / value;
    return share > 0.05 && share < 0.999 && {
      sure: 0.11, value, title: `Only if nothing has been trained yet: ${(100 * share).toFixed(0)} % of the rows count as 0`,
      because: `An untrained loss below ln ${many(given.classes)} = ${nats(value)} is no skill: labels out of range as rows of zeros (one_hot, JAX), or padding that is weighted 0 and divided by.`,
      next: "Check the labels’ range, and what the mean divides by.",
      cell: "11_backends#cell-2536e542",
    };
  },

  twiceRight: (given) => {
    if (given.ends === "logits" || given.rule === "binary") return null;
    const classes = given.classes ?? classesAt(given, (loss) => Math.exp(loss + 1) - Math.E + 1);
    if (!classes) return null;
    const value = Math.log(Math.E + classes - 1) - 1;
    const told = given.classes ? 1 : 0.4;
    return {
      sure: told * fit(given, value, 0.05), value, title: "Softmax is applied twice: this is its floor",
      because: `Certain and right costs ln(e + K − 1) − 1 = ${nats(value)} with ${many(classes)} classes, not 0. Accuracy can still be good.`,
      next: "Remove the softmax, or leave out from_logits=True.",
      cell: "06_field_guide#cell-941bc85f",
    };
  },

  twiceWrong: (given) => {
    if (!given.classes || given.ends === "logits" || given.rule === "binary") return null;
    const value = Math.log(Math.E + given.classes - 1);
    return {
      sure: 0.9 * fit(given, value), value, title: "Softmax is applied twice: this is its ceiling",
      because: `Certain and wrong costs ln(e + K − 1) = ${nats(value)} with ${many(given.classes)} classes, and hardly a gradient.`,
      next: "Remove the softmax, or leave out from_logits=True.",
      cell: "02_softmax#cell-d0b0823a",
    };
  },

  clipped: (given) =>
    given.rule !== "logits" && {
      sure: fit(given, CLIP), value: CLIP, title: "Every row is wrong, and clipped",
      because: "−ln 1e-7 = 16.1181: the label’s probability is cut off at 1e-7, where the gradient is 0.",
      next: "End in logits, with from_logits=True.",
      cell: "03_cross_entropy#cell-72fa98d3",
    },

  clippedShare: (given) => {
    const share = given.loss / CLIP;
    if (given.rule === "logits" || !(share > 0.05 && share < 0.995)) return null;
    const chance = given.classes && Math.abs(share - (1 - 1 / given.classes)) < 0.01;
    return {
      sure: chance ? 0.95 : 0.12, value: share * CLIP, title: `${(100 * share).toFixed(0)} % of the rows are wrong and clipped, the others certain`,
      because: `${given.typed} / 16.118 = ${share.toFixed(3)}${chance ? `, and chance is right once in ${many(given.classes)}` : ""}. This is it if your accuracy is about ${(100 * (1 - share)).toFixed(0)} %.`,
      next: "End in logits, with from_logits=True.",
      cell: "06_field_guide#cell-27f1b5a8",
    };
  },

  clippedBinary: (given) =>
    given.rule !== "logits" && given.rule !== "probs" && {
      sure: 0.9 * fit(given, 23 * Math.LN2), value: 23 * Math.LN2, title: "A sigmoid that is certain and wrong, in float32",
      because: "1 − p cannot be less than 2^−23, and −ln 2^−23 = 15.9424.",
      next: "End in logits, with BinaryCrossentropy(from_logits=True).",
      cell: "11_backends#cell-9b66f336",
    },

  otherEpsilon: (given) => {
    const powers = [3, 4, 5, 6, 8, 9, 10, 12];
    const power = powers.find((each) => fit(given, each * Math.LN10) > 0);
    return power && given.rule !== "logits" && {
      sure: 0.7 * fit(given, power * Math.LN10), value: power * Math.LN10, title: `Every row is wrong, and clipped at 1e-${power}`,
      because: `−ln 1e-${power} = ${nats(power * Math.LN10)}: keras.config.set_epsilon, or a clip by hand.`,
      next: "End in logits, with from_logits=True: then nothing is clipped.",
      cell: "05_inside_keras#cell-93888e29",
    };
  },

  perfect: (given) =>
    given.loss < 1e-6 && {
      sure: Math.max(fit(given, SMALLEST, 0.2), 0.5), value: SMALLEST, title: "Certain and right, and clipped",
      because: "The clip leaves p = 1 − 1e-7, in float32 one step of 1.19e-07 below 1. From logits it would be smaller, or 0.",
      next: "Nothing is wrong, if the labels are right.",
      cell: "03_cross_entropy#cell-72fa98d3",
    },

  smoothed: (given) => {
    if (!given.classes || given.rule === "binary") return null;
    const value = (smoothing) => {
      const rest = smoothing / given.classes;
      return entropy([1 - smoothing + rest, ...Array(Math.min(given.classes, 1e5) - 1).fill(rest)]);
    };
    const smoothing = [0.05, 0.1, 0.2].find((each) => fit(given, value(each)) > 0);
    return smoothing && {
      sure: 0.7 * fit(given, value(smoothing)), value: value(smoothing), title: `The floor under label smoothing of ${smoothing}`,
      because: `The smoothed row has an entropy of ${nats(value(smoothing))}, and no prediction costs less.`,
      next: "Do not compare it with the loss of a run without smoothing.",
      cell: "03_cross_entropy#cell-fe41382d",
    };
  },

  summed: (given) => {
    const next = 'Leave reduction="sum" out, or divide.';
    const cell = "08_pixels#cell-d2818b82";
    if (!given.classes && given.loss > 100 && given.loss < Infinity)
      return {
        sure: 0.4, value: given.loss, title: "Perhaps a sum instead of a mean", next, cell,
        because: "A mean over rows, steps or pixels is seldom above 100. Enter K: an untrained sum is a multiple of ln K.",
      };
    const times = given.classes && given.loss / Math.log(given.classes);
    if (!times || times < 1.9 || given.rule === "binary" || fit(given, CLIP) > 0) return null;
    const whole = Math.round(times);
    const near = Math.abs(times - whole) * Math.log(given.classes) <= precision(given.typed) + 1e-5 * given.loss;
    return near && {
      sure: whole > 4 ? 0.85 : 0.5, value: whole * Math.log(given.classes), title: `A sum of ${many(whole)} even guesses instead of their mean`,
      because: `${given.typed} / ln ${many(given.classes)} = ${times.toFixed(2)}. Look whether the batch has ${many(whole)} rows, steps or pixels.`,
      next, cell,
    };
  },

  unscaled: (given) => {
    const least = given.classes && Math.log(given.classes);
    return least && given.loss > 3 * least && given.rule !== "probs" && {
      sure: 0.3, value: given.loss, title: "Far above an even guess: sure of the wrong class",
      because: "From logits, a wrong row costs about as much as the wrong class is ahead. Inputs of 0 to 255, or steps too large, make such leads.",
      next: "Scale the inputs, then the learning rate.",
      cell: "06_field_guide#cell-38a9bddb",
    };
  },

  plain: (given) =>
    given.loss < 30 && {
      sure: 0.1, value: given.loss, title: "As a probability",
      because: `e^−${given.typed} = ${Math.exp(-given.loss).toPrecision(3)}: what the label gets in the geometric mean, as if one of ${Math.exp(given.loss).toPrecision(3)} equal classes were guessed.`,
      next: "Compare it with ln K, and with the entropy of the frequencies.",
      cell: "03_cross_entropy#cell-4d4c9038",
    },
};

// The rows for what is no positive number, or has one output; none of the others says anything there.
const SPECIAL = ["nan", "infinite", "negative", "zero", "oneOutput"];

/** Read what somebody types: a number, with a comma or a point, "nan" or "inf"; null for anything else. */
export function readLoss(typed) {
  const [, said = typed] = typed.match(/\bloss\s*[:=]\s*(\S+)/i) ?? []; // a line of Keras's progress bar
  const text = said.trim().toLowerCase().replace("−", "-").replace(/^(-?\d+),(\d+)/, "$1.$2").replace(/[,;]$/, "");
  if (text === "nan") return { typed: text, loss: NaN };
  if (/^[+-]?inf(inity)?$/.test(text)) return { typed: "0", loss: text.startsWith("-") ? -Infinity : Infinity };
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/.test(text) ? { typed: text, loss: Number(text) } : null;
}

/** Return what a loss can mean, most likely first: a list of {id, sure, value, title, because, next, cell}. */
export function meanings({ typed, classes = null, ends = "", rule = "", counts = [] }) {
  const read = readLoss(typed);
  if (!read) return [];
  const given = { ...read, classes, ends, rule, counts };
  const set = SETTINGS.filter(({ when }) => when.ends === ends && when.rule === rule);
  const isPlain = given.loss > 0 && given.loss < Infinity && classes !== 1;
  const rows = Object.entries(ROWS).filter(([id]) => isPlain || SPECIAL.includes(id));
  const found = rows.map(([id, row]) => ({ id, ...row(given) }));
  const fits = found.filter(({ sure }) => sure > 0.05).sort((a, b) => b.sure - a.sure);
  return [...set.map((row) => ({ id: "setting", sure: 1, value: read.loss, ...row })), ...fits].slice(0, 5);
}
