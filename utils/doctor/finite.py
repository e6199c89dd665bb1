"""Findings in numbers that are not finite: in what comes in, in weights, in the loss and in its gradient."""

import numpy as np

from ..checks import first
from ..quiet import keras
from .finding import Finding
from .intake import numeric
from .loss import logits_as_probs
from .measure import FEW
from .reads import function_of

LARGEST = 65504  # in float16
MOST_PARTS = 5  # into which a loss cuts an output: means, scales, shares and so on


def nan_in_inputs(case):
    """Find inputs that are not finite."""
    for name, x in case.batch.inputs:
        if not numeric(x):
            continue
        bad = ~np.isfinite(x.astype(np.float64))
        if bad.any():
            at = first(bad)
            return Finding(
                "NaN or Inf in x",
                "The inputs hold numbers that are not finite; every weight they touch becomes NaN.",
                f"{bad.sum()} of {bad.size} inputs, the first {name}{list(at)} = {x[at]}.",
                f"assert np.isfinite({name}).all()  # find the division or the empty field that made them",
            )


def nan_in_labels(case):
    """Find labels that are not finite."""
    bad = ~np.isfinite(case.y.astype(np.float64))
    if bad.any():
        at = first(bad)
        return Finding(
            "NaN or Inf in labels",
            "The labels hold numbers that are not finite; a cast to integers turns them into arbitrary classes.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {case.y[at]}.",
            "np.argwhere(~np.isfinite(y))  # find what made these rows, or leave them out",
        )


def nan_in_weights(case):
    """Find weights of layers that are not finite, after a training that went wrong."""
    for variable in case.model.weights:
        value = variable.numpy()
        if value.dtype.kind != "f" and value.dtype.name != "bfloat16":
            continue
        bad = ~np.isfinite(value.astype(np.float64))
        if bad.any():
            return Finding(
                "NaN or Inf in weights",
                "The model is beyond mending by more training: weights are not finite.",
                f"{bad.sum()} of {bad.size} numbers in {variable.path}, the first at {first(bad)}.",
                "build the model anew, find the cause (inputs, labels, learning rate), then train",
            )


def nan_in_given(case):
    """Find weights of rows or classes that are not finite."""
    rows = [] if case.sample_weight is None else np.ravel(case.sample_weight)
    classes = list((case.class_weight or {}).values())
    for name, values in (("sample_weight", rows), ("class_weight", classes)):
        bad = ~np.isfinite(np.asarray(values, np.float64))
        if bad.any():
            return Finding(
                "NaN or Inf in weights",
                f"{name} holds numbers that are not finite, and so is the loss of their rows: fit spoils every weight.",
                f"{bad.sum()} of {bad.size} numbers, the first at {first(bad)[0]}.",
                "look for a division by 0: a class that never comes has no inverse frequency",
            )


def nan_in_added(case):
    """Find a loss added by a regulariser or add_loss that is not finite."""
    bad = [i for i, value in enumerate(case.added) if not np.isfinite(value)]
    if bad:
        return Finding(
            "NaN or Inf in an added loss",
            "A regulariser or add_loss gives a number that is not finite; the loss of the labels is not the cause.",
            f"{len(bad)} of {len(case.added)} added losses, the first is {case.added[bad[0]]}.",
            "look for a log, a root or a division in what add_loss gets",
        )


def beyond_float16(case):
    """Find targets or outputs near 65504, where float16 ends, under a loss or gradient that is not finite."""
    finite = np.isfinite(case.losses).all() and (case.gradient is None or np.isfinite(case.gradient).all())
    largest = max(np.abs(case.y.astype(np.float64)).max(), np.abs(case.p).max())
    if case.dtype != "float16" or finite or not largest > LARGEST / 4:
        return None
    return Finding(
        "numbers beyond float16",
        f"The output is float16, which ends at {LARGEST}: targets, losses or gradients beyond it become Inf.",
        f"Targets go to {np.abs(case.y.astype(np.float64)).max():.4g}, outputs to {np.abs(case.p).max():.4g}.",
        'last layer with dtype="float32", and targets scaled to about 1',
    )


