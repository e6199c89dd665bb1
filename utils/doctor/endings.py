"""Findings in the last layer: what bounds or drops the logits."""

import re

import numpy as np

from .finding import Finding
from .graph import ends_of, layer_of
from .measure import CLASSES, FEW

UNIT = 1.01  # cosines, as float16 rounds them
ENOUGH = 0.99  # a probability that logits of equal norm should be able to pass
# What the last operation lets through; a softmax or sigmoid of logits that are bounded is bounded too.
BOUNDS = {
    "Relu": (0, np.inf),
    "Relu6": (0, 6),
    "Tanh": (-1, 1),
    "Softplus": (0, np.inf),
    "Elu": (-1, np.inf),
    "Selu": (-1.7581, np.inf),
    "Softsign": (-1, 1),
    "Sigmoid": (0, 1),
    "Abs": (0, np.inf),
    "Square": (0, np.inf),
    "Sqrt": (0, np.inf),
    "Exp": (0, np.inf),
    "Sign": (-1, 1),
    "Minimum": None,
    "Maximum": None,
    "ClipByValue": None,
}


# Of these the outputs are distances, which are meant to be 0 or more.
DISTANCES = ("Sqrt", "Abs", "Square", "Sum")


def bounded(case):
    """Find a last operation that bounds the logits: relu, tanh, a clip, a norm so small that no row can be sure.

    The operation stands last in the graph, or last before softmax or sigmoid, under a cross-entropy.
    """
    if case.kind not in CLASSES:
        return None
    behind = case.inner if case.softmax_last or case.sigmoid_last else case.last
    if (case.sigmoid_last and case.kind in FEW) or (case.probs and not case.softmax_last):
        return None
    if not behind or len({op.type for op in behind}) > 1:
        return None
    op = next(iter(behind))
    if op.type == "Sigmoid" and not (case.softmax_last or case.sigmoid_last):
        return None  # probabilities under a loss that wants them, or as logits: another finding
    low, high, name = _bounds(op, case)
    if low is None:
        return None
    if op.type in ("Maximum", "Exp") and not case.from_logits and not case.softmax_last and not case.sigmoid_last:
        return None  # a clip of probabilities, as Keras itself does; what they are is judged elsewhere
    return Finding(
        "logits bounded by the last layer",
        "Softmax and sigmoid take scores of any size and sign; these cannot leave their bounds, and where one stands "
        "at a bound, no gradient passes to its class.",
        f"{name} in {layer_of(op, case.model)!r} lets through {low:.4g} to {high:.4g}; {_at_bound(case, low, high)}"
        + _limit(case, low, high),
        f"put Dense({case.classes}) between the {name} and {'softmax' if case.softmax_last else 'sigmoid'}"
        if op.type in DISTANCES and not behind_nothing(case)
        else f"remove the {name} behind the last layer: Dense({case.classes})"
        + ("" if case.from_logits or case.softmax_last or case.sigmoid_last else f",\n{case.fixed_loss(True)}"),
    )


def _bounds(op, case):
    """Return the lowest and highest logit that an operation lets through, and what to call it; None for no bound."""
    if op.type in ("Minimum", "Maximum", "ClipByValue"):
        low, high = (case.p.min(), case.p.max()) if behind_nothing(case) else (-np.inf, np.inf)
        return low, high, "clip"
    if re.search(r"/?(Gelu|gelu|silu|swish|mish)/", op.name) and op.type == "Mul":
        return -0.17, np.inf, "gelu"
    if op.type == "Sum" and {end.type for end in ends_of(op.inputs[0])} <= {"Square", "Abs", "SquaredDifference"}:
        return 0, np.inf, "sum"
    if op.type not in BOUNDS:
        norm = norm_of_rows(case) if behind_nothing(case) else None
        if norm is not None and 1 / (1 + (case.classes - 1) * np.exp(-2 * norm)) < ENOUGH:
            return -norm, norm, f"norm of {norm:.4g}"
        return None, None, ""
    return *BOUNDS[op.type], op.type.lower()


