/**
 * The pixel explorer after "Start": a scene on the desk, what each of its pixels pays, and six tools on it (pixel-tools.mjs).
 * What is painted, selected and left out stays with its scene, which comes back as it was left:
 *
 * - picture, truth: the scene's photo and mask; photo, mask: the same as painted; stroke: 1 where the photo was painted
 * - surprise: −log p of all classes, prediction: their argmax, losses: −log p of the mask's labels
 * - exact: whether they come from the network on this machine; base: what it says of the photo before it was painted
 * - valid: 0 for void pixels; selection: {kind, label}, brushed: 1 where the brush selected
 * - kept: for each tool by its title what it was about to change, the latest last, for Undo
 * - tour: {order, number}, the pixels by loss and how far the button has gone; corrected: the sum of the losses {from, to} as
 *   the network replaced the stored ones
 */
import { h, quietInJupyter, slider, text } from "./parts.mjs";
import { argmaxOf, COLUMNS, eachUnderBrush, KINDS, largestOf, lossesOf, meanOf, PIXELS, rankOf, ROWS } from "./pixel-loss.mjs";
import { FINE, makePainter } from "./pixel-picture.mjs";
import { networkFrom, sceneFrom } from "./pixel-scenes.mjs";
import { count, percent, significant, sums } from "./pixel-text.mjs";
import { classChoice, makeTools } from "./pixel-tools.mjs";

const MOST_UNDO = 40; // strokes or presses, of each tool

/**
 * The desk: {open, schedule}. `open(number)` loads a scene and lays it there, the first in the place of `before`; `schedule`
 * draws what has changed in the state.
 *
 * @param state what `stateOf` gives: {read, set, remember}
 * @param parts of the explorer that were there before: {before, scenes, waiting, problem, say}
 * @param toFragment the state as an address
 */
