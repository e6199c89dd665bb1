/** What the pixel explorer works on, wherever it runs: the stored scenes, and the network in a worker of its own. */
import { load } from "./load.mjs";
import { surpriseOf, unpackScene } from "./pixel-loss.mjs";
import { ask, fetchFile, modelFrom, sha256 } from "./weights.mjs";

/**
 * A stored scene, fetched from the page's host or asked of Python, and verified.
 *
 * @param model the widget's model, as its `render` is given it
 * @param number which scene, from 0
 * @param signal an AbortSignal
 * @returns a promise of {picture, mask, surprise, step, cap}
 */
export async function sceneFrom(model, number, signal) {
  if (!globalThis.DecompressionStream) throw new Error("This browser is too old to unpack the scenes: they need DecompressionStream.");
  const { manifest, packed } = await (model.get("page") ? fetchScene(number, signal) : askForScene(model, number, signal));
  const damaged = `Scene ${number} is damaged`;
  if ((await sha256(packed)) !== manifest.sha256) throw new Error(`${damaged}: its sha256 is not that of the manifest.`);
  if (JSON.stringify(manifest.classes) !== JSON.stringify(model.get("names"))) throw new Error(`${damaged}: it has other classes.`);
  const plain = new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
  const content = new Uint8Array(await plain.arrayBuffer());
  signal?.throwIfAborted();
  return { ...unpackScene(content, manifest.step), step: manifest.step, cap: manifest.cap };
}

async function fetchScene(number, signal) {
  const base = new URL("../models/scenes/", import.meta.url);
  const [{ files, ...manifest }, packed] = await Promise.all([
    fetchFile("manifest.json", { base, signal, read: (response) => response.json() }),
    fetchFile(`scene_${number}.bin.gz`, { base, signal, read: (response) => response.arrayBuffer() }),
  ]);
  return { manifest: { ...manifest, ...files?.[number] }, packed };
}

async function askForScene(model, number, signal) {
  const [answer, buffers] = await ask(model, `scene_${number}`, signal, 60_000);
  if (answer.error) throw new Error(answer.error);
  return { manifest: answer.manifest, packed: buffers[0] };
}

/**
 * The network: a promise of {run, beside, stop}.
 *
 * - run(picture): a promise of {surprise, milliseconds} for 96 × 128 × 3 bytes.
 * - beside: whether it runs in a worker. Where a browser or a notebook forbids that, it runs here and stops the page for as long.
 * - stop(): ends the worker.
 */
export async function networkFrom(model, signal) {
  const { weights } = await modelFrom(model, "unet", { signal });
  const worker = await workerFor(model, weights, signal).catch((reason) => {
    signal?.throwIfAborted();
    console.info(`The network runs on the page, not beside it: ${reason.message}`);
    return null;
  });
  if (worker) return { ...worker, beside: true };
  const { unet } = await load("./forward.mjs");
  const network = unet(weights);
  const run = async (picture) => {
    await new Promise((done) => setTimeout(done)); // what was drawn is shown first
    const start = performance.now();
    const surprise = surpriseOf(network.logits(Float32Array.from(picture, (byte) => byte / 255)).values);
    return { surprise, milliseconds: performance.now() - start };
  };
  return { run, beside: false, stop() {} };
}

/** A worker that has the weights: a promise of {run, stop}, rejected where there can be none. */
async function workerFor(model, weights, signal) {
  let address;
  if (model.get("page")) address = new URL("./pixel-worker.mjs", import.meta.url);
  else {
    // In Jupyter this module runs from memory, so the worker's comes from Python, in one piece.
    const [answer] = await ask(model, "pixel-worker", signal, 10_000);
    address = URL.createObjectURL(new Blob([answer.module], { type: "text/javascript" }));
  }
  const worker = new Worker(address, { type: "module" });
  const waiting = new Map(); // id → what settles its promise
  const tell = (id, message) =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      worker.postMessage(message);
    });
  const fail = () => {
    for (const { reject } of waiting.values()) reject(new Error("the worker does not start or broke down."));
    waiting.clear();
  };
  worker.onerror = fail;
  worker.onmessage = ({ data }) => {
    const { resolve, reject } = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error) reject(new Error(data.error));
    else resolve(data);
  };
  let last = 0;
  const late = setTimeout(fail, 10_000);
  try {
    await tell(0, { weights });
  } catch (error) {
    worker.terminate();
    throw error;
  } finally {
    clearTimeout(late);
  }
  return { run: (picture) => tell(++last, { id: last, picture }), stop: () => worker.terminate() };
}
