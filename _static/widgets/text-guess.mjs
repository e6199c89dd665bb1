/** The tab GUESS: the reader's 100 chips against the network, for each next character of a passage that both have not read. */
import { h, quietInJupyter, text } from "./parts.mjs";
import { bitsOf, CHIPS, drawnFrom, fit, nameOf, probsOfChips } from "./text-loss.mjs";
import { inFrames, makeBars, makeTiles, Reading } from "./text-parts.mjs";

const GUESSES = [50, 25, 10]; // chips that a guess gets when its character is typed; the reader may change them
const SIGNS = { " ": "␣", "\n": "↵" };
const MEANT = { "␣": " ", "↵": "\n" };

/**
 * @param before what both have read when the guessing begins
 * @param hidden what is guessed
 */
export function makeGuess({ network, characters, before, hidden, say, signal }) {
  const reading = new Reading(network);
  const known = fit(before, characters).ids;
  const coming = fit(hidden, characters).ids;
  let at = 0; // characters guessed
  let past = []; // what each of them cost: {id, p, mine, its, logits}
  const totals = { mine: 0, its: 0 };

  const tiles = makeTiles({ label: "the passage so far", chosen: () => draw(), signal });
  const fields = GUESSES.map((chips, k) => {
    const name = ["first", "second", "third"][k];
    const character = quietInJupyter(h("input", { type: "text", autocapitalize: "none", autocomplete: "off", spellcheck: false, "aria-label": `${name} guess, a character` }));
    const number = quietInJupyter(h("input", { type: "number", min: 0, max: CHIPS - 1, step: 1, "aria-label": `chips on the ${name} guess` }));
    /** Chips stand in the field as long as a character does: an empty field is no bet. */
    const type = (typed) => {
      if (typed === "") number.value = "";
      else if (number.value === "") number.value = chips;
      character.value = SIGNS[typed] ?? typed;
    };
    character.addEventListener("input", () => {
      type([...character.value].at(-1) ?? ""); // of several the last: one types over the other
      draw();
    }, { signal });
    character.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      type("\n");
      draw();
    }, { signal });
    number.addEventListener("input", draw, { signal });
    return { character, number, type };
  });
  const rest = h("p", {});
  const bet = h("button", { type: "button" }, "Show the character");
  const again = h("button", { type: "button" }, "Start again");
  const result = h("p", { className: "big" });
  const table = h("tbody", {});
  const bars = makeBars({ label: "what the network expected", characters, count: 5, signal });
  const expected = h("div", {}, h("p", {}, "What the network expected in its place"), bars.element);
  bet.addEventListener("click", place, { signal });
  again.addEventListener("click", begin, { signal });
  const columns = ["bits paid by", "this character", "all", "a character"].map((each) => h("th", { scope: "col" }, each));

  const element = h("div", { className: "guess" },
    h("p", { className: "quiet" }, `What comes next? Put some of ${CHIPS} chips on up to three guesses; a space is a character, and the Enter key means a newline. What you do not place is spread evenly over all other characters: your p of each is its share of the chips.`),
    tiles.element,
    h("div", { className: "bets" }, ...fields.map(({ character, number }) => h("div", {}, "guess ", character, number, " chips"))),
    rest,
    h("div", { className: "line" }, bet, again),
    result,
    h("table", {}, h("thead", {}, h("tr", {}, ...columns)), table),
    expected,
  );

  const go = inFrames(() => reading.more(), () => draw(), { signal });

  function begin() {
    at = totals.mine = totals.its = 0;
    past = [];
    tiles.choose(null, false);
    tiles.cut(0);
    reading.want(known);
    for (const id of known) tiles.add(characters[id], null);
    for (const { type } of fields) type("");
    draw();
    tiles.follow();
    go();
  }

  /** The bets as pairs [id, chips], or a sentence on what is wrong with them. */
  function bets() {
    const found = [];
    for (const { character, number } of fields) {
      if (character.value === "" && number.value === "") continue;
      if (character.value === "") return `Type the character that the ${number.value} chips are for.`;
      const id = characters.indexOf(MEANT[character.value] ?? character.value);
      if (id < 0) return `The network’s ${characters.length} characters are without “${character.value}”, so it cannot come.`;
      const chips = number.valueAsNumber;
      if (!Number.isInteger(chips) || chips < 0) return "Chips are whole numbers from 0.";
      found.push([id, chips]);
    }
    const placed = found.reduce((sum, [, chips]) => sum + chips, 0);
    if (placed >= CHIPS) return `${placed} of ${CHIPS} chips are placed. Keep one at least for the others: what has none would cost infinitely many bits.`;
    return found;
  }

  function place() {
    const placed = bets();
    if (typeof placed === "string" || !reading.done || at >= coming.length) return;
    const logits = reading.steps.at(-1).logits;
    const id = coming[at++];
    const p = probsOfChips(placed, characters.length)[id];
    const paid = { id, p, mine: -Math.log2(p), its: bitsOf(id, logits), logits };
    past.push(paid);
    totals.mine += paid.mine;
    totals.its += paid.its;
    tiles.choose(null, false);
    reading.add(id);
    tiles.add(characters[id], paid.mine);
    for (const { type } of fields) type("");
    draw();
    tiles.follow();
    say(`${nameOf(characters[id])}. You paid ${text(paid.mine, 2)} bits, the network ${text(paid.its, 2)}. In all ${text(totals.mine, 1)} and ${text(totals.its, 1)}.`);
    fields[0].character.focus({ preventScroll: true });
  }

  function draw() {
    const placed = bets();
    const wrong = typeof placed === "string";
    rest.className = wrong ? "alarm" : "";
    const count = wrong ? 0 : placed.reduce((sum, [, chips]) => sum + chips, 0);
    const others = wrong ? 0 : characters.length - new Set(placed.map(([id]) => id)).size;
    const each = (CHIPS - count) / others;
    rest.textContent = wrong ? placed
      : `${count} of ${CHIPS} chips placed. The ${CHIPS - count} left are spread evenly over ${placed.length ? "the other" : "all"} ${others} characters, ${text(each, 2)} each: if one of these comes, you pay ${text(-Math.log2(each / CHIPS), 2)} bits.`;
    const last = past[(tiles.chosen ?? Infinity) - known.length] ?? past.at(-1); // or one that was pressed
    const over = at >= coming.length;
    bet.setAttribute("aria-disabled", wrong || over || !reading.done);
    result.textContent = last ? `${over ? "That was the whole passage. " : ""}It was “${nameOf(characters[last.id])}”: you gave it p ${text(last.p, 3)} and paid ${text(last.mine, 2)} bits`
      : reading.done ? "Both pay −log₂ p of what comes." : "The network reads what stands before …";
    const line = (name, key) => h("tr", {}, h("th", { scope: "row" }, name),
      ...[last ? text(last[key], 2) : "–", text(totals[key], 2), at ? text(totals[key] / at, 3) : "–"].map((each) => h("td", {}, each)));
    table.replaceChildren(line("you", "mine"), line("the network", "its"));
    expected.style.visibility = last ? "" : "hidden";
    if (last) bars.draw(last.logits, drawnFrom(last.logits), { mark: last.id });
  }

  begin();
  return { element, reading, opened: tiles.follow };
}
