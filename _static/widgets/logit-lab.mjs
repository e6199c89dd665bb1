/**
 * Logit lab: up to six logits, their probabilities, the loss for a label and its gradient, all of them live.
 * State: {names, logits, label, temperature, shift}, on the page from data-props and in Jupyter from the Python object.
 */
import { crossEntropy, crossEntropyGradient, naiveSoftmax, softmax } from "./losses.mjs";
import { announcer, followAddress, h, quietInJupyter, slider, stateOf, STYLE, text } from "./parts.mjs";

const MOST_CLASSES = 6;
const LIMIT = 10; // the sliders' logits; numbers can be typed up to LARGEST
const LARGEST = 1000;
const FLOAT32 = "3.4 · 10³⁸";

const LAYOUT = `
.logit-lab .class { display: grid; grid-template-columns: 5.5rem 4.6rem 1fr 1fr 3.6rem 4.4rem; gap: 0 0.6rem; align-items: center; }
.logit-lab .head { color: var(--quiet); font-size: 0.8125rem; }
.logit-lab .head > :nth-child(n + 5), .logit-lab .p, .logit-lab .gradient { text-align: right; }
.logit-lab .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; cursor: pointer; }
.logit-lab .share { appearance: none; print-color-adjust: exact; background: linear-gradient(to right, var(--blue) var(--p), var(--ground) var(--p)) no-repeat center / 100% 0.9rem; }
.logit-lab .share::-webkit-slider-thumb { appearance: none; width: 0.4rem; height: 1.4rem; border-radius: 0.15rem; background: var(--text); }
.logit-lab .share::-moz-range-thumb { border: 0; width: 0.4rem; height: 1.4rem; border-radius: 0.15rem; background: var(--text); }
.logit-lab th[scope=row] { white-space: nowrap; }
.logit-lab .chosen .share { --blue: var(--vermillion); }
@container (max-width: 34rem) {
  .logit-lab .head > :is(:nth-child(3), :nth-child(4), :nth-child(5)) { display: none; }
  .logit-lab .class { grid-template-columns: 1fr 4.6rem 4.4rem; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  .logit-lab .class > .gradient { grid-area: 1 / 3; }
  .logit-lab .class > .z { grid-column: 1 / -1; }
  .logit-lab .class > .share { grid-column: 1 / 3; }
  .logit-lab .class > .p { grid-column: 3; }
  .logit-lab .p::before { content: "p "; color: var(--quiet); }
}
`;

/** The state as it stands in a page's address, "#logit-lab=z:2,1;y:0;t:1;c:0", and back; null where it is no state. */
export function toFragment({ logits, label, temperature, shift }) {
  return `#logit-lab=z:${logits.join(",")};y:${label};t:${temperature};c:${shift}`;
}

