"""Checkers for the exercises of chapter 10: sequences of unequal length."""

import numpy as np

from utils.exercises.answers import calls, verdict


def _rows_of(lengths, steps, features=3):
    """Return outputs (B, T, D), with large numbers behind the end of each row, and the mask (B, T)."""
    rng = np.random.default_rng(10)
    mask = np.arange(steps) < np.array(lengths)[:, None]
    return np.where(mask[..., None], rng.normal(size=(*mask.shape, features)), 99.0), mask


def check_masked_mean(function):
    """Check `function(outputs, mask)`: the mean over valid steps, (B, D) from (B, T, D), zeros for an empty row."""
    cases = []
    for description, lengths, steps in (
        ("the mean of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the mean of three rows of three steps", (1, 3, 2), 3),
        ("the mean with a row that is all padding", (2, 0), 3),
    ):
        outputs, mask = _rows_of(lengths, steps)
        wanted = [
            row[keep].mean(axis=0) if keep.any() else np.zeros(3) for row, keep in zip(outputs, mask, strict=True)
        ]
        cases.append((description, (outputs, mask), wanted))
    outputs, mask = _rows_of((4, 4), 4)
    mask[0, :2], mask[1, 1] = False, False
    wanted = [row[keep].mean(axis=0) for row, keep in zip(outputs, mask, strict=True)]
    cases.append(("the mean of rows padded on the left and inside", (outputs, mask), wanted))
    verdict("mean over valid steps", calls(function, cases))


def check_last_valid(function):
    """Check `function(outputs, mask)`: the output of the last valid step, (B, D) from (B, T, D)."""
    cases = []
    for description, lengths, steps in (
        ("the last valid output of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the last valid output of three rows of three steps", (1, 3, 2), 3),
    ):
        outputs, mask = _rows_of(lengths, steps)
        wanted = [row[length - 1] for row, length in zip(outputs, lengths, strict=True)]
        cases.append((description, (outputs, mask), wanted))
    verdict("last valid output", calls(function, cases))


def check_line_weights(function):
    """Check `function(mask)`: weights (B, T) with which a mean over B·T losses is the mean of the lines' means."""
    cases = []
    for description, lengths, steps in (
        ("the weights of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the weights of three rows of three steps", (1, 3, 2), 3),
        ("the weights of rows of 2 and 3 steps, padded to 8", (2, 3), 8),
    ):
        mask = np.arange(steps) < np.array(lengths)[:, None]
        wanted = [[steps / length if t < length else 0 for t in range(steps)] for length in lengths]
        cases.append((description, (mask,), wanted))
    verdict("every line the same", calls(function, cases))
