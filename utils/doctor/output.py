"""Findings in softmax and sigmoid."""

import numpy as np

from ..quiet import keras
from .finding import Finding
from .graph import layer_of
from .measure import FEW, distinct, span
from .reads import function_of

# What changes the order and the axes of numbers, and no number.
ORDER = {"Cast", "ExpandDims", "Identity", "IdentityN", "Reshape", "Squeeze", "Transpose"}


def one_unit(case):
    """Find a softmax, in the model or in the loss, over a single unit."""
    if case.classes != 1:
        return None
    if case.softmax_last:
        return Finding(
            "softmax over one unit",
            "Softmax divides a number by itself: over one unit the output is 1 whatever the input.",
            f"The {case.p.size} outputs of shape {case.p.shape} are {span(case.p)}.",
            "Dense(1, activation='sigmoid') with loss='binary_crossentropy', or\nDense(1) with\n"
            "loss=keras.losses.BinaryCrossentropy(from_logits=True) and a threshold of 0 in accuracy, or\n"
            "as many units as classes",
        )
    if case.kind in FEW and not case.sigmoid_last:
        quantities = (case.y % 1).any()
        return Finding(
            "softmax over one unit",
            f"A {case.kind} loss needs a unit for each class; over the one unit here its softmax is always 1.",
            f"The output has shape {case.p.shape}; the labels hold {distinct(case.y)}.",
            "these are quantities and no classes: loss='mse'"
            if quantities
            else "loss=keras.losses.BinaryCrossentropy(from_logits=True), or\nas many units as classes",
        )


def wrong_axis(case):
    """Find a softmax at the end whose sums are 1 along another axis than the last, or than the rows of `y`."""
    by_hand = case.kind in FEW and bool((case.p >= 0).all())  # a softmax that is spelled out
    if (
        not (case.softmax_last or by_hand)
        or (case.probs and (case.kind is not None or _rows_of(case.y) in (None, case.y.ndim - 1)))
        or case.classes == 1
        or case.kwargs.get("axis", -1) not in (-1, case.p.ndim - 1)
    ):
        return None
    if case.kind is None and _rows_of(case.y) is not None and case.y.shape == case.p.shape:
        return _against_labels(case)
    for axis in reversed(range(case.p.ndim - 1)):
        sums = case.p.sum(axis)
        if case.p.shape[axis] > 1 and np.allclose(sums, 1, rtol=0, atol=case.tolerance):
            rows = case.p.sum(-1)
            return Finding(
                "softmax over the wrong axis",
                f"Softmax runs over axis {axis}; the classes lie on the last axis, {case.p.ndim - 1}.",
                f"Sums along axis {axis} are 1; along the classes they go from {rows.min():.3g} to {rows.max():.3g}.",
                "layers.Softmax(axis=-1), or better no softmax and from_logits=True",
            )
    if case.kind in FEW and case.softmax_last and len(case.last) == 1 and {"Reshape"} <= case.moved <= ORDER:
        rows = case.p.sum(-1)
        return Finding(
            "softmax over the wrong axis",
            "Softmax runs over another axis than that of the classes, and a reshape follows it.",
            f"The softmax in {layer_of(next(iter(case.last)), case.model)!r} shares out 1 elsewhere: the rows of the "
            f"output, {case.p.shape}, sum to {rows.min():.3g} to {rows.max():.3g}.",
            "softmax over the last axis, behind the reshape; or better no softmax and from_logits=True",
        )
    return None


def _rows_of(y):
    """Return the one axis, behind the first, along which `y` sums to 1 everywhere, or None."""
    y = y.astype(np.float64)
    axes = [a for a in range(1, y.ndim) if y.shape[a] > 1 and np.allclose(y.sum(a), 1, rtol=0, atol=1e-3)]
    return axes[0] if len(axes) == 1 and (y >= 0).all() else None


def _against_labels(case):
    """Find a softmax over another axis than that of the classes in `y`, under a loss that may take any."""
    axis = _rows_of(case.y)
    sums = case.p.sum(axis)
    if np.allclose(sums, 1, rtol=0, atol=case.tolerance):
        return None
    return Finding(
        "softmax over the wrong axis",
        f"The classes of y lie on axis {axis}, and softmax runs over another one.",
        f"y {case.y.shape} sums to 1 along axis {axis}; there the sums of the output go from {sums.min():.3g} to "
        f"{sums.max():.3g}.",
        f"layers.Softmax(axis={axis})",
    )


def softmax_twice(case):
    """Find a softmax in the graph that is fed by another."""
    twice = [op for op in case.inner if op.type == "Softmax"]
    if case.softmax_last and twice:
        largest, bound = case.p.max(), np.e / (np.e + case.classes - 1)
        return Finding(
            "softmax twice",
            "The model applies softmax to the output of a softmax; no probability can come near 1.",
            f"A softmax in {layer_of(twice[0], case.model)!r} feeds the last one in "
            f"{layer_of(next(iter(case.last)), case.model)!r}. "
            f"The largest output is {largest:.4f}; with {case.classes} classes it can never pass {bound:.4f}.",
            "remove both softmaxes" if case.from_logits else "remove one softmax; or both, with from_logits=True",
        )


def sigmoid_with_categorical(case):
    """Find a sigmoid under a sparse or categorical loss, which takes its units as one distribution."""
    if case.kind not in FEW or not case.sigmoid_last:
        return None
    sums = case.p.sum(-1)
    several = case.kind == "categorical" and case.one_hot and (case.y.sum(-1) > 1.5).any()
    binary = case.classes == 1 or several
    return Finding(
        "sigmoid with a categorical loss",
        "Sigmoid judges each unit alone; the loss takes the units as one distribution, which they are not."
        + (" With one unit the loss is always 0." if case.classes == 1 else ""),
        f"The rows of the output sum to {sums.min():.3g} to {sums.max():.3g}; a distribution sums to 1.",
        "loss='binary_crossentropy'" if binary else f"end in Dense({case.classes}),\n{case.fixed_loss(True)}",
    )


def inner_softmax(case):
    """Find a softmax inside the model over an axis of size 1, of (B, T, 1): each weight of an attention is then 1."""
    if not case.walk.of_one:
        return None
    op = case.walk.of_one[0]
    return Finding(
        "softmax over one unit",
        "Softmax inside the model runs over an axis of size 1: it is 1 whatever the input, and what makes its scores "
        "gets no gradient.",
        f"The softmax in {layer_of(op, case.model)!r} takes {tuple(op.inputs[0].shape)}.",
        "keras.ops.softmax(scores, axis=1), over the steps",
    )


def probs_under_ctc(case):
    """Find probabilities under keras.losses.CTC, which takes logits."""
    if function_of(case.loss)[0] is not keras.losses.ctc or not case.softmax_last:
        return None
    return Finding(
        "probabilities with from_logits=True",
        "keras.losses.CTC takes logits and applies softmax itself; the model ends in a softmax already.",
        f"The rows of the output, {case.p.shape}, sum to 1; the loss is {case.losses.mean():.4f}.",
        "remove the softmax of the last layer",
    )
