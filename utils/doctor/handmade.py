"""Findings in losses written by hand, and in Keras's losses beside cross-entropy, known by what they make of some."""

import numpy as np

from ..losses import softmax
from ..quiet import keras
from .finding import Finding
from .reads import SCALES, function_of

# Losses on probabilities beside cross-entropy, which Keras cannot compute from logits unless told so.
ON_PROBS = {
    keras.losses.categorical_focal_crossentropy: True,
    keras.losses.binary_focal_crossentropy: False,
    keras.losses.kl_divergence: True,
}
BINARY_CLASS = {True: "softmax", False: "sigmoid"}


def swapped(case):
    """Find a loss that takes (y_pred, y_true): on two synthetic rows it is cross-entropy that way round."""
    if not case.reading.swapped:
        return None
    return Finding(
        "loss takes its arguments in the other order",
        "Keras calls loss(y_true, y_pred); this one computes cross-entropy of its first argument, which is the labels.",
        f"{'On 2 rows of 3 classes' if case.classes > 1 else 'On 2 rows of one unit'} it is {case.kind or 'a'} "
        f"cross-entropy only as loss(y_pred, y_true); y has shape {case.y.shape}, the output {case.p.shape}.",
        "def loss(y_true, y_pred): ..., and the same order in the call inside it",
    )


def wrong_mean(case):
    """Find a loss that is cross-entropy, on two synthetic rows, but for a sum or mean over another axis."""
    scale = case.reading.scale
    if scale in (1, 2, -1):
        return None
    return Finding(
        "mean over the wrong axis",
        f"The loss is cross-entropy times a number that the shape decides: it takes {SCALES[scale]}.",
        f"On 2 rows of 3 classes it is {scale:.4f} of the cross-entropy; on this batch, {case.p.shape}, the loss is "
        f"{case.losses.mean():.4f}.",
        "tf.reduce_sum(..., axis=-1) over the classes, and a value for each row: Keras takes their mean",
    )


def softmax_over_rows(case):
    """Find a loss by hand that is cross-entropy, on two synthetic rows, but for a softmax over axis 0, the rows."""
    if not case.reading.over_rows:
        return None
    return Finding(
        "softmax over the wrong axis",
        "The loss takes softmax over axis 0: the rows of the batch share out each class, no row is a distribution.",
        f"On 2 rows of 3 classes it is cross-entropy with axis=0 only; the output has shape {case.p.shape}.",
        "in the loss: tf.nn.log_softmax(logits, axis=-1)",
    )


def _extremes(case, size):
    """Return outputs that are surely right and surely wrong, as far as `size` says: logits, or probabilities."""
    if case.guess is None:  # vectors: the target itself, and the opposite
        return case.y.astype(float), -case.y.astype(float)
    if case.bounded_by_one:
        return _probs(case)
    return tuple(size * (2 * rows - 1) for rows in (case.guess, _wrong_for(case)))


def _asked_about_direction(case):
    """Whether it is known what a right output is: not for a single score, which may be a distance or a critic's."""
    if case.reading.scale == -1:
        return True
    if case.kind or (case.classes == 1 and not case.sigmoid_last) or not case.labels_matter or case.bounded_below:
        return False
    return case.guess is not None or (case.y.shape == case.p.shape and case.classes > 1 and not case.bounded_by_one)


def _tried(case, right, wrong):
    """Return the loss for two outputs."""
    return case.try_loss(right), case.try_loss(wrong)


def _tried_as_probs(case):
    """Return the loss for probabilities that are surely right and surely wrong."""
    return _tried(case, *_probs(case))


def _higher(right, wrong):
    """Whether the loss for the right output is clearly above that for the wrong one."""
    return right > wrong + 1e-3 * max(abs(right), abs(wrong), 1)


def _wrong_for(case):
    """Return the one-hot rows of a wrong answer."""
    right = case.guess
    return np.roll(right, 1, axis=-1) if case.classes > 1 and (right.sum(-1) == 1).all() else 1 - right


def _probs(case):
    """Return probabilities that are surely right and surely wrong."""
    low = 0.02 / max(case.classes - 1, 1)
    return tuple(np.where(rows > 0.5, 0.98, low) for rows in (case.guess, _wrong_for(case)))


