"""Findings in class numbers and one-hot rows: their shape, range and dtype, for the loss that reads them."""

import numpy as np

from ..checks import SUM_TOLERANCE, first
from ..quiet import keras, tf
from .finding import Finding
from .measure import distinct
from .reads import function_of

MANY = 20  # different values: quantities, no classes


def one_hot_with_sparse(case):
    """Find labels with a number for each class, under a sparse loss."""
    if case.kind == "sparse" and case.y.ndim == case.p.ndim and case.y.shape[-1] > 1:
        return Finding(
            "one-hot labels with a sparse loss",
            "The loss wants one class number for each row; the labels are rows with a number for each class.",
            f"y has shape {case.y.shape}; for an output {case.p.shape} a sparse loss wants {case.p.shape[:-1]}.",
            f"{case.fixed_loss(case.on_logits).replace('Sparse', '')}, or\ny = y.argmax(axis=-1)",
        )


def integers_with_categorical(case):
    """Find class numbers in the shape of a sparse loss, under a categorical one."""
    if case.kind == "categorical" and case.classes > 1 and case.fits:
        return Finding(
            "integer labels with a categorical loss",
            "The loss wants a row with a number for each class; the labels are class numbers.",
            f"y has shape {case.y.shape} and holds {distinct(case.y)}; the output has shape {case.p.shape}.",
            f"{case.fixed_loss(case.on_logits).replace('Categorical', 'SparseCategorical')}",
        )


def fractions(case):
    """Find class numbers that are not whole, under a sparse loss."""
    if case.kind != "sparse":
        return None
    y = case.y.astype(np.float64)
    bad = y != np.trunc(y)
    if bad.any():
        at = first(bad)
        scaled = y.max() <= 1 and np.allclose(255 * y, np.rint(255 * y), rtol=0, atol=1e-4)
        return Finding(
            "labels with fractions",
            "Labels are class numbers; Keras silently cuts the fraction off, and another class remains.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {y[at]:g}, is read as class {int(y[at])}."
            + (" Times 255 all are whole: the labels were scaled as if they were pixels." if scaled else ""),
            "scale x alone; y = np.rint(255 * y).astype('int64')"
            if scaled
            else "resize masks with the nearest neighbour, or\ny = np.rint(y).astype('int64');\nratings in steps: "
            "y = np.unique(y, return_inverse=True)[1]",
        )


def corrupted(case):
    """Find class numbers that the loss's dtype cannot hold."""
    if case.kind != "sparse":
        return None
    seen = np.asarray(tf.cast(tf.cast(case.y, case.loss.dtype), tf.int64))
    bad = seen != case.y.astype(np.int64)
    if bad.any():
        at = first(bad)
        return Finding(
            "labels corrupted by the dtype",
            f"The loss computes in {case.loss.dtype}, which cannot hold these class numbers; they become others.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {case.y[at]}, is read as class {seen[at]}.",
            f'{case.fixed_loss(case.from_logits)[:-1]}{", " * case.from_logits}dtype="float32")',
        )


def out_of_range(case):
    """Find labels of a class that has no output: counted from 1, or marks such as 255, -1 and -100 of what has none.

    Marks are left out by `ignore_class` in the loss.
    """
    y = case.y.astype(np.float64)
    if case.kind == "sparse" and case.fits:
        y, top, wanted = case.labels.astype(np.float64), case.classes - 1, f"{case.classes} outputs have labels 0 to"
        bad = case.counted & ((y < 0) | (y > top))
    elif case.kind == "binary":
        top, wanted, bad = 1, "binary cross-entropy takes labels 0 to", (y < 0) | (y > 1)
    elif case.reading.by_hand and y.size == case.p.size and set(np.unique(y)) == {0, 255} and case.bounded_by_one:
        top, wanted, bad = 1, "the output goes from 0 to", y > 1
    else:
        return None
    if not bad.any() or (case.reading.by_hand and case.kind and _hidden_by_hand(case, bad)):
        return None
    at, low, high = first(bad), y.min(), y.max()
    change = f"make the last layer Dense({int(high) + 1}), or correct the labels" if low >= 0 else "correct the labels"
    what = "A label names a class that has no output. On the CPU training stops; with XLA or a GPU it gives NaN."
    if case.kind == "sparse" and low >= 1 and high == case.classes:
        what, change = (
            "The labels start at 1; Keras counts classes from 0, and the last one has no output.",
            "y = y - 1",
        )
    elif set(np.unique(y)) == {0, 255} and case.classes <= 2:
        what, change = (
            "The labels are black and white, 0 and 255, as a mask is stored; classes are 0 and 1.",
            "y = y // 255",
        )
    elif case.kind == "binary":
        what = "With a label outside 0 to 1 binary cross-entropy falls below 0, and without end."
        change = {(1, 2): "y = y - 1", (-1, 1): "y = (y + 1) / 2"}.get((low, high), _for_binary(case, y))
        if case.classes > 1 and case.fits and low >= 0 and high < case.classes:
            what = f"These are class numbers of {case.classes} classes; binary cross-entropy judges each unit alone."
            change = "loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), on Dense without activation"
    elif case.kind == "sparse" and low == -1 and high == case.classes - 2:
        change = f"y = y + 1 if -1 is one of the {case.classes} classes; ignore_class=-1 in the loss if it marks a gap"
    elif case.kind == "sparse" and not bad.all() and (y[bad] == y[bad][0]).all() and y[bad][0] in (-1, -100, 255):
        mark = int(y[bad][0])
        what = f"{mark} is no class, but a mark of what should not count; Keras takes it for a class."
        change = f"{case.fixed_loss(case.from_logits)[:-1]}{', ' * case.from_logits}ignore_class={mark})"
    return Finding(
        "labels out of range",
        what,
        f"y holds {low:g} to {high:g}; {wanted} {top}. {bad.sum()} of {bad.size} are outside, the first at {at}.",
        change,
    )


