"""Checkers for the exercises of chapter 5: inside Keras."""

import numpy as np

from .answers import calls, verdict


def check_accuracy_rule(answer):
    """Check the metric that "accuracy" becomes for labels and outputs of shape (8, 64, 64, 1)."""
    problem = None
    if not isinstance(answer, str) or answer not in ("binary", "sparse", "categorical"):
        problem = f"Your answer is {answer!r}; wanted 'binary', 'sparse' or 'categorical'."
    elif answer != "binary":
        problem = "The rule looks at the last axis of the output first, and here it is 1."
    verdict("accuracy rule", problem)


def check_losing_endings(letters):
    """Check the set of endings, out of A to E, whose loss runs on clipped probabilities: B and D."""
    hints = {
        "A": "In A the softmax comes last, and its result carries the logits.",
        "B": "In B a Reshape makes a new tensor behind the softmax.",
        "C": "In C the loss gets the very tensor that the softmax made.",
        "D": "In D ignore_class replaces part of the output before the loss sees it.",
        "E": "E has no softmax; its logits are declared.",
    }
    problem = None
    if not isinstance(letters, set | frozenset) or not letters <= set(hints):
        problem = f"Your answer is {letters!r}; wanted a set of letters from A to E."
    else:
        wrong = sorted(letters ^ {"B", "D"})
        problem = hints[wrong[0]] if wrong else None
    verdict("endings that lose the logits", problem)


def check_weight_map(function):
    """Check `function(labels, class_weights)`: the weight of each label, for (B, H, W) and (B, T)."""
    class_weights = np.array([1.0, 5.0, 0.5])
    pixels = np.array([[[0, 1], [2, 2]], [[1, 1], [0, 2]]])
    tokens = np.array([[2, 0, 1]])
    cases = [
        ("the map for (2, 2, 2) labels", (pixels, class_weights), class_weights[pixels]),
        ("the map for (1, 3) labels", (tokens, class_weights), class_weights[tokens]),
    ]
    verdict("weight map", calls(function, cases))
