"""Findings in a loss that raises an error: which shapes and dtypes met, and which change makes them meet."""

import numpy as np

from .finding import Finding
from .graph import reason
from .measure import FEW, distinct


def loss_fails(case):
    """Find a loss that raises any error on this batch."""
    if not isinstance(case.run, Exception):
        return None
    kind = f"{case.kind} loss" if case.kind else getattr(case.loss, "name", "loss")
    return Finding(
        "loss cannot be computed",
        "The loss refuses this batch.",
        f"y {case.y.shape} {case.y.dtype} holds {distinct(case.y)}; output {case.p.shape} {case.dtype}; {kind}: "
        f"{reason(case.run)}",
        change_for(case),
    )


def change_for(case):
    """Return the change that makes labels, output and loss meet."""
    y, p, rows = case.labels, case.p, case.p.shape[:-1]
    whole = not (y.astype(np.float64) % 1).any()
    if case.reading.by_hand and (inside := _for_dtype(case)):
        return inside
    if p.ndim == 1:
        return "the output has no axis for the classes: end in Dense(units) without Flatten or squeeze behind it"
    if case.kind not in FEW and case.classes > 1 and y.shape == rows and whole:
        return _for_integers(case)
    if case.kind == "sparse":
        return _for_rows(y.shape, rows, case) or f"y of shape {rows}, a class number for each row of the output"
    if case.y.ndim == p.ndim and case.y.shape[:-1] == rows and case.y.shape != p.shape:
        rows = f"keras.utils.to_categorical(labels, {case.classes})"
        if case.classes == 1:
            rows = "one column of 0 and 1, y = y.argmax(-1)[:, None]"
        return f"y has {case.y.shape[-1]} columns and the output {case.classes}: Dense({case.y.shape[-1]}), or {rows}"
    found = _for_rows(case.y.shape[:-1] if case.y.ndim == p.ndim else case.y.shape, rows, case)
    inside = "the shapes meet: the loss fails by itself; call loss(y[:1], model(x[:1])) and read where"
    return found or _for_dtype(case) or (inside if case.y.shape == p.shape else f"y of shape {p.shape}, as the output")


def _for_integers(case):
    """Return the change for class numbers under a loss that wants rows."""
    top = int(case.y.max())
    if case.y.min() < 0 or top >= case.classes:
        return (
            f"the labels go to {top} and the output has {case.classes} units: Dense({top + 1}), or correct the labels"
        )
    logits = "" if case.probs else "from_logits=True"
    return f"these are class numbers:\nloss=keras.losses.SparseCategoricalCrossentropy({logits})"


def _for_rows(found, wanted, case):
    """Return the change where the axes before the classes differ, or None where they do not."""
    if found == wanted:
        return _for_dtype(case)
    if len(found) != len(wanted):
        axes = "fewer" if len(found) < len(wanted) else "more"
        return f"y has {axes} axes than the output: wanted {wanted} before the classes, y gives {found}"
    if len(wanted) == 3:
        return (
            f"masks are {found[1]} x {found[2]}, the output {wanted[1]} x {wanted[2]}: padding='same' and as many "
            "UpSampling2D as MaxPooling2D, or resize the masks with nearest neighbour"
        )
    if len(wanted) == 2:
        return f"y has {found[1]} steps and the output {wanted[1]}: cut or pad both to one length"
    return None


def _for_dtype(case):
    """Return the change where numbers of two types meet, or the loss leaves the graph, or None."""
    text = str(case.run)
    if not case.reading.by_hand:
        return None
    if "numpy" in text.lower() and "symbolic" in text.lower():
        return "no NumPy in the loss: keras.ops or tf functions have gradients"
    if any(word in text.lower() for word in ("dtype", "type float", "of type", "datatype", "int32", "int64")):
        return (
            f"labels arrive as {case.loss.dtype}; in the loss:\ny_true = tf.cast(y_true, tf.int32) for indices,\n"
            "tf.cast(y_true, y_pred.dtype) for sums"
        )
    return None
