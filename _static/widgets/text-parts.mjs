/**
 * What the tabs of the text widget share: a text that is read a little in each frame, its tiles, the likeliest characters
 * as bars, and lists that one walks through with arrow keys.
 */
import { h, quietInJupyter, slider, text } from "./parts.mjs";
import { bitsOf, nameOf } from "./text-loss.mjs";

const STRONGEST = 8; // bits at which a tile's colour is strongest, as in the chapter's figure
const LONG_LINE = 500; // characters

/** The share of the strongest colour, 0 to 1, that so many bits have. */
export function shadeOf(bits) {
  return Math.min(1, Math.max(0, bits / STRONGEST));
}

/**
 * Work a little in each frame: `more` does one small piece and says whether there are others; after the pieces of a frame
 * `drawn` shows them. Returns a function that starts, or goes on. A frame gets `budget` milliseconds and `most` pieces.
 */
export function inFrames(more, drawn, { signal, budget = 7, most = Infinity } = {}) {
  let waiting = 0;
  function frame() {
    waiting = 0;
    if (signal?.aborted) return;
    const end = performance.now() + budget;
    let busy = true;
    for (let pieces = 0; busy && pieces < most && performance.now() < end; pieces++) busy = more();
    drawn(busy);
    if (busy) go();
  }
  const go = () => (waiting ||= requestAnimationFrame(frame));
  return go;
}

/**
 * A text and what the network said after each of its characters. A text that begins like the one before is not read again
 * up to where they differ. `ids` is the text that is wanted; `steps[i]`, {logits, state}, follows character i.
 */
export class Reading {
  constructor(network) {
    this.network = network;
    this.ids = [];
    this.steps = [];
  }

  /** Want another text. Returns how many characters at its beginning are the same. */
  want(ids) {
    let same = 0;
    while (same < ids.length && same < this.ids.length && ids[same] === this.ids[same]) same++;
    this.ids = [...ids];
    this.steps.length = Math.min(same, this.steps.length);
    return same;
  }

  /** Read one more character; false when there is none. */
  more() {
    const at = this.steps.length;
    if (at < this.ids.length) this.steps.push(this.network.step(this.ids[at], this.steps[at - 1]?.state));
    return this.steps.length < this.ids.length;
  }

  /** Go on with one character more, and read it. */
  add(id) {
    this.ids.push(id);
    this.more();
  }

  /** The logits that character i was expected with; undefined for the first, and where it has not been read so far. */
  before(i) {
    return this.steps[i - 1]?.logits;
  }

  get done() {
    return this.steps.length === this.ids.length;
  }
}

/**
 * A list of buttons that is one stop of the Tab key; arrow keys, Home and End walk through it. `moved` is told to which.
 * Call the returned function when the buttons have changed.
 */
export function walk(list, { signal, moved = () => {} }) {
  const buttons = () => [...list.querySelectorAll("button:not([hidden])")];
  const stopAt = (button) => buttons().forEach((each) => (each.tabIndex = each === button ? 0 : -1));
  const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const onKey = (event) => {
    const all = buttons();
    const at = all.indexOf(event.target);
    const to = event.key === "Home" ? 0 : event.key === "End" ? all.length - 1 : at + steps[event.key];
    if (at < 0 || Number.isNaN(to)) return;
    event.preventDefault();
    const button = all[(to + all.length) % all.length];
    stopAt(button);
    button.focus();
    moved(button);
  };
  list.addEventListener("keydown", onKey, { signal });
  list.addEventListener("focusin", (event) => buttons().includes(event.target) && stopAt(event.target), { signal });
  return () => stopAt(buttons().find((each) => each.tabIndex === 0) ?? buttons()[0]);
}

/**
 * A text as tiles, shaded by bits. A tile is chosen with a press, or with the slider below and its two buttons.
 * Returns {element, show, add, cut, choose, clear}; `chosen(k)` is told of every choice, null for none.
 */
