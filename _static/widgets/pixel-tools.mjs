/**
 * What the pixel explorer can do with its scene: six tools, each a panel below the picture. A tool is
 * {title, layer, panel, draw(desk), take?(desk, i), paint?(desk, i), keeps?, veil?(desk, i), specks?(desk), side?, stop?()}: `layer`
 * is what the picture turns to when the tool is taken up, with the crosshair at pixel i; `paint` is what the brush does to
 * pixel i, `keeps` names what of the desk that changes, `undone` follows Undo, `stop` a stroke, `veil` is laid over pixel i: "chosen", "marked" or nothing; `specks` get rings. `side` is
 * a second picture, that `drawSide(desk, painter, layer)` draws where `ready(desk)`, if there is that, is true. The desk is
 * described in pixel-desk.mjs; who changes it calls `keep` before, and `change` after.
 */
import { h, quietInJupyter, slider, text } from "./parts.mjs";
import { bordersOf, COLUMNS, countsOf, dearestOf, groupsOf, KINDS, lossesOf, meanOf, PIXELS, rarestOf, reachOf, ROWS, shareOf, weighted, weightsOf } from "./pixel-loss.mjs";
import { count, percent, sums } from "./pixel-text.mjs";

const RAREST = 5;
const ERASED = [128, 128, 128];

/** What is chosen in a scene: 1 for each pixel of the selection. */
export function chosenOf({ selection, mask, valid, brushed, prediction, losses }) {
  if (selection.kind === "borders") return bordersOf(mask);
  if (selection.kind === "wrong") return mask.map((label, i) => (label !== prediction[i] ? 1 : 0));
  if (selection.kind === "brush") return brushed;
  const classes = selection.kind === "rare" ? rarestOf(countsOf(mask, valid), RAREST) : [selection.kind === "dear" ? dearestOf(losses, mask, valid) : selection.label];
  return mask.map((label) => (classes.includes(label) ? 1 : 0));
}

/** A class to choose, by name; `none` is shown where no class is chosen. */
export function classChoice({ name, names, start, none, onChange, signal }) {
  const options = names.map((each, k) => h("option", { value: String(k), selected: k === start }, each));
  if (none) options.unshift(h("option", { value: "", selected: true, disabled: true }, none));
  const choice = quietInJupyter(h("select", { "aria-label": name }, ...options));
  choice.addEventListener("change", () => onChange(Number(choice.value)), { signal });
  return choice;
}

