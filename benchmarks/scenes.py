"""Street scenes: what a minute of U-Net is worth, class by class, and what weights for rare classes change."""

import numpy as np

from benchmarks.harness import seconds, table
from utils.metrics import class_weights, confusion, iou
from utils.nets import logits_of, train_scenes, unet
from utils.quiet import keras
from utils.scenes import CLASSES, street_scenes

SCENES, EPOCHS = 1000, 8


def weightings(masks):
    """Return the three weightings: none, the inverse of a class's frequency, and its root. Each has mean 1 over pixels.

    Parameters
    ----------
    masks : ndarray of int, shape (N, H, W)
        The masks to train on.

    Returns
    -------
    dict of str to ndarray, shape (K,), or None
    """
    powers = {"root": 0.5, "inverse": 1}
    return {"none": None, **{name: class_weights(masks, len(CLASSES), power) for name, power in powers.items()}}


def measure():
    """Train one U-Net for each weighting, from one seed, on the same scenes."""
    images, masks = street_scenes(SCENES, seed=0)
    unseen, truth = street_scenes(200, seed=1)
    runs = []
    for name, weights in weightings(masks).items():
        keras.utils.set_random_seed(0)
        model = unet()
        time, _ = seconds(train_scenes, model, images, masks, EPOCHS, weights)
        counts = confusion(truth, logits_of(model, unseen, batch=20).argmax(axis=-1), len(CLASSES))
        runs.append(
            {
                "weights": name,
                "seconds": time,
                "accuracy": float(counts.trace() / counts.sum()),
                "iou": iou(counts).tolist(),
                "recall": (counts.diagonal() / counts.sum(axis=1)).tolist(),
            }
        )
        print(runs[-1], flush=True)
    return {"scenes": SCENES, "epochs": EPOCHS, "runs": runs}


def page(measured):
    """Return the section of RESULTS.md."""
    runs = measured["runs"]
    rows = [["seconds", *(f"{run['seconds']:.0f}" for run in runs)]]
    rows.append(["pixel accuracy", *(f"{run['accuracy']:.3f}" for run in runs)])
    rows.append(["mean IoU", *(f"{np.mean(run['iou']):.3f}" for run in runs)])
    rows += [[f"IoU of {name}", *(f"{run['iou'][i]:.3f}" for run in runs)] for i, name in enumerate(CLASSES)]
    return f"""## Street scenes: U-Net, {measured["epochs"]} passes over {measured["scenes"]:,} scenes

{table(["weights", *(run["weights"] for run in runs)], rows)}

One run each, from seed 0, measured on 200 unseen scenes. The weights multiply the loss of a pixel by its class: by the
root of 1 / frequency, or by 1 / frequency, divided by their mean over the pixels.
"""