export function makeDesk({ model, state, parts, toFragment, signal }) {
  const { read, set, remember } = state;
  const { before, scenes, waiting, problem, say } = parts;
  const { names, colours } = read();
  let desk = null; // until the first scene has come
  const desks = []; // by number, those that have been open
  const brush = { radius: 3, takes: false };
  const net = { network: null, loading: false, busy: false, again: false, milliseconds: 0 };

  // ------------------------------------------------------------------------------------------------- what is loaded when
  let opening;

  /** Lay a scene on the desk, as it was left or, the first time, from its file. */
  async function open(number) {
    opening?.abort();
    const mine = (opening = new AbortController());
    signal.addEventListener("abort", () => mine.abort(), { once: true, signal: mine.signal });
    problem.textContent = "";
    waiting.textContent = `Scene ${number} is on its way …`;
    try {
      desks[number] ??= fresh(number, await sceneFrom(model, number, mine.signal));
      if (mine.signal.aborted) return;
      const first = !desk;
      const focused = before.contains(document.activeElement);
      desk = desks[number];
      before.replaceWith(after);
      if (first && focused) picture.focus({ preventScroll: true }); // the pressed button is gone
      set({ scene: number });
      consult();
    } catch (error) {
      if (mine.signal.aborted) return;
      problem.textContent = error.message;
      if (desk) set({ scene: desk.number });
    } finally {
      if (opening === mine) {
        opening = null;
        waiting.textContent = "";
      }
    }
  }

  const fresh = (number, found) => ({
    ...found, number, truth: found.mask, mask: found.mask.slice(), photo: found.picture.slice(), stroke: new Uint8Array(PIXELS),
    valid: new Uint8Array(PIXELS).fill(1), selection: { kind: "borders" }, brushed: new Uint8Array(PIXELS), prediction: argmaxOf(found.surprise), exact: false, kept: {},
  });

  async function load() {
    if (net.loading || net.network) return;
    net.loading = true;
    problem.textContent = "";
    schedule();
    try {
      const network = await networkFrom(model, signal);
      signal.addEventListener("abort", () => network.stop(), { once: true });
      net.network = network;
      if (panels.contains(document.activeElement)) picture.focus({ preventScroll: true }); // the pressed button goes
      consult();
    } catch (error) {
      if (!signal.aborted) problem.textContent = error.message;
    }
    net.loading = false;
    schedule();
  }

  /** Ask the network about the photo as it is now; while it computes, only the newest photo waits. */
  async function consult() {
    if (!net.network || !desk) return;
    net.again = true;
    if (net.busy) return;
    working(true);
    try {
      while (net.again) {
        net.again = false;
        const it = desk;
        const untouched = !it.stroke.includes(1);
        const { surprise, milliseconds } = await net.network.run(it.photo.slice());
        net.milliseconds = milliseconds;
        if (it !== desk) continue; // another scene lies there by now, and asks again
        if (!it.exact && untouched) it.corrected = Object.fromEntries(Object.entries({ from: it.surprise, to: surprise }).map(([when, each]) => [when, sums(meanOf(lossesOf(each, it.mask), it.valid).sum)]));
        Object.assign(it, { surprise, prediction: argmaxOf(surprise), exact: true });
        if (untouched) it.base = { surprise, prediction: it.prediction };
        schedule();
      }
    } catch (error) {
      problem.textContent = `The network stopped: ${error.message}`;
      net.network = null;
      schedule();
    }
    working(false);
  }

  /** Say whether the network computes: what the tools' panel tells of the photo is then about to change. */
  function working(busy) {
    net.busy = busy;
    panels.ariaBusy = `${busy}`;
  }

  // ------------------------------------------------------------------------------------------------------------ elements
  const tools = makeTools({ names, signal, load, keep, desk: () => desk, change: () => schedule() });
  tools.photo.stop = consult;
  let tool = tools.look;
  const group = `pixels-${Math.random().toString(36).slice(2)}`; // one set of radio buttons for each explorer
  const radios = (kind, entries, onChange) => entries.map(([value, title]) => {
    const radio = quietInJupyter(h("input", { type: "radio", name: `${group}-${kind}`, value }));
    radio.addEventListener("change", () => onChange(value), { signal });
    return { value, radio, label: h("label", {}, radio, title) };
  });

  let shownClass = Number(read().layer.match(/^p(\d+)$/)?.[1] ?? 4); // pedestrian
  const layers = radios("layer", [["photo", "photo"], ["mask", "mask"], ["prediction", "prediction"], ["loss", "−log p"], ["p", "p of"]], (value) => set({ layer: value === "p" ? `p${shownClass}` : value }));
  const classOfLayer = classChoice({ name: "class whose p is shown", names, start: shownClass, signal, onChange: (k) => set({ layer: `p${k}` }) });
  const kindsOfTool = radios("tool", Object.entries(tools).map(([name, { title }]) => [name, title]), (name) => {
    tool = tools[name];
    if (tool.layer && read().layer !== tool.layer) set({ layer: tool.layer });
    const [row, column] = read().at;
    tool.take?.(desk, row * COLUMNS + column);
    schedule();
  });
  const painter = makePainter(colours);
  const base = h("canvas", { width: COLUMNS, height: ROWS });
  const veil = h("canvas", { className: "veil", width: FINE * COLUMNS, height: FINE * ROWS });
  const aim = h("span", { className: "aim" });
  const hint = h("p", { className: "hidden keys", id: `${group}-hint` }, "Arrow keys move the crosshair, with Shift by eight pixels. L moves it to the largest loss, again to the next. Space uses the brush, Ctrl+Z undoes.");
  const picture = quietInJupyter(h("div", { className: "picture", tabIndex: 0, role: "application", "aria-label": "the scene", "aria-describedby": hint.id }, base, veil, aim));
  const radius = slider({ name: "radius of the brush", min: 1, max: 12, step: 1, signal, remember: () => { const kept = brush.radius; return () => (brush.radius = kept); }, onInput: (value) => { brush.radius = value; schedule(); } });
  const radiusText = h("span", {});
  const takes = quietInJupyter(h("input", { type: "checkbox" }));
  takes.addEventListener("change", () => (brush.takes = takes.checked), { signal });
  const takesLabel = h("label", {}, takes, "takes away");
  const back = h("button", { type: "button" }, "Undo");
  back.addEventListener("click", () => takeBack(), { signal });
  const brushes = h("div", { className: "brushes" }, h("label", {}, "radius of the brush", radius, radiusText), takesLabel, back, h("span", { className: "quiet keys" }, "Space uses it at the crosshair."));
  const largest = h("button", { type: "button" }, "Largest loss");
  largest.addEventListener("click", () => toLargest(), { signal });
  const sides = Object.values(tools).flatMap(({ side }) => side ?? []);
  const under = h("div", { className: "under" }, h("div", { className: "brushes" }, largest, brushes), ...sides);
  const place = h("p", { style: "margin: 0" });
  const pays = h("p", { className: "big", style: "margin: 0.2rem 0" });
  const portion = h("p", { className: "quiet", style: "margin: 0" });
  const caption = h("caption", {});
  const kinds = Array.from({ length: KINDS }, () => {
    const swatch = h("span", { className: "swatch" });
    const name = h("span", {});
    const bar = h("span", { className: "bar" });
    const p = h("td", {});
    return { element: h("tr", {}, h("th", { scope: "row" }, swatch, name), h("td", {}, bar), p), swatch, name, bar, p };
  });
  const total = h("p", { className: "big" });
  const accuracy = h("p", { className: "quiet" });
  const link = h("a", { className: "button" });
  link.addEventListener("click", () => (link.textContent = "The address bar has it"), { signal });

  const panels = h("div", { className: "tool" }, ...Object.values(tools).map(({ panel }) => panel));
  const stage = h("div", { className: "stage" },
    h("div", { className: "left" },
      h("div", { className: "scene" }, picture, hint, under),
      h("div", { className: "tools" }, total, accuracy, h("fieldset", {}, h("legend", { className: "hidden" }, "tool"), ...kindsOfTool.map(({ label }) => label)), panels)),
    h("div", { className: "right" },
      h("div", { className: "reading" }, place, pays, portion),
      h("table", { className: "kinds" }, caption, h("tbody", {}, ...kinds.map(({ element }) => element)))));
  const after = h("div", {},
    h("fieldset", {}, h("legend", { className: "hidden" }, "layer"), ...layers.slice(0, -1).map(({ label }) => label), h("span", { className: "together" }, layers.at(-1).label, classOfLayer)),
    stage,
    h("div", { className: "line" }, ...(model.get("page") ? [link] : [])));

  // ------------------------------------------------------------------------------------------- pointer, keys, and brush
  let track = []; // where the pointer went since the last frame; the first is where it was in that one
  const where = ({ clientX, clientY }) => {
    const { left, top, width, height } = base.getBoundingClientRect();
    const within = (share, size) => Math.min(size - 1, Math.max(0, Math.floor(share * size)));
    return [within((clientY - top) / height, ROWS), within((clientX - left) / width, COLUMNS)];
  };
  const paints = () => tool.paint && (tool.ready?.(desk) ?? true);
  let putBack; // sets the crosshair where it was
  let finger = null; // the pointer that is down; a second one does nothing
  picture.addEventListener("pointerdown", (event) => {
    if (finger !== null || event.button || !desk) return;
    finger = event.pointerId;
    picture.setPointerCapture(finger);
    putBack = remember();
    if (paints()) keep();
    track = [where(event), where(event)];
    schedule();
  }, { signal });
  picture.addEventListener("pointermove", (event) => {
    if (event.pointerId !== finger) return;
    track.push(where(event));
    schedule();
  }, { signal });
  picture.addEventListener("pointerup", ({ pointerId }) => {
    if (pointerId !== finger) return;
    finger = null;
    schedule();
  }, { signal });
  picture.addEventListener("pointercancel", ({ pointerId }) => {
    if (pointerId !== finger) return;
    finger = null;
    schedule();
    if (paints()) return;
    track = [];
    putBack(); // the finger has scrolled the page and moved the crosshair on its way
  }, { signal });
  picture.addEventListener("keydown", (event) => {
    if (!desk || event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (event.shiftKey || event.key.toLowerCase() !== "z" || !tool.paint) return;
      event.preventDefault();
      return takeBack();
    }
    const step = event.shiftKey ? 8 : 1;
    const ways = { ArrowUp: [-step, 0], ArrowDown: [step, 0], ArrowLeft: [0, -step], ArrowRight: [0, step] };
    const [row, column] = read().at;
    if (event.key in ways) {
      const [down, right] = ways[event.key];
      set({ at: [Math.min(ROWS - 1, Math.max(0, row + down)), Math.min(COLUMNS - 1, Math.max(0, column + right))] });
    } else if (event.key === "l" || event.key === "L") toLargest();
    else if (event.key === " " && paints()) {
      if (!event.repeat) keep();
      track = [[row, column], [row, column]];
    } else return;
    event.preventDefault();
    schedule();
  }, { signal });

  /** Move the crosshair to the pixel with the largest loss; as long as the losses stay in order, from there to the next. */
  function toLargest() {
    const order = largestOf(desk.losses, desk.valid);
    if (!order.length) return;
    const goesOn = desk.tour?.order.length === order.length && order.every((i, k) => i === desk.tour.order[k]);
    desk.tour = { order, number: goesOn ? (desk.tour.number + 1) % order.length : 0 };
    const i = order[desk.tour.number];
    set({ at: [Math.floor(i / COLUMNS), i % COLUMNS] });
  }

  // ----------------------------------------------------------------------------------------------------------------- undo
  /** What the tool could change, as it is now. */
  const copied = () => Object.fromEntries(tool.keeps.map((key) => [key, desk[key].slice?.() ?? desk[key]]));
  const same = (one, other) => (one.every ? one.every((each, i) => each === other[i]) : one === other);

  /** Remember what the tool is about to change: a stroke, or what a button of its panel does. */
  function keep() {
    follow();
    desk.kept[tool.title] = [...(desk.kept[tool.title] ?? []).slice(1 - MOST_UNDO), copied()];
  }

  /** What Undo would bring back, the latest last; strokes that changed nothing are left out. */
  function keptOf() {
    const kept = desk.kept[tool.title] ?? [];
    while (finger === null && kept.length && tool.keeps.every((key) => same(kept.at(-1)[key], desk[key]))) kept.pop();
    return kept;
  }

  function takeBack() {
    if (finger !== null) return;
    follow();
    const last = keptOf().pop();
    if (!last) return;
    Object.assign(desk, last);
    tool.undone?.();
    schedule();
  }

  /** Do what the pointer did since the last frame: the brush goes along, the crosshair stands at the end. */
  function follow() {
    if (!track.length) return;
    if (paints()) for (let k = 1; k < track.length; k++) eachUnderBrush(track[k - 1], track[k], brush.radius, (i) => tool.paint(desk, i, brush.takes));
    const end = track.at(-1);
    track = finger === null ? [] : [end];
    if (end.join() !== read().at.join()) set({ at: end });
    if (desk.repainted && (net.network?.beside || finger === null)) {
      desk.repainted = false;
      consult();
    }
  }

  // -------------------------------------------------------------------------------------------------------------- drawing
  let frame = 0;
  let busy = false;
  function schedule() {
    if (!busy) frame ||= requestAnimationFrame(draw);
  }
  signal.addEventListener("abort", () => cancelAnimationFrame(frame), { once: true });

  function drawPixel([row, column]) {
    const i = row * COLUMNS + column;
    const label = desk.mask[i];
    const own = desk.surprise.subarray(KINDS * i, KINDS * (i + 1));
    const { sum, pixels } = meanOf(desk.losses, desk.valid);
    const digits = desk.exact ? 4 : 2;
    const capped = !desk.exact && own[label] >= desk.cap - 1e-3;
    aim.style.left = `${(100 * column) / COLUMNS}%`;
    aim.style.top = `${(100 * row) / ROWS}%`;
    place.textContent = `Row ${row}, column ${column}: label ${names[label]}, prediction ${names[desk.prediction[i]]}`;
    const loss = `${text(own[label], digits)}${capped ? " or more" : ""}`;
    const probability = (k) => (!desk.exact && own[k] >= desk.cap - 1e-3 ? "<\u202f3\u202f·\u202f10⁻⁶" : significant(Math.exp(-own[k]), digits));
    pays.textContent = desk.valid[i] ? `loss = −log\u00a0p(${names[label]}) = ${capped ? "" : `−log\u00a0${probability(label)} = `}${loss} nats` : "void: it has no part in the loss";
    const part = (100 * own[label]) / (sum || 1); // in percent
    const toured = desk.tour?.order[desk.tour.number] === i ? `Number ${count(rankOf(i, desk.losses, desk.valid))} of ${count(pixels)} by loss; the button goes on to the next.` : "";
    const share = part < 0.001 ? "It pays less than 0.001 % of the sum." : `Its share of the mean: ${loss} / ${count(pixels)} = ${significant(own[label] / pixels)} nats, ${significant(part)}\u00a0% of the sum.`;
    portion.textContent = desk.valid[i] ? `${share} ${toured}`.trim() : "Neither sum nor divisor has it.";
    caption.textContent = desk.exact ? "p of the 23 classes at this pixel" : "p of the 23 classes at this pixel, from −log p in steps of 0.05 nats";
    const order = Array.from(own.keys()).sort((a, b) => own[a] - own[b] || a - b);
    order.forEach((k, n) => {
      const line = kinds[n];
      const p = Math.exp(-own[k]);
      line.element.className = k === label ? "label" : "";
      line.swatch.style.background = colours[k];
      line.name.textContent = k === label ? `${names[k]} (y)` : names[k];
      line.bar.style.width = `${100 * p}%`;
      line.p.textContent = probability(k);
    });
    return `${place.textContent}. ${desk.valid[i] ? `Probability ${probability(label)}, loss ${loss} nats` : "Void"}.${desk.valid[i] && toured ? ` ${toured.split(";")[0]}.` : ""}`;
  }

  function draw() {
    frame = 0;
    const { scene, layer, at } = read();
    scenes.forEach((each, k) => each.setAttribute("aria-pressed", k === (desk?.number ?? -1)));
    const fragment = toFragment(read());
    if (link.hash !== fragment) Object.assign(link, { href: fragment, textContent: "Link to this pixel" });
    if (!desk) return;
    if (scene !== desk.number && !opening) open(scene); // Python or the address has chosen another
    busy = true; // what the pointer did changes the state, and that is drawn right below
    follow();
    busy = false;
    desk.losses = lossesOf(desk.surprise, desk.mask);
    const isP = /^p\d/.test(layer);
    if (isP) shownClass = Number(layer.slice(1));
    for (const { value, radio } of layers) radio.checked = value === (isP ? "p" : layer);
    classOfLayer.value = String(shownClass);
    for (const { value, radio } of kindsOfTool) radio.checked = tools[value] === tool;
    for (const each of Object.values(tools)) each.panel.hidden = each !== tool;
    brushes.hidden = !paints();
    if (tool.keeps) back.setAttribute("aria-disabled", keptOf().length === 0);
    takesLabel.hidden = tool !== tools.selection && tool !== tools.voids;
    picture.classList.toggle("brush", Boolean(paints()));
    stage.classList.toggle("tooled", tool !== tools.look);
    radius.value = brush.radius;
    radiusText.textContent = `${brush.radius} px`;
    const { sum, pixels, mean } = meanOf(desk.losses, desk.valid);
    total.textContent = `mean loss = ${sums(sum)} / ${count(pixels)} = ${text(mean)} nats`;
    const wrong = desk.prediction.reduce((all, each, i) => all + (desk.valid[i] && each !== desk.mask[i]), 0);
    const ownWrong = desk.prediction.reduce((all, each, i) => all + (desk.valid[i] && each !== desk.truth[i]), 0);
    const repainted = desk.mask.some((label, i) => label !== desk.truth[i]);
    if (desk.corrected && desk.corrected.to !== sums(sum)) desk.corrected = null; // said once
    accuracy.textContent = (repainted
      ? `By the labels as repainted ${percent(wrong / (pixels || 1))} of the pixels are predicted wrong, by the scene’s own ${percent(ownWrong / (pixels || 1))}. `
      : `${percent(wrong / (pixels || 1))} of the pixels are predicted wrong. `) + (desk.exact
      ? `All numbers come from the network on this machine${desk.corrected ? `, now exact: ${desk.corrected.to} instead of ${desk.corrected.from} from stored steps` : ""}.`
      : "From stored losses, in steps of 0.05 nats and at most 12.75; the network, under “Paint the photo”, makes them exact.");
    picture.setAttribute("aria-label", `the scene, layer ${isP ? `p of ${names[shownClass]}` : { loss: "−log p" }[layer] ?? layer}`);
    const news = tool.draw(desk, net);
    painter.layer(base, desk, layer);
    painter.veil(veil, desk, tool);
    for (const side of sides) side.hidden = side !== tool.side || (tool.ready && !tool.ready(desk));
    under.classList.toggle("two", sides.some((side) => !side.hidden));
    if (tool.side && !tool.side.hidden) tool.drawSide(desk, painter, layer);
    say(`${drawPixel(read().at)} ${news || total.textContent}`);
  }

  // ------------------------------------------------------------------------------------------------ theme and address
  const themed = new MutationObserver(() => schedule()); // ink has the theme's colour
  for (const root of [document.documentElement, document.body]) themed.observe(root, { attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"] });
  signal.addEventListener("abort", () => themed.disconnect(), { once: true });
  return { open, schedule };
}
