"""Findings in regression targets: beyond what the output can give, or what the loss can read."""

import numpy as np

from ..quiet import keras
from .endings import BOUNDS
from .finding import Finding
from .reads import function_of

# Regression losses, which want the output to equal the target.
EQUAL = (
    keras.losses.mean_squared_error,
    keras.losses.mean_absolute_error,
    keras.losses.huber,
    keras.losses.log_cosh,
)
LOSE = 1e-3  # how far beyond its bounds an output may miss, as a share of the targets' size


def beyond_output(case):
    """Find targets beyond the bounds of the last operation: negative ones under relu, large ones under a sigmoid.

    Looked for under squared error, absolute error, Huber and log-cosh of Keras.
    """
    fn, _ = function_of(case.loss)
    types = {op.type for op in case.last}
    if fn not in EQUAL or len(types) != 1 or case.y.size != case.p.size:
        return None
    low, high = {"Softmax": (0, 1), **BOUNDS}.get(types.pop()) or (-np.inf, np.inf)
    y = case.y.astype(np.float64)
    slack = LOSE * max(np.abs(y).max(), 1e-12)
    outside = (y < low - slack) | (y > high + slack)
    if not outside.any():
        return None
    kind = next(iter(case.last)).type.lower()
    return Finding(
        "targets beyond the output",
        f"The last layer ends in {kind}, which gives {low:g} to {high:g}; no training can reach the other targets.",
        f"{outside.sum()} of {y.size} targets are beyond; they go from {y.min():.4g} to {y.max():.4g}.",
        "end in Dense without activation; or scale the targets into these bounds",
    )


def unreadable(case):
    """Find targets that a loss of Keras clips silently: below 0 for a logarithm or count, 0 for a percentage loss."""
    fn, _ = function_of(case.loss)
    y = case.y.astype(np.float64)
    if fn in (keras.losses.mean_squared_logarithmic_error, keras.losses.poisson):
        bad, wanted = y < 0, "0 and above"
        instead = "negative ones are read as 0" if fn is not keras.losses.poisson else "a count is never negative"
    elif fn is keras.losses.mean_absolute_percentage_error:
        bad, wanted, instead = y == 0, "other than 0", "a percentage of 0 is divided by 1e-7 instead"
    else:
        return None
    if not bad.any():
        return None
    return Finding(
        "targets that the loss cannot read",
        f"{fn.__name__} wants targets {wanted}; {instead}.",
        f"{bad.sum()} of {y.size} targets; they go from {y.min():.4g} to {y.max():.4g}. The loss is "
        f"{case.losses.mean():.4g}.",
        "loss='mse', on scaled targets",
    )
