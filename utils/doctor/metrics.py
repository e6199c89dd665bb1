"""Findings in metrics."""

import numpy as np

from ..checks import SUM_TOLERANCE
from ..quiet import keras, tf
from .finding import Finding
from .handmade import direction
from .measure import FEW

QUANTITIES = 0.1  # the share of targets that are neither 0 nor 1


def wrong_accuracy(case):
    """Find a metric whose rule does not fit labels and outputs."""
    metrics = case.model._compile_metrics
    if metrics is None:
        return None
    given = [_of_output(case, metrics._user_metrics), _of_output(case, metrics._user_weighted_metrics)]
    unweighted = given if case.sample_weight is None else given[:1]
    checks = [(check, metric) for check, some in ((judge, given), (of_ignored, unweighted)) for metric in flat(some)]
    return next((finding for check, metric in checks if (finding := check(case, metric))), None)


def flat(metrics):
    """Return the metrics of a structure in a list."""
    return [metric for metric in keras.tree.flatten(metrics) if metric is not None]


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
        "a metric that does not fit",
        f"The metric {metric.name!r} cuts the output to whole numbers and takes them for classes; the output has a "
        f"{'score for each class' if case.classes > 1 else 'score or probability'}.",
        f"On this batch it reports {_reported(type(metric).from_config(metric.get_config()), case)}; by the largest "
        f"score, or the threshold, it is {_reported(right, case)}. The output {case.p.shape} goes from "
        f"{case.p.min():.4g} to {case.p.max():.4g}.",
        change,
    )


def of_logits(case, metric):
    """Find a precision or recall with a threshold of 0.5 on logits."""
    if type(metric) not in (keras.metrics.Precision, keras.metrics.Recall):
        return None
    if case.classes == 2 and case.probs and case.one_hot and metric.class_id is None and metric.top_k is None:
        return _of_two_units(case, metric)
    if case.classes > 1 or metric.top_k is not None or list(metric.thresholds) != [0.5] or _threshold(case) == 0.5:
        return None
    right = type(metric)(thresholds=0.0)
    return Finding(
        "a metric that does not fit",
        f"The metric {metric.name!r} calls what is above 0.5 a hit; the output is a logit, for which that line is 0.",
        f"On this batch it reports {_reported(type(metric)(), case)}; with a threshold of 0 it is "
        f"{_reported(right, case)}. The output goes from {case.p.min():.4g} to {case.p.max():.4g}.",
        f"metrics=[keras.metrics.{type(metric).__name__}(thresholds=0.0)]",
    )


def of_curves(case, metric):
    """Find an area under a curve that takes logits for probabilities: its thresholds lie between 0 and 1."""
    if type(metric) is not keras.metrics.AUC or metric._from_logits or _threshold(case) == 0.5:
        return None
    if not case.outside.any():
        return None
    options = {key: value for key, value in metric.get_config().items() if key not in ("thresholds", "name")}
    right = keras.metrics.AUC(**options | {"from_logits": True})
    return Finding(
        "a metric that does not fit",
        f"The metric {metric.name!r} tries thresholds between 0 and 1; the output is a logit, and all beyond them look "
        "alike.",
        f"On this batch it reports {_reported(keras.metrics.AUC(**options), case)}; from logits it is "
        f"{_reported(right, case)}. The output goes from {case.p.min():.4g} to {case.p.max():.4g}; "
        f"{100 * case.outside.mean():.0f} % lie outside 0 to 1.",
        "metrics=[keras.metrics.AUC(from_logits=True)]",
    )


def _of_two_units(case, metric):
    """Find a precision or recall over both units of a softmax: they are then the accuracy."""
    return Finding(
        "a metric that does not fit",
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
        "a metric that does not fit",
        f"The metric {used!r} compares labels of -1 and 1 with 0 and 1: no row of label -1 is ever right.",
        f"On this batch it reports {reported}; the sign is right for {truth:.4f} of {case.y.size} rows.",
        "metrics=[lambda y, p: keras.ops.mean(keras.ops.equal(keras.ops.sign(p), y))]; or labels of 0 and 1 with "
        "BinaryAccuracy(threshold=0)",
    )


def of_distances(case, name, used):
    """Find an accuracy that says yes above a threshold where the loss wants small outputs for label 1: distances."""
    if used not in ("accuracy", "binary_accuracy") or not direction(case):
        return None
    output, y = case.p.reshape(-1), case.y.reshape(-1)
    return Finding(
        "a metric that does not fit",
        f"The metric {name!r} says 1 for outputs above 0.5; the loss makes outputs of label 1 small, as a distance "
        "between equals is: the better the model, the lower it reads.",
        f"On this batch it reports {_reported(keras.metrics.BinaryAccuracy(), case)}, and with 1 for outputs below 0.5 "
        f"{np.mean((output < 0.5) == (y > 0.5)):.4f}. The output goes from {output.min():.4g} to {output.max():.4g}.",
        "metrics=[lambda y, p: keras.ops.mean(keras.ops.equal(p < 0.5, y > 0.5))]",
    )