/** All tools, by name; `desk()` is the desk, `load` loads the network, `keep` remembers the desk for Undo. */
export function makeTools({ names, change, desk, keep, load, signal }) {
  const button = (label, onPress) => {
    const made = h("button", { type: "button" }, label);
    made.addEventListener("click", onPress, { signal });
    return made;
  };
  const line = (...children) => h("div", { className: "line" }, ...children);
  const note = (...children) => h("p", { className: "quiet" }, ...children);
  /** Two shares as bars: {element, show(first, second)}. */
  const pair = (...titles) => {
    const rows = titles.map((title) => ({ title, bar: h("span", { className: "bar" }), number: h("span", {}) }));
    const cells = rows.flatMap(({ title, bar, number }) => [h("span", {}, title), h("span", {}, bar), number]);
    const show = (...shares) => shares.forEach((share, k) => {
      rows[k].bar.style.width = `${100 * Math.min(1, share)}%`;
      rows[k].number.textContent = percent(share);
    });
    return { element: h("div", { className: "pair" }, ...cells), show };
  };

  /** A second picture below the first: {element, canvas, caption}. */
  const second = () => {
    const canvas = h("canvas", { width: COLUMNS, height: ROWS, role: "img" });
    const caption = note();
    return { canvas, caption, element: h("div", { className: "side" }, canvas, caption) };
  };

  // ------------------------------------------------------------------------------------------------------------- look
  const look = { title: "Look", panel: h("div", {}, note("Press on a pixel", h("span", { className: "keys" }, ", or move with the arrow keys, with Shift eight pixels at a time; L goes to the largest loss"), ".")), draw: () => "" };

  // ----------------------------------------------------------------------------------------------------------- select
  const select = (selection, more = {}) => {
    keep();
    Object.assign(desk(), { selection, ...more });
    change();
  };
  const shares = pair("share of the area", "share of the loss");
  const selected = h("p", {});
  const ready = [["borders", "Borders"], ["wrong", "Wrong pixels"], ["rare", "The rarest five classes"], ["dear", "The class with the largest mean loss"]].map(([kind, title]) => [kind, button(title, () => select({ kind }))]);
  const oneClass = classChoice({ name: "class to select", names, none: "One class …", signal, onChange: (k) => select({ kind: "class", label: k }) });
  const selection = {
    title: "Select",
    layer: "loss",
    panel: h("div", {},
      line(
        ...ready.map(([, each]) => each),
        oneClass,
        button("Nothing", () => select({ kind: "brush" }, { brushed: new Uint8Array(PIXELS) })),
      ),
      shares.element, selected,
    ),
    keeps: ["selection", "brushed"],
    paint(it, i, takes) {
      if (it.selection.kind !== "brush") Object.assign(it, { brushed: chosenOf(it).slice(), selection: { kind: "brush" } });
      it.brushed[i] = takes ? 0 : 1;
    },
    veil: (it, i) => (it.chosen[i] ? "chosen" : ""),
    specks: (it) => (it.selection.kind === "dear" ? groupsOf(it.chosen) : []),
    draw(it) {
      it.chosen = chosenOf(it);
      for (const [kind, each] of ready) each.setAttribute("aria-pressed", kind === it.selection.kind);
      oneClass.value = String(it.selection.label ?? "");
      const found = shareOf(it.losses, it.valid, it.chosen);
      shares.show(found.area, found.loss);
      const rare = rarestOf(countsOf(it.mask, it.valid), RAREST).map((k) => names[k]).join(", ");
      const what = { borders: "Borders: pixels with a neighbour of another class.", wrong: "Wrong pixels: the argmax is not the mask’s class.", rare: `The rarest classes of this scene: ${rare}.`, dear: `${names[dearestOf(it.losses, it.mask, it.valid)] ?? "None"}: no class of this scene has a larger mean loss. Small groups have a ring.`, brush: "Selected with the brush.", class: `Class ${names[it.selection.label]}.` };
      const ratio = found.pixels ? ` A pixel of it pays ${text(found.sum / found.pixels, 2)} nats on average${found.area && found.loss ? `, ${text(found.loss / found.area, 1)} times the mean loss` : ""}.` : "";
      selected.textContent = `${what[it.selection.kind]} ${found.pixels === 1 ? "1 pixel is" : `${count(found.pixels)} pixels are`} ${percent(found.area)} of the area and ${found.pixels === 1 ? "pays" : "pay"} ${percent(found.loss)} of the loss.${ratio}`;
      return selected.textContent;
    },
  };

  // ---------------------------------------------------------------------------------------------------------- repaint
  let pigment = 4; // pedestrian
  let picked = false; // by the reader
  const pigments = classChoice({ name: "class to paint", names, start: pigment, signal, onChange: (k) => { pigment = k; picked = true; } });
  const ink = second();
  const moved = h("p", {});
  const repaint = (mask) => {
    keep();
    desk().mask = mask;
    change();
  };
  const repainting = {
    title: "Repaint the mask",
    layer: "mask",
    panel: h("div", {},
      line(
        h("label", {}, "paint with", pigments),
        button("Set the mask to the argmax", () => repaint(desk().prediction.slice())),
        button("Reset the mask", () => repaint(desk().truth.slice())),
      ),
      moved, note("The prediction stays: only the label changes, and with it which of the 23 numbers of a pixel is read. The brush paints labels on every layer, also on −log p."),
    ),
    take(it, i) {
      if (picked) return;
      pigment = it.mask[i] === 4 ? 7 : 4; // road on a pedestrian: a first press is to change something
      pigments.value = String(pigment);
    },
    side: ink.element,
    drawSide(it, painter, layer) {
      const shown = layer === "loss" ? "mask" : "loss";
      painter.layer(ink.canvas, it, shown);
      ink.caption.textContent = shown === "loss" ? "−log p of the labels as painted" : "the mask as painted";
      ink.canvas.setAttribute("aria-label", ink.caption.textContent);
    },
    keeps: ["mask"],
    paint: (it, i) => (it.mask[i] = pigment),
    draw(it) {
      const painted = it.mask.reduce((sum, label, i) => sum + (label !== it.truth[i]), 0);
      const [now, before, floor] = [it.losses, lossesOf(it.surprise, it.truth), lossesOf(it.surprise, it.prediction)].map((each) => text(meanOf(each, it.valid).mean));
      moved.textContent = `Mean loss ${now} nats; with the scene’s own mask ${before}. ${painted === 1 ? "1 pixel has" : `${count(painted)} pixels have`} another label. No mask gets below ${floor}, that of the argmax.`;
      return moved.textContent;
    },
  };

  // ---------------------------------------------------------------------------------------------------------- weights
  let power = 0.5;
  const powers = slider({ name: "power a of the weights", min: 0, max: 1, step: 0.01, key: 0.05, signal, remember: () => { const before = power; return () => setPower(before); }, onInput: setPower });
  function setPower(value) {
    power = value;
    change();
  }
  powers.value = power;
  const powerText = h("span", {});
  const cells = [0, 1, 2, 3].map(() => h("td", {}));
  const head = ["loss in nats", "Σ w · loss / pixels", "Σ w · loss / Σ w"].map((each) => h("th", { scope: "col" }, each));
  const rareShares = pair("share of the weights", "share of the loss");
  const extremes = h("p", {});
  const weighting = {
    title: "Weights",
    layer: "loss",
    panel: h("div", {},
      line(h("label", {}, h("span", {}, "w = 1 / share", h("sup", {}, "a"), ", a ="), powers, powerText), h("span", { className: "quiet" }, "shares of this scene; over many scenes a class has another")),
      h("table", {}, h("thead", {}, h("tr", {}, ...head)), h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, "w as it is"), ...cells.slice(0, 2)),
        h("tr", {}, h("th", { scope: "row" }, "w divided by its mean"), ...cells.slice(2)))),
      h("p", {}, "The rarest five classes of this scene:"), rareShares.element, extremes,
      note("Keras divides by the number of pixels, so large weights also enlarge the loss; reduction=\"mean_with_sample_weight\" divides by their sum. Once w is divided by its mean over the pixels, both are the same."),
    ),
    draw(it) {
      const counts = countsOf(it.mask, it.valid);
      const weights = weightsOf(counts, power);
      const { sum, pixels, weights: total } = weighted(it.losses, it.valid, it.mask, weights);
      const perPixel = sum / (pixels || 1);
      const perWeight = sum / (total || 1);
      [perPixel, perWeight, perWeight, perWeight].forEach((each, k) => (cells[k].textContent = text(each)));
      const rarest = rarestOf(counts, KINDS);
      const some = rarest.slice(0, RAREST);
      const part = weighted(it.losses, it.valid.map((each, i) => (some.includes(it.mask[i]) ? each : 0)), it.mask, weights);
      rareShares.show(part.weights / (total || 1), part.sum / (sum || 1));
      powers.setAttribute("aria-valuetext", text(power, 2));
      powerText.textContent = text(power, 2);
      const mean = total / (pixels || 1);
      const weight = (k) => `${text(weights[k] / mean, 2)} for ${names[k]}`;
      extremes.textContent = rarest.length ? `Divided by its mean, w is ${weight(rarest.at(-1))}, the most frequent class, and ${weight(rarest[0])}, the rarest.` : "Every pixel is void.";
      return `Power ${text(power, 2)}: divided by pixels ${text(perPixel)}, by the weights ${text(perWeight)} nats. The rarest five classes have ${percent(part.weights / (total || 1))} of the weights and ${percent(part.sum / (sum || 1))} of the loss.`;
    },
  };

  // ------------------------------------------------------------------------------------------------------------- void
  const revalue = (validOf) => {
    keep();
    const it = desk();
    it.valid = it.valid.map((each, i) => validOf(it, i, each));
    change();
  };
  const voiding = (isVoid) => revalue((it, i, each) => (isVoid(it, i) ? 0 : each));
  const counted = h("p", {});
  const quotients = Array.from({ length: 6 }, () => h("td", {}));
  const voidHead = ["divided by", "sum, nats", "pixels", "loss, nats"].map((each) => h("th", { scope: "col" }, each));
  const voids = {
    title: "Void",
    layer: "mask",
    panel: h("div", {},
      line(
        button("Make the borders void", () => { const borders = bordersOf(desk().mask); voiding((_, i) => borders[i]); }),
        button("Make “unlabelled” void", () => voiding((it, i) => it.mask[i] === 0)),
        button("No void pixels", () => revalue(() => 1)),
      ),
      h("table", {}, h("thead", {}, h("tr", {}, ...voidHead)), h("tbody", {},
        h("tr", {}, h("th", { scope: "row" }, "the valid pixels"), ...quotients.slice(0, 3)),
        h("tr", {}, h("th", { scope: "row" }, "all pixels"), ...quotients.slice(3)))),
      counted,
      note("With ignore_class=255 the loss class of Keras gives the first line. A mean over a map of losses that holds zeros for void pixels gives the second."),
    ),
    keeps: ["valid"],
    paint: (it, i, takes) => (it.valid[i] = takes ? 1 : 0),
    draw(it) {
      const { sum, pixels, mean } = meanOf(it.losses, it.valid);
      const numbers = [sums(sum), count(pixels), text(mean), sums(sum), count(PIXELS), text(sum / PIXELS)];
      numbers.forEach((each, k) => (quotients[k].textContent = each));
      const some = PIXELS - pixels === 1 ? "1 pixel is void" : `${count(PIXELS - pixels)} pixels are void`;
      counted.textContent = `${some}; the brush marks more.`;
      return `${some}. ${sums(sum)} divided by ${count(pixels)} valid pixels is ${text(mean)} nats; if void pixels count in the divisor, ${text(sum / PIXELS)}.`;
    },
  };

  // ------------------------------------------------------------------------------------------------------------ photo
  const start = button("Start the network (0.7 MB)", load);
  const colour = h("input", { type: "color", value: "#d01c1c", "aria-label": "colour" });
  const group = `paint-${Math.random().toString(36).slice(2)}`;
  const [inColour, inGrey] = ["a colour", "grey, which erases"].map((each, k) => h("label", {}, quietInJupyter(h("input", { type: "radio", name: group, checked: k === 0 })), each));
  const reset = button("Reset the photo", () => {
    keep();
    const it = desk();
    Object.assign(it, { photo: it.picture.slice(), stroke: new Uint8Array(PIXELS) });
    photo.undone();
  });
  const reached = h("p", {});
  const paid = h("p", {});
  const speed = h("p", { className: "quiet" });
  const why = h("p", {});
  const predicted = second();
  predicted.caption.textContent = "the prediction, pale where it has not changed";
  predicted.canvas.setAttribute("aria-label", predicted.caption.textContent);
  const controls = line(inColour, colour, inGrey, reset);
  const results = h("div", {}, reached, paid, why, speed);
  const photo = {
    title: "Paint the photo",
    layer: "photo",
    side: predicted.element,
    ready: (it) => Boolean(it.base),
    drawSide: (it, painter) => painter.changes(predicted.canvas, it),
    panel: h("div", {}, start, controls, results, note("The network sees neighbours, the loss does not: the loss of a pixel reads its own 23 numbers and its label.")),
    keeps: ["photo", "stroke"],
    undone() {
      const it = desk();
      if (!it.stroke.includes(1)) Object.assign(it, it.base); // at once; the pass that follows says the same
      change();
      photo.stop();
    },
    paint(it, i) {
      const paint = inGrey.firstChild.checked ? ERASED : [1, 3, 5].map((at) => parseInt(colour.value.slice(at, at + 2), 16));
      it.photo.set(paint, 3 * i);
      it.stroke[i] = 1;
      it.repainted = true;
    },
    veil: (it, i) => (it.reach?.changed[i] ? "marked" : ""),
    specks: (it) => it.reach?.groups,
    stop: () => {}, // the explorer asks the network here
    draw(it, network) {
      const ready = Boolean(it.base);
      start.hidden = Boolean(network.network);
      start.setAttribute("aria-disabled", network.loading);
      start.textContent = network.loading ? "The network is on its way …" : "Start the network (0.7 MB)";
      controls.hidden = results.hidden = !ready;
      if (!ready) return network.loading ? "The network is on its way." : "";
      if (it.reach?.of !== it.prediction) {
        const reach = reachOf(it.base.prediction, it.prediction, it.stroke);
        it.reach = { of: it.prediction, ...reach, groups: groupsOf(reach.changed) };
      }
      const { outside, farthest } = it.reach;
      const size = it.stroke.reduce((sum, each) => sum + each, 0);
      reached.textContent = size
        ? `The stroke covers ${count(size)} pixels. Outside it the prediction changed at ${count(outside)}${outside ? ` (bright pink, small groups in a ring), the farthest ${text(farthest, 1)} pixels away` : ""}.`
        : "Paint on the photo: the predictions change, also where the brush was not.";
      const own = it.valid.map((each, i) => each & it.stroke[i]);
      const others = it.valid.map((each, i) => each & (1 - it.stroke[i]));
      const before = lossesOf(it.base.surprise, it.mask);
      const [a, b, c, d] = [[before, own], [it.losses, own], [before, others], [it.losses, others]].map(([losses, where]) => sums(meanOf(losses, where).sum));
      paid.textContent = size ? `Sum of the losses under the stroke: ${a} nats before, now ${b}; outside it ${c} before, now ${d}.` : "";
      const under = countsOf(it.mask, own); // no void pixel pays
      const label = rarestOf(under, KINDS).at(-1);
      why.textContent = label === undefined ? "" : `Under the stroke the mask still says ${names[label]}${under[label] < size ? `, at ${count(under[label])} of ${count(size)} pixels` : ""}: whatever the photo shows, such a pixel pays −log\u00a0p(${names[label]}).`;
      speed.textContent = `A pass takes ${text(network.milliseconds / 1000, 2)} s on this machine${network.network?.beside ? ", beside the page" : ", between two strokes"}.`;
      return `${reached.textContent} ${paid.textContent} ${why.textContent}`;
    },
  };

  return { look, selection, repainting, weighting, voids, photo };
}