def nan_in_loss(case):
    """Find losses that are not finite."""
    bad = ~np.isfinite(case.losses)
    if case.kind in FEW and not case.reading.by_hand and np.isfinite(case.p).all() and logits_as_probs(case):
        return None  # rows of zeros that Keras divides by their sum: that they are taken for probabilities says why
    if bad.any() and not np.isfinite(case.p).all():
        rows = ~np.isfinite(case.p.reshape(len(case.p), -1)).all(-1)
        return Finding(
            "NaN or Inf in the loss",
            "The output is not finite, so the loss is not the cause: a layer divides by 0, or takes a log of 0.",
            f"{rows.sum()} of {len(rows)} rows of the output are not finite, the first is {first(rows)[0]}; inputs and "
            "weights are finite.",
            "call the layers one by one on that row; a norm or a deviation of 0 wants + 1e-3. In float16 1e-8 is 0, "
            'and -1e9, as in a mask, is -inf, of which 0 times is NaN: -3e4 there, or dtype="float32" for that layer',
        )
    if bad.any():
        at = first(bad) if bad.ndim else ()
        column, change = _change_for_nan(case)
        return Finding(
            "NaN or Inf in the loss",
            "The loss is not finite although inputs, labels and weights are.",
            f"{bad.sum()} of {bad.size} losses, the first at {at} is {case.losses[at]}; the output goes from "
            f"{np.nanmin(case.p):.4g} to {np.nanmax(case.p):.4g}." + (column and f" {column}"),
            change,
        )


def _change_for_nan(case):
    """Return a sentence on the cause of a loss that is not finite, or an empty one, and the change."""
    fn, _ = function_of(case.loss)
    if case.low and case.reading.by_hand:
        return (
            f"The output is {case.dtype}, where small numbers, such as 1e-8 beside a probability, are 0.",
            'the last layers with dtype="float32"; or logits, and from_logits=True in the loss',
        )
    if fn is keras.losses.poisson and (case.p < 0).any():
        return "A rate below 0 has no logarithm.", "end in activation='softplus' or 'exponential'"
    if case.reading.by_hand and np.isfinite(case.p).all() and case.p.ndim == 2:
        for columns in _parts_of(case.classes):
            output = np.array(case.p)
            output[:, columns] = np.abs(output[:, columns]) + 0.1
            if (case.p[:, columns] <= 0).any() and np.isfinite(value := case.try_loss(output)):
                several = columns.stop - columns.start > 1
                named = f"columns {columns.start} to {columns.stop - 1}" if several else f"column {columns.start}"
                return (
                    f"With {named} of the output above 0 it would be {value:.4f}.",
                    f"make {named} positive where {'they are' if several else 'it is'} made: keras.ops.softplus(...) + "
                    "1e-3",
                )
    if case.reading.by_hand and np.isfinite(case.p).all():
        return (
            "",
            "look in the loss for a log or a root of 0, or a division by 0: tf.math.log(p + 1e-7), or from logits",
        )
    return (
        "",
        "end the model in logits and use from_logits=True; look for a log or a division in your own loss or layers",
    )


def _parts_of(count):
    """Yield the columns into which a loss may have cut an output: each one, then blocks, the narrow ones first."""
    for width in range(1, count):
        if width == 1 or (count % width == 0 and count // width <= MOST_PARTS):
            yield from (slice(start, start + width) for start in range(0, count, width))


def nan_gradient(case):
    """Find a gradient that is NaN or infinite where the loss is finite.

    0 times the endless slope of a root, a power or a log at 0 is NaN.
    """
    if not np.isfinite(case.losses).all():
        return None
    if case.gradient is not None and not np.isfinite(case.gradient).all():
        bad = ~np.isfinite(case.gradient)
        at = first(bad)
        if case.low:
            return Finding(
                "NaN gradient with a finite loss",
                f"The loss is finite and its gradient is not. The output is {case.dtype}, where small numbers, as 1e-8 "
                "beside a probability, are 0: a log or a root is taken at 0.",
                f"The loss is {case.losses.mean():.4f}; {bad.sum()} of {bad.size} gradients of the output are not "
                f"finite, the first at {at}, where the output is {case.p[at]:.4g}.",
                'last layer with dtype="float32"',
            )
        return Finding(
            "NaN gradient with a finite loss",
            "The loss is finite and its gradient is not: a root, a power below 1, a log or a norm is taken at 0. "
            "After one step every weight is NaN.",
            f"The loss is {case.losses.mean():.4f}; {bad.sum()} of {bad.size} gradients of the output are not finite, "
            f"the first at {at}, where the output is {case.p[at]:.4g}.",
            "keep what is under the root or power away from 0:\ntf.maximum(1 - p, 1e-7) ** gamma; or from logits",
        )
    for variable, gradient in case.weight_gradients or ():
        if gradient is not None and not np.isfinite(gradient).all():
            bad = ~np.isfinite(gradient)
            return Finding(
                "NaN gradient with a finite loss",
                "Loss and output are finite, and the way back through the model is not: a layer takes a root, "
                "a log or a norm at 0, or divides by 0.",
                f"The loss is {case.losses.mean():.4f}; {bad.sum()} of {bad.size} gradients of {variable.path} are not "
                "finite.",
                "keep the argument away from 0, tf.sqrt(x + 1e-7); tf.where does not help, both sides are computed",
            )
    return None
