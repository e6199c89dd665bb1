"""Checkers for the exercises of chapter 3: cross-entropy."""

import numpy as np

from ..losses import cross_entropy, cross_entropy_gradient
from .answers import calls, difference, not_callable, read, verdict


def check_prob_for_loss(prob):
    """Check the probability that gives a loss of 0.1 nat, to 0.001."""
    prob, problem = read(prob, (), "your answer")
    if not problem and not 0 < prob <= 1:
        problem = f"{prob} is no probability; wanted a number above 0, at most 1."
    if not problem and abs(prob - np.exp(-0.1)) > 0.001:
        problem = f"A label with probability {prob:g} has loss {abs(np.log(prob)):.4f} nat; wanted 0.1."
    verdict("probability for 0.1 nat", problem)


def check_loss_and_gradient(function):
    """Check `function(logits, label)` for one row: the loss, and its gradient with respect to the logits."""
    problem = not_callable(function)
    for logits, label in (([2.5, -1.0, 0.8, 4.1, -0.3], 3), ([0.0, 0.0], 0), ([1000.0, 0.0, -5.0], 1)):
        if problem:
            break
        case = f"for logits {logits}, label {label},"
        try:
            with np.errstate(all="ignore"):
                got = function(np.array(logits), label)
        except Exception as error:
            problem = f"For logits {logits} it raised {type(error).__name__}: {error}"
            break
        if not isinstance(got, tuple | list) or len(got) != 2:
            problem = f"the result {case} is a {type(got).__name__}; return two things: the loss, the gradient."
            break
        problem = difference(got[0], cross_entropy(label, logits), f"the loss {case}") or difference(
            got[1], cross_entropy_gradient(label, logits), f"the gradient {case}"
        )
    verdict("loss and gradient", problem)


def check_smoothed(function):
    """Check `function(labels, classes, smoothing)`: rows with 1 - e + e/K at the label and e/K elsewhere."""
    cases = [
        ("smoothing 0", (np.array([2, 0]), 3, 0.0), np.eye(3)[[2, 0]]),
        ("smoothing 0.1 for 5 classes", (np.array([1]), 5, 0.1), [[0.02, 0.92, 0.02, 0.02, 0.02]]),
        ("smoothing 1", (np.array([0, 1]), 2, 1.0), np.full((2, 2), 0.5)),
    ]
    verdict("smoothed labels", calls(function, cases))
