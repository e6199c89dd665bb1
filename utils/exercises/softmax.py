"""Checkers for the exercises of chapter 2: softmax."""

import numpy as np

from ..losses import softmax
from .answers import calls, read, verdict


def check_temperature(temperature):
    """Check the temperature at which softmax([4, 2, 0]) gives its first class 0.5, to 0.01."""
    number, problem = read(temperature, (), "your answer")
    if not problem and not 0 < number < np.inf:
        problem = f"A temperature of {number:g} is not allowed; wanted a finite number above 0."
    if not problem:
        top = softmax([4.0, 2.0, 0.0], temperature=number)[0]
        if abs(top - 0.5) > 0.01:
            problem = f"At {temperature} the first class has {top:.3f}; wanted 0.5 ± 0.01."
    verdict("temperature", problem)


def check_stable_softmax(function):
    """Check `function(logits, axis)` against the definition: values, axis, and logits of ±10,000."""
    rng = np.random.default_rng(0)
    row, stack = rng.normal(size=5), rng.normal(size=(2, 3, 4))
    large = np.array([10_000.0, 0.0, -10_000.0])
    cases = [
        ("softmax of one row", (row, -1), softmax(row)),
        ("softmax over the last axis of (2, 3, 4)", (stack, -1), softmax(stack)),
        ("softmax over axis 1 of (2, 3, 4)", (stack, 1), softmax(stack, axis=1)),
        ("softmax of logits of 10,000", (large, -1), softmax(large)),
    ]
    verdict("stable softmax", calls(function, cases))


def check_double_softmax_floor(function):
    """Check `function(classes)`: the smallest loss when softmax is applied twice."""
    cases = [(f"the floor for {k} classes", (k,), np.log(np.e + k - 1) - 1) for k in (2, 10, 1000)]
    verdict("floor of two softmaxes", calls(function, cases))
