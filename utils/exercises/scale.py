"""Checkers for the exercises of chapter 12: a softmax that is computed in parts."""

import numpy as np

from .answers import calls, not_callable, verdict


def check_merge(function):
    """Check `function(a, b)`: the log-sum-exp of two parts together, (N,) from those of each part, (N,)."""
    cases = [
        (f"the merge of {', '.join(map(str, a))} with {', '.join(map(str, b))}", (a, b), np.logaddexp(a, b))
        for a, b in (
            (np.array([0.0, 2.0]), np.array([0.0, -1.0])),
            (np.array([1000.0, -1000.0]), np.array([1000.0, -1001.0])),
            (np.array([-np.inf, 3.0]), np.array([2.0, -np.inf])),  # a part without classes
        )
    ]
    verdict("merge", calls(function, cases))


def check_wrong_worker(function):
    """Check `function(sums, steps, shares)`: the place of the worker that does not divide by the steps of all.

    The arguments have shape (workers,): the sum of each one's losses, its valid steps, and what it adds to the loss.
    """
    cases = []
    for sums, steps, wrong in (
        ([30.0, 8.0, 12.0], [24, 4, 12], 1),
        ([8.0, 12.0, 30.0, 7.0], [4, 12, 24, 10], 2),
        ([9.0, 9.0], [6, 3], 0),  # the one that errs has the larger share of the steps
    ):
        sums, steps = np.array(sums), np.array(steps)
        shares = sums / steps.sum()
        shares[wrong] = sums[wrong] / (len(steps) * steps[wrong])  # its own mean, over the number of workers
        cases.append((f"the wrong one of {len(steps)} workers", (sums, steps, shares), wrong))
    verdict("wrong worker", calls(function, cases))


def check_split(function):
    """Check `function(rows, width, classes, workers)`: "rows" or "classes", whichever sends fewer numbers.

    Split by rows, workers add up the gradients of all weights; split by classes, they pass three numbers for each row,
    and add up the gradients of the features. Where one worker has all, nothing is sent, and either is right.
    """
    verdict("choose the split", not_callable(function) or _first_wrong_split(function))


def _first_wrong_split(function):
    """Return what is wrong with the first split that a function chooses wrongly, or None."""
    for rows, width, classes, workers in (
        (1024, 64, 1_000_000, 2),
        (1_000_000, 64, 1_000, 2),
        (16_384, 4096, 128_256, 8),
        (131_072, 4096, 128_256, 8),
        (1000, 2, 2000, 4),  # here the three numbers are more than the features
    ):
        numbers = {"rows": classes * width, "classes": rows * (width + 3)}
        case = f"{rows:,} rows, width {width}, {classes:,} classes and {workers} workers"
        try:
            got = function(rows, width, classes, workers)
        except Exception as error:
            return f"{case} raised {type(error).__name__}: {error}"
        if not isinstance(got, str) or got not in numbers:
            shown = f"{got!r:.40}" if isinstance(got, str) else f"of type {type(got).__name__}"
            return f'For {case} your answer is {shown}; wanted "rows" or "classes".'
        if numbers[got] != min(numbers.values()):
            sent = ", ".join(f"{number:,} split by {name}" for name, number in numbers.items())
            return f'For {case} your answer is "{got}", but the numbers to add up are {sent}.'
    return None
