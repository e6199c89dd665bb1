"""Names the mistake in a compiled Keras model: `diagnose(model, x, y)` looks at one batch and changes nothing.

`measure` runs the model's real output, the real loss on it and its gradient; the other modules conclude from that, each
from one thing it looks at. A check takes a Case and returns a Finding or None.
"""

from . import data, labels, loss, metrics, output, weights
from .finding import Diagnosis, Finding, report
from .measure import Case, check_batch, check_model, check_weights, unchanged

__all__ = ["Diagnosis", "Finding", "diagnose", "report"]

# Worst first. Within a group the first that speaks is the cause of what the others would say.
FATAL = (data.nan_in_inputs, labels.nan_in_labels, weights.nan_in_weights)
LABELS = (
    output.one_unit,
    output.sigmoid_with_categorical,
    labels.one_hot_with_sparse,
    labels.integers_with_categorical,
    labels.fractions,
    labels.out_of_range,
    labels.corrupted,
    labels.target_rows,
    loss.loss_fails,
)
OUTPUT = (output.wrong_axis, output.softmax_twice)
LOSS = (
    loss.nan_in_loss,
    loss.broadcast,
    loss.softmax_with_binary,
    loss.probs_as_logits,
    loss.logits_as_probs,
    loss.saturated,
    loss.logits_lost,
)
WEIGHTS = (weights.weights_on_wrong_axis, weights.class_weight_on_positions)
INPUT = (data.unscaled,)
REST = (loss.far_from_ln_k, loss.recovered)
METRICS = (metrics.wrong_accuracy,)


def diagnose(model, x, y, sample_weight=None, class_weight=None):
    """Look at a compiled model and one batch, and name what is wrong, worst first.

    One cause gives one finding: mend it and ask again. The model is called with `training=False`. Nothing changes:
    weights, optimizer, metrics, compiled state and random state are afterwards as they were.

    Parameters
    ----------
    model : keras.Model
        Compiled and built, with one input, one output and one loss.
    x : array_like, shape (B, ...)
        Inputs of one batch, as for `fit`. From 8 rows on, the loss is also compared with ln K.
    y : array_like, shape (B, ...)
        Labels or target rows of the batch.
    sample_weight : array_like, shape (B,) or that of the losses, optional
        What `fit` would get.
    class_weight : dict of int to float, optional
        What `fit` would get.

    Returns
    -------
    Diagnosis
        A list of Finding, empty for a healthy model; losses in the evidence are in nats. Its `notes` say what is right
        on the TensorFlow backend only.

    Raises
    ------
    ValueError
        If `model` is not a Keras model, not compiled, not built, has several inputs, outputs or losses or cannot
        take `x`; if `x` or `y` is empty, ragged, not numeric, or their lengths differ; if a weight is of the wrong
        kind.
    """
    check_model(model)
    x, y = check_batch(x, y)
    sample_weight, class_weight = check_weights(sample_weight, class_weight, len(x))
    with unchanged(model):
        case = Case(model, x, y, sample_weight, class_weight)
        if findings := [finding for check in FATAL if (finding := check(case))]:
            return Diagnosis(findings)  # every later number is one of these
        of_labels, of_output = _one_of(LABELS, case), _one_of(OUTPUT, case)
        if of_labels:  # there is no loss to look at
            return Diagnosis(of_labels + of_output + _one_of(INPUT, case))
        findings = (of_output or _one_of(LOSS, case)) + _one_of(WEIGHTS, case) + _one_of(INPUT, case)
        findings = (findings or _one_of(REST, case)) + _one_of(METRICS, case)
        return Diagnosis(findings, filter(None, [loss.on_tensorflow_only(case)]))


def _one_of(checks, case):
    """Return the first finding of a group in a list, or none: the others would name its consequences."""
    return next(([finding] for check in checks if (finding := check(case))), [])
