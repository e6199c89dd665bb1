"""The trained networks in a browser: how long until one is ready, what one answer takes, how close to Keras."""

import numpy as np

from benchmarks.harness import FOLDER, middle, table
from benchmarks.pages import launched, served
from utils.datasets import load_mnist, load_shakespeare
from utils.nets import MODELS, char_lstm, digit_cnn, load_weights, unet
from utils.scenes import street_scenes
from utils.text import apart, encode

ROOT = FOLDER.parent
LOADS = 7
LENGTH = 50  # characters of a text

# Load a network some times over, each time past the cache, and keep the last one.
LOAD = """async ([name, maker, loads]) => {
  const { fetchModel } = await import("/_static/widgets/weights.mjs");
  const forward = await import("/_static/widgets/forward.mjs");
  const times = [];
  for (let i = 0; i < loads; i++) {
    const start = performance.now();
    const { weights } = await fetchModel(name, { base: `${location.origin}/data/models/` });
    globalThis.network = forward[maker](weights);
    times.push(performance.now() - start);
  }
  return times;
}"""

ASK = """(input) => {
  const start = performance.now();
  const answer = globalThis.network.logits(input);
  const time = performance.now() - start;
  return { time, logits: Array.isArray(answer) ? answer : [...answer.values] };
}"""


def inputs():
    """Return of each network its maker in JavaScript, the model of Keras, its inputs, and the unit of an answer."""
    _, (digits, _) = load_mnist()
    _, _, play = apart(load_shakespeare())
    made = {"digit_cnn": digit_cnn(), "unet": unet(), "char_lstm": char_lstm()}
    stated = {name: load_weights(model) for name, model in made.items()}
    texts = encode(play[: 200 * LENGTH], stated["char_lstm"]["characters"]).reshape(200, LENGTH)
    return {
        "digit_cnn": ("digitCnn", made["digit_cnn"], digits[:200, ..., None] / np.float32(255), "a digit"),
        "unet": ("unet", made["unet"], street_scenes(20, seed=1)[0], "a scene"),
        "char_lstm": ("charLstm", made["char_lstm"], texts, f"{LENGTH} characters"),
    }


def measure():
    """Load each network in Chromium, ask it for its inputs one by one, and compare its logits with those of Keras."""
    found = {}
    with launched() as browser, served(ROOT) as address:
        page = browser.new_page()
        page.goto(f"{address}benchmarks/")  # any page of this host
        for name, (maker, model, given, unit) in inputs().items():
            loads, times, far = page.evaluate(LOAD, [name, maker, LOADS]), [], 0.0
            for each in given:
                answer = page.evaluate(ASK, each.ravel().tolist())
                wanted = model(each[None]).numpy()[0]
                wanted = wanted[-1] if name == "char_lstm" else wanted  # there the answer is what follows the last
                far = max(far, float(np.abs(np.reshape(answer["logits"], wanted.shape) - wanted).max()))
                times.append(answer["time"])
            size = (MODELS / f"{name}.bin").stat().st_size
            found[name] = {
                "bytes": size,
                "loads": loads,
                "times": times,
                "unit": unit,
                "inputs": len(given),
                "far": far,
            }
            print(name, middle(loads), middle(times), far, flush=True)
        return {"browser": browser.version, "networks": found}


def page(measured):
    """Return the section of RESULTS.md."""
    columns = ["network", "bytes", "milliseconds to load", "one answer", "milliseconds", "inputs", "largest difference"]
    rows = [
        [
            f"`{name}`",
            f"{each['bytes']:,}",
            middle(each["loads"], 0),
            each["unit"],
            middle(each["times"], 1),
            each["inputs"],
            f"{each['far']:.0e}",
        ]
        for name, each in measured["networks"].items()
    ]
    return f"""## The trained networks in a browser

{table(columns, rows)}

Chromium {measured["browser"]}, without a screen, on the same machine as the server, so a load is reading, checking the
sha256 and turning 8 or 16 bits into 32. The difference is the largest of any logit from the one that Keras computes.
"""
