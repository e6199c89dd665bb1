/** The text widget after “Start”: the network, and the four tabs, which are modules of their own. */
import { charLstm } from "./forward.mjs";
import { h, quietInJupyter } from "./parts.mjs";
import { makeGuess } from "./text-guess.mjs";
import { walk } from "./text-parts.mjs";
import { makeRead } from "./text-read.mjs";
import { makeState } from "./text-state.mjs";
import { makeWrite } from "./text-write.mjs";
import { modelFrom } from "./weights.mjs";

/** A promise of {network, characters}; an error if not each output of the network has one of the manifest's characters. */
export async function networkOf(model, signal) {
  const { manifest, weights } = await modelFrom(model, "char_lstm", { signal });
  const network = charLstm(weights);
  const { characters } = manifest;
  const good = typeof characters === "string" && characters.length === network.characters && new Set(characters).size === characters.length;
  if (!good) throw new Error("The weights’ manifest is damaged: it does not name each of the network’s characters.");
  return { network, characters };
}

/** The four tabs take the place of what is in `body`; each is made when it is first looked at. Returns {write}. */
export function openTabs(body, { network, characters, state, passage, marks, before, hidden, page, signal, say }) {
  const id = `writer-${Math.random().toString(36).slice(2)}`; // one set of tabs for each writer of a page
  const given = { network, characters, page, signal, say };
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
      if (!on || panels[k].childElementCount > 0) return;
      const made = makers[names[k]]();
      panels[k].append(made.element);
      made.opened?.(); // only now it has a height, and can scroll
    });
  }
  for (const button of buttons) button.addEventListener("click", () => show(button), { signal });
  body.replaceChildren(list, ...panels);
  show(buttons[0]);
  settle();
  write.draw();
  buttons[0].focus({ preventScroll: true });
  return { write };
}
