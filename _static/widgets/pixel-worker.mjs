/**
 * The street scenes' network beside the page, in a worker, so that drawing goes on while it computes. It is told
 * {weights} once, then {id, picture} for each photo, 0 to 255, and answers {id, surprise, milliseconds}, or {id, error}.
 */
import { unet } from "./forward.mjs";
import { surpriseOf } from "./pixel-loss.mjs";

let scenery;

onmessage = ({ data }) => {
  try {
    if (data.weights) {
      scenery = unet(data.weights);
      postMessage({ id: 0 });
      return;
    }
    const start = performance.now();
    const surprise = surpriseOf(scenery.logits(Float32Array.from(data.picture, (byte) => byte / 255)).values);
    postMessage({ id: data.id, surprise, milliseconds: performance.now() - start }, [surprise.buffer]);
  } catch (error) {
    postMessage({ id: data.id ?? 0, error: error.message });
  }
};