def _hidden_by_hand(case, bad):
    """Whether a loss by hand gives the same with other numbers in the place of the bad labels: it leaves them out."""
    given, other = (case.try_loss(case.p, np.where(bad.reshape(case.y.shape), fill, case.y)) for fill in (-7, -19))
    return given == other


def _for_binary(case, y):
    """Return the change for labels outside 0 to 1 under a binary loss, by what they seem to be."""
    whole = not (y % 1).any()
    if case.classes > 1 and y.size * case.classes == case.p.size:
        return (
            f"one number a row for {case.classes} units: rows of {case.classes} zeros and ones; for grades a 1 for "
            "each threshold passed, (np.arange(K - 1) < y[:, None])"
        )
    alike = y.shape == case.p.shape and y.min() >= 0
    if whole and alike and case.classes > 1 and y.max() < case.classes:
        return f"rows of class numbers: make each a row of {case.classes} zeros and ones, a 1 for each class"
    if alike and 1.5 < y.max() <= 255 and (case.classes > 1 or y.ndim == 4):
        return "grey values: y = y / 255, and x too if it holds the same"
    if y.min() > -0.5 and y.max() < 1.5:
        return "y = np.clip(y, 0, 1); soften labels inwards, as label_smoothing does"
    if whole and y.min() >= 0 and len(np.unique(y)) <= MANY and case.classes == 1:
        return (
            f"{int(y.max()) + 1} classes want as many units: Dense({int(y.max()) + 1}),\n"
            "loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True); or correct the labels"
        )
    if not whole or len(np.unique(y)) > MANY:
        return "quantities and no classes: loss='mse', on Dense without activation; or scale them to 0 to 1"
    return "correct the labels"


def target_rows(case):
    """Find target rows that do not sum to 1, under categorical cross-entropy or Kullback-Leibler."""
    divergence = function_of(case.loss)[0] is keras.losses.kl_divergence
    if not (case.kind == "categorical" or divergence) or not case.one_hot or case.sigmoid_last:
        return None
    if case.reading.by_hand and (case.y < 0).any():
        return None  # rows that a loss by hand multiplies by an advantage, say
    sums = case.y.astype(np.float64).sum(-1)
    bad = ~np.isclose(sums, 1, rtol=0, atol=10 * SUM_TOLERANCE)
    if divergence:
        bad |= (case.y < 0).any(-1)
    if bad.any():
        at = first(bad)
        if divergence:
            return Finding(
                "target rows do not sum to 1",
                "Kullback-Leibler compares two distributions; rows of y that are none are clipped to 0..1.",
                f"{bad.sum()} of {bad.size} rows, the first y{list(at)} sums to {sums[at]:g}; y goes from "
                f"{case.y.min():.4g} to {case.y.max():.4g}.",
                "y = keras.ops.softmax(y) if these are a teacher's logits; and end the model in softmax",
            )
        if finding := _on_another_axis(case, at) or _several_a_row(case):
            return finding
        if (several := bad & (sums > 1)).sum() > bad.sum() / 2:
            at = first(several)
            return Finding(
                "target rows do not sum to 1",
                "Categorical cross-entropy takes a distribution in each row of y. Here rows have several ones: of "
                "several classes, or of a grade that is written as the steps up to it.",
                f"{bad.sum()} of {bad.size} rows, the first of these y{list(at)} sums to {sums[at]:g}.",
                "activation='sigmoid', loss='binary_crossentropy'",
            )
        return Finding(
            "target rows do not sum to 1",
            "Categorical cross-entropy takes a distribution in each row of y. A row of zeros, as one_hot makes it of a "
            "label out of range, costs nothing.",
            f"{bad.sum()} of {bad.size} rows, the first y{list(at)} sums to {sums[at]:g}.",
            "check the labels before one_hot; where a row may have several classes or none:\nactivation='sigmoid', "
            "loss='binary_crossentropy'",
        )


