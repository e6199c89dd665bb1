"""Street scenes: weights for rare classes in training, and the same weights added to the logits afterwards."""

import numpy as np

from benchmarks.harness import middle, seconds, table
from utils.metrics import class_weights, confusion, iou
from utils.nets import logits_of, train_scenes, unet
from utils.quiet import keras
from utils.scenes import CLASSES, street_scenes

SCENES, EPOCHS, SEEDS = 1000, 6, (0, 1, 2)
UNSEEN = 500
POWERS = {"root": 0.5, "inverse": 1}
K = len(CLASSES)


def counts_of(model, images, masks, shifts=(0,)):
    """Return the confusion matrix of a model on some scenes, for each of the shifts added to its logits."""
    counts = np.zeros((len(shifts), K, K), int)
    for start in range(0, len(images), 20):  # the logits of 500 scenes are half a gigabyte
        part = slice(start, start + 20)
        logits = logits_of(model, images[part], batch=20)
        counts += [confusion(masks[part], (logits + shift).argmax(axis=-1), K) for shift in shifts]
    return counts


def scores(counts):
    """Return what is stored of a confusion matrix: accuracy, and the IoU, recall and number of pixels of each class."""
    pixels = counts.sum(axis=1)
    return {
        "accuracy": float(counts.trace() / counts.sum()),
        "iou": iou(counts).tolist(),
        "recall": (counts.diagonal() / pixels).tolist(),
        "pixels": pixels.tolist(),
    }


def measure():
    """Train one U-Net for each seed and weighting, in turns, on the same scenes; shift the logits of the unweighted."""
    images, masks = street_scenes(SCENES, seed=0)
    unseen, truth = street_scenes(UNSEEN, seed=1)
    weights = {name: class_weights(masks, K, power) for name, power in POWERS.items()}
    runs = []
    for seed in SEEDS:
        for name in ("none", *weights):
            keras.utils.set_random_seed(seed)
            model = unet()
            time, _ = seconds(train_scenes, model, images, masks, EPOCHS, weights.get(name))
            shifts = {name: 0}
            if name == "none":
                # Softmax of z + ln w is p w, divided by its sum: the same odds that weighted training aims at.
                shifts.update({f"{who}, afterwards": np.log(w) for who, w in weights.items()})
            found = zip(shifts, counts_of(model, unseen, truth, list(shifts.values())), strict=True)
            runs += [{"weights": who, "seed": seed, "seconds": time, **scores(counts)} for who, counts in found]
            if name == "none":
                (seen,) = counts_of(model, images[:UNSEEN], masks[:UNSEEN])
                runs.append({"weights": "none, trained scenes", "seed": seed, "seconds": time, **scores(seen)})
            print(
                seed, name, round(time), *(round(run["accuracy"], 4) for run in runs if run["seed"] == seed), flush=True
            )
    return {"scenes": SCENES, "epochs": EPOCHS, "unseen": UNSEEN, "runs": runs}


def page(measured):
    """Return the section of RESULTS.md."""
    by_weights = {}
    for run in measured["runs"]:
        by_weights.setdefault(run["weights"], []).append(run)
    names = [name for name in by_weights if name != "none, trained scenes"]
    order = np.argsort(measured["runs"][0]["pixels"])
    rare, large = order[:10], order[-5:]

    def row(what, value, of=names):
        return [what, *(middle([value(run) for run in by_weights[name]], 3) for name in of)]

    def recall(group):
        return lambda run: float(np.mean(np.array(run["recall"])[group]))

    def share(group):
        return lambda run: float(np.average(np.array(run["recall"])[group], weights=np.array(run["pixels"])[group]))

    rows = [
        row("pixel accuracy", lambda run: run["accuracy"]),
        row("mean IoU", lambda run: float(np.mean(run["iou"]))),
        row("recall, mean of the 10 rarest classes", recall(rare)),
        row("the same over their pixels", share(rare)),
        row("recall, mean of the 5 largest classes", recall(large)),
        row("the same over their pixels", share(large)),
        *(row(f"IoU of {name}", lambda run, i=i: run["iou"][i]) for i, name in enumerate(CLASSES)),
    ]
    both = ["none", "none, trained scenes"]
    seen = [
        row(what, value, both)
        for what, value in (
            ("pixel accuracy", lambda run: run["accuracy"]),
            ("mean IoU", lambda run: float(np.mean(run["iou"]))),
        )
    ]
    seeds, times = sorted({run["seed"] for run in by_weights["none"]}), [run["seconds"] for run in by_weights["none"]]
    return f"""## Street scenes: U-Net, {measured["epochs"]} passes over {measured["scenes"]:,} scenes

{table(["weights", *names], rows)}

Seeds {", ".join(map(str, seeds))}, the weightings in turns; {middle(times, 0)} seconds without weights. Measured on
{measured["unseen"]} unseen scenes. The weights multiply the loss of a pixel by its class: by the root of 1 / frequency,
or by 1 / frequency, divided by their mean over the pixels. "Afterwards" is the network without weights, with the
logarithms of the same weights added to its logits. Without weights, on scenes of either kind:

{table(["measured on", "unseen scenes", "trained scenes"], seen)}
"""
