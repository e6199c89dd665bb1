"""Findings in arrays that are exchanged, told by trying: exchanged, nothing is wrong with the labels."""

import copy

import numpy as np

from .finding import Finding


def exchanged(cases, judge):
    """Find labels of two outputs, labels and weights, or labels and inputs that fit once they are exchanged.

    Asked where the labels of an output do not fit; `judge` returns what is wrong with the labels of a case.
    """
    if len(cases) == 2 and cases[0].y.shape == cases[1].y.shape:
        return _outputs(*cases, judge)
    (case,) = cases if len(cases) == 1 else (None,)
    if case is None:
        return None
    return _weights(case, judge) or _inputs(case, judge)


def _with(case, y, sample_weight=None):
    """Return the case with other labels."""
    other = copy.copy(case)
    other.__dict__ = {key: value for key, value in vars(case).items() if key not in MEASURED}
    other.y, other.sample_weight = y, sample_weight
    return other


MEASURED = ("run", "targets", "guess", "frozen_cost")  # what a case has computed from its labels


def _outputs(first, second, judge):
    """Find labels of two outputs that fit once they are exchanged."""
    if judge(_with(first, second.y)) or judge(_with(second, first.y)):
        return None
    return Finding(
        "labels in the wrong place",
        "The labels of each output fit the other one: the arrays are in another order than the outputs, or the losses "
        "are.",
        f"{first.name}: y holds {first.y.min():.4g} to {first.y.max():.4g}; {second.name}: {second.y.min():.4g} to "
        f"{second.y.max():.4g}. To tell: which of these is {first.name}?",
        f"exchange the labels of {first.name} and {second.name}; or, if the labels are right, their losses",
    )


def _weights(case, judge):
    """Find weights of rows that would do as labels, beside labels that do not."""
    weight = case.sample_weight
    if weight is None or weight.shape != case.y.shape or (weight % 1).any() or len(np.unique(weight)) < 2:
        return None
    if not (case.y % 1).any() or judge(_with(case, weight, case.y)):
        return None
    return Finding(
        "labels in the wrong place",
        "The weights would do as labels, and the labels are no classes: the two are exchanged.",
        f"y holds {case.y.min():.4g} to {case.y.max():.4g}, sample_weight {weight.min():g} to {weight.max():g}, whole "
        "numbers.",
        "the order is (x, y, sample_weight)",
    )


def _inputs(case, judge):
    """Find inputs that would do as targets of their own shape, beside targets that do not."""
    ((_, x), *others) = case.batch.inputs
    if others or x.shape != case.y.shape or x.dtype.kind not in "fiu" or not (case.y % 1).any():
        return None  # whole numbers are masks or classes
    if judge(_with(case, x)):
        return None
    return Finding(
        "labels in the wrong place",
        "The inputs would do as targets and the targets do not: in a pair of what is damaged and what is clean, the "
        "two are exchanged.",
        f"x goes from {x.min():.4g} to {x.max():.4g}, y from {case.y.min():.4g} to {case.y.max():.4g}. To tell: which "
        "of them should the model give?",
        "(x, y) is (what comes in, what is wanted); or scale y to 0 to 1",
    )