def _on_another_axis(case, at):
    """Find target rows whose sums are 1 along another axis than the last."""
    y = case.y.astype(np.float64)
    for axis in range(1, y.ndim - 1):
        if y.shape[axis] > 1 and np.allclose(y.sum(axis), 1, rtol=0, atol=1e-3) and (y >= 0).all():
            return Finding(
                "classes on another axis",
                f"The classes of y lie on axis {axis}; loss and softmax take the last one for them.",
                f"y {y.shape} sums to 1 along axis {axis}; along its last axis the first sum is {y[at].sum():g}. The "
                f"output has shape {case.p.shape}.",
                f"classes last in both: y = np.moveaxis(y, {axis}, -1), keras.layers.Permute or channels_last",
            )
    return None


def _several_a_row(case):
    """Find rows of several class numbers where a row of shares is wanted."""
    y = case.y
    if y.max() > 1 and y.min() >= 0 and not (y % 1).any():
        return Finding(
            "integer labels with a categorical loss",
            "The loss wants a row with a number for each class; these rows hold class numbers, several a row.",
            f"y {y.shape} holds {distinct(case.y)}; the output has shape {case.p.shape}.",
            f"an output for each number: shape {(*y.shape[1:], 'classes')}".replace("'", "")
            + ",\nloss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        )
    return None


def one_hot_twice(case):
    """Find labels with one axis more than the output, whose one-hot rows give one-hot rows again."""
    y, p = case.y, case.p
    if y.ndim != p.ndim + 1 or y.shape[:-1] != p.shape or not np.isin(y, (0, 1)).all() or (y.sum(-1) != 1).any():
        return None
    once = y.argmax(-1)
    if not (once.sum(-1) == 1).all() or once.max() > 1:
        return None
    return Finding(
        "one-hot labels made twice",
        "The rows of y are one-hot rows of zeros and ones: somebody made one-hot labels of one-hot labels.",
        f"y has shape {y.shape}, the output {p.shape}; y.argmax(-1) gives rows that hold a single 1.",
        "make them one-hot once; or y = y.argmax(axis=-1)",
    )


def blank_as_label(case):
    """Find zeros before other labels under keras.losses.CTC, for which 0 is the blank and the padding."""
    if function_of(case.loss)[0] is not keras.losses.ctc or case.y.ndim != 2:
        return None
    inside = (case.y[:, :-1] == 0) & (np.cumsum(case.y[:, ::-1] != 0, axis=1)[:, ::-1][:, 1:] > 0)
    if not inside.any():
        return None
    return Finding(
        "labels out of range",
        "keras.losses.CTC takes 0 for the blank and for padding; here 0 is also a character.",
        f"{inside.sum()} zeros stand before other characters; y holds {distinct(case.y)}, the output has "
        f"{case.classes} classes.",
        "y = y + 1, and one class more",
    )


def longer_than_output(case):
    """Find labels under keras.losses.CTC that need more steps than the output has: one each, one between equal ones."""
    if function_of(case.loss)[0] is not keras.losses.ctc or case.y.ndim != 2 or case.p.ndim != 3:
        return None
    written = case.y != 0
    twins = (case.y[:, 1:] == case.y[:, :-1]) & written[:, 1:]
    needed = written.sum(1) + twins.sum(1)
    short = needed > case.p.shape[1]
    if not short.any():
        return None
    return Finding(
        "labels longer than the output",
        "CTC spreads the characters over the steps of the output, and there are too few: no path writes the label.",
        f"The output has {case.p.shape[1]} steps; {short.sum()} of {len(short)} labels need more, the longest "
        f"{needed.max()}. The loss is {case.losses.mean():.4g}.",
        "pool less, or stride less, before the last layer",
    )


def copied(case):
    """Find class numbers for each step that equal the inputs, where a step does not see the later ones.

    Only for a model whose first step does not see the later ones, which is tried: others may be autoencoders.
    """
    y = case.labels
    if case.kind != "sparse" or case.p.ndim != 3 or y.ndim != 2 or y.shape[1] < 2:
        return None
    same = [name for name, x in case.batch.inputs if x.shape == y.shape and np.array_equal(x, y)]
    if not same:
        return None
    other = np.array(y)
    other[:, 1:] = np.roll(y, 1, axis=0)[:, 1:][:, ::-1]
    changed = tf.nest.map_structure(
        lambda x: tf.constant(other, x.dtype) if x.shape == y.shape and np.array_equal(x, y) else x, case.walk.x
    )
    output = case.walk.outputs_with([], None, changed)[case.place]
    if np.array_equal(other, y) or not np.allclose(np.asarray(output)[:, 0], case.p[:, 0], rtol=0, atol=1e-5):
        return None
    return Finding(
        "labels equal the inputs",
        "Each step is asked for the token that it is given, and copying is enough. A language model predicts the next.",
        f"All {y.size} labels of y {y.shape} equal {same[0]}, and the first step does not see the later ones; the loss "
        f"is {case.losses.mean():.4f}.",
        "x, y = tokens[:, :-1], tokens[:, 1:]",
    )
