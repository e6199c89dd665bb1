/** The tab STATE: a batch of two rows. What one has read is in its state alone; it can be set to zeros in mid-text. */
import { softmax } from "./losses.mjs";
import { h, quietInJupyter, text } from "./parts.mjs";
import { fit, named, nameOf } from "./text-loss.mjs";
import { inFrames } from "./text-parts.mjs";

const MOST = 200; // characters of a row
const SHOWN = 8; // characters of the table

/** @param rows the texts of the two rows at first */
export function makeState({ network, characters, rows, say, signal }) {
  let forgetAt = null; // the last character that row 0 reads anew, from zeros
  let kept; // p of row 1 when it was first read
  let batch = []; // of row 0, row 1, and row 0 as it would be without the zeros: {ids, from, at, answer}

  const field = quietInJupyter(h("textarea", { rows: 3, maxLength: MOST, spellcheck: false, "aria-label": "row 0", value: rows[0] }));
  const other = h("p", { className: "still" }, rows[1]);
  const note = h("p", { className: "alarm", role: "alert" });
  const forget = h("button", { type: "button" }, "Forget: set the state of row 0 to zeros");
  const undo = h("button", { type: "button" }, "Do not forget");
  const says = h("p", {});
  const table = h("tbody", {});
  const still = h("p", {});
  const columns = ["next in row 0", "p with all it has read", "bits", "p after forgetting", "bits"].map((each) => h("th", { scope: "col" }, each));
  field.addEventListener("input", change, { signal });
  forget.addEventListener("click", () => {
    if (batch[0]?.ids.length) forgetAt = batch[0].ids.length - 1;
    change();
  }, { signal });
  undo.addEventListener("click", () => {
    forgetAt = null;
    change();
  }, { signal });

  const element = h("div", { className: "state" },
    h("label", {}, "row 0: type here", field), note,
    h("div", { className: "line" }, forget, undo), says,
    h("table", {}, h("thead", {}, h("tr", {}, ...columns)), table),
    h("p", {}, "row 1: a second, independent text of the same batch, always this one; it never moves when row 0 reads or forgets."), other, still,
  );

  /** One step of the batch: each row reads its next character, where it has one. */
  function more() {
    let busy = false;
    for (const each of batch) {
      if (each.at >= each.ids.length) continue;
      each.answer = network.step(each.ids[each.at], each.at === each.from ? null : each.answer?.state);
      each.at++;
      busy ||= each.at < each.ids.length;
    }
    return busy;
  }
  const go = inFrames(more, (busy) => busy || draw(), { signal });

  function change() {
    const mine = fit(field.value.slice(0, MOST), characters);
    note.textContent = mine.skipped.length ? `The network has not ${named(mine.skipped)}: left out.` : "";
    // Forgotten text that was deleted was not forgotten: the reader went back to before.
    if (forgetAt !== null && mine.ids.length <= forgetAt) forgetAt = null;
    const from = forgetAt ?? 0;
    // The whole batch is read again: row 1 beside row 0, whatever row 0 reads now.
    batch = [[mine.ids, from], [fit(rows[1], characters).ids, 0], [mine.ids, 0]].map(([ids, from]) => ({ ids, from, at: from, answer: null }));
    go();
  }

  function draw() {
    const [now, beside, all] = batch.map((each) => each.answer && softmax(each.answer.logits));
    const { ids } = batch[0];
    forget.setAttribute("aria-disabled", ids.length < 2 || forgetAt === ids.length - 1);
    undo.setAttribute("aria-disabled", forgetAt === null);
    const read = (from) => `“${ids.slice(from).slice(-40).map((id) => characters[id]).join("").replaceAll("\n", "↵")}”`;
    const apart = now && all ? now.reduce((sum, p, id) => sum + Math.abs(p - all[id]), 0) / 2 : 0;
    says.textContent = !now ? "Row 0 has read nothing."
      : forgetAt === null ? `Row 0 ends ${read(0)}. Its state is ${2 * network.units} numbers, and all that it remembers.`
      : `After the zeros row 0 has read ${read(forgetAt)} and nothing else. ${text(100 * apart, 1)} % of its probability went to other characters.`;
    const order = all ? all.map((_, id) => id).sort((a, b) => all[b] - all[a]).slice(0, SHOWN) : [];
    table.replaceChildren(...order.map((id) => h("tr", {}, h("th", { scope: "row" }, nameOf(characters[id])), ...[all, forgetAt === null ? null : now].flatMap((probs) =>
      (probs ? [text(probs[id], 3), text(-Math.log2(probs[id]), 1)] : ["–", "–"]).map((each) => h("td", {}, each))))));
    kept ??= beside;
    const moved = Math.max(...beside.map((p, id) => Math.abs(p - kept[id])));
    const best = beside.indexOf(Math.max(...beside));
    still.textContent = `Likeliest next in row 1: “${nameOf(characters[best])}”, p ${text(beside[best], 3)}. Largest change of any of its p since the start: ${text(moved, 4)}.`;
    say(says.textContent);
  }

  change();
  return { element };
}
