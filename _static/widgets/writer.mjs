/**
 * Writer: the character network of chapter 9 on the reader's machine. It writes, reads what it is given, is bet against,
 * and forgets; each character is shaded by its bits, −log₂ p. The four tabs are modules of their own, text-*.mjs.
 * State: {prompt, temperature, top_k, top_p, seed}, on the page from data-props and in Jupyter from the Python object;
 * {passage, shades, marks, before, hidden, size} are given once.
 */
import { charLstm } from "./forward.mjs";
import { announcer, followAddress, h, quietInJupyter, stateOf, STYLE } from "./parts.mjs";
import { makeGuess } from "./text-guess.mjs";
import { fromFragment } from "./text-loss.mjs";
import { axisOf, TEXT_LAYOUT, walk } from "./text-parts.mjs";
import { makeRead } from "./text-read.mjs";
import { makeState } from "./text-state.mjs";
import { makeWrite } from "./text-write.mjs";
import { modelFrom } from "./weights.mjs";

const LAYOUT = `
.writer .halves { display: grid; grid-template-columns: minmax(0, 1fr) 17.5rem; gap: 0 1rem; }
.writer .write > .line:last-child > label:last-child { flex: 0 1 9rem; }
.writer .write .tiles { height: 21rem; }
.writer .line > label.long { white-space: normal; }
.writer .bets { display: flex; flex-wrap: wrap; gap: 0.5rem 1.5rem; margin-top: 0.6rem; }
.writer .bets > div { white-space: nowrap; }
.writer .bets input[type=text] { width: 3rem; text-align: center; font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; }
.writer .bets input[type=number] { width: 4.2rem; margin-left: 0.3rem; }
.writer .still { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; border: 1px dashed var(--line); border-radius: 0.25rem; padding: 0.3rem 0.5rem; white-space: pre-wrap; }
.writer .passage { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.6; }
@container (max-width: 38rem) { .writer .halves { grid-template-columns: minmax(0, 1fr); } .writer .write .tiles { height: 11rem; } }
`;

/** A passage, shaded by whole bits: `shades` has a digit, 0 to 8, for each of its characters. */
function shaded(passage, shades) {
  const tiles = [...passage].map((character, i) => {
    const tile = h("span", { className: "tile" }, character);
    tile.style.setProperty("--b", Number(shades[i] ?? 0) / 8);
    tile.style.cursor = "inherit";
    return tile;
  });
  return h("p", { className: "passage" }, ...tiles);
}

/** The manifest's characters, or an error: each output of the network must have one. */
function charactersOf(manifest, network) {
  const { characters } = manifest;
  const good = typeof characters === "string" && characters.length === network.characters && new Set(characters).size === characters.length;
  if (!good) throw new Error("The weights’ manifest is damaged: it does not name each of the network’s characters.");
  return characters;
}

function render({ model, el, signal }) {
  const state = stateOf(model, ["prompt", "temperature", "top_k", "top_p", "seed"], () => tabs?.write.draw());
  const { passage, shades, marks, before, hidden, size } = Object.fromEntries(
    ["passage", "shades", "marks", "before", "hidden", "size"].map((key) => [key, model.get(key)]));
  const page = model.get("page");
  let tabs = null;

  const status = h("p", { className: "hidden", role: "status" });
  const speak = announcer(status);
  speak(""); // what comes first is no change, and not told
  const start = h("button", { type: "button" }, "Start");
  const message = h("p", { role: "status" });
  const body = h("div", {},
    shaded(passage, shades),
    h("p", { className: "quiet" }, "A passage of a play that the network has not read. The darker a character, the more bits, −log₂ p, it costs."),
    axisOf(marks),
    h("div", { className: "line" }, start, h("span", { className: "quiet" }, `fetches the network, ${size} MB, and runs it on your machine`)),
    message);
  const lab = h("div", { className: "lab writer", role: "group", "aria-label": "Writer" }, h("p", { className: "title" }, "Writer: a text in bits, character by character"), body, status);
  el.append(h("style", {}, STYLE + TEXT_LAYOUT + LAYOUT), lab);

  let waiting = false;
  start.addEventListener("click", async () => {
    if (waiting) return;
    waiting = true;
    start.setAttribute("aria-disabled", true);
    message.className = "";
    message.textContent = "The network is being fetched …";
    try {
      const { manifest, weights } = await modelFrom(model, "char_lstm", { signal });
      const network = charLstm(weights);
      open(network, charactersOf(manifest, network));
    } catch (error) {
      if (signal?.aborted) return;
      message.className = "alarm";
      message.textContent = `${error.message} The page works on without it; “Start” tries again.`;
      start.setAttribute("aria-disabled", false);
    }
    waiting = false;
  }, { signal });

  /** The four tabs take the place of the beginning; each is made when it is first looked at. */
  function open(network, characters) {
    const id = `writer-${Math.random().toString(36).slice(2)}`; // one set of tabs for each writer of a page
    const given = { network, characters, page, signal, say: speak };
    const write = makeWrite({ ...given, state });
    const makers = {
      Write: () => write,
      Read: () => makeRead({ ...given, start: passage, marks }),
      Guess: () => makeGuess({ ...given, before, hidden }),
      State: () => makeState({ ...given, rows: ["HAMLET.\nThe time is out of joi", passage.slice(0, 60)] }),
    };
    const names = Object.keys(makers);
    const buttons = names.map((name) => quietInJupyter(h("button", { type: "button", role: "tab", id: `${id}-${name}`, "aria-controls": `${id}-${name}-panel` }, name)));
    const panels = names.map((name) => h("div", { role: "tabpanel", id: `${id}-${name}-panel`, "aria-labelledby": `${id}-${name}`, hidden: true }));
    const list = h("div", { className: "tabs", role: "tablist", "aria-label": "what the network does" }, ...buttons);
    const settle = walk(list, { signal, moved: show });
    function show(button) {
      write.stop();
      buttons.forEach((each, k) => {
        const on = each === button;
        each.setAttribute("aria-selected", on);
        each.tabIndex = on ? 0 : -1;
        panels[k].hidden = !on;
        if (on && panels[k].childElementCount === 0) panels[k].append(makers[names[k]]().element);
      });
    }
    for (const button of buttons) button.addEventListener("click", () => show(button), { signal });
    body.replaceChildren(list, ...panels);
    tabs = { write };
    show(buttons[0]);
    settle();
    write.draw();
    buttons[0].focus({ preventScroll: true });
  }

  const unreadable = "The address holds settings that the widget cannot read; it shows its own.";
  followAddress({ model, name: "writer", parse: fromFragment, set: state.set, unreadable, show: (unread) => lab.querySelector(".title").after(unread), signal });
}

export default { render };
