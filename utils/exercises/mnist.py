"""Checkers for the exercises of chapter 7: training on MNIST."""

import numpy as np

from .answers import calls, read, verdict


def check_untrained_loss(loss):
    """Check the loss of an untrained network for 26 letters and 10 digits, to 0.01."""
    loss, problem = read(loss, (), "your answer")
    if not problem and abs(loss - np.log(26)) < 0.01:
        problem = "That is ln 26; the digits are classes too."
    elif not problem and abs(loss - np.log(36)) > 0.01:
        problem = f"{loss:g} is the loss of an even guess among {np.exp(min(loss, 50)):.4g} classes; here are 36."
    verdict("untrained loss", problem)


def check_hardest(function):
    """Check `function(logits, labels, n)`: the positions of the n largest losses, the largest first."""
    logits = np.array([[9.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.2, 0.1, 0.0], [3.0, 0.0, 0.0], [101.0, 100.0, 99.0]])
    labels = np.array([0, 0, 1, 2, 0])
    cases = [
        ("hardest of five rows, n = 2,", (logits, labels, 2), [1, 3]),
        ("hardest of five rows, n = 5,", (logits, labels, 5), [1, 3, 2, 4, 0]),
    ]
    verdict("hardest", calls(function, cases))


def check_fit_temperature(function):
    """Check `function(logits, labels, candidates)`: the candidate at which the mean loss is smallest."""
    # Right twice in three with a lead of ln 2 at temperature 1: the tripled logits are too sure by a factor of 3.
    logits, labels = 3 * np.log(2) * np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), np.array([0, 0, 1])
    candidates = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 9.0])
    cases = [
        ("the temperature of logits that are three times too large", (logits, labels, candidates), 3.0),
        ("the temperature of logits four times too small", (logits / 12, labels, candidates), 0.25),
        ("the temperature where every row is right", (logits, labels * 0, candidates[2:]), 1.0),
    ]
    verdict("fitted temperature", calls(function, cases))


def check_shift(guess, before=None, after=None):
    """Check an experiment: the shares of moved digits read before and after the cure, and the first guessed to 0.05."""
    shares = []
    for share, what in ((guess, "your guess"), (before, "the share before"), (after, "the share after")):
        share, problem = read(share, (), what)
        if not problem and not 0 <= share <= 1:
            problem = f"{what} is {share:g}; wanted a share of the digits, 0 to 1."
        if problem:
            break
        shares.append(float(share))
    verdict("moved digits", problem or _not_cured(*shares))


def _not_cured(guess, before, after):
    """Return what is missing in an experiment, given three shares, or None."""
    if not before < 0.95:
        return f"Before, {before:g} are read: were these digits moved, and the network trained on none that was?"
    if after < before + 0.03:
        return f"Before, {before:g} are read, after {after:g}: no cure yet. Give `change=` a function such as by_hand."
    if abs(guess - before) > 0.05:
        return f"You guessed {guess:g}, it was {before:g}. Say what the guess did not reckon with, then correct it."
    return None
