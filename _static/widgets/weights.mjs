/**
 * Stored weights: fetched, verified and read. utils/nets/weights.py says how they are stored. Nothing comes from another
 * host, and what goes wrong is an Error whose message is a sentence for the reader.
 */

/** A float16 (IEEE 754, binary16) as a number, from its 16 bits; not every browser has Float16Array. */
export function float16(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** Raise an error with this sentence unless the condition holds. */
function ensure(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

/** An ArrayBuffer, or a view of a part of one, as a Uint8Array of the same memory. */
function asBytes(buffer) {
  return ArrayBuffer.isView(buffer) ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength) : new Uint8Array(buffer);
}

/** The sha256 of some bytes, in hexadecimal digits. */
export async function sha256(content) {
  // Browsers keep it from pages that come over plain http from another machine.
  const reason = "The weights cannot be verified here: the browser allows it only to pages from https:// or from localhost.";
  ensure(globalThis.crypto?.subtle, reason);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Verify and read the weights that Python's `save_weights` stored.
 *
 * @param manifest what the .json file holds: {sha256, tensors: [{name, shape, dtype, offset}, …]} and facts
 * @param buffer the .bin file, an ArrayBuffer or a view
 * @returns a promise of an object: tensors {shape, values}, values a Float32Array row by row, by their names
 */
export async function readWeights(manifest, buffer) {
  const content = asBytes(buffer);
  const damaged = (what) => `The weights’ manifest is damaged: ${what}.`;
  ensure(typeof manifest?.sha256 === "string", damaged("it has no sha256"));
  ensure(Array.isArray(manifest.tensors) && manifest.tensors.length > 0, damaged("it lists no tensors"));
  const found = await sha256(content);
  ensure(found === manifest.sha256, `The weights are damaged: their sha256 is ${found}, the manifest says ${manifest.sha256.slice(0, 64)}.`);

  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const weights = new Map();
  let end = 0; // of the tensor before: they follow each other without gaps
  for (const tensor of manifest.tensors) {
    const { name, shape, dtype, offset } = tensor ?? {};
    ensure(typeof name === "string" && !weights.has(name), damaged("a tensor has no name, or that of another"));
    const label = name.slice(0, 80);
    const sane = Array.isArray(shape) && shape.length >= 1 && shape.length <= 4 && shape.every((n) => Number.isInteger(n) && n >= 1);
    ensure(sane, damaged(`${label} has no shape of one to four whole numbers`));
    ensure(dtype === "float16" || (dtype === "int8" && shape.length > 1), damaged(`${label} is neither float16 nor an int8 matrix`));
    ensure(offset === end, damaged(`${label} does not begin at byte ${end}`));
    const size = shape.reduce((product, n) => product * n, 1);
    const columns = shape.at(-1);
    end += dtype === "int8" ? size + 2 * columns : 2 * size;
    ensure(end <= content.length, damaged(`${label} ends beyond the ${content.length} bytes of the file`));

    const values = new Float32Array(size);
    if (dtype === "float16") for (let k = 0; k < size; k++) values[k] = float16(view.getUint16(offset + 2 * k, true));
    else {
      // A whole number, −127 to 127, for each weight; after them the scale of each column.
      const scales = Array.from({ length: columns }, (_, c) => float16(view.getUint16(offset + size + 2 * c, true)));
      for (let k = 0; k < size; k++) values[k] = view.getInt8(offset + k) * scales[k % columns];
    }
    ensure(values.every(Number.isFinite), damaged(`${label} holds what is no finite number`));
    weights.set(name, { shape: [...shape], values });
  }
  ensure(end === content.length, damaged(`its tensors end at byte ${end}, the file has ${content.length}`));
  return Object.fromEntries(weights);
}

/**
 * Fetch NAME.json and NAME.bin from a folder of the page's own host.
 *
 * @param name the model, such as "digit_cnn"
 * @param base the folder's address, which ends in "/"
 * @param signal an AbortSignal: when it fires, the promise is rejected with its reason
 * @returns a promise of {manifest, weights}: the facts, and what `readWeights` makes of both files
 */
export async function fetchModel(name, { base, signal } = {}) {
  ensure(/^\w+$/.test(name), `${JSON.stringify(name)} is no name of a model.`);
  const [manifest, buffer] = await Promise.all([
    fetchFile(`${name}.json`, { base, signal, read: (response) => response.json() }),
    fetchFile(`${name}.bin`, { base, signal, read: (response) => response.arrayBuffer() }),
  ]);
  return { manifest, weights: await readWeights(manifest, buffer) };
}

/** Fetch one file from a folder of the page's own host; `read` makes of the response what the promise is of. */
export async function fetchFile(file, { base, signal, read }) {
  const address = new URL(file, base);
  ensure(address.origin === location.origin, `${address.href} is on another host than the page: nothing is fetched from there.`);
  let response;
  try {
    response = await fetch(address, { signal, redirect: "error" });
  } catch {
    signal?.throwIfAborted();
    throw new Error(`${file} could not be fetched: is there a connection?`);
  }
  ensure(response.ok, `${file} could not be fetched: the server answers ${response.status}.`);
  try {
    return await read(response);
  } catch (error) {
    signal?.throwIfAborted();
    const reason = error instanceof SyntaxError ? "it is not JSON" : "the connection was cut";
    throw new Error(`${file} could not be read: ${reason}.`);
  }
}

/**
 * A widget's trained network, wherever the widget runs: on a page it is fetched from the page's host, in Jupyter asked of
 * Python, whose widget must be a `ModelWidget` of utils/widgets/base.py.
 *
 * @param model the widget's model, as its `render` is given it
 * @param name the network, such as "digit_cnn"
 * @param signal an AbortSignal, as for `fetchModel`
 * @returns a promise of {manifest, weights}
 */
export async function modelFrom(model, name, { signal, patience = 60_000 } = {}) {
  // In Jupyter this module runs from memory and its own address leads nowhere; on a page it is below _static/widgets/.
  if (model.get("page")) return fetchModel(name, { base: new URL("../models/", import.meta.url), signal });
  const [answer, buffers] = await ask(model, name, signal, patience);
  ensure(!answer.error, answer.error);
  return { manifest: answer.manifest, weights: await readWeights(answer.manifest, buffers[0]) };
}

/** Ask Python for a model; a promise of its answer and the answer's buffers. `patience` is in milliseconds. */
export function ask(model, name, signal, patience) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const done = (settle, result) => {
      clearTimeout(timer);
      model.off("msg:custom", listen);
      signal?.removeEventListener("abort", stop);
      settle(result);
    };
    const listen = (answer, buffers) => {
      if (answer?.type === "weights" && answer.name === name) done(resolve, [answer, buffers]);
    };
    const stop = () => done(reject, signal.reason);
    const late = new Error(`Python did not send ${name}: it is busy or was restarted. Run the cell again.`);
    const timer = setTimeout(() => done(reject, late), patience);
    signal?.addEventListener("abort", stop);
    model.on("msg:custom", listen);
    model.send({ type: "weights", name });
  });
}
