/**
 * Pixel explorer: a street scene as layers, and what each of its pixels pays. Here is what stands before "Start", which loads
 * the rest: pixel-desk.mjs.
 * State: {facts, scene, layer, at, names, colours}, on the page from data-props and in Jupyter from the Python object.
 */
import { load } from "./load.mjs";
import { announcer, followAddress, h, stateOf, STYLE, text } from "./parts.mjs";
import { COLUMNS, KINDS, ROWS } from "./pixel-loss.mjs";
import { LAYOUT } from "./pixel-style.mjs";

const SCENES = 6;

/** Whether a layer exists: photo, mask, prediction, loss, or p of a class, "p7". */
const isLayer = (layer) => ["photo", "mask", "prediction", "loss"].includes(layer) || (/^p(0|[1-9]\d?)$/.test(layer) && Number(layer.slice(1)) < KINDS);

/** The state as it stands in a page's address, "#pixel-explorer=scene:0;layer:loss;at:48,64", and back; null where it is none. */
export function toFragment({ scene, layer, at }) {
  return `#pixel-explorer=scene:${scene};layer:${layer};at:${at.join(",")}`;
}

export function fromFragment(fragment) {
  const plain = fragment.replace(/%2C|%3A|%3B/gi, decodeURIComponent); // some programs write , : and ; as codes
  const found = plain.match(/^#pixel-explorer=scene:(\d);layer:(\w{1,12});at:(\d{1,3}),(\d{1,3})$/);
  if (!found) return null;
  const [scene, row, column] = [found[1], found[3], found[4]].map(Number);
  return scene < SCENES && isLayer(found[2]) && row < ROWS && column < COLUMNS ? { scene, layer: found[2], at: [row, column] } : null;
}

function render({ model, el, signal }) {
  let desk = null; // nothing is loaded before the reader asks for it
  const state = stateOf(model, ["facts", "scene", "layer", "at", "names", "colours"], () => desk?.schedule());
  const { facts } = state.read();

  const press = (label, onPress) => {
    const made = h("button", { type: "button" }, label);
    made.addEventListener("click", onPress, { signal });
    return made;
  };
  const scenes = Array.from({ length: SCENES }, (_, k) => press(`Scene ${k}`, () => open(k)));
  for (const each of scenes) each.setAttribute("aria-pressed", false);
  const start = press("Start", () => open(state.read().scene));
  const waiting = h("span", { className: "quiet" });
  const problem = h("p", { className: "alarm", role: "alert" });
  const status = h("p", { className: "hidden", role: "status" });

  const rows = [["borders", ...facts.border], ...facts.classes];
  const cell = (share) => h("td", {}, `${Math.round(100 * share)}%`);
  const before = h("div", {},
    h("table", {},
      h("caption", {}, `A street scene of 96 × 128 pixels: the mean loss is ${text(facts.mean, 2)} nats. Borders, and the three classes with most loss:`),
      h("thead", {}, h("tr", {}, ...["pixels", "share of the area", "share of the loss"].map((each) => h("th", { scope: "col" }, each)))),
      h("tbody", {}, ...rows.map(([name, area, loss]) => h("tr", {}, h("th", { scope: "row" }, name), cell(area), cell(loss))))),
    h("div", { className: "line" }, start, h("span", { className: "quiet" }, "fetches one scene, 0.2 MB.")));
  el.append(
    h("style", {}, STYLE + LAYOUT),
    h("div", { className: "lab pixel-explorer", role: "group", "aria-label": "Pixel explorer" },
      h("p", { className: "title" }, "Pixel explorer"),
      h("div", { className: "line" }, ...scenes, waiting), problem, before, status),
  );
  const parts = { before, scenes, waiting, problem, say: announcer(status) };

  async function open(number) {
    if (!desk) waiting.textContent = "The explorer is on its way …";
    try {
      const { makeDesk } = await load("./pixel-desk.mjs");
      desk ??= makeDesk({ model, state, parts, toFragment, signal }); // another press may have come before
      desk.open(number);
    } catch (error) {
      waiting.textContent = "";
      problem.textContent = error.message;
    }
  }

  // Where a finger is all there is, keys are not spoken of; nor once a finger has pressed, until a key is.
  const lab = el.querySelector(".lab");
  lab.classList.toggle("touched", matchMedia("(pointer: coarse)").matches);
  lab.addEventListener("pointerdown", ({ pointerType }) => pointerType === "touch" && lab.classList.add("touched"), { signal });
  lab.addEventListener("keydown", () => lab.classList.remove("touched"), { signal });

  const unreadable = "The address holds what the explorer cannot read; it shows its own.";
  followAddress({ model, name: "pixel-explorer", parse: fromFragment, set: state.set, unreadable, show: (unread) => problem.after(unread), signal });
}

export default { render };