def rewards_wrong(case):
    """Find a loss by hand that is lower for outputs that are surely wrong than for surely right ones."""
    if not case.reading.by_hand or not _asked_about_direction(case):
        return None
    right, wrong = _tried(case, *_extremes(case, 5))
    if not _higher(right, wrong):
        return None
    if not case.probs and not case.sigmoid_last and case.guess is not None and not _higher(*_tried_as_probs(case)):
        return None  # it is made for probabilities: the next finding
    return Finding(
        "loss falls for wrong answers",
        "A loss must be lower for right answers. This one is higher: a minus is missing, or it is a score.",
        f"For outputs that are surely right it is {right:.4f}, for surely wrong ones {wrong:.4f}.",
        "return the negative of it",
    )


def no_floor(case):
    """Find a loss by hand that goes on falling as right scores grow: at 500 far below 0, at 5000 ten times as far."""
    if case.kind or not case.reading.by_hand or case.guess is None or case.bounded_by_one:
        return None
    if np.allclose(np.exp(np.minimum(case.p, 1)).sum(-1), 1, rtol=0, atol=case.tolerance):
        return None  # logarithms of probabilities: they never pass 0
    if not case.labels_matter or case.bounded_below:
        return None
    some, more = (case.try_loss(_extremes(case, size)[0]) for size in (500, 5000))
    if not (some < -10 and more < 5 * some):
        return None
    return Finding(
        "loss without a lower bound",
        "The loss falls for ever as the outputs grow: training never ends, and ends in Inf.",
        f"Now it is {case.losses.mean():.4f}; for outputs of 500 that are right {some:.4g}, of 5000 {more:.4g}.",
        "subtract tf.reduce_logsumexp(logits, axis=-1), or use a cross-entropy with from_logits=True",
    )


def wants_probs(case):
    """Find a loss of your own that takes the log of scores: on their softmax or sigmoid it would be finite."""
    if case.from_logits or not case.reading.by_hand or case.probs or (case.guess is None and case.kind is None):
        return None
    if case.low and (case.p <= 0).all():
        return None  # logarithms already, taken in two bytes
    if not case.outside.any() or not np.isfinite(case.p).all():
        return None
    several = case.classes > 1
    if np.isfinite(case.losses).all():
        return None if case.kind else _turned_by_scores(case)
    value = case.try_loss(softmax(case.p) if several else 1 / (1 + np.exp(-case.p)))
    if not np.isfinite(value):
        return None
    function = "softmax" if several else "sigmoid"
    return Finding(
        "loss for probabilities gets logits",
        "The loss takes the log, or a power, of the output as if it were a probability; the model ends in scores.",
        f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}: "
        f"{(~np.isfinite(case.losses)).sum()} of {case.losses.size} losses are not finite. On its {function} the loss "
        f"is {value:.4f}.",
        f"in the loss: log_p = tf.nn.log_{function}(y_pred); or end in activation='{function}'",
    )


def _turned_by_scores(case):
    """Find a loss such as dice that needs probabilities and gets scores: it is lower for wrong ones, or unbounded."""
    if not case.labels_matter or case.bounded_below:
        return None
    scores, probs = _tried(case, *_extremes(case, 5)), _tried_as_probs(case)
    endless = case.try_loss(_extremes(case, 500)[0]) < -10 and abs(probs[0]) < 0.1
    if not (_higher(*scores) or endless) or not _higher(*probs[::-1]):
        return None
    function = "softmax" if case.classes > 1 and (case.guess.sum(-1) == 1).all() else "sigmoid"
    return Finding(
        "loss for probabilities gets logits",
        "The loss counts with the output as if it lay between 0 and 1; the model ends in scores, for which its sums "
        "turn round or fall without end.",
        f"For scores of 5 that are surely right it is {scores[0]:.4f}, for wrong ones {scores[1]:.4f}; for "
        f"probabilities {probs[0]:.4f} and {probs[1]:.4f}.",
        f"end in activation='{function}', or take the {function} in the loss",
    )


