/**
 * Digit canvas: draw a digit, see the image that the network gets and its ten logits, say what was meant, and there is a
 * loss. digit-ink.mjs has the ink; forward.mjs, the network, and its weights are loaded when the reader first needs them.
 *
 * State: {image, label, temperature, fitted, logits, hardest, count, ranks, powers}; utils/widgets/digit_canvas.py says
 * what each is. The pad is finer than `image` and stands only here: it is made from the image when that comes from
 * elsewhere. Whatever changes, one frame later `frame` brings everything up to date.
 * Long, because all of it shares that state and that frame; what needs neither is in digit-ink.mjs and digit-marks.mjs.
 */
import { crossEntropy, crossEntropyGradient, softmax } from "./losses.mjs";
import { load } from "./load.mjs";
import { announcer, followAddress, h, quietInJupyter, slider, stateOf, STYLE, text } from "./parts.mjs";
import { blankPad, countLarger, digitFragment, fillCell, fromDigitFragment, imageOf, inverted, likeMnist, LINK_LIMIT, nudged, packImage, padOf, paint, SIDE, unpackImage, WIDE } from "./digit-ink.mjs";
import { chance, drawGreys, drawSlopes, power } from "./digit-marks.mjs";

const DIGITS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const PEN = 1.2; // radii in pixels of the image
const RUBBER = 1.8;
const MOST_UNDO = 40;
const ZOOM = 12; // pixels of the second canvas for one of the image, where the gradient's marks need room

const LAYOUT = `
.digit-canvas .stage { display: grid; grid-template: "draw sight controls" "loss loss loss" / 16rem 12rem minmax(9rem, 1fr); gap: 0.6rem 1rem; align-items: start; }
.digit-canvas .draw { grid-area: draw; }
.digit-canvas .sight { grid-area: sight; }
.digit-canvas .controls { grid-area: controls; }
.digit-canvas .pad, .digit-canvas .seen { position: relative; width: 100%; aspect-ratio: 1; background: #000; border: 1px solid var(--faint); }
.digit-canvas .pad { touch-action: pinch-zoom; cursor: crosshair; user-select: none; }
.digit-canvas canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; forced-color-adjust: none; }
.digit-canvas .cell { position: absolute; width: calc(100% / 28); height: calc(100% / 28); outline: 2px solid #fff; box-shadow: 0 0 0 3px #000; pointer-events: none; forced-color-adjust: none; }
.digit-canvas .pad:not(:focus-visible) .cell { display: none; }
.digit-canvas figure { margin: 0; padding: 0; }
.digit-canvas figcaption { font: 0.8125rem/1.4 system-ui, sans-serif; text-align: left; color: var(--quiet); margin-top: 0.25rem; padding: 0; }
/* Several texts in one place, which is as high as the highest: what lies below stays where it is. */
.digit-canvas .instead { display: grid; }
.digit-canvas .instead > * { grid-area: 1 / 1; }
.digit-canvas .away { visibility: hidden; }
.digit-canvas .controls .instead { min-height: 8rem; } /* "Start", and what takes its place */
.digit-canvas .instead:has(.line) .alarm { grid-area: 2 / 1; }
.digit-canvas .tools { display: flex; flex-wrap: wrap; gap: 0.4rem; }
.digit-canvas button[aria-pressed=true] { border-color: var(--blue); box-shadow: inset 0 0 0 1px var(--blue); background: var(--ground); } /* no bold: what stands beside it stays */
.digit-canvas .tools .nudge { display: flex; gap: 0.3rem; }
.digit-canvas .nudge button { padding: 0.3rem 0.5rem; min-width: 2rem; }
/* The images are white on black in both themes, and so have the colours of the light one, which are 3:1 to both. */
.digit-canvas .marks { --blue: #0072b2; --vermillion: #d55e00; }
.digit-canvas .key { display: inline-block; width: 0.7rem; height: 0.7rem; forced-color-adjust: none; margin-right: 0.3rem; }
.digit-canvas .key.lowers { background: var(--blue); }
.digit-canvas .key.raises { border: 2px solid var(--vermillion); }
.digit-canvas table label { display: flex; align-items: center; min-height: 1.6rem; padding-right: 0.5rem; cursor: pointer; }
.digit-canvas td, .digit-canvas tbody th { padding-top: 0; padding-bottom: 0; }
.digit-canvas .share { width: 36%; }
.digit-canvas .bar { forced-color-adjust: none; transition: none; }
.digit-canvas .chosen .bar { background: var(--vermillion); }
.digit-canvas .winner .p { font-weight: 600; }
.digit-canvas .loss { grid-area: loss; min-height: 5.25rem; }
.digit-canvas .loss .big { margin: 0; }
.digit-canvas .loss .at { font-size: 0.9375rem; white-space: nowrap; }
.digit-canvas .p { white-space: nowrap; }
.digit-canvas tr > :first-child { white-space: nowrap; }
.digit-canvas .hardest { display: flex; flex-wrap: wrap; gap: 0.3rem; margin: 0.5rem 0 0; padding: 0; max-width: none; list-style: none; }
.digit-canvas .hardest li { margin: 0; }
.digit-canvas .hardest button { padding: 0.2rem; font-size: 0.8125rem; line-height: 1.2; }
.digit-canvas .hardest canvas { width: 2.5rem; height: 2.5rem; margin-bottom: 0.15rem; }
@media (pointer: coarse) { .digit-canvas .keys { display: none; } } /* where a finger is all there is */
@container (max-width: 39rem) {
  .digit-canvas .stage { grid-template: "draw sight" "loss loss" "controls controls" / 3fr 2fr; }
}
@container (max-width: 26rem) {
  .digit-canvas .stage { grid-template: "draw draw" "loss loss" "sight controls" / 1fr 1fr; }
  .digit-canvas .draw { padding: 0 1.5rem; }
  .digit-canvas .loss { min-height: 9.75rem; }
  .digit-canvas :is(th, td) { padding-left: 0.2rem; padding-right: 0.2rem; }
  .digit-canvas .share { width: 26%; }
}
`;

