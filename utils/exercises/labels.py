"""Checkers for the exercises of chapter 4: one-hot or sparse."""

import numpy as np

from ..losses import cross_entropy
from .answers import calls, not_callable, verdict


def check_one_hot_bytes(function):
    """Check `function(shape, classes)`: bytes of float32 one-hot rows for labels of that shape."""
    cases = [
        ("60,000 labels of 10 classes", ((60_000,), 10), 2_400_000),
        ("a batch of 32 masks 96×128, 23 classes", ((32, 96, 128), 23), 36_175_872),
    ]
    verdict("one-hot bytes", calls(function, cases))


def check_sparse_cross_entropy(function):
    """Check `function(labels, logits)` for (N, K), (N, T, V) and (N, H, W, K) against the definition."""
    rng = np.random.default_rng(0)
    cases = []
    for shape in ((4, 3), (2, 5, 7), (2, 3, 4, 6)):
        logits, labels = rng.normal(size=shape), rng.integers(shape[-1], size=shape[:-1])
        cases.append((f"logits of shape {shape}", (labels, logits), cross_entropy(labels, logits)))
    cases.append(("logits of ±1,000", (np.array([1]), np.array([[1000.0, -1000.0]])), [2000.0]))
    verdict("sparse cross-entropy", calls(function, cases))


def check_guard(function):
    """Check `function(labels, classes)`: ValueError on labels outside 0 to K - 1, silence on the others."""
    problem = not_callable(function)
    for labels, valid in (([0, 9], True), ([], True), ([3, 10], False), ([-1, 3], False)):
        if problem:
            break
        try:
            function(np.array(labels, dtype=np.int64), 10)
        except ValueError:
            raised = True
        except Exception as error:
            problem = f"On labels {labels} it raised {type(error).__name__} ({error}); wanted ValueError or nothing."
            continue
        else:
            raised = False
        if raised == valid:
            problem = f"Labels {labels} with 10 classes are {'fine' if valid else 'out of range'}, and it " + (
                "raised ValueError." if raised else "raised nothing."
            )
    verdict("label guard", problem)
