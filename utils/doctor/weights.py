"""Findings in weights of rows and classes: what fit is told to count; with weights of layers and added losses."""

import numpy as np

from ..quiet import keras
from .finding import Finding

ENOUGH_ROWS = 32  # of a smaller batch the counts say little
DROWNED = 1e4  # times as large as another loss on shared weights


def negative(case):
    """Find negative weights of rows under a regression loss, or of classes: the loss then has no lower bound."""
    weight, classes = case.sample_weight, case.class_weight or {}
    if weight is not None and np.min(weight) < 0 and case.kind is None and not case.reading.by_hand:
        what, evidence = "sample_weight", f"{(weight < 0).sum()} of {weight.size} weights, the least {weight.min():.4g}"
    elif any(value < 0 for value in classes.values()):
        what, evidence = "class_weight", f"Of {len(classes)} classes the least is {min(classes.values()):.4g}"
    else:
        return None
    return Finding(
        "negative weights",
        f"{what} below 0 reverses the loss of these rows: it falls without end as they get worse.",
        f"{evidence}; unweighted the loss is {case.losses.mean():.4f}.",
        "weights of 0 or more",
    )


def negative_rows(case):
    """Note where rows have a negative weight: right for advantages, and without a lower bound."""
    weight = case.sample_weight
    if weight is None or not np.min(weight) < 0 or (case.kind is None and not case.reading.by_hand):
        return None
    return (
        f"{(weight < 0).sum()} of {weight.size} rows have a negative weight: right for advantages in reinforcement "
        "learning; their loss has no lower bound."
    )


def unknown_class(case):
    """Find class_weight for a class that the model has not, as where its keys count from 1."""
    known = max(case.classes, 2)
    bad = sorted(key for key in case.class_weight or () if not 0 <= key < known)
    if not bad:
        return None
    without = [f"{label:g}" for label in np.unique(case.labels) if label not in case.class_weight][:3]
    return Finding(
        "class_weight for a class that is not there",
        "A key of class_weight names no class of the model. Where they count from 1, every class gets the weight that "
        "was meant for the one before it; a class without a key weighs 1.",
        f"The keys are {', '.join(map(str, sorted(case.class_weight)))}; the model has the classes 0 to {known - 1}"
        + (f". Without a key: {', '.join(without)}." if without and not case.one_hot else "."),
        "count from 0: class_weight = dict(enumerate(weights))",
    )


def backwards(case):
    """Find class_weight that is larger the more often a class comes, at least twice for three times as often."""
    if not case.class_weight or len(case.y) < ENOUGH_ROWS or case.losses.ndim > 1:
        return None
    labels = case.y.argmax(-1) if case.one_hot else case.labels.reshape(-1)
    classes, counts = np.unique(labels, return_counts=True)
    order = np.argsort(counts)  # the rarest first
    classes, counts = classes[order], counts[order]
    weights = np.array([case.class_weight.get(int(label), 1.0) for label in classes])
    if len(classes) < 2 or (np.diff(weights) <= 0).any() or counts[-1] < 3 * counts[0] or weights[-1] < 2 * weights[0]:
        return None
    share = counts[0] * weights[0] / (counts * weights).sum()
    return Finding(
        "class_weight the wrong way round",
        "The rarer a class is, the less it weighs, and it is rare already: the model can leave it out.",
        f"Class {classes[0]:g} has {counts[0]} of {counts.sum()} rows and a weight of {weights[0]:.4g}, the commonest "
        f"{weights[-1]:.4g}: {100 * share:.2g} % of the loss are its own.",
        "class_weight = {c: len(y) / (K * np.sum(y == c)) for c in range(K)}",
    )


def without_weight(model, cases):
    """Note where `loss_weights` of `compile` has a 0, from which nothing learns."""
    given = model._compile_loss and model._compile_loss._user_loss_weights
    values = list(given.values() if isinstance(given, dict) else given or ())
    if len(cases) < 2 or 0 not in values:
        return []
    names = [f"'{name}'" for name, value in given.items() if value == 0] if isinstance(given, dict) else []
    return [
        f"loss_weights has 0 for {', '.join(names) or 'an output'}: its loss is printed, and nothing learns from it."
    ]


def drowned(walk, cases):
    """Find a loss above 100 that is 10,000 times another one, where both reach the same weights."""
    if len(cases) < 2 or any(case.weight_gradients is None for case in cases):
        return []
    given = walk.model._compile_loss and walk.model._compile_loss._user_loss_weights
    if given:
        return []  # somebody has weighed them
    found = [(abs(float(case.run[0])), case) for case in cases]
    low, high = (pick(found, key=lambda pair: pair[0]) for pick in (min, max))
    reached = [{id(v) for v, g in case.weight_gradients if g is not None} for _, case in (low, high)]
    if not np.isfinite(high[0]) or high[0] < 100 or not 0 < low[0] < high[0] / DROWNED or not reached[0] & reached[1]:
        return []
    return [
        Finding(
            "one loss drowns another",
            "The losses are added, and the layers that both outputs share follow the large one alone.",
            f"{high[1].name}: {high[0]:.4g}, {low[1].name}: {low[0]:.4g}; the targets of {high[1].name} go from "
            f"{high[1].y.min():.4g} to {high[1].y.max():.4g}.",
            f"scale the targets of {high[1].name} to about 1: (y - y.mean()) / y.std(); or loss_weights in compile",
        )
    ]