export function makeTiles({ label, chosen, signal }) {
  const box = quietInJupyter(h("div", { className: "tiles", role: "group", tabIndex: 0, "aria-label": label }));
  const all = [];
  let at = null;
  const place = slider({ name: `${label}: character`, min: 0, max: 1, step: 1, remember: () => { const was = at; return () => choose(was); }, signal, onInput: (k) => choose(k) });
  const back = h("button", { type: "button", "aria-label": "character before" }, "◂");
  const on = h("button", { type: "button", "aria-label": "character after" }, "▸");
  back.addEventListener("click", () => choose((at ?? all.length) - 1), { signal });
  on.addEventListener("click", () => choose((at ?? -1) + 1), { signal });
  box.addEventListener("click", (event) => event.target.tile !== undefined && choose(event.target.tile === at ? null : event.target.tile), { signal });

  function choose(k, tell = true) {
    if (k !== null && !all[k]) return;
    all[at]?.classList.remove("chosen");
    at = k;
    all[at]?.classList.add("chosen");
    place.value = at ?? all.length - 1;
    place.setAttribute("aria-valuetext", at === null ? "none" : all[at].dataset.says);
    const tile = all[at];
    if (tile && (tile.offsetTop < box.scrollTop || tile.offsetTop + 28 > box.scrollTop + box.clientHeight)) box.scrollTop = tile.offsetTop - 60;
    if (tell) chosen(at);
  }

  /** One tile more; without bits it is given, not judged. `hand`: chosen by the reader. */
  function add(character, bits, hand = false) {
    const tile = h("span", { className: `tile${bits === null ? " given" : ""}${hand ? " hand" : ""}${character === "\n" ? " end" : ""}` }, character);
    tile.style.setProperty("--b", shadeOf(bits ?? 0).toFixed(3));
    tile.tile = all.length;
    tile.dataset.says = `${nameOf(character)}${bits === null ? "" : `, ${text(bits, 1)} bits`}`;
    // A box for each line: one that stands below the others leaves their layout as it is. Endless lines are broken.
    // (The theme has its own use for a class named row.)
    const before = all.at(-1)?.textContent;
    if (!box.lastChild || before === "\n" || (before === " " && box.lastChild.childElementCount > LONG_LINE)) box.append(h("div", { className: "stretch" }));
    all.push(tile);
    box.lastChild.append(tile);
    place.max = all.length - 1;
    if (at === null) place.value = place.max; // the slider waits at the end
  }

  function cut(length) {
    if (at !== null && at >= length) choose(null);
    for (const tile of all.splice(length)) tile.remove();
    while (box.lastChild && !box.lastChild.hasChildNodes()) box.lastChild.remove();
    place.max = Math.max(1, all.length - 1);
  }

  const follow = () => (box.scrollTop = box.scrollHeight);
  const controls = h("div", { className: "look" }, h("span", { "aria-hidden": "true" }, "look at"), place, back, on);
  choose(null, false);
  return { element: h("div", {}, box, controls), box, add, cut, choose, follow, get length() { return all.length; }, get chosen() { return at; } };
}

/**
 * The likeliest characters as bars. `draw(logits, probs, {mark})` shows what is drawn from, `probs`, and the bits that each
 * costs by the logits alone; `press(id)` is told what the reader presses. Without `press` it only shows. `columns` says what
 * p and bits are where they are not those of the same distribution.
 */
export function makeBars({ label, characters, count = 15, press, signal }) {
  const list = h("div", { role: press ? "toolbar" : "list", "aria-label": label, className: "likely" });
  if (press) list.setAttribute("aria-orientation", "vertical");
  const head = ["p", "bits"].map((each) => h("span", {}, each));
  const rows = Array.from({ length: count + 1 }, () => {
    const spoken = (word) => h("span", { className: "hidden" }, word);
    const parts = [h("span", {}), h("span", {}, h("span", { className: "bar" })), h("span", {}, spoken("p "), ""), h("span", {}, spoken("bits "), "")];
    const line = press ? quietInJupyter(h("button", { type: "button", tabIndex: -1 }, ...parts)) : h("div", { role: "listitem" }, ...parts);
    if (press) line.addEventListener("click", () => press(Number(line.value)), { signal });
    list.append(line);
    return { line, parts };
  });
  const settle = press ? walk(list, { signal }) : () => {};

  function draw(logits, probs, { mark = null, columns } = {}) {
    if (columns) {
      head.forEach((each, k) => (each.textContent = columns[k]));
      list.setAttribute("aria-label", `${label}, ${columns.join(", ")}`);
    }
    const order = logits.map((_, id) => id).sort((a, b) => logits[b] - logits[a]);
    const shown = order.slice(0, count);
    if (mark !== null && !shown.includes(mark)) shown.push(mark); // what came, however unlikely
    rows.forEach(({ line, parts }, k) => {
      const id = shown[k];
      line.hidden = id === undefined;
      if (line.hidden) return;
      if (press) line.value = id;
      parts[0].textContent = nameOf(characters[id]);
      parts[1].firstChild.style.width = `${100 * probs[id]}%`;
      parts[1].firstChild.style.minWidth = probs[id] === 0 ? 0 : ""; // the style makes others visible
      parts[2].lastChild.data = probs[id] === 0 ? "dropped" : text(probs[id], 3);
      parts[3].lastChild.data = text(bitsOf(id, logits), 1);
      line.setAttribute("aria-current", id === mark);
    });
    settle();
  }
  return { element: h("div", {}, h("div", { className: "likely", "aria-hidden": "true" }, h("div", { className: "head quiet" }, h("span", {}), h("span", {}), ...head)), list), draw };
}