def rows_left_out(case):
    """Find a loss by hand that only rows of one label, or only the first rows of the batch, ever get a gradient from.

    Tried on the output and on random ones in its place.
    """
    if case.kind or not case.reading.by_hand or case.gradient is None or len(case.p) < 6:
        return None
    gradients = [case.try_gradient(output) for output in _others(case)]
    if any(gradient is None for gradient in gradients):
        return None
    taught = np.any(np.stack(gradients), axis=(0, -1))  # in the shape of the output without its classes
    rows = taught.reshape(len(taught), -1).any(-1)
    count = int(rows.sum())
    if not taught.any() or taught.all():
        return None
    labels = case.y.reshape(-1).astype(np.float64)
    values = np.unique(labels[taught.reshape(-1)]) if labels.size == taught.size else []
    if len(values) == 1 and (taught.reshape(-1) == (labels == values[0])).all():
        others = len(np.unique(labels)) - 1
        if taught.ndim > 1 or set(labels) == {0, 1}:
            return Finding(
                "rows without a gradient",
                "Only one label gives a gradient: the loss multiplies by it, or a mask in it is the wrong way round.",
                f"{taught.sum()} of {taught.size} rows get a gradient, those with label {values[0]:g}; the {others} "
                f"other{'s' * (others > 1)} never; tried on {len(gradients)} outputs.",
                "a mask keeps what is no padding: y_true != 0"
                if taught.ndim > 1
                else "labels of -1 and 1 for a critic: y = 2 * y - 1; for classes a binary cross-entropy",
            )
    if rows[:count].all() and count <= len(rows) / 2:
        return Finding(
            "rows without a gradient",
            "The loss looks at the first rows of the batch only: y_pred[0] is a row, not a part of each row.",
            f"{count} of {len(rows)} rows get a gradient, the first ones; tried on {len(gradients)} outputs.",
            "cut along the last axis: a, p, n = tf.split(y_pred, 3, axis=-1)",
        )
    return None


def columns_left_out(case):
    """Find a loss by hand that gives the same with any numbers in some columns of the output: they are not used."""
    if case.kind or not case.reading.by_hand or case.gradient is None or case.classes < 2 or case.p.ndim != 2:
        return None
    outputs, unused = _others(case), []
    given = [case.try_loss(output) for output in outputs]
    if not np.isfinite(given).all():
        return None
    for j in range(min(case.classes, MANY_COLUMNS)):
        changed = [np.array(output) for output in outputs]
        for each in changed:
            each[:, j] = 1 - each[::-1, j] * 2
        if all(case.try_loss(each) == loss for each, loss in zip(changed, given, strict=True)):
            unused.append(j)
    if not unused or len(unused) == case.classes:
        return None
    return Finding(
        "columns that the loss does not use",
        "The loss cuts the output into parts and leaves some columns out: their weights learn nothing.",
        f"{len(unused)} of {case.classes} columns change nothing, the first is {unused[0]}; tried on {len(outputs)} "
        "outputs.",
        "cut into equal parts, tf.split(y_pred, n, axis=-1), or use as many units as the loss reads",
    )


MANY_COLUMNS = 64  # more take too long, and are no parts


def row_against_column(case):
    """Find (B,) against (B, 1), or (B, B) against (B, B, 1), inside a loss or a compute_loss of your own.

    Looked for in the graph of the loss; a column made there by `[:, None]` is taken as intended.
    """
    if isinstance(case.run, Exception) or case.spread is None:
        return None
    given, made = ([tuple(t.shape.as_list()) for t in each] for each in (case.spread.inputs, case.spread.outputs))
    pairs = len(made[0]) > 2
    return Finding(
        "loss broadcasts labels",
        "Numbers of two shapes meet in the loss, and every pair of rows is compared with every other row."
        if pairs
        else "A row of numbers meets a column, and the loss compares every row of the batch with every other.",
        f"{case.spread.type} in the loss takes {given[0]} and {given[1]} and gives {made[0]}; y has shape "
        f"{case.y.shape}, the output {case.p.shape}. The loss is {case.losses.mean():.5g}.",
        "labels as a row: y_true = tf.reshape(y_true, (-1,))"
        if pairs
        else "one shape for both: tf.reshape(y_true, tf.shape(y_pred)), or y_true[:, 1] instead of y_true[:, 1:2]",
    )