function render({ model, el, signal }) {
  const { read, set, remember } = stateOf(model, ["image", "label", "temperature", "logits"], soon);
  const { fitted, hardest, count, ranks, powers } = Object.fromEntries(["fitted", "hardest", "count", "ranks", "powers"].map((key) => [key, model.get(key)]));
  const group = `meant-${Math.random().toString(36).slice(2)}`; // one set of radio buttons for each widget

  const stored = read(); // Python has computed the logits of this image
  let pad = blankPad();
  let image; // of the pad, 784 bytes
  let packed; // that image as the state has it
  let moved = false; // the pad has changed and the image not yet
  let logits = null; // of that image; null while nobody knows them
  let fresh = false; // they are the network's
  let unsaved = false; // Python has not been told
  let network = null;
  let loading = false;
  let failed = false;
  let undo = []; // {pad, label}, the latest last
  let finger = null; // the pointer that draws
  let line = null; // the points of its stroke that are not painted yet, after the last that is
  let cell = [14, 14]; // where the keys draw: row and column
  let keyed = false; // the last that happened on the pad was a key's doing
  let keyStroke = false; // Shift is held and has drawn: one stroke, one undo
  let waiting = 0; // for the next frame
  let busy = false;

  // ---------------------------------------------------------------------------------------------------- what it is made of

  const listen = (element, event, action) => (element.addEventListener(event, action, { signal }), element);
  const button = (name, action, attributes = {}) => listen(h("button", { type: "button", ...attributes }, name), "click", action);
  const canvas = (size) => h("canvas", { width: size, height: size });
  const [fine, seen] = [canvas(WIDE), canvas(SIDE * ZOOM)];
  const tiny = canvas(SIDE);
  const [finePen, seenPen] = [fine, seen].map((each) => each.getContext("2d"));
  const cursor = h("div", { className: "cell" });
  const help = `help-${group}`;
  const place = quietInJupyter(h("div", { className: "pad", tabIndex: 0, role: "application", "aria-label": "drawing pad, 28 by 28 cells", "aria-describedby": help }, fine, cursor));
  const sight = h("div", { className: "seen marks", role: "img", "aria-label": "" }, seen);
  const rubber = button("Eraser", () => rubber.setAttribute("aria-pressed", !erasing()), { "aria-pressed": "false" });
  const back = button("Undo", () => takeBack());
  const arrows = [["↑", "up", -1, 0], ["↓", "down", 1, 0], ["←", "left", 0, -1], ["→", "right", 0, 1]].map(([sign, name, down, right]) =>
    button(sign, () => change(nudged(pad, down, right)), { "aria-label": `move the digit ${name} by one pixel` }));
  const unsay = button("Take the label back", () => set({ label: null }));
  const tools = h("div", { className: "tools", role: "group", "aria-label": "tools" },
    rubber, back, button("Clear", () => change(blankPad(), null)), button("Invert", () => change(inverted(pad))),
    button("Centre as MNIST does", centre), h("div", { className: "nudge" }, ...arrows), unsay);

  const marks = quietInJupyter(listen(h("input", { type: "checkbox" }), "change", () => { wake(); soon(); }));
  const caption = h("span", {}, "What the network sees: 28 × 28 grey values, 0 to 1. White is ink, as MNIST stores it.");
  const [key, room] = [1, 2].map(() => h("span", { className: "marks away" }));
  room.append(...legend(0.00001)); // never seen: it keeps the place of the longest text
  const habit = h("p", {});
  const trouble = h("p", { className: "alarm", role: "status" });
  const start = button("Start", wake);
  const notice = h("span", { role: "status", className: "quiet" }, "loads the network, 60 kB, as does your first stroke.");
  const starting = h("div", { className: "line" }, start, notice);

  const rows = DIGITS.map((digit) => {
    const radio = quietInJupyter(listen(h("input", { type: "radio", name: group, "aria-label": `I meant ${digit}` }), "change", () => set({ label: digit })));
    const [z, p, gradient] = ["z", "p", "gradient"].map((className) => h("td", { className }));
    const share = h("span", { className: "bar" });
    const element = h("tr", {}, h("th", { scope: "row" }, h("label", {}, radio, String(digit))), z, h("td", { className: "share", "aria-hidden": "true" }, share), p, gradient);
    return { element, radio, z, share, p, gradient };
  });
  const columns = ["label y", "logit z", "", "probability p", "∂loss/∂z"].map((each) => (each ? h("th", { scope: "col" }, each) : h("td", { "aria-hidden": "true" })));
  const [loss, rank] = [h("p", { className: "big" }), h("p", { className: "quiet" })];

  // The slider's way is the logarithm: 1 stands in the middle.
  const warmth = (value) => Number((2 ** value).toFixed(2));
  const warm = slider({ name: "temperature", min: -2, max: 2, step: 0.01, key: 0.1, remember, signal,
    onInput: (value) => set({ temperature: Math.abs(value - Math.log2(fitted)) < 0.01 ? fitted : warmth(value) }) });
  const ticks = h("datalist", { id: `ticks-${group}` }, h("option", { value: 0 }), h("option", { value: Math.log2(fitted).toFixed(2) }));
  warm.setAttribute("list", ticks.id);
  const degrees = h("span", {}); // not <output>, which a screen reader would speak at every step
  const winner = h("p", { className: "quiet" });
  // The network reads each as another digit where p(label) is below one in ten: ten digits share 1.
  const misread = hardest.every((each) => each.loss > Math.log(10)) ? "The network reads each as another digit: press one to see which, and mend it." : "Press one, and mend it.";

  const thumbs = hardest.map((each) => {
    const small = canvas(SIDE);
    const there = unpackImage(each.image);
    drawGreys(small.getContext("2d"), there, SIDE);
    const lay = button(small, () => change(padOf(there), each.label), { "aria-label": `${each.label}: ${text(each.loss, 1)}, label and loss of test digit ${each.position}` });
    lay.append(`${each.label}: ${text(each.loss, 1)}`);
    return h("li", {}, lay);
  });
  const erasing = () => rubber.getAttribute("aria-pressed") === "true";
  const link = listen(h("a", { className: "button" }), "click", () => (link.textContent = "The address bar has it"));
  const status = h("p", { className: "hidden", role: "status" });
  const say = announcer(status);

  el.append(
    h("style", {}, STYLE + LAYOUT),
    h("div", { className: "lab digit-canvas", role: "group", "aria-label": "Digit canvas" },
      h("p", { className: "title" }, "Digit canvas"),
      h("div", { className: "stage" },
        h("figure", { className: "draw" }, place, h("figcaption", { id: help }, "Draw here.", h("span", { className: "keys" }, " With keys: arrows move, space inks or erases a cell, Shift with an arrow draws, Ctrl+Z undoes."))),
        h("div", { className: "loss" }, loss, rank),
        h("div", { className: "sight" },
          h("figure", {}, sight, h("p", {}, h("label", {}, marks, "what ink does to the loss")), h("figcaption", { className: "instead" }, caption, key, room))),
        h("div", { className: "controls" }, tools, h("div", { className: "instead" }, habit, trouble, starting))),
      h("p", {}, `The ${hardest.length} hardest of ${count.toLocaleString("en")} test digits: label and loss at T = 1. ${misread}`),
      h("ul", { className: "hardest" }, ...thumbs),
      h("table", {}, h("thead", {}, h("tr", {}, ...columns)), h("tbody", {}, ...rows.map((row) => row.element))),
      h("div", { className: "line" }, h("label", {}, "temperature T", warm, degrees), ticks,
        button("T = 1", () => set({ temperature: 1 })), button(`T = ${text(fitted, 2)}, fitted`, () => set({ temperature: fitted }))),
      winner,
      h("div", { className: "line" }, ...(model.get("page") ? [link] : [])),
      status,
    ),
  );

  // --------------------------------------------------------------------------------------------------------- the network

  /** Load the network, once; after a failure only the reader's press on the button tries again. */
  async function wake(event) {
    if (network || loading || (failed && !event)) return;
    loading = true;
    Object.assign(notice, { className: "quiet", textContent: "The network is on its way." });
    try {
      const { digitCnn } = await load("./forward.mjs");
      const { modelFrom } = await load("./weights.mjs");
      const { weights } = await modelFrom(model, "digit_cnn", { signal });
      network = digitCnn(weights);
      if (starting.contains(document.activeElement)) place.focus({ preventScroll: true });
      starting.remove();
    } catch (error) {
      failed = true;
      Object.assign(notice, { className: "alarm", textContent: error.message });
      start.textContent = "Try again";
    }
    loading = false;
    soon();
  }

  // -------------------------------------------------------------------------------------------------------------- the pad

  function keep() {
    keyStroke = false;
    undo = [...undo.slice(1 - MOST_UNDO), { pad: pad.slice(), label: read().label }];
  }

  /** Another pad, and with it another label where one is given; null takes the label back. */
  function change(next, label = read().label) {
    keep();
    [pad, moved, unsaved] = [next, true, true];
    trouble.textContent = "";
    model.set("label", label);
    wake();
    soon();
  }

  function takeBack() {
    keyStroke = false;
    const last = undo.pop();
    if (!last) return;
    [pad, moved, unsaved] = [last.pad, true, true];
    model.set("label", last.label);
    soon();
  }

  function centre() {
    try {
      change(padOf(likeMnist(pad)));
    } catch (error) {
      trouble.textContent = error.message;
      soon();
    }
  }

  const radius = () => (erasing() ? RUBBER : PEN);
  const pointOf = ({ clientX, clientY }) => {
    const { left, top, width, height } = fine.getBoundingClientRect();
    return [((clientX - left) / width) * SIDE, ((clientY - top) / height) * SIDE];
  };
  listen(place, "pointerdown", (event) => {
    if (finger !== null || event.button !== 0) return;
    [finger, keyed] = [event.pointerId, false];
    place.setPointerCapture(finger);
    keep();
    line = [pointOf(event)];
    wake();
    soon();
  });
  listen(place, "pointermove", (event) => {
    if (event.pointerId !== finger) return;
    const all = event.getCoalescedEvents?.() ?? [];
    line.push(...(all.length ? all : [event]).map(pointOf));
    soon();
  });
  const lift = (event) => {
    if (event.pointerId !== finger) return;
    if (line) paintLine();
    [finger, line, unsaved] = [null, null, true];
    // A second finger has made it a pinch: the stroke was none.
    if (event.type === "pointercancel") takeBack();
    soon();
  };
  listen(place, "pointerup", lift);
  listen(place, "pointercancel", lift);

  /** Paint what has been drawn since the last frame; its end is where the next part begins. */
  function paintLine() {
    const value = erasing() ? 0 : 255;
    for (let i = 0; i < line.length; i++) paint(pad, line[Math.max(0, i - 1)], line[i], radius(), value);
    line = line.slice(-1);
    moved = true;
  }

  const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  listen(place, "keydown", (event) => {
    const command = event.ctrlKey || event.metaKey;
    const step = steps[event.key];
    if (!event.shiftKey) keyStroke = false;
    if (command && event.key.toLowerCase() === "z") takeBack();
    else if (command || event.altKey) return;
    else if (step) {
      cell = cell.map((each, axis) => Math.min(SIDE - 1, Math.max(0, each + step[axis])));
      keyed = true;
      if (event.shiftKey) inkCell(erasing() ? 0 : 255, true);
    } else if (event.key === " " || event.key === "Enter") {
      keyed = true;
      inkCell(image[cell[0] * SIDE + cell[1]] < 128 ? 255 : 0, false);
    } else return;
    event.preventDefault();
    soon();
  });
  listen(place, "keyup", (event) => event.key === "Shift" && (keyStroke = false));
  listen(place, "blur", () => ([keyed, keyStroke] = [false, false])); // Shift may be let go elsewhere
  function inkCell(value, drawn) {
    if (!keyStroke) keep();
    keyStroke = drawn;
    fillCell(pad, ...cell, value);
    [moved, unsaved] = [true, true];
    wake();
  }

  // ---------------------------------------------------------------------------------------------------------- one frame

  function soon() {
    if (!busy) waiting ||= requestAnimationFrame(frame);
  }

  function frame() {
    waiting = 0;
    busy = true; // what is set here is no news
    if (read().image !== packed && !moved && !line) arrive(read().image);
    if (line) paintLine();
    if (moved) {
      image = imageOf(pad);
      packed = packImage(image);
      [moved, fresh, logits] = [false, false, null];
      model.set("image", packed);
      drawGreys(finePen, pad, WIDE);
    }
    if (network && !fresh) {
      logits = network.logits(greys());
      fresh = true;
    }
    if (read().logits !== logits) {
      model.set("logits", logits);
      unsaved = true;
    }
    if (unsaved && finger === null) {
      model.save_changes();
      unsaved = false;
    }
    show();
    busy = false;
  }

  const greys = () => Float32Array.from(image, (value) => value / 255);

  /** An image that comes from elsewhere: the start, Python, a link. */
  function arrive(given) {
    if (packed) keep();
    image = unpackImage(given) ?? image ?? imageOf(pad); // of what is no image, nothing comes
    packed = packImage(image);
    if (packed !== given) model.set("image", packed);
    [pad, fresh] = [padOf(image), false];
    logits = given === stored.image ? stored.logits : null;
    drawGreys(finePen, pad, WIDE);
  }

  function show() {
    const { label, temperature } = read();
    const probs = logits && softmax(logits, temperature);
    const slopes = logits && label !== null ? crossEntropyGradient(label, logits, temperature) : null;
    const digits = fresh ? 4 : 3; // Python's logits are rounded
    const best = logits && logits.indexOf(Math.max(...logits));
    rows.forEach((row, digit) => {
      row.element.classList.toggle("chosen", digit === label);
      row.element.classList.toggle("winner", digit === best);
      row.radio.checked = digit === label;
      row.z.textContent = logits ? text(logits[digit], 2) : "–";
      row.p.textContent = logits ? chance(probs[digit], digits) : "–";
      row.share.style.width = logits ? `${100 * probs[digit]}%` : "0";
      row.gradient.textContent = slopes ? (slopes[digit] > 0 ? "+" : "") + text(slopes[digit], digits) : "–";
    });
    cursor.style.top = `${(100 * cell[0]) / SIDE}%`;
    cursor.style.left = `${(100 * cell[1]) / SIDE}%`;
    back.setAttribute("aria-disabled", undo.length === 0);
    unsay.setAttribute("aria-disabled", label === null);
    const inked = image.reduce((sum, value) => sum + (value > 0), 0);
    const mostly = image.reduce((sum, value) => sum + (value > 127), 0) > image.length / 2;
    habit.className = `${mostly ? "alarm" : "quiet"}${network && !trouble.textContent ? "" : " away"}`; // another text stands there
    habit.textContent = mostly ? "Mostly ink: the network has never seen black ink on white." : "The network was trained on white ink moved by up to 4 pixels, never on black ink.";
    sight.setAttribute("aria-label", `the image of the network: ${inked} of ${SIDE * SIDE} pixels have ink`);

    const cost = slopes && crossEntropy(label, logits, temperature);
    const exact = fresh ? 4 : 2; // of the loss, whose error is that of the logits
    const nats = slopes && `${cost === 0 || cost >= 0.5 / 10 ** exact ? text(cost, exact) : power(cost)} nats`;
    if (label === null) loss.textContent = "A loss needs a label: which digit was meant?";
    else loss.textContent = slopes ? `loss = −log p(${label}) = ${nats}` : `The label is ${label}.`;
    if (slopes && temperature !== 1) loss.append(h("span", { className: "at" }, ` at T = ${text(temperature, 2)}`)); // no loss of another T is its equal
    const given = label === null || label === best || best === null ? "" : ` It gives the label ${label} only p = ${chance(probs[label], digits)}.`;
    const readAs = best === null ? "Start the network: it has not seen this image." : `${inked ? "The network reads" : "The pad is empty; the network reads"} ${best}${inked ? "," : " all the same,"} with p = ${chance(probs[best], digits)}.${given}`;
    rank.textContent = slopes ? `${readAs} ${larger(cost, temperature)}` : readAs;

    warm.value = Math.log2(temperature);
    degrees.textContent = text(temperature, 2);
    warm.setAttribute("aria-valuetext", text(temperature, 2));
    const wins = `${best === null ? "The winner is the same" : `${best} wins`} at every T, ${label === null ? "there is no loss without a label" : `the loss changes${nats ? `; here it is ${nats}` : ""}`}.`;
    const blank = `The pad is empty: T changes the probabilities${label === null ? ", and there is no loss" : " and the loss"}.`;
    const rule = label === null ? "" : ` ∂loss/∂z is ${temperature === 1 ? "p − t" : "(p − t) / T"}, where t is 1 for the label and 0 elsewhere.`;
    winner.textContent = `The logits are divided by T; ${text(fitted, 2)} is the T with the smallest loss on the held-out digits. ${inked ? wins : blank}${rule}`;
    drawSeen(label, temperature);
    showLink({ image: packed, label, temperature });
    const here = `Row ${cell[0] + 1}, column ${cell[1] + 1}: grey ${text(image[cell[0] * SIDE + cell[1]] / 255, 2)}. `;
    say(`${keyed ? here : ""}${loss.textContent.replace(/(?<![.?])$/, ".")} ${readAs}${mostly ? ` ${habit.textContent}` : ""}`);
  }

  /** The sentence on how many test digits have a larger loss; the table has two temperatures. */
  function larger(cost, temperature) {
    if (temperature !== 1 && temperature !== fitted) return `No comparison with the test digits at this T; there is one at T = 1 and T = ${text(fitted, 2)}.`;
    const found = countLarger(cost, ranks, powers[temperature === 1 ? 0 : 1]);
    const many = found === null ? `more than ${ranks.at(-1).toLocaleString("en")}` : found === 0 ? "none" : `about ${found.toLocaleString("en")}`;
    return `Test digits with a larger loss at this T: ${many} of ${count.toLocaleString("en")}.`;
  }

  /** The image of the network, and on it the gradient if it is wanted: marks whose areas are as the slopes. */
  function drawSeen(label, temperature) {
    drawGreys(tiny.getContext("2d"), image, SIDE);
    seenPen.imageSmoothingEnabled = false;
    seenPen.drawImage(tiny, 0, 0, SIDE * ZOOM, SIDE * ZOOM);
    const can = marks.checked && network && label !== null;
    caption.classList.toggle("away", marks.checked);
    key.classList.toggle("away", !marks.checked);
    if (!marks.checked) return;
    if (!can) return void (key.textContent = label === null ? "A gradient needs a loss, and a loss a label." : "The network must start first.");
    const style = getComputedStyle(sight);
    const [below, above] = ["--blue", "--vermillion"].map((name) => style.getPropertyValue(name).trim());
    const most = drawSlopes(seenPen, network.gradient(greys(), label, temperature), { side: SIDE, zoom: ZOOM, below, above });
    key.replaceChildren(...legend(most));
  }

  /** What the marks mean, as nodes; `most` is the largest slope. */
  function legend(most) {
    const largest = most === 0 || most >= 0.05 ? text(most, 1) : power(most);
    return [h("span", { className: "key lowers" }), "ink here lowers the loss", h("br"), h("span", { className: "key raises" }), "ink here raises it", h("br"),
      `Its area shows the size of the gradient there: at most ${largest} nats per full grey step, 0 to 1.`];
  }

  function showLink(state) {
    const fragment = digitFragment(state);
    const long = state.image.length > LINK_LIMIT;
    if (link.hash === fragment && !long) return;
    if (long) link.removeAttribute("href");
    else link.href = fragment;
    link.textContent = long ? "This image is too long for a link" : "Link to this digit";
  }

  const unreadable = "The address holds no digit that the canvas can read; it shows its own.";
  followAddress({ model, name: "digit-canvas", parse: fromDigitFragment, set, unreadable, show: (unread) => loss.before(unread), signal });
  frame();
}

export default { render };