export function fromFragment(fragment) {
  const plain = fragment.replace(/%2C|%3A|%3B/gi, decodeURIComponent); // some programs write , : and ; as codes
  const found = plain.match(/^#logit-lab=z:([^;]+);y:([^;]+);t:([^;]+);c:([^;]+)$/);
  if (!found) return null;
  const number = (digits) => (/^-?[\d.]+(e-\d+)?$/.test(digits) ? Number(digits) : NaN); // Number("") would be 0
  const logits = found[1].split(",").map(number);
  const [label, temperature, shift] = found.slice(2).map(number);
  const good =
    logits.length >= 2 &&
    logits.length <= MOST_CLASSES &&
    logits.every((z) => Math.abs(z) <= LARGEST) &&
    logits[label] !== undefined &&
    temperature >= 0.1 &&
    temperature <= 10 &&
    Math.abs(shift) <= 120;
  return good ? { logits, label, temperature, shift } : null;
}

/** The logit that gives class `k` the probability `p` while the others stay. */
export function logitFor(p, k, logits, temperature) {
  const others = logits.filter((_, i) => i !== k);
  const highest = Math.max(...others);
  const sum = others.reduce((total, z) => total + Math.exp((z - highest) / temperature), 0);
  return highest + temperature * (Math.log(sum) + Math.log(p / (1 - p)));
}

const within = (number, limit) => Math.min(limit, Math.max(-limit, number));

function render({ model, el, signal }) {
  const { read, set, remember } = stateOf(model, ["names", "logits", "label", "temperature", "shift"], draw);
  const first = read();
  const group = `label-${Math.random().toString(36).slice(2)}`; // one set of radio buttons for each lab
  const nameOf = (k) => read().names[k] ?? `class ${k}`;
  const setLogit = (k, z) => set({ logits: read().logits.map((old, i) => (i === k ? z : old)) });

  /** One class: its radio button, its logit as number and slider, its probability as a bar to drag, its gradient. */
  function makeRow(k) {
    const name = nameOf(k);
    const radio = quietInJupyter(h("input", { type: "radio", name: group, "aria-label": `label ${name}` }));
    radio.addEventListener("change", () => set({ label: k }), { signal });
    const number = h("input", { type: "number", min: -LARGEST, max: LARGEST, step: 0.1, "aria-label": `logit of ${name}` });
    const typed = () => Number.isFinite(number.valueAsNumber) && setLogit(k, within(number.valueAsNumber, LARGEST));
    number.addEventListener("input", typed, { signal });
    number.addEventListener("blur", draw, { signal }); // an empty field shows its number again
    const z = slider({ name: `slide the logit of ${name}`, min: -LIMIT, max: LIMIT, step: 0.01, key: 0.1, remember, signal, onInput: (value) => setLogit(k, value) });
    const dragged = (p) => {
      const logit = logitFor(Math.min(0.999, Math.max(0.001, p)), k, read().logits, read().temperature);
      setLogit(k, Number(within(logit, LARGEST).toFixed(6)));
    };
    const share = slider({ name: `probability of ${name}`, min: 0, max: 1, step: 0.001, key: 0.01, remember, signal, onInput: dragged });
    z.classList.add("z");
    share.classList.add("share");
    const p = h("span", { className: "p" });
    const gradient = h("span", { className: "gradient" });
    const label = h("label", { className: "name", title: `make ${name} the label` }, radio, name);
    const element = h("div", { className: "class", role: "group", "aria-label": name }, label, quietInJupyter(number), z, share, p, gradient);
    return { element, radio, number, z, share, p, gradient };
  }

  const headings = ["label y", "logit z", "", "probability p", "", "gradient"];
  const head = h("div", { className: "class head", "aria-hidden": "true" }, ...headings.map((each) => h("span", {}, each)));
  const list = h("div", {});
  const loss = h("p", { className: "big" });
  const rule = h("p", { className: "quiet" });
  const more = h("button", { type: "button" }, "Add a class");
  const fewer = h("button", { type: "button" }, "Remove the last");
  const reset = h("button", { type: "button" }, "Start again");
  const link = h("a", { className: "button" });
  more.addEventListener("click", () => {
    const logits = [...read().logits, 0];
    if (logits.length <= MOST_CLASSES) set({ logits });
  }, { signal });
  fewer.addEventListener("click", () => {
    const logits = read().logits.slice(0, -1);
    if (logits.length >= 2) set({ logits, label: Math.min(read().label, logits.length - 1) });
  }, { signal });
  reset.addEventListener("click", () => {
    set(first);
    if (location.hash.startsWith("#logit-lab=")) history.replaceState(null, "", location.pathname + location.search);
  }, { signal });
  link.addEventListener("click", () => (link.textContent = "The address bar has it"), { signal });
  // Half of the slider's way is temperature 1: its position is the logarithm.
  const warm = slider({ name: "temperature", min: -1, max: 1, step: 0.01, key: 0.05, remember, signal, onInput: (value) => set({ temperature: Number((10 ** value).toFixed(2)) }) });
  const move = slider({ name: "add to every logit", min: -120, max: 120, step: 1, remember, signal, onInput: (value) => set({ shift: value }) });
  const degrees = h("span", {}); // not <output>, which a screen reader would speak at every step
  const moved = h("span", {});
  const table = h("tbody", {});
  const verdict = h("p", {});
  const status = h("p", { className: "hidden", role: "status" });
  const say = announcer(status);
  const columns = ["class", "e^((z + c)/T) in float32", "naive: that / its sum", "stable"].map((each) => h("th", { scope: "col" }, each));

  el.append(
    h("style", {}, STYLE + LAYOUT),
    h("div", { className: "lab logit-lab", role: "group", "aria-label": "Logit lab" },
      h("p", { className: "title" }, "Logit lab"),
      head, list, loss, rule,
      h("div", { className: "line" }, h("label", {}, "temperature T", warm, degrees), h("label", {}, "add c to every logit", move, moved)),
      h("table", {}, h("thead", {}, h("tr", {}, ...columns)), table),
      verdict,
      h("div", { className: "line" }, more, fewer, reset, ...(model.get("page") ? [link] : [])),
      status,
    ),
  );
  let rows = [];

  function draw() {
    const { logits, label, temperature, shift } = read();
    if (rows.length !== logits.length) {
      rows = logits.map((_, k) => makeRow(k));
      list.replaceChildren(...rows.map((row) => row.element));
    }
    const probs = softmax(logits, temperature);
    const gradient = crossEntropyGradient(label, logits, temperature);
    rows.forEach((row, k) => {
      row.element.classList.toggle("chosen", k === label);
      row.radio.checked = k === label;
      if (row.number !== document.activeElement) row.number.value = Number(logits[k].toFixed(3));
      row.z.value = logits[k];
      row.z.setAttribute("aria-valuetext", text(logits[k], 2));
      row.share.value = probs[k];
      row.share.style.setProperty("--p", `${100 * probs[k]}%`);
      row.share.setAttribute("aria-valuetext", text(probs[k]));
      row.p.textContent = text(probs[k]);
      row.gradient.textContent = (gradient[k] > 0 ? "+" : "") + text(gradient[k]);
    });
    const nats = crossEntropy(label, logits, temperature);
    loss.textContent = `loss = −log p(${nameOf(label)}) = ${text(nats)} nats`;
    rule.textContent =
      `An even guess among ${logits.length} costs ln ${logits.length} = ${text(Math.log(logits.length))}. ` +
      `Gradient with respect to z: ${temperature === 1 ? "p − t" : "(p − t) / T"}; t is 1 for the label, 0 elsewhere.`;
    warm.value = Math.log10(temperature);
    degrees.textContent = text(temperature, 2);
    warm.setAttribute("aria-valuetext", text(temperature, 2));
    move.value = shift;
    moved.textContent = text(shift, 0);
    // Not `disabled`, which would take the focus from the button that was pressed.
    more.setAttribute("aria-disabled", logits.length >= MOST_CLASSES);
    fewer.setAttribute("aria-disabled", logits.length <= 2);
    const fragment = toFragment({ logits, label, temperature, shift });
    if (link.hash !== fragment) Object.assign(link, { href: fragment, textContent: "Link to these numbers" });
    const broken = drawNaive(logits, probs, temperature, shift);
    say(`Label ${nameOf(label)}: probability ${text(probs[label])}, loss ${text(nats)} nats. ${broken}`);
  }

  /** The table of both softmaxes; returns the sentence on what broke, or "". */
  function drawNaive(logits, probs, temperature, shift) {
    const shifted = logits.map((z) => (z + shift) / temperature);
    const naive = naiveSoftmax(shifted);
    const cell = (number, digits) => h("td", { className: Number.isFinite(number) ? "" : "alarm" }, text(number, digits));
    const power = (number) => {
      if (!Number.isFinite(number) || (number >= 0.001 && number < 1e5) || number === 0) return cell(number, number === 0 ? 0 : 3);
      const [digits, exponent] = number.toExponential(2).split("e");
      return h("td", {}, `${digits} · 10`, h("sup", {}, exponent.replace("+", "").replace("-", "−")));
    };
    table.replaceChildren(...logits.map((_, k) =>
      h("tr", {}, h("th", { scope: "row" }, nameOf(k)), power(naive.powers[k]), cell(naive.probs[k], 4), cell(probs[k], 4))));
    const highest = Math.max(...shifted);
    let broken = "";
    if (naive.sum === Infinity)
      broken = `The naive softmax overflows: with a highest logit of ${text(highest, 1)} the sum of the powers is above ${FLOAT32}, float32’s largest number, and becomes inf.`;
    else if (naive.sum === 0)
      broken = `The naive softmax underflows: with a highest logit of ${text(highest, 1)} every power is 0, and 0/0 is nan.`;
    else if (naive.probs.some((p, k) => Math.abs(p - probs[k]) > 5e-5))
      broken = `The naive softmax is off: with a highest logit of ${text(highest, 1)} the powers are so small that float32 rounds them to a digit or two.`;
    verdict.className = broken ? "alarm" : "quiet";
    verdict.textContent = broken || "Both agree, but for float32’s last digits. The stable one subtracts the highest logit first, so no c can break it.";
    return broken;
  }

  const unreadable = "The address holds numbers that the lab cannot read; it shows its own.";
  followAddress({ model, name: "logit-lab", parse: fromFragment, set, unreadable, show: (unread) => verdict.after(unread), signal });
  draw();
}

export default { render };