def _others(case):
    """Return the output and random ones in its place."""
    rng = np.random.default_rng(0)
    low, high = (0.02, 0.98) if case.bounded_by_one else (-5, 5)
    if case.bounded_below:
        low = 0.05
    return [case.p, *rng.uniform(low, high, (4, *case.p.shape))]


def direction(case):
    """Note where a loss by hand rises with the output where the label is 1: a minus may be missing."""
    if case.kind or not case.reading.by_hand or case.classes > 1 or case.guess is None or case.sigmoid_last:
        return None
    if not case.labels_matter:
        return None
    right, wrong = _tried(case, *_extremes(case, 5))
    if not _higher(right, wrong) or not _higher(*_tried_as_probs(case)):
        return None
    return (
        f"The loss rises with the output where the label is 1: {right:.4f} for 5 there and -5 elsewhere, {wrong:.4f} "
        "the other way round. Right for a distance, or a critic; for a score a minus is missing."
    )


def wants_logits(case):
    """Find a loss by hand that stays above 0 on probabilities that are right, and is 0 on logits that are."""
    if case.kind or not case.reading.by_hand or not case.bounded_by_one:
        return None
    if case.guess is None:
        return _squashed_again(case)
    perfect, logits = case.try_loss(case.guess), case.try_loss(30 * (2 * case.guess - 1))
    if not (perfect > 0.05 and abs(logits) < 0.01 * perfect):
        return None
    return Finding(
        "loss for logits gets probabilities",
        "The model ends in probabilities, and the loss applies softmax or sigmoid to them again.",
        f"For probabilities that are perfectly right it is still {perfect:.4f}; for logits of 30 it is {logits:.2g}.",
        "remove the activation of the last layer",
    )


def _squashed_again(case):
    """Find a loss by hand whose graph takes softmax or sigmoid of an output that is one already."""
    if isinstance(case.run, Exception) or case.squashed is None:
        return None
    name = "sigmoid_cross_entropy_with_logits" if "logistic_loss" in case.squashed.name else case.squashed.type
    return Finding(
        "loss for logits gets probabilities",
        "The model ends in probabilities, and the loss applies softmax or sigmoid to them again.",
        f"{name} in the loss takes the output itself, which goes from {case.p.min():.4g} to {case.p.max():.4g}.",
        "remove the activation of the last layer",
    )


def other_losses(case):
    """Find an ending that does not fit `from_logits` of a focal or Kullback-Leibler loss of Keras."""
    fn, kwargs = function_of(case.loss)
    if fn not in ON_PROBS:
        return None
    from_logits = bool(kwargs.get("from_logits", False))
    outside = case.outside.any()
    name = fn.__name__
    function = BINARY_CLASS[ON_PROBS[fn]]
    if outside and not from_logits:
        fix = "" if name == "kl_divergence" else ", or from_logits=True in the loss"
        return Finding(
            "logits without from_logits=True",
            f"The model ends in scores; {name} takes them for probabilities and clips them to 0..1.",
            f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}; the loss is {case.losses.mean():.4f}.",
            f"end in activation='{function}'{fix}",
        )
    if name == "kl_divergence" and case.one_hot and not case.probs and np.allclose(case.y.sum(-1), 1, atol=1e-3):
        sums = case.p.sum(-1)
        return Finding(
            "logits without from_logits=True",
            "Kullback-Leibler compares two distributions, and the rows of the output are none.",
            f"The rows of the output sum to {sums.min():.4g} to {sums.max():.4g}, those of y to 1; the loss is "
            f"{case.losses.mean():.4f}, and a true divergence is never below 0.",
            "end in activation='softmax'",
        )
    if from_logits and (case.probs if ON_PROBS[fn] else case.sigmoid_last):
        return Finding(
            "probabilities with from_logits=True",
            f"The model ends in probabilities and {name} applies {function} to them again.",
            f"The output lies between {case.p.min():.3g} and {case.p.max():.3g}; the loss is {case.losses.mean():.4f}.",
            f"remove the {function}, or from_logits=True",
        )
    return None