def cosines(case):
    """Find scores that stay between -1 and 1 whatever the weights, as cosines do, so that no row can be sure.

    Tried with weights a thousand times as large, a factor that is learned among them.
    """
    if case.kind not in CLASSES or not behind_nothing(case) or not case.from_logits or case.classes < 2:
        return None
    limit = 1 / (1 + (case.classes - 1) * np.exp(-2))
    if limit > ENOUGH or not case.model.trainable_variables or np.abs(case.p).max() > UNIT:
        return None
    outputs = case.walk.outputs_with(case.model.trainable_variables, lambda value: 1e3 * value)
    largest = np.abs(np.asarray(outputs[case.place], np.float64)).max()
    if not UNIT / 2 < largest <= UNIT:
        return None
    return Finding(
        "logits bounded by the last layer",
        "The scores are cosines, or otherwise scaled to at most 1: their softmax is nearly even, and the loss cannot "
        "come near 0.",
        f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}; with weights a thousand times as large no "
        f"score passes {largest:.4g}. No probability can pass {limit:.4f}, no loss fall below {-np.log(limit):.4f}.",
        "divide the scores by a temperature, as 0.07, or multiply them by a factor that is learned",
    )


def norm_of_rows(case):
    """Return the norm that all rows of the output share, as a normalisation makes them, or None."""
    norm = np.linalg.norm(case.p.reshape(-1, case.classes), axis=-1)
    same = case.classes > 1 and len(norm) > 3 and norm.min() > 0 and np.allclose(norm, norm[0], rtol=1e-3)
    return float(norm.mean()) if same and np.ptp(case.p, axis=0).max() > 0.01 * norm.mean() else None


def behind_nothing(case):
    """Whether the output is the logits themselves."""
    return not case.softmax_last and not case.sigmoid_last


def _at_bound(case, low, high):
    """Count the outputs that stand at a bound."""
    if not behind_nothing(case):
        return f"the output goes from {case.p.min():.4g} to {case.p.max():.4g}."
    tolerance = 1e-6 * max(abs(case.p).max(), 1)
    at = (np.abs(case.p - low) <= tolerance) | (np.abs(case.p - high) <= tolerance)
    return f"{at.sum()} of {at.size} outputs stand at a bound."


def _limit(case, low, high):
    """Say what no probability can pass."""
    if not np.isfinite(high - low):
        return ""
    others = case.classes - 1 if case.kind in FEW else 1
    gap = high - low if case.kind in FEW else high
    return f" No probability can pass {1 / (1 + others * np.exp(-gap)):.4f}."


def mixed(case):
    """Find a reshape behind the last weights that makes rows of one class of many pixels, not of one pixel.

    The scores of each pixel, or step, before it are looked for among the rows behind it.
    """
    if case.kind not in CLASSES or not case.scores:
        return None
    before, after = case.scores
    if before.ndim < 3 or before.shape[-1] != after.shape[-1] or after.shape[-1] < 2 or before.size != after.size:
        return None
    direction = np.random.default_rng(0).normal(size=after.shape[-1])
    found = [np.sort((scores @ direction).reshape(len(scores), -1)) for scores in (before, after)]
    if np.allclose(*found, rtol=1e-4, atol=1e-4 * np.abs(found[0]).max()):
        return None
    return Finding(
        "classes and pixels mixed by a reshape",
        "A reshape keeps the order of the numbers in memory, in which the classes of a pixel come first. This one cuts "
        "them otherwise: a row of the output holds scores of several pixels, and none of them all.",
        f"The last weights give {before.shape}, each pixel with its {before.shape[-1]} scores; after reshape and "
        f"transposition, {after.shape}, these are no longer together.",
        f"layers.Reshape({after.shape[1:]}) alone, without Permute",
    )


def dropped(case):
    """Find dropout behind the last weights: it sets logits, or probabilities, to 0 while training.

    Looked for in the graph that `fit` would make, which is traced and not run.
    """
    if case.kind not in CLASSES or not case.dropped:
        return None
    name = layer_of(next(iter(case.dropped)), case.model)
    return Finding(
        "dropout behind the logits",
        "While training, dropout sets outputs to 0 at random and enlarges the others: a label can get a score, or a "
        "probability, that no weight has made.",
        f"{name!r} stands behind the last weights, on {case.classes} outputs; the loss evaluated without it is "
        f"{case.losses.mean():.4f}.",
        "put the dropout before the last Dense layer",
    )
