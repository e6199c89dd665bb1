/** The tab READ: any text, each character shaded by what the network pays for it, and the mean on one axis. */
import { h, quietInJupyter, text } from "./parts.mjs";
import { axisOf } from "./text-axis.mjs";
import { bitsOf, drawnFrom, fit, MOST_READ, named, nameOf } from "./text-loss.mjs";
import { inFrames, makeBars, makeTiles, Reading } from "./text-parts.mjs";

/**
 * @param start the text that stands there at first
 * @param marks {uniform, counts, xz, network}, bits a character
 */
export function makeRead({ network, characters, start, marks, say, signal }) {
  const reading = new Reading(network);
  let shown = 0; // tiles
  let total = 0; // bits of the tiles
  let told = 0; // when the mean was
  let given; // what `fit` made of the text

  const field = quietInJupyter(h("textarea", { rows: 4, spellcheck: false, "aria-label": "text to read", value: start }));
  const replace = quietInJupyter(h("input", { type: "checkbox", checked: true }));
  const note = h("p", { className: "quiet" });
  const sum = h("p", { className: "big" });
  const over = h("p", { className: "quiet" });
  const axis = h("div", {});
  const heading = h("p", {});
  const tiles = makeTiles({ label: "the text as it is read", chosen: () => look(), signal });
  const bars = makeBars({ label: "what was likeliest there", characters, count: 5, signal });
  field.addEventListener("input", change, { signal });
  replace.addEventListener("change", change, { signal });

  const element = h("div", { className: "read" },
    h("label", {}, "a text of up to 4,000 characters", field),
    h("div", { className: "line" }, h("label", { className: "long" }, h("span", {}, replace, "replace what the network has not by similar characters"))),
    note, tiles.element, sum, over, axis, heading, bars.element,
  );

  const go = inFrames(() => reading.more(), draw, { signal });

  /** Read what stands in the field. */
  function change() {
    const all = [...field.value];
    given = fit(all.slice(0, MOST_READ).join(""), characters, replace.checked);
    const same = Math.min(reading.want(given.ids), shown);
    for (let i = same; i < shown; i++) total -= cost(i);
    tiles.cut(same);
    shown = same;
    if (same === 0) total = 0;
    const count = (each, what) => (each.length ? `${each.length} ${what}: ${named(each)}. ` : "");
    note.textContent = [
      all.length > MOST_READ ? `Only the first ${MOST_READ.toLocaleString("en")} characters are read. ` : "",
      count(given.replaced, "replaced"), count(given.skipped, "skipped"),
      given.replaced.length + given.skipped.length ? "The bits do not tell what stood in their places." : "",
    ].join("");
    draw();
    go();
  }

  const costs = [];
  const cost = (i) => costs[i] ?? 0;

  function draw() {
    for (; shown < reading.steps.length; shown++) {
      const logits = reading.before(shown);
      costs[shown] = logits ? bitsOf(reading.ids[shown], logits) : 0;
      total += costs[shown];
      tiles.add(characters[reading.ids[shown]], logits ? costs[shown] : null);
    }
    const now = performance.now();
    if (!reading.done && now - told < 150) return; // the mean need not be told in each frame
    told = now;
    const count = shown - 1; // the first is expected by nothing
    if (count < 1) {
      sum.textContent = "Two characters or more: the first has no bits, for nothing stands before it.";
      over.textContent = "";
      axis.replaceChildren(axisOf(marks));
    } else {
      const mean = total / count;
      sum.textContent = `${text(mean, 3)} bits a character${reading.done ? "" : " so far"}`;
      over.textContent = `The mean of the ${count.toLocaleString("en")} characters read after the first. Each of the network’s characters is one byte, so the bits a byte are the same.`;
      axis.replaceChildren(axisOf(marks, ["this text", mean]));
      if (reading.done) say(`${count} characters read after the first: ${sum.textContent}.`);
    }
    look();
  }

  /** What was likeliest at the chosen tile. */
  function look() {
    const at = tiles.chosen;
    const logits = at === null ? undefined : reading.before(at);
    bars.element.hidden = !logits;
    heading.textContent = at === null ? "Press a character to see what the network expected in its place."
      : logits ? `“${nameOf(characters[reading.ids[at]])}” cost ${text(bitsOf(reading.ids[at], logits), 2)} bits.`
      : "Nothing stood before the first character.";
    if (logits) bars.draw(logits, drawnFrom(logits), { mark: reading.ids[at] });
  }

  change();
  return { element, reading };
}
