/**
 * Label lab: one label as an integer and as a one-hot row, in range and out of it, and what both cost in memory.
 * State: {logits, label, classes, labels}, on the page from data-props and in Jupyter from the Python object.
 */
import { crossEntropy, crossEntropyOfRow, logSoftmax } from "./losses.mjs";
import { announcer, h, slider, stateOf, STYLE, text } from "./parts.mjs";

const BEYOND = 2; // positions that the label can be moved to on either side of the range
const MOST_CLASSES = 1e6;

const LAYOUT = `
.label-lab .chosen > * { color: color-mix(in srgb, var(--vermillion) 75%, var(--text)); font-weight: 600; }
.label-lab table.answers th { width: 50%; white-space: normal; }
.label-lab table.answers :is(td, th) { text-align: left; }
.label-lab .memory { display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.3rem 0.8rem; align-items: center; margin-top: 0.6rem; }
.label-lab .memory .bar.rows { background: var(--vermillion); }
`;

/** The row that tf.one_hot makes: zeros where the label is out of range. */
export function oneHot(label, classes) {
  return Array.from({ length: classes }, (_, k) => (k === label ? 1 : 0));
}

/** What TensorFlow and Keras make of a label, in range or out of it; chapter 4 runs each of them. */
export function outcomes(label, logits) {
  const classes = logits.length;
  const inRange = label >= 0 && label < classes;
  const position = label < 0 ? label + classes : label; // NumPy's rule, which to_categorical follows
  const categorical = position >= 0 && position < classes ? crossEntropyOfRow(oneHot(position, classes), logits) : null;
  return {
    sparse: inRange ? crossEntropy(label, logits) : null, // null: an error
    compiled: inRange ? crossEntropy(label, logits) : NaN,
    oneHot: crossEntropyOfRow(oneHot(label, classes), logits),
    categorical,
  };
}

/** Bytes as text, in steps of 1,000. */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB"];
  const rounded = Number(count.toPrecision(3)); // first, so that 999,900 is 1 MB and not 1000 kB
  const step = rounded < 1000 ? 0 : Math.min(3, Math.floor(Math.log10(rounded) / 3 + 1e-9));
  return `${rounded / 1000 ** step} ${units[step]}`;
}

function render({ model, el, signal }) {
  const { read, set, remember } = stateOf(model, ["logits", "label", "classes", "labels"], draw);
  const classesOfRow = read().logits.length;
  const label = slider({ name: "label", min: -BEYOND, max: classesOfRow - 1 + BEYOND, step: 1, remember, signal, onInput: (value) => set({ label: value }) });
  // A slider of powers of ten: from 2 classes to a million.
  const width = slider({ name: "classes K", min: Math.log10(2), max: Math.log10(MOST_CLASSES), step: "any", key: 0.05, remember, signal,
    onInput: (value) => set({ classes: Math.round(10 ** value) }) });
  const labelText = h("span", {}); // not <output>, which a screen reader would speak at every step
  const widthText = h("span", {});
  const row = h("tbody", {});
  const total = h("tfoot", {});
  const answers = h("tbody", {});
  const verdict = h("p", {});
  const memory = h("div", { className: "memory" });
  const cost = h("p", { className: "quiet" });
  const status = h("p", { className: "hidden", role: "status" });
  const say = announcer(status);
  const columns = ["position", "−log p", "one-hot t", "t · (−log p)"].map((each) => h("th", { scope: "col" }, each));

  el.append(
    h("style", {}, STYLE + LAYOUT),
    h("div", { className: "lab label-lab", role: "group", "aria-label": "Label lab" },
      h("p", { className: "title" }, "Label lab"),
      h("div", { className: "line" }, h("label", {}, "label", label, labelText)),
      h("table", {}, h("thead", {}, h("tr", {}, ...columns)), row, total),
      h("table", { className: "answers" }, h("thead", {}, h("tr", {}, ...["given to", "loss"].map((each) => h("th", { scope: "col" }, each)))), answers),
      verdict,
      h("div", { className: "line" }, h("label", {}, "memory for K classes", width, widthText)),
      memory, cost, status,
    ),
  );

  function draw() {
    const { logits, label: at, classes, labels } = read();
    const target = oneHot(at, logits.length);
    const surprise = logSoftmax(logits).map((logProb) => -logProb);
    const found = outcomes(at, logits);
    const inRange = found.sparse !== null;

    label.value = at;
    labelText.textContent = text(at, 0);
    label.setAttribute("aria-valuetext", `${text(at, 0)}${inRange ? "" : ", out of range"}`);
    row.replaceChildren(...logits.map((_, k) =>
      h("tr", { className: k === at ? "chosen" : "" }, h("th", { scope: "row" }, String(k)),
        ...[text(surprise[k]), String(target[k]), text(target[k] * surprise[k])].map((each) => h("td", {}, each)))));
    total.replaceChildren(h("tr", {}, h("th", { scope: "row" }, "sum"), h("td", {}, ""), h("td", {}, String(target.reduce((a, b) => a + b))), h("td", {}, text(found.oneHot))));

    const answer = (name, loss, note = "") =>
      h("tr", {}, h("th", { scope: "row" }, name), h("td", { className: inRange ? "" : "alarm" }, loss === null ? "an error" : text(loss), note));
    answers.replaceChildren(
      answer("the integer, to the sparse loss on a CPU", found.sparse, inRange ? ", picked" : ""),
      answer("… compiled by XLA", found.compiled),
      answer("a row of tf.one_hot, to the categorical loss", found.oneHot, inRange ? ", multiplied and added" : ": the row is all zeros"),
      answer("a row of to_categorical", found.categorical, !inRange && found.categorical !== null ? `: ${text(at, 0)} counts from the end, class ${at + logits.length}` : ""),
    );
    verdict.className = inRange ? "quiet" : "alarm";
    verdict.textContent = inRange
      ? "Position and row give the same loss. Move the label past either end."
      : `Label ${text(at, 0)} has no output among 0 to ${logits.length - 1}: the same mistake stops the run, turns the loss to nan or passes unseen, depending on who reads it.`;

    const integers = 4 * labels;
    const rows = integers * classes;
    const share = (count) => `${Math.max(0, (100 * Math.log(count / 1000)) / Math.log((4 * labels * MOST_CLASSES) / 1000))}%`;
    width.value = Math.log10(classes);
    widthText.textContent = classes.toLocaleString("en");
    width.setAttribute("aria-valuetext", classes.toLocaleString("en"));
    const line = (name, count, kind) => [name, h("span", {}, h("span", { className: `bar ${kind}`, style: `width: ${share(count)}` })), bytes(count)].map((each) => (each.nodeType ? each : h("span", {}, each)));
    memory.replaceChildren(...line("integers (int32)", integers, ""), ...line("one-hot (float32)", rows, "rows"));
    cost.textContent = `${labels.toLocaleString("en")} labels. One-hot rows take ${classes.toLocaleString("en")} times the bytes of the integers, as many as the logits. The scale of the bars is logarithmic.`;
    const losses = inRange ? `loss ${text(found.sparse)} both ways` : "out of range: an error on a CPU, nan under XLA, 0 with tf.one_hot";
    say(`Label ${text(at, 0)}: ${losses}. One-hot labels of ${classes.toLocaleString("en")} classes take ${bytes(rows)}, integers ${bytes(integers)}.`);
  }

  draw();
}

export default { render };