def of_ignored(case, metric):
    """Find an accuracy that counts the labels of `ignore_class`, which no output can hit."""
    name = name_of(metric)
    if case.ignore_class is None or case.kind != "sparse" or not case.fits:
        return None
    of_keras = isinstance(metric, str) or type(metric) is keras.metrics.SparseCategoricalAccuracy
    if not of_keras or name not in ("accuracy", "acc", "sparse_categorical_accuracy"):
        return None  # one's own may leave them out
    ignored = (case.labels == case.ignore_class)[case.unmasked]
    if not ignored.any() or 0 <= case.ignore_class < case.classes:
        return None
    right = (case.p.argmax(-1) == case.labels)[case.unmasked]
    return Finding(
        "a metric that does not fit",
        f"The metric {name!r} counts the labels that the loss ignores: no class is {case.ignore_class:g}, so these are "
        "always wrong.",
        f"{100 * ignored.mean():.0f} % of the labels are {case.ignore_class:g}. On this batch it reports "
        f"{right.mean():.4f}, never more than {1 - ignored.mean():.4f}; over the others it is "
        f"{right[~ignored].mean():.4f}.",
        f"weighted_metrics=[{name!r}], and sample_weight=(y != {case.ignore_class:g})",
    )


def name_of(metric):
    """Return what a metric is called."""
    return metric if isinstance(metric, str) else getattr(metric, "name", getattr(metric, "__name__", ""))


def of_quantities(case, name, used):
    """Find an accuracy of quantities: numbers that are neither classes nor rows of shares."""
    y = case.y.astype(np.float64)
    bits = np.isin(y, (0, 1)).mean()
    if case.kind in FEW or y.size != case.p.size or bits > 1 - QUANTITIES:
        return None
    if case.classes > 1 and (not (y % 1).any() or used == "binary_accuracy" or np.allclose(y.sum(-1), 1, atol=1e-3)):
        return None
    metric = keras.metrics.CategoricalAccuracy() if case.classes > 1 else keras.metrics.BinaryAccuracy()
    rule = f"compares the largest of {case.classes} columns" if case.classes > 1 else "compares y with 0 and 1"
    perfect = "" if case.classes > 1 else f", and of an output that equals y {_reported(metric, case, y)}"
    smoothed = case.kind == "binary" and len(np.unique(y)) == 2
    return Finding(
        "a metric that does not fit",
        f"The metric {name!r} {rule}; y holds quantities, and of these it says nothing.",
        f"On this batch it reports {_reported(type(metric)(), case)}{perfect}. y {case.y.shape} goes from "
        f"{y.min():.4g} to {y.max():.4g}; {100 * bits:.0f} % are 0 or 1.",
        "y of 0 and 1, and label_smoothing in the loss"
        if smoothed
        else "metrics=['mae'], the mean absolute error, in the unit of y",
    )


def _reported(metric, case, output=None):
    """Return what a metric of its own reports on the batch, or on another output, as text."""
    try:
        metric.update_state(tf.constant(case.y), tf.constant(case.p if output is None else output, "float32"))
        return f"{float(metric.result()):.4f}"
    except Exception:
        return "an error, and so will fit"


def judge(case, metric):
    """Find an accuracy whose rule (class number, one-hot row, threshold) does not fit, such as 0.5 for logits."""
    name = name_of(metric)
    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        sparse = case.y.ndim < case.p.ndim or (case.y.shape[-1] == 1 and case.classes > 1)
        rule = "binary" if case.classes == 1 else "sparse_categorical" if sparse else "categorical"
        metric = f"{rule}_accuracy"
    if isinstance(metric, str):
        metric = keras.metrics.get(metric)
    if isinstance(metric, keras.metrics.Metric) and (
        finding := of_masks(case, metric) or of_logits(case, metric) or of_curves(case, metric)
    ):
        return finding
    fn, kwargs = getattr(metric, "_fn", metric), getattr(metric, "_fn_kwargs", {})
    used = getattr(fn, "__name__", "") if getattr(fn, "__module__", "").startswith("keras.") else ""  # not one's own
    if finding := of_signs(case, used):
        return finding
    if used not in ("accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"):
        return None
    if finding := of_quantities(case, name, used) or of_distances(case, name, used):
        return finding
    single = case.one_hot and np.allclose(case.y.sum(-1), 1, rtol=0, atol=10 * SUM_TOLERANCE)
    if case.kind == "binary":
        wanted = "BinaryAccuracy"
        if single and used == "categorical_accuracy":
            return None
    elif case.classes > 1 and case.fits:
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
    same = ", the same by chance" if reported == f"{truth:.4f}" else ""
    arguments = f"threshold={threshold}" if wanted == "BinaryAccuracy" and threshold != 0.5 else ""
    change = 'last layer with dtype="float32"' if low else f"metrics=[keras.metrics.{wanted}({arguments})]"
    if low:
        reason = "the labels are cast to the output's dtype and become others"
    elif wanted == "BinaryAccuracy" and used == "binary_accuracy":
        line = "probabilities it is 0.5" if threshold else "logits the line is 0"
        reason = f"it calls what is above {kwargs.get('threshold', 0.5)} a yes; for {line}"
    else:
        reason = "its rule is made for other labels or outputs"
    return Finding(
        "a metric that does not fit",
        f"The metric {name!r} does not fit: {'it asks y == output, and ' if used == 'accuracy' else ''}{reason}.",
        f"On this batch it reports {reported}; the share of right answers is {truth:.4f}{same}. y {case.y.shape}, "
        f"output {case.p.shape} {case.dtype}"
        + (f", threshold {kwargs.get('threshold', 0.5)}." if "binary" in used else "."),
        change,
    )
