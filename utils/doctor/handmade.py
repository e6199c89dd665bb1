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
    """Find a loss that takes (y_pred, y_true): on two rows it is cross-entropy with its arguments exchanged."""
    if not case.reading.swapped:
        return None
    return Finding(
        "loss takes its arguments in the other order",
        "Keras calls loss(y_true, y_pred); this one computes cross-entropy of its first argument, which is the labels.",
        f"On 2 rows of 3 classes it is {case.kind} cross-entropy only as loss(y_pred, y_true); y has shape "
        f"{case.y.shape}, the output {case.p.shape}.",
        "def loss(y_true, y_pred): ...",
    )


def wrong_mean(case):
    """Find a loss that is cross-entropy but for a sum or mean over another axis, on two rows and three classes."""
    scale = case.reading.scale
    if scale in (1, 2):
        return None
    return Finding(
        "mean over the wrong axis",
        f"The loss is cross-entropy times a number that the shape decides: it takes {SCALES[scale]}.",
        f"On 2 rows of 3 classes it is {scale:.4f} of the cross-entropy; on this batch, {case.p.shape}, the loss is "
        f"{case.losses.mean():.4f}.",
        "tf.reduce_sum(..., axis=-1) over the classes, and a value for each row: Keras takes their mean",
    )


def softmax_over_rows(case):
    """Find a loss by hand that is cross-entropy on two rows but for a softmax over axis 0, the rows of the batch."""
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
    right = case.guess
    wrong = np.roll(right, 1, axis=-1) if case.classes > 1 and (right.sum(-1) == 1).all() else 1 - right
    if case.probs or case.sigmoid_last:
        low = 0.02 / max(case.classes - 1, 1)
        return tuple(np.where(rows > 0.5, 0.98, low) for rows in (right, wrong))
    return tuple(size * (2 * rows - 1) for rows in (right, wrong))


def rewards_wrong(case):
    """Find a loss that is lower where the output is surely wrong than where it is surely right."""
    if case.kind or not case.reading.by_hand or case.guess is None:
        return None
    right, wrong = (case.try_loss(output) for output in _extremes(case, 5))
    if not right > wrong + 1e-3 * max(abs(right), abs(wrong), 1):
        return None
    return Finding(
        "loss falls for wrong answers",
        "A loss must be lower for right answers. This one is higher: a minus is missing, or it is a score.",
        f"For outputs that are surely right it is {right:.4f}, for surely wrong ones {wrong:.4f}.",
        "return the negative of it",
    )


def no_floor(case):
    """Find a loss that falls without end as the right output grows: at 500 far below 0, at 5000 ten times as far."""
    if case.kind or not case.reading.by_hand or case.guess is None or case.probs or case.sigmoid_last:
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
    """Find a loss by hand that is not finite on the scores it gets and is on their softmax or sigmoid."""
    if case.from_logits or not case.reading.by_hand or case.probs or np.isfinite(case.losses).all():
        return None
    if not ((case.p < 0) | (case.p > 1)).any() or not np.isfinite(case.p).all():
        return None
    several = case.classes > 1
    value = case.try_loss(softmax(case.p) if several else 1 / (1 + np.exp(-case.p)))
    if not np.isfinite(value):
        return None
    function = "softmax" if several else "sigmoid"
    return Finding(
        "loss by hand on logits, made for probabilities",
        "The loss takes the log, or a power, of the output as if it were a probability; the model ends in scores.",
        f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}: "
        f"{(~np.isfinite(case.losses)).sum()} of {case.losses.size} losses are not finite. On its {function} the loss "
        f"is {value:.4f}.",
        f"in the loss: log_p = tf.nn.log_{function}(y_pred); or end in activation='{function}'",
    )


def wants_logits(case):
    """Find a loss by hand that stays above 0 on probabilities that are right, and is 0 on logits that are."""
    if case.kind or not case.reading.by_hand or case.guess is None or not (case.probs or case.sigmoid_last):
        return None
    perfect, logits = case.try_loss(case.guess), case.try_loss(30 * (2 * case.guess - 1))
    if not (perfect > 0.05 and abs(logits) < 0.01 * perfect):
        return None
    return Finding(
        "loss by hand on probabilities, made for logits",
        "The model ends in probabilities, and the loss applies softmax or sigmoid to them again.",
        f"For probabilities that are perfectly right it is still {perfect:.4f}; for logits of 30 it is {logits:.2g}.",
        "remove the activation of the last layer",
    )


def other_losses(case):
    """Find scores under a loss of Keras on probabilities that is no cross-entropy: focal, Kullback-Leibler."""
    fn, kwargs = function_of(case.loss)
    if fn not in ON_PROBS:
        return None
    from_logits = bool(kwargs.get("from_logits", False))
    outside = ((case.p < 0) | (case.p > 1)).any()
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
    if from_logits and (case.probs if ON_PROBS[fn] else case.sigmoid_last):
        return Finding(
            "probabilities with from_logits=True",
            f"The model ends in probabilities and {name} applies {function} to them again.",
            f"The output lies between {case.p.min():.3g} and {case.p.max():.3g}; the loss is {case.losses.mean():.4f}.",
            f"remove the {function}, or from_logits=True",
        )
    return None
