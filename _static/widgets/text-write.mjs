/** The tab WRITE: a text goes on from a prompt, one drawn character after another; each keeps what it was drawn from. */
import { h, quietInJupyter, slider, text } from "./parts.mjs";
import { bitsOf, chance, drawnFrom, entropyOf, fit, LONGEST_PROMPT, named, nameOf, pick, toFragment } from "./text-loss.mjs";
import { inFrames, makeBars, makeTiles, Reading } from "./text-parts.mjs";

const LONGEST = 2000; // characters, the prompt's too: the state after each is kept
const A_FRAME = 3; // characters that a frame writes
const TOLD = 60; // characters that a screen reader is told after a change
const MANY = 60; // characters that one press writes
const AT_ONCE = 240; // characters that appear in one go where the reader wants less motion

/**
 * @param network what `charLstm` makes
 * @param characters the network's, a string
 * @param state {read, set, remember} of prompt, temperature, top_k, top_p and seed
 * @param say tells a screen reader
 */
export function makeWrite({ network, characters, state, say, page, signal }) {
  const { read, set, remember } = state;
  const reading = new Reading(network);
  let begun = 0; // characters of the prompt
  let costs = []; // of each drawn character {paid, expected}, in bits; null for one that the reader chose
  let running = false;
  let wordsOfPrompt = null;

  const prompt = quietInJupyter(h("textarea", { rows: 2, maxLength: LONGEST_PROMPT, spellcheck: false, "aria-label": "prompt" }));
  const alarm = h("p", { className: "alarm", role: "alert" });
  const tiles = makeTiles({ label: "the text", chosen: () => draw(), signal });
  const bars = makeBars({ label: "the likeliest next characters", characters, press: choose, signal });
  const heading = h("p", {});
  const account = h("p", { className: "big" });
  const rule = h("p", { className: "quiet" });
  const step = h("button", { type: "button" }, "One step");
  const many = h("button", { type: "button" }, `${MANY} steps`);
  const run = h("button", { type: "button" }, "Run");
  const again = h("button", { type: "button" }, "Back to the prompt");
  const link = h("a", { className: "button" });
  const seed = quietInJupyter(h("input", { type: "number", min: 0, max: 999_999, step: 1, "aria-label": "seed" }));
  const dial = (name, key, min, max, by, digits, all) => {
    const shown = h("span", {});
    const input = slider({ name, min, max, step: by, remember, signal, onInput: (value) => set({ [key]: Number(value.toFixed(digits)) }) });
    const show = (value) => {
      input.value = value;
      shown.textContent = value === all ? "all" : text(value, digits);
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    return { element: h("label", {}, name, input, shown), show };
  };
  const dials = {
    temperature: dial("temperature T", "temperature", 0.1, 2, 0.05, 2),
    top_k: dial("top-k", "top_k", 1, characters.length, 1, 0, characters.length),
    top_p: dial("top-p", "top_p", 0.05, 1, 0.01, 2, 1),
  };

  prompt.addEventListener("input", () => set({ prompt: prompt.value }), { signal });
  seed.addEventListener("input", () => {
    if (/^\d{1,6}$/.test(seed.value)) set({ seed: Number(seed.value) });
  }, { signal });
  seed.addEventListener("blur", () => (seed.value = read().seed), { signal });
  step.addEventListener("click", () => {
    stop();
    if (!ready()) return;
    tiles.choose(null, false);
    writeOne();
    draw();
    tiles.follow();
    tell();
  }, { signal });
  run.addEventListener("click", () => {
    if (running) stop();
    else start(calm() ? AT_ONCE : Infinity);
    draw();
  }, { signal });
  many.addEventListener("click", () => start(MANY), { signal });
  again.addEventListener("click", () => begin(), { signal });
  link.addEventListener("click", () => (link.textContent = "The address bar has it"), { signal });

  const element = h("div", { className: "write" },
    h("label", {}, "prompt", prompt), alarm,
    h("div", { className: "line" }, step, many, run, again, ...(page ? [link] : [])),
    h("div", { className: "halves" },
      h("div", {}, tiles.element, account, rule),
      h("div", {}, heading, bars.element)),
    h("div", { className: "line" }, dials.temperature.element, dials.top_k.element, dials.top_p.element,
      h("label", {}, "seed", seed)),
  );

  let left = 0;
  const canGoOn = () => reading.done && reading.ids.length > 0 && reading.ids.length < LONGEST;
  const ready = () => canGoOn() && alarm.textContent === "";
  /** One character of a run; false when it ends. */
  const more = () => {
    if (!running || !canGoOn() || left-- <= 0) return (running = false);
    writeOne();
    return true;
  };
  const shown = (busy) => {
    draw();
    if (busy || !running) tiles.follow();
    if (!busy) tell();
  };
  const writeSeen = inFrames(more, shown, { signal, most: A_FRAME });
  const writeUnseen = inFrames(more, (busy) => busy || shown(false), { signal, budget: 12 });
  const readPrompt = inFrames(() => reading.more(), () => draw(), { signal });

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  /** Write so many characters, a few in each frame; where the reader wants less motion, they appear in one go. */
  function start(count) {
    if (!ready()) return;
    tiles.choose(null, false);
    running = true;
    left = count;
    (calm() ? writeUnseen : writeSeen)();
  }

  function stop() {
    running = false;
  }

  /** Draw the next character and keep what it cost. */
  function writeOne() {
    const at = reading.ids.length;
    const logits = reading.before(at);
    const id = pick(drawnFrom(logits, read()), chance(read().seed, at - begun));
    costs.push({ paid: bitsOf(id, logits), expected: entropyOf(logits) });
    reading.add(id);
    tiles.add(characters[id], costs.at(-1).paid);
  }

  /** The reader's own next character; where a tile is chosen, in its place, and what followed it is gone. */
  function choose(id) {
    const at = tiles.chosen ?? reading.ids.length;
    if (!reading.before(at) || at >= LONGEST) return;
    stop();
    tiles.choose(null, false);
    tiles.cut(at);
    costs.length = Math.max(0, Math.min(costs.length, at - begun));
    begun = Math.min(begun, at);
    reading.want(reading.ids.slice(0, at));
    const bits = bitsOf(id, reading.before(at));
    costs.push(null);
    reading.add(id);
    tiles.add(characters[id], bits, true);
    draw();
    tell();
  }

  /** The text is the prompt again, where it can be read. */
  function begin() {
    stop();
    wordsOfPrompt = read().prompt;
    const { ids, skipped } = fit(wordsOfPrompt, characters);
    const long = wordsOfPrompt.length > LONGEST_PROMPT;
    alarm.textContent = skipped.length > 0 ? `The network has ${characters.length} characters, and not ${named(skipped)}. Take them out of the prompt.`
      : long ? `The prompt is longer than ${LONGEST_PROMPT} characters.`
      : ids.length === 0 ? "The prompt needs one character or more." : "";
    tiles.choose(null, false);
    tiles.cut(0);
    costs = [];
    begun = alarm.textContent ? 0 : ids.length;
    reading.want(alarm.textContent ? [] : ids);
    for (const id of reading.ids) tiles.add(characters[id], null);
    readPrompt();
    draw();
  }

  const T = (value) => `T\u00a0=\u00a0${value}`; // not broken at the end of a line
  const drawn = () => costs.filter((each) => each !== null);
  const mean = (key) => drawn().reduce((sum, each) => sum + each[key], 0) / drawn().length;

  function tell() {
    const count = reading.ids.length;
    const words = reading.ids.slice(-TOLD).map((id) => characters[id]).join("");
    const part = count > TOLD ? `The last ${TOLD} characters of ${count}; all stand in the group “the text”: ` : "The text: ";
    say(`${part}${words}. ${drawn().length ? `${drawn().length} drawn, ${account.textContent}` : ""}`);
  }

  function draw() {
    const settings = read();
    if (settings.prompt !== wordsOfPrompt) return begin(); // typed, from the address, or from Python
    if (prompt.value !== settings.prompt) prompt.value = settings.prompt;
    if (seed !== document.activeElement) seed.value = settings.seed;
    for (const [key, each] of Object.entries(dials)) each.show(settings[key]);

    const at = tiles.chosen ?? reading.ids.length;
    const logits = reading.before(at);
    const past = tiles.chosen !== null;
    const came = past ? reading.ids[at] : null;
    bars.element.style.visibility = logits ? "" : "hidden";
    if (logits) bars.draw(logits, drawnFrom(logits, settings), { mark: came, columns: [`p at ${T(text(settings.temperature, 2))}`, `bits at ${T(1)}`] });
    const here = past ? `“${nameOf(characters[came])}”` : "";
    heading.textContent = !past && at >= LONGEST ? `The text has ${LONGEST.toLocaleString("en")} characters, the most that are kept. Go back to the prompt or to a tile.`
      : !past ? "Next. Press a character to write it yourself."
      : logits ? `${here} cost ${text(bitsOf(came, logits), 2)} bits. Press another to go on with it from here.`
      : `Nothing stood before ${here}: the first has no bits.`;

    const count = drawn().length;
    account.textContent = count ? `expected ${text(mean("expected"), 2)} bits, paid ${text(mean("paid"), 2)}` : "nothing drawn so far";
    rule.textContent = count
      ? `a character, over the ${count} drawn: expected is the entropy of p, paid is −log₂ p of what was drawn, both at T = 1 without top-k and top-p. The stronger the colour, the more bits; grey is the prompt, underlined what you chose.`
      : "The stronger a character’s colour, the more bits it cost; strongest at 8 or more.";
    run.textContent = running ? "Pause" : "Run";
    for (const each of [step, many, run]) each.setAttribute("aria-disabled", !ready() && !running);
    const fragment = toFragment(settings);
    link.hidden = fragment === null;
    if (fragment !== null && link.hash !== fragment) Object.assign(link, { href: fragment, textContent: "Link to prompt and settings" });
  }

  return { element, draw, stop, reading };
}
