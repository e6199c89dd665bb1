/**
 * Writer: the character network of chapter 9 on the reader's machine. It writes, reads what it is given, is bet against,
 * and forgets; each character is shaded by its bits, −log₂ p. Here is what stands before “Start”, which loads the rest:
 * text-tabs.mjs.
 * State: {prompt, temperature, top_k, top_p, seed}, on the page from data-props and in Jupyter from the Python object;
 * {passage, shades, marks, before, hidden, size} are given once.
 */
import { load } from "./load.mjs";
import { announcer, followAddress, h, stateOf, STYLE } from "./parts.mjs";
import { axisOf } from "./text-axis.mjs";
import { fromFragment } from "./text-loss.mjs";
import { TEXT_LAYOUT } from "./text-style.mjs";

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

function render({ model, el, signal }) {
  const state = stateOf(model, ["prompt", "temperature", "top_k", "top_p", "seed"], () => tabs?.write.draw());
  const { passage, shades, marks, before, hidden, size } = Object.fromEntries(
    ["passage", "shades", "marks", "before", "hidden", "size"].map((key) => [key, model.get(key)]));
  let tabs = null;

  const status = h("p", { className: "hidden", role: "status" });
  const speak = announcer(status);
  speak(""); // what comes first is no change, and not told
  const start = h("button", { type: "button" }, "Start");
  const message = h("p", { role: "status" });
  const body = h("div", {},
    shaded(passage, shades),
    h("p", { className: "quiet" }, "A passage of a play that the network has not read. The stronger a character’s colour, the more bits, −log₂ p, it costs."),
    axisOf(marks),
    h("div", { className: "line" }, start, h("span", { className: "quiet" }, `fetches the network, ${size} MB, and runs it on your machine`)),
    message);
  const lab = h("div", { className: "lab writer", role: "group", "aria-label": "Writer" }, h("p", { className: "title" }, "Writer: a text in bits, character by character"), body, status);
  el.append(h("style", {}, STYLE + TEXT_LAYOUT), lab);

  let waiting = false;
  start.addEventListener("click", async () => {
    if (waiting) return;
    waiting = true;
    start.setAttribute("aria-disabled", true);
    message.className = "";
    message.textContent = "The network is being fetched …";
    try {
      const { networkOf, openTabs } = await load("./text-tabs.mjs");
      const given = await networkOf(model, signal);
      tabs = openTabs(body, { ...given, state, passage, marks, before, hidden, page: model.get("page"), signal, say: speak });
    } catch (error) {
      if (signal?.aborted) return;
      message.className = "alarm";
      message.textContent = `${error.message} The page works on without it; “Start” tries again.`;
      start.setAttribute("aria-disabled", false);
    }
    waiting = false;
  }, { signal });

  const unreadable = "The address holds settings that the widget cannot read; it shows its own.";
  followAddress({ model, name: "writer", parse: fromFragment, set: state.set, unreadable, show: (unread) => lab.querySelector(".title").after(unread), signal });
}

export default { render };
