"""Findings in labels of the wrong array: strings, the channels of a picture, one step for a sequence."""

import numpy as np

from .finding import Finding
from .measure import FEW, distinct


def not_numbers(name, y):
    """Find labels that are strings or objects."""
    words = y.dtype.kind in "SU" or all(isinstance(v, str | bytes) for v in y.flat)
    examples = ", ".join(map(str, list(dict.fromkeys(y.flat))[:3]))
    return Finding(
        "labels are not numbers",
        "Keras takes class numbers or rows of numbers; the labels are "
        + ("names." if words else "Python objects, as a table with mixed columns or a list of unequal rows gives."),
        f"{name} has shape {y.shape} and dtype {y.dtype}; it begins with {examples}."[:300],
        "classes, y = np.unique(y, return_inverse=True)" if words else "y = np.asarray(y.tolist(), dtype='int64')",
    )


def distributions(y):
    """Whether the last axis of `y` has numbers of 0 to 1 that sum to 1."""
    return bool(((y >= 0) & (y <= 1)).all()) and np.allclose(y.astype(np.float64).sum(-1), 1, rtol=0, atol=1e-3)


def channels_as_mask(case):
    """Find masks (B, H, W, 3): the last axis has the channels of a picture, and no row of it is one-hot."""
    y, p = case.y, case.p
    if y.ndim != 4 or p.ndim != 4 or y.shape[-1] not in (3, 4) or y.shape[:-1] != p.shape[:-1]:
        return None
    same = float(np.mean((y[..., :3] == y[..., :1]).all(-1)))
    grey = case.classes == 1 and same == 1
    if (case.kind not in FEW and not grey) or distributions(y):
        return None
    what = "The labels have the channels of a picture on their last axis; a mask has one class number for each pixel."
    return Finding(
        "an image as mask",
        what,
        f"y has shape {y.shape} and holds {distinct(y)}; the output {p.shape} wants "
        f"{p.shape if grey else p.shape[:-1]}. In "
        f"{100 * same:.0f} % of the pixels the channels are equal.",
        f"y = y[..., {':1' if grey else '0'}], all channels say the same; then check the values with np.unique"
        if same == 1
        else "look up the class number of each colour, and read masks as PNG with one channel",
    )


def one_label_for_steps(case):
    """Find one label for each row under a model that answers at every step or pixel."""
    if case.p.ndim < 3 or _label_shape(case) != case.p.shape[:1]:
        return None
    classes = f"{case.classes} classes" if case.classes > 1 else "one unit"
    return Finding(
        "one label for a whole sequence",
        "The model answers at every step or pixel, and there is one label for all. Either a layer should leave one "
        "answer for a row, or the labels of the steps are missing.",
        f"Output {case.p.shape}: {int(np.prod(case.p.shape[1:-1]))} answers of {classes}; y {case.y.shape}. To "
        "tell: is one answer wanted for a row of x, or one for each step?",
        "one for a row: return_sequences=False, Flatten or global pooling;\n"
        f"one for each step: y of shape {case.p.shape[:-1]}",
    )


def steps_for_one_output(case):
    """Find a sequence of labels for each row under a model that gives one answer."""
    shape = _label_shape(case)
    if case.p.ndim != 2 or shape is None or len(shape) != 2 or (case.y.ndim == 2 and distributions(case.y)):
        return None
    return Finding(
        "labels for each step, one output",
        "The labels are a sequence for each row, and the model gives one answer. Either a layer should return "
        "sequences, or y has steps, or columns, that the loss does not want.",
        f"y {case.y.shape} holds {distinct(case.y)}; output {case.p.shape}. To tell: are its columns the steps of x?",
        "they are steps: return_sequences=True, no Flatten;\n"
        "they are not: one column, y = y[:, 0], or an output for each",
    )


def _label_shape(case):
    """Return the shape of the labels without their classes, or None where the loss says nothing of classes."""
    y, p = case.labels, case.p
    if case.kind == "categorical" and case.y.ndim and case.y.shape[-1] == case.classes:
        shape = case.y.shape[:-1]
    elif case.kind == "sparse" or (case.kind == "binary" and case.classes == 1 and p.ndim > 2):
        shape = y.shape
    else:
        return None
    return shape[:-1] if shape[-1:] == (1,) and len(shape) > 1 else shape
