/** Modules that are loaded when they are needed. In Jupyter all are there from the start: `module` of utils/widgets/base.py. */

const failures = new Map(); // file → how often it did not come

/**
 * A promise of what a neighbour exports, "./….mjs". Where it does not come, the error is a sentence for the reader, and the
 * next call asks under another address: of the first the browser remembers that nothing came.
 */
export async function load(file) {
  const before = failures.get(file) ?? 0;
  try {
    return await import(before ? `${file}?again=${before}` : file);
  } catch (cause) {
    failures.set(file, before + 1);
    throw new Error("A part of the widget could not be fetched: is there a connection?", { cause });
  }
}
