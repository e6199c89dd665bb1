"""What a loss reads: which labels, logits or probabilities, known by its name or by what it makes of two rows."""

import contextlib
import functools
from dataclasses import dataclass

import numpy as np

from ..losses import softmax
from ..quiet import keras, tf

KNOWN = {
    keras.losses.sparse_categorical_crossentropy: "sparse",
    keras.losses.categorical_crossentropy: "categorical",
    keras.losses.binary_crossentropy: "binary",
}
# Two rows of three classes, on which a loss that is not Keras's own is tried.
ROWS, LABELS = np.float32([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]), np.array([2, 0])
# What the mean over them becomes where a sum or mean runs over another axis: of what, times what.
SCALES = {
    1: "",
    1 / 3: "the mean over the classes, where the sum belongs",
    2 / 3: "a sum over the rows and a mean over the classes",
    2: "the sum over the rows of the batch, not their mean",
    -1: "its negative",
}


@dataclass(frozen=True)
class Reading:
    """What a loss reads: its `kind`, "sparse", "categorical", "binary" or None, and how."""

    kind: str = None
    from_logits: bool = False
    by_hand: bool = False
    swapped: bool = False  # it takes (y_pred, y_true)
    scale: float = 1  # times cross-entropy
    over_rows: bool = False  # its softmax runs over the batch


def resolve(identifier, y, p):
    """Return the Loss that `fit` would make of `compile(loss=identifier)`."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        sparse = y.ndim < p.ndim or (y.shape[-1] == 1 and p.shape[-1] > 1)
        identifier = (
            f"{'binary' if p.shape[-1] == 1 else 'sparse_categorical' if sparse else 'categorical'}_crossentropy"
        )
    loss = keras.losses.get(identifier)
    if isinstance(loss, keras.losses.Loss):
        return loss
    return keras.src.losses.losses.LossFunctionWrapper(loss, name="loss")


def function_of(loss):
    """Return the function inside a Loss and its arguments, without `functools.partial`."""
    fn, kwargs = getattr(loss, "fn", None), dict(getattr(loss, "_fn_kwargs", {}))
    while isinstance(fn, functools.partial):
        fn, kwargs = fn.func, {**fn.keywords, **kwargs}
    return fn, kwargs


def reading_of(loss):
    """Return what a loss reads."""
    fn, kwargs = function_of(loss)
    if fn in KNOWN:
        return Reading(KNOWN[fn], bool(kwargs.get("from_logits", False)))
    own = fn if fn is not None else type(loss)
    if getattr(own, "__module__", "").startswith("keras."):
        return Reading()
    one_hot = np.eye(3, dtype="float32")[LABELS]
    for swapped in (False, True):
        values = {}
        for kind, y in (("sparse", LABELS), ("categorical", one_hot), ("binary", one_hot)):
            with contextlib.suppress(Exception):
                pair = tf.constant(y, loss.dtype), tf.constant(ROWS, loss.dtype)
                values[kind] = float(np.mean(loss.call(*(pair[::-1] if swapped else pair))))
        for scale in SCALES:
            for kind, value in values.items():
                if (from_logits := _matches(value, kind, one_hot, scale)) is not None:
                    return Reading(kind, from_logits, True, swapped, scale)
        over_rows = -np.log(softmax(ROWS.T).T[[0, 1], LABELS]).mean()
        for kind in {"sparse", "categorical"} & set(values):
            if abs(values[kind] - over_rows) < 1e-4:
                return Reading(kind, True, True, swapped, over_rows=True)
    return Reading(by_hand=True, swapped=_swapped_by_hand(loss, one_hot))


def _swapped_by_hand(loss, one_hot):
    """Whether even rows cost ln K with the arguments exchanged, and not as they are: smoothed labels, own weights."""
    for even in (np.full((2, 3), 1 / 3, "float32"), np.zeros((2, 3), "float32")):
        with contextlib.suppress(Exception):
            given, other = (float(np.mean(loss.call(*pair))) for pair in ((one_hot, even), (even, one_hot)))
            if abs(other - np.log(3)) < 1e-3 < 1e-2 < abs(given - np.log(3)):
                return True
    return _takes_log_of_labels(loss)


def _takes_log_of_labels(loss):
    """Whether a loss of one unit is a steep line in the output, and a curve with its arguments exchanged.

    So is a binary cross-entropy whose weights hide its value, as loss(y_pred, y_true): the log is that of 0 and 1.
    """
    y, given, other = tf.constant([[1.0], [0.0]]), [], []
    with contextlib.suppress(Exception):
        for p in (0.2, 0.5, 0.8):
            output = tf.constant([[p], [1 - p]])
            given.append(float(np.mean(loss.call(y, output))))
            other.append(float(np.mean(loss.call(output, y))))
    if len(other) < 3 or not np.isfinite(given + other).all():
        return False
    bends = [abs(a + c - 2 * b) for a, b, c in (given, other)]
    return bends[0] < 1e-3 * abs(given[0] - given[2]) and given[0] - given[2] > 4 and bends[1] > 0.01


def _matches(value, kind, one_hot, scale):
    """Return whether `value` is cross-entropy of the two rows from logits, True, from probabilities, False, or None."""
    if kind == "binary" and abs(scale) != 1:
        return None  # a mean over the units is what it is
    for from_logits in (False, True):
        p = 1 / (1 + np.exp(-ROWS)) if kind == "binary" else softmax(ROWS)
        p = p if from_logits else ROWS
        nll = -np.log(p[[0, 1], LABELS])
        if kind == "binary":
            nll = -np.where(one_hot == 1, np.log(p), np.log(1 - p))
        if abs(value - scale * nll.mean()) < 1e-4:
            return from_logits
    return None