def counted_all_the_same(case):
    """Note where rows of weight 0 count in the metrics, or labels may stand where weights are read."""
    weight, metrics = case.sample_weight, case.model._compile_metrics
    if weight is None or isinstance(weight, dict | list):
        return None
    values = np.unique(weight)
    if len(values) > 2 and values[0] == 0 and not (values % 1).any() and values[-1] > 1:
        return (
            f"sample_weight holds the whole numbers {', '.join(f'{v:g}' for v in values[:5])}: the third part of a "
            f"dataset is always read as weights. Rows of 0, {100 * np.mean(weight == 0):.0f} % here, teach nothing."
        )
    if values[0] == 0 and values[-1] > 0 and metrics is not None and metrics._user_metrics:
        return (
            f"{100 * np.mean(weight == 0):.0f} % of the weights are 0, and `metrics` counts these all the same: "
            "weighted_metrics= in compile leaves them out."
        )
    return None


def no_steps(model):
    """Note where the learning rate is 0, so that no step changes anything."""
    # In mixed precision Keras wraps the optimizer, and the rate of the wrapper is always 0.
    rate = getattr(getattr(model.optimizer, "inner_optimizer", model.optimizer), "_learning_rate", None)
    if rate is None or isinstance(rate, keras.optimizers.schedules.LearningRateSchedule) or float(rate) != 0:
        return []
    return ["The learning rate is 0: fit will run, and change nothing."]


def weights_on_wrong_axis(case):
    """Find sample_weight of shape (B,) beside losses of shape (B, positions)."""
    weight = case.sample_weight
    if weight is None or weight.ndim != 1 or case.losses.ndim < 2:
        return None
    shape = (len(weight),) + (1,) * (case.losses.ndim - 1)
    meant = (case.losses * weight.reshape(shape)).mean()
    if case.losses.shape[-1] == len(weight):
        got = (case.losses * weight).mean()
        evidence = f"It fits only because {len(weight)} rows meet {case.losses.shape[-1]} positions: loss {got:.5f}"
        evidence += f" instead of {meant:.5f}."
    else:
        evidence = f"They do not fit, and fit will stop. The loss meant is {meant:.5f}."
    return Finding(
        "sample_weight on the wrong axis",
        "The loss has a value for each position, and weights of shape (B,) line up with the last axis, the "
        "positions, and not with the rows of the batch.",
        f"Losses {case.losses.shape}, weights {weight.shape}. {evidence}",
        f"sample_weight = sample_weight.reshape({(-1, *shape[1:])})",
    )


def weights_of_one_number(case):
    """Find weights that differ under a loss that gives one number for the batch: each row then weighs the same."""
    what, values = "sample_weight", case.sample_weight
    if values is None and case.class_weight:
        what, values = "class_weight", [case.class_weight.get(label, 1.0) for label in range(max(case.classes, 2))]
    if values is None or np.ptp(values) == 0 or case.losses.ndim or len(case.y) < 2:
        return None
    return Finding(
        "weights under a loss of one number",
        f"The loss gives one number for the whole batch. {what} can only multiply that number, and every row weighs "
        "the same.",
        f"The loss has shape () for {len(case.y)} rows and is {float(case.losses):.4g}; the weights go from "
        f"{np.min(values):.4g} to {np.max(values):.4g}.",
        "a value for each row in the loss: keras.ops.mean(..., axis=-1)",
    )


def class_weight_on_positions(case):
    """Find class_weight beside labels of shape (B, positions)."""
    if case.class_weight is None or case.losses.ndim < 2:
        return None
    labels = case.labels if not case.one_hot else case.y.argmax(-1)
    if labels.shape != case.losses.shape:
        return None
    table = np.vectorize(lambda label: case.class_weight.get(int(label), 1.0), otypes=[float])
    meant = (case.losses * table(labels)).mean()
    evidence = (
        f"y has shape {case.y.shape}, the losses {case.losses.shape}; weighted by position the loss is {meant:.5f}."
    )
    if case.y.ndim == 2:
        read = case.y.argmax(-1)
        evidence += f" Keras reads y[0] as class {read[0]}, the place of its largest number"
        fits = len(read) == case.losses.shape[-1]
        evidence += f": loss {(case.losses * table(read)).mean():.5f}, no error." if fits else ", and fit will stop."
    return Finding(
        "class_weight on labels per position",
        "class_weight gives a weight to each row of the batch; here each position has a class of its own.",
        evidence,
        "instead of class_weight:\nsample_weight = np.vectorize(lambda c: class_weight.get(c, 1.0))(y)",
    )
