"""Findings in metrics."""

import numpy as np

from ..checks import SUM_TOLERANCE
from ..quiet import keras, tf
from .finding import Finding


def wrong_accuracy(case):
    """Find a metric whose rule does not fit labels and outputs."""
    metrics = case.model._compile_metrics
    if metrics is None:
        return None
    given = [_of_output(case, metrics._user_metrics), _of_output(case, metrics._user_weighted_metrics)]
    for metric in keras.tree.flatten(given):
        if metric is not None and (finding := judge(case, metric)):
            return finding
    return None


def _of_output(case, given):
    """Return the metrics that belong to the output of a case, of all that `compile` was given."""
    if isinstance(given, dict):
        return given.get(case.name, given if not case.name else [])
    if case.outputs > 1 and isinstance(given, list | tuple):
        return given[case.place] if len(given) == case.outputs else []
    return given


def _threshold(case):
    """Return the output from which on one unit says yes."""
    return 0.0 if case.from_logits and not case.sigmoid_last else 0.5


def of_masks(case, metric):
    """Find an intersection over union that takes scores or probabilities for class numbers."""
    if type(metric) not in (keras.metrics.IoU, keras.metrics.MeanIoU) or not metric.sparse_y_pred:
        return None
    if not (case.p % 1).any():
        return None
    if case.classes == 1:
        right = keras.metrics.BinaryIoU(target_class_ids=[0, 1], threshold=_threshold(case))
        change = f"metrics=[keras.metrics.BinaryIoU([0, 1], threshold={_threshold(case)})]"
    else:
        right = keras.metrics.MeanIoU(num_classes=case.classes, sparse_y_true=not case.one_hot, sparse_y_pred=False)
        change = f"keras.metrics.MeanIoU({case.classes}, sparse_y_pred=False)"
        if case.one_hot:
            change = f"keras.metrics.OneHotMeanIoU({case.classes})"
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {metric.name!r} cuts the output to whole numbers and takes them for classes; the output has a "
        f"{'score for each class' if case.classes > 1 else 'score or probability'}.",
        f"On this batch it reports {_reported(type(metric).from_config(metric.get_config()), case)}; by the largest "
        f"score, or the threshold, it is {_reported(right, case)}. The output {case.p.shape} goes from "
        f"{case.p.min():.4g} to {case.p.max():.4g}.",
        change,
    )


def of_logits(case, metric):
    """Find a precision or recall with a threshold of 0.5 on logits, or over both units of a softmax."""
    if type(metric) not in (keras.metrics.Precision, keras.metrics.Recall):
        return None
    if case.classes == 2 and case.probs and case.one_hot and metric.class_id is None and metric.top_k is None:
        return _of_two_units(case, metric)
    if case.classes > 1 or metric.top_k is not None or list(metric.thresholds) != [0.5] or _threshold(case) == 0.5:
        return None
    right = type(metric)(thresholds=0.0)
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {metric.name!r} calls what is above 0.5 a hit; the output is a logit, for which that line is 0.",
        f"On this batch it reports {_reported(type(metric)(), case)}; with a threshold of 0 it is "
        f"{_reported(right, case)}. The output goes from {case.p.min():.4g} to {case.p.max():.4g}.",
        f"metrics=[keras.metrics.{type(metric).__name__}(thresholds=0.0)]",
    )


def _of_two_units(case, metric):
    """Find a precision or recall over both units of a softmax: they are then the accuracy."""
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {metric.name!r} counts the hits of both classes, and of two units that is the accuracy.",
        f"On this batch it reports {_reported(type(metric)(), case)}, of class 1 alone "
        f"{_reported(type(metric)(class_id=1), case)}; class 1 has {int(case.y[..., 1].sum())} of {len(case.y)} rows.",
        f"metrics=[keras.metrics.{type(metric).__name__}(class_id=1)]",
    )


