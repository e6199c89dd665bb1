"""Findings in arrays and losses that are exchanged: told by trying, exchanged back nothing is wrong."""

import copy

import numpy as np

from .finding import Finding


def exchanged(cases, judge):
    """Find labels or losses of two outputs, labels and weights, or labels and inputs, that fit once they are exchanged.

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


OF_LOSS = ("loss", "reading", "kind", "from_logits", "kwargs", "ignore_class")
MEASURED = ("run", "targets", "guess", "frozen_cost")  # what a case has computed from its labels


def _outputs(first, second, judge):
    """Find two outputs with the labels of each other."""
    if judge(_with(first, second.y)) or judge(_with(second, first.y)):
        return _losses(first, second, judge)
    return Finding(
        "two arrays exchanged",
        "The labels of each output fit the other one: the arrays are in another order than the outputs, or the losses "
        "are.",
        f"{first.name}: y holds {first.y.min():.4g} to {first.y.max():.4g}; {second.name}: {second.y.min():.4g} to "
        f"{second.y.max():.4g}. To tell: which of these is {first.name}?",
        f"exchange the labels of {first.name} and {second.name}; or, if the labels are right, their losses",
    )


def _losses(first, second, judge):
    """Find two outputs with the losses of each other."""
    for case, other in ((first, second), (second, first)):
        changed = _with(case, case.y)
        for name in OF_LOSS:
            setattr(changed, name, getattr(other, name))
        if judge(changed) or (changed.kind and not changed.from_logits and not case.bounded_by_one):
            return None
    return Finding(
        "two losses exchanged",
        "Each loss fits the other output with its labels.",
        f"{first.name}: {first.loss.name}, y holds {first.y.min():.4g} to {first.y.max():.4g}; {second.name}: "
        f"{second.loss.name}, {second.y.min():.4g} to {second.y.max():.4g}.",
        f"exchange them: loss={{{first.name!r}: {second.loss.name!r},\n{second.name!r}: {first.loss.name!r}}}",
    )


def _weights(case, judge):
    """Find `y` and `sample_weight` exchanged: the weights would do as labels, and the labels do not."""
    weight = case.sample_weight
    if weight is None or weight.shape != case.y.shape or (weight % 1).any() or len(np.unique(weight)) < 2:
        return None
    if not (case.y % 1).any() or judge(_with(case, weight, case.y)):
        return None
    return Finding(
        "two arrays exchanged",
        "The weights would do as labels, and the labels are no classes: the two are exchanged.",
        f"y holds {case.y.min():.4g} to {case.y.max():.4g}, sample_weight {weight.min():g} to {weight.max():g}, whole "
        "numbers.",
        "the order is (x, y, sample_weight)",
    )


def _inputs(case, judge):
    """Find x and y exchanged, where both have one shape: the inputs would do as targets, and the targets do not."""
    ((_, x), *others) = case.batch.inputs
    if others or x.shape != case.y.shape or x.dtype.kind not in "fiu" or not (case.y % 1).any():
        return None  # whole numbers are masks or classes
    if judge(_with(case, x)):
        return None
    return Finding(
        "two arrays exchanged",
        "The inputs would do as targets and the targets do not: in a pair of what is damaged and what is clean, the "
        "two are exchanged.",
        f"x goes from {x.min():.4g} to {x.max():.4g}, y from {case.y.min():.4g} to {case.y.max():.4g}. To tell: which "
        "of them should the model give?",
        "exchange them: fit(damaged, clean); or, if they are in order, scale y to 0 to 1",
    )
