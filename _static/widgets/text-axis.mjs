/** The axis of the text widget: bits a character, of what chapter 9 measures and of a text of the reader. */
import { h, text } from "./parts.mjs";

const AXIS = 8; // bits that the axis shows

/** One axis of bits a character with marks, and perhaps a pair [name, bits] of the reader's own. */
export function axisOf({ uniform, xz, counts, network }, own = null) {
  const marks = [["uniform", uniform], ["xz", xz], ["counts", counts], ["network, unread play", network]];
  const list = h("ul", { className: "axis" });
  for (const [name, bits] of [...marks, ...(own ? [own] : [])]) {
    const mine = own && name === own[0];
    const x = (100 * Math.min(bits, AXIS)) / AXIS;
    const item = h("li", { className: `${mine ? "own" : ""}${x > 45 ? " right" : ""}` }, h("span", {}, `${text(bits, 2)}${bits > AXIS ? " →" : ""} ${name}`));
    item.style.setProperty("--x", x.toFixed(2));
    list.append(item);
  }
  const scale = h("div", { className: "scale", "aria-hidden": "true" }, ...Array.from({ length: AXIS + 1 }, (_, k) => h("span", {}, String(k))));
  return h("div", {}, list, scale);
}