def of_signs(case, used):
    """Find an accuracy of 0 and 1 on labels of -1 and 1."""
    if used not in ("accuracy", "binary_accuracy") or case.classes > 1 or set(np.unique(case.y)) != {-1, 1}:
        return None
    truth = np.mean(np.sign(case.p.reshape(-1)) == case.y.reshape(-1))
    reported = _reported(keras.metrics.BinaryAccuracy(), case)
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {used!r} compares labels of -1 and 1 with 0 and 1: no row of label -1 is ever right.",
        f"On this batch it reports {reported}; the sign is right for {truth:.4f} of {case.y.size} rows.",
        "metrics=[lambda y, p: keras.ops.mean(keras.ops.equal(keras.ops.sign(p), y))]; or labels of 0 and 1 with "
        "BinaryAccuracy(threshold=0)",
    )


def _reported(metric, case):
    """Return what a metric of its own reports on the batch, as text."""
    try:
        metric.update_state(tf.constant(case.y), tf.constant(case.p, "float32"))
        return f"{float(metric.result()):.4f}"
    except Exception:
        return "an error, and so will fit"


def judge(case, metric):
    """Find an accuracy whose rule (class number, one-hot row, threshold) does not fit, such as 0.5 for logits."""
    name = metric if isinstance(metric, str) else getattr(metric, "name", getattr(metric, "__name__", ""))
    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        sparse = case.y.ndim < case.p.ndim or (case.y.shape[-1] == 1 and case.classes > 1)
        rule = "binary" if case.classes == 1 else "sparse_categorical" if sparse else "categorical"
        metric = f"{rule}_accuracy"
    if isinstance(metric, str):
        metric = keras.metrics.get(metric)
    if isinstance(metric, keras.metrics.Metric) and (finding := of_masks(case, metric) or of_logits(case, metric)):
        return finding
    fn, kwargs = getattr(metric, "_fn", metric), getattr(metric, "_fn_kwargs", {})
    used = getattr(fn, "__name__", "")
    if finding := of_signs(case, used):
        return finding
    if used not in ("accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"):
        return None
    single = case.one_hot and np.allclose(case.y.sum(-1), 1, rtol=0, atol=10 * SUM_TOLERANCE)
    if case.kind == "binary":
        wanted = "BinaryAccuracy"
        if single and used == "categorical_accuracy":
            return None
    elif case.classes > 1 and case.labels.shape == case.p.shape[:-1]:
        wanted = "SparseCategoricalAccuracy"
    elif single:
        wanted = "CategoricalAccuracy"
    else:
        return None
    threshold = _threshold(case)
    fits = used.replace("_", "") == wanted.lower()
    low = fits and wanted.startswith("Sparse") and case.low
    if fits and wanted == "BinaryAccuracy":
        fits = kwargs.get("threshold", 0.5) == threshold
    if low:
        fits = not (np.asarray(tf.cast(case.labels, case.dtype), np.float64) != case.labels).any()
    if fits:
        return None
    if wanted == "BinaryAccuracy":
        y = case.y.reshape(case.p.shape) if case.y.size == case.p.size else case.y
        truth = np.mean((case.p > threshold) == (y > 0.5))
    else:
        labels = case.labels if wanted.startswith("Sparse") else case.y.argmax(-1)
        truth = np.mean(case.p.argmax(-1) == labels)
    try:
        y, p = tf.constant(case.y), tf.constant(case.p, case.dtype)
        if used != "sparse_categorical_accuracy":
            y = tf.cast(y, p.dtype)
        reported = f"{np.mean(np.asarray(fn(y, p, **kwargs), np.float64)):.4f}"
    except Exception:
        reported = "an error, and so will fit"
    if reported == f"{truth:.4f}":
        reported += " too, and on others not"
    arguments = f"threshold={threshold}" if wanted == "BinaryAccuracy" and threshold != 0.5 else ""
    change = 'last layer with dtype="float32"' if low else f"metrics=[keras.metrics.{wanted}({arguments})]"
    reason = (
        "the labels are cast to the output's dtype and become others"
        if low
        else "its rule is made for other labels or outputs"
    )
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {name!r} does not fit: {'it asks y == output, and ' if used == 'accuracy' else ''}{reason}.",
        f"On this batch it reports {reported}; the share of right answers is {truth:.4f}. y {case.y.shape}, output "
        f"{case.p.shape} {case.dtype}" + (f", threshold {kwargs.get('threshold', 0.5)}." if "binary" in used else "."),
        change,
    )
