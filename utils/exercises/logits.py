"""Checkers for the exercises of chapter 1: logits."""

import numpy as np

from ..losses import softmax
from .answers import calls, read, verdict


def check_same_softmax(logits):
    """Check other logits with the softmax of [2, 0, -1]."""
    reference = np.array([2.0, 0.0, -1.0])
    logits, problem = read(logits, (3,), "your answer")
    if not problem and np.allclose(logits, reference):
        problem = "These are the same three numbers; find others."
    if not problem:
        problem = calls(softmax, [("softmax of your logits", (logits,), softmax(reference))])
    verdict("same softmax", problem)


def check_logits_for(logits):
    """Check logits whose softmax is [0.7, 0.2, 0.1]."""
    logits, problem = read(logits, (3,), "your answer")
    if not problem and np.allclose(logits, [0.7, 0.2, 0.1]):
        problem = "These are the probabilities themselves; softmax of them is flatter."
    if not problem:
        problem = calls(softmax, [("softmax of your logits", (logits,), [0.7, 0.2, 0.1])])
    verdict("logits for 0.7, 0.2, 0.1", problem)


def check_log_odds(function):
    """Check `function(logits, a, b)`: log(p_a / p_b) for logits of shape (..., K), also where p underflows."""
    batch = np.array([[2.5, -1.0, 0.8], [0.0, 4.0, 1.0]])
    cases = [
        ("log_odds of one row", (batch[0], 0, 1), 3.5),
        ("log_odds of two rows", (batch, 0, 1), [3.5, -4.0]),
        ("log_odds of logits 2,000 apart", (np.array([1000.0, -1000.0]), 0, 1), 2000.0),
    ]
    verdict("log odds", calls(function, cases))
