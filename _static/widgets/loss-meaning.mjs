/**
 * What does my loss mean? A loss is typed, and what it can mean is listed, most likely first; the table is in meanings.mjs.
 * State: {loss, classes, ends, rule, counts} as text, on the page from data-props or the address, in Jupyter from Python.
 */
import { meanings, readLoss } from "./meanings.mjs";
import { announcer, followAddress, h, quietInJupyter, stateOf, STYLE } from "./parts.mjs";

const LAYOUT = `
.loss-meaning .asked { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)); gap: 0.6rem 1rem; }
.loss-meaning .asked label { display: grid; gap: 0.2rem; color: var(--quiet); }
.loss-meaning :is(input, select) { width: 100%; min-height: 2.25rem; padding: 0.2rem 0.5rem; font: inherit; color: var(--text);
  background: var(--ground); border: 1px solid var(--quiet); border-radius: 0.25rem; }
.loss-meaning input.loss { font-size: 1.25rem; }
.loss-meaning ol { margin: 0.9rem 0 0; padding: 0; list-style: none; }
.loss-meaning li { margin: 0 0 0.7rem; padding-left: 0.8rem; border-left: 0.25rem solid var(--line); }
.loss-meaning li.fits { border-color: var(--blue); }
.loss-meaning li p { margin: 0.15rem 0 0; }
.loss-meaning li .name { font-weight: 600; }
`;

const ENDS = { "": "I do not know", logits: "logits (no activation)", softmax: "softmax", behind: "softmax, then another layer", sigmoid: "sigmoid" };
const RULES = {
  "": "I do not know", probs: "cross-entropy, from_logits=False (the bare name)", logits: "cross-entropy, from_logits=True", binary: "binary cross-entropy",
};
const KEYS = { loss: "", classes: "", ends: ENDS, rule: RULES, counts: "" };
const LONGEST = 400; // characters of a field in an address

/** Read a state from an address such as #loss-meaning=loss:2.3026;classes:10; null where it is not one. */
export function stateOfAddress(hash) {
  if (!hash.startsWith("#loss-meaning=")) return null;
  const state = Object.fromEntries(Object.keys(KEYS).map((key) => [key, ""]));
  try {
    for (const part of hash.slice("#loss-meaning=".length).split(";").filter(Boolean)) {
      const [key, ...rest] = part.split(":");
      const value = decodeURIComponent(rest.join(":"));
      if (!Object.hasOwn(KEYS, key) || value.length > LONGEST) return null;
      if (KEYS[key] && !Object.hasOwn(KEYS[key], value)) return null;
      state[key] = value;
    }
  } catch {
    return null; // a broken percent sign
  }
  return state;
}

/** Write a state as an address. */
export function addressOf(state) {
  const given = Object.keys(KEYS).filter((key) => state[key]);
  return `#loss-meaning=${given.map((key) => `${key}:${encodeURIComponent(state[key])}`).join(";")}`;
}

/** Read the two fields that may be empty; the sentence `wrong` says what cannot be read. */
export function readRest({ classes, counts }) {
  const number = classes.trim() ? Number(classes.replace(/[,_ ]/g, "")) : null;
  if (number !== null && !(Number.isInteger(number) && number >= 1 && number <= 1e9))
    return { wrong: "The number of classes is a whole number, 1 or more." };
  const rows = counts.split(/[\s,;[\]()]+/).filter(Boolean).map(Number);
  if (rows.some((count) => !(count >= 0 && count < Infinity)))
    return { wrong: "The rows of each class are numbers, such as 5923 6742 5958." };
  if (number !== null && rows.length > 1 && rows.length !== number) return { wrong: `${rows.length} counts, but K = ${number}.` };
  return { classes: number ?? (rows.length > 1 ? rows.length : null), counts: rows };
}

function render({ model, el, signal }) {
  const { read, set } = stateOf(model, Object.keys(KEYS), draw);
  const field = (key, name, settings = {}) => {
    const input = quietInJupyter(h("input", { type: "text", autocomplete: "off", spellcheck: false, maxLength: LONGEST, ...settings }));
    input.addEventListener("input", () => set({ [key]: input.value }), { signal });
    return [input, h("label", {}, name, input)];
  };
  const choice = (key, name) => {
    const select = h("select", {}, ...Object.entries(KEYS[key]).map(([value, label]) => h("option", { value }, label)));
    select.addEventListener("change", () => set({ [key]: select.value }), { signal });
    return [select, h("label", {}, name, select)];
  };
  const [loss, lossLabel] = field("loss", "the loss", { className: "loss", inputMode: "text", placeholder: "2.3026, nan, …" });
  const [classes, classesLabel] = field("classes", "number of classes K, if known", { inputMode: "numeric" });
  const [ends, endsLabel] = choice("ends", "the model ends in");
  const [rule, ruleLabel] = choice("rule", "the loss is");
  const [counts, countsLabel] = field("counts", "rows of each class, if known", { placeholder: "5923 6742 5958 …" });
  const fields = { loss, classes, ends, rule, counts };
  const found = h("ol", {});
  const said = h("p", { className: "quiet" });
  const link = h("a", {}, "Link to this answer");
  const status = h("p", { className: "hidden", role: "status" });
  const say = announcer(status);
  const frame = h("div", { className: "lab loss-meaning", role: "group", "aria-label": "What does my loss mean?" },
    h("p", { className: "title" }, "What does my loss mean?"),
    h("div", { className: "asked" }, lossLabel, classesLabel, endsLabel, ruleLabel, countsLabel),
    said, found, ...(model.get("page") ? [h("p", {}, link)] : []), status);
  el.append(h("style", {}, STYLE + LAYOUT), frame);

  /** A chapter's cell: a link on the page, its name in Jupyter, whose outputs cannot link to a notebook's cell. */
  function where(cell) {
    const [chapter, anchor] = cell.split("#");
    const name = `chapter ${Number(chapter.slice(0, 2))}`;
    if (!model.get("page")) return `Shown in ${name}.`;
    return h("a", { href: `${document.documentElement.dataset.content_root}chapters/${chapter}.html#${anchor}` }, `Shown in ${name}`);
  }

  function draw() {
    const state = read();
    for (const [key, input] of Object.entries(fields)) if (input.value !== state[key]) input.value = state[key];
    const rest = readRest(state);
    const unread = state.loss.trim() && !readLoss(state.loss);
    const rows = rest.wrong ? [] : meanings({ ...state, ...rest, typed: state.loss });
    found.replaceChildren(...rows.map((row) =>
      h("li", { className: row.sure >= 0.5 ? "fits" : "" }, h("p", { className: "name" }, row.title), h("p", {}, row.because),
        h("p", { className: "quiet" }, `${row.next} `, where(row.cell)))));
    const wrong = unread ? "A loss is a number, nan or inf." : (rest.wrong ?? "");
    said.className = wrong ? "alarm" : "quiet";
    said.textContent = wrong || (rows.length ? "What fits best comes first; a blue edge marks what fits well." : "Type the loss as your program prints it.");
    link.href = addressOf(state);
    say(wrong || (rows.length ? `${rows.length} meaning${rows.length > 1 ? "s" : ""}. First: ${rows[0].title}.` : ""));
  }

  draw();
  followAddress({ model, name: "loss-meaning", parse: stateOfAddress, set, signal, show: (note) => frame.prepend(note),
    unreadable: "The address of this page does not hold a question that can be read." });
}

export default { render };
