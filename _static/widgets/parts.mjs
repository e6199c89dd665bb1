/** What the labs share: making elements, sliders, numbers as text, and one quiet style. */

/** Make an element: h("p", { className: "note", "aria-label": "…" }, "text", child). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/**
 * A slider that is named for screen readers and moved by pointer, touch and keys.
 * Arrow keys move to the next multiple of `key`, Page Up and Down by ten of them: the step is finer, for dragging.
 * A finger that turns out to scroll the page has moved the slider on its way: `remember` returns a function that undoes it.
 */
export function slider({ name, min, max, step, key = step, onInput, remember, signal }) {
  const input = h("input", { type: "range", min, max, step, "aria-label": name });
  input.addEventListener("input", () => onInput(input.valueAsNumber), { signal });
  let undo;
  input.addEventListener("pointerdown", () => (undo = remember()), { signal });
  input.addEventListener("pointercancel", () => undo(), { signal });
  const moves = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  const onKey = (event) => {
    if (!(event.key in moves)) return;
    event.preventDefault();
    input.value = (Math.round(input.valueAsNumber / key + moves[event.key]) * key).toFixed(6);
    onInput(input.valueAsNumber);
  };
  input.addEventListener("keydown", onKey, { signal });
  return quietInJupyter(input);
}

/**
 * A lab's state in its model, the traits named `keys`: `read` it, `set` some of it, `remember` it to undo a change.
 * `draw` follows every change, whether it comes from the lab or from Python.
 */
export function stateOf(model, keys, draw) {
  const read = () => Object.fromEntries(keys.map((key) => [key, model.get(key)]));
  const set = (change) => {
    for (const [key, value] of Object.entries(change)) model.set(key, value);
    model.save_changes();
    draw();
  };
  const remember = () => {
    const before = read();
    return () => set(before);
  };
  for (const key of keys) model.on(`change:${key}`, draw);
  return { read, set, remember };
}

/**
 * On a page, set what `parse` reads in the address, now and whenever it changes. Where the address means this widget by its
 * `name` and cannot be read, `show` puts a paragraph with the sentence `unreadable` on the widget, until it can.
 */
export function followAddress({ model, name, parse, set, unreadable, show, signal }) {
  if (!model.get("page")) return;
  const unread = h("p", { className: "alarm" }, unreadable);
  const read = () => {
    const shared = parse(location.hash);
    if (shared === null && location.hash.startsWith(`#${name}=`)) show(unread);
    else unread.remove();
    if (shared) set(shared);
  };
  read();
  addEventListener("hashchange", read, { signal });
}

/** JupyterLab takes arrow keys for its own commands, unless the focused element says otherwise. */
export function quietInJupyter(input) {
  input.dataset.lmSuppressShortcuts = "true";
  return input;
}

/** Tell a screen reader what changed, once the changes have paused; what the lab starts with is no change. */
export function announcer(region) {
  let timer, known;
  return (text) => {
    clearTimeout(timer);
    known ??= text;
    if (text !== known) timer = setTimeout(() => (region.textContent = known = text), 400);
  };
}

/** A number as text with a true minus sign; `inf` and `nan` as NumPy prints them. */
export function text(number, digits = 4) {
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "−inf";
  const rounded = Number(number.toFixed(digits)) === 0 ? 0 : number; // no −0.0000
  return rounded.toFixed(digits).replace("-", "−");
}

/** An exponent as it stands above the line: −5, or "-5", is "⁻⁵". */
export function superscript(exponent) {
  return String(exponent).replace("+", "").replace(/[-−]/, "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
}

export const STYLE = `
.lab { --line: var(--pst-color-border, var(--jp-border-color2, #c9c9c9)); --ground: var(--pst-color-surface, var(--jp-layout-color1, #f3f4f5));
  --text: var(--pst-color-text-base, var(--jp-content-font-color1, #222)); --quiet: var(--pst-color-text-muted, var(--jp-content-font-color2, #48566b));
  container-type: inline-size; color: var(--text); font: 0.9375rem/1.4 system-ui, sans-serif; font-variant-numeric: tabular-nums;
  border: 1px solid var(--line); border-radius: 0.4rem; padding: 0.9rem 1rem; margin: 1rem 0; }
.lab * { box-sizing: border-box; }
.lab p { margin: 0.5rem 0 0; max-width: none; line-height: 1.45; }
.lab .title { font-weight: 600; margin: 0 0 0.5rem; }
.lab .quiet, .lab th { color: var(--quiet); font-weight: 400; }
.lab .big { font-size: 1.25rem; }
.lab .alarm { color: color-mix(in srgb, var(--vermillion) 75%, var(--text)); font-weight: 600; }
.lab .hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.lab input[type=range] { width: 100%; height: 1.75rem; margin: 0; accent-color: var(--blue); touch-action: pan-y; cursor: pointer; }
.lab input[type=number] { width: 4.6rem; padding: 0.15rem 0.3rem; font: inherit; text-align: right; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 0.25rem; }
.lab input[type=radio], .lab input[type=checkbox] { width: 1.1rem; height: 1.1rem; margin: 0 0.4rem 0 0; accent-color: var(--vermillion); vertical-align: -0.15rem; }
.lab button, .lab .button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 0.25rem;
  padding: 0.3rem 0.7rem; min-height: 2rem; cursor: pointer; text-decoration: none; }
.lab button:hover, .lab .button:hover { background: var(--ground); }
.lab button[aria-disabled=true] { opacity: 0.5; cursor: default; }
.lab :focus-visible { outline: 2px solid var(--blue); outline-offset: 2px; }
.lab .bar { display: block; print-color-adjust: exact; height: 0.6rem; background: var(--blue); border-radius: 0.1rem; min-width: 1px; }
.lab table { border-collapse: collapse; width: 100%; margin: 0.5rem 0 0; background: none; color: inherit; font-size: inherit; }
.lab th, .lab td { padding: 0.2rem 0.5rem; text-align: right; border: 0; border-bottom: 1px solid var(--line); background: none; }
.lab tr > :first-child { text-align: left; padding-left: 0; }
.lab .line { display: flex; flex-wrap: wrap; gap: 0.4rem 1rem; align-items: center; margin-top: 0.6rem; }
.lab .line > label { display: flex; gap: 0.6rem; align-items: center; flex: 1 1 17rem; white-space: nowrap; }
@media (prefers-reduced-motion: no-preference) { .lab .bar { transition: width 120ms; } }
@media print { .lab { break-inside: avoid; } }
`;
