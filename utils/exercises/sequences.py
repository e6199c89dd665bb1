"""Checkers for the exercises of chapter 10: sequences of unequal length."""

import numpy as np

from .answers import calls, read, verdict


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


def check_beat_naive_bayes(guess, scores=None, of_counts=None, labels=None):
    """Check an experiment: more lines right than naive Bayes, beyond chance, and the share guessed before, to 0.05.

    `scores` and `of_counts` are what the reader's method and naive Bayes give each line, (N, K); `labels` are (N,).
    """
    guess, problem = read(guess, (), "your guess")
    if not problem and not (isinstance(of_counts, np.ndarray) and of_counts.ndim == 2):
        problem = "`of_counts` are the scores of naive Bayes, a row for each line."
    if not problem and not (isinstance(labels, np.ndarray) and labels.shape == of_counts.shape[:1]):
        problem = f"`labels` are the classes of the {len(of_counts)} lines: plays_of[held]."
    if not problem:
        scores, problem = read(scores, of_counts.shape, "`scores`")
    if not problem:
        right, theirs = (each.argmax(axis=1) == labels for each in (scores, of_counts))
        problem = _not_beaten(float(guess), right, theirs)
    verdict("beat naive Bayes", problem)


def _not_beaten(guess, right, theirs):
    """Return what is missing in an experiment, given which lines each side has right, or None.

    Of the lines that one side alone has right, a fair coin would give each side half, with a standard deviation of
    the lead of the root of their number (McNemar 1947, https://doi.org/10.1007/BF02295996). A lead of two is asked for.
    """
    won, lost = (right & ~theirs).sum(), (theirs & ~right).sum()
    both = f"Your run has {right.mean():.3f} of the lines right, naive Bayes {theirs.mean():.3f}"
    if won - lost <= 2 * np.sqrt(won + lost):
        return f"{both}. Of the {won + lost} lines that one of the two alone has right, you have {won}: no clear lead."
    if not abs(guess - right.mean()) <= 0.05:
        return f"{both}, but you guessed {guess:g}. Say what the guess did not reckon with, then correct it."
    return None
