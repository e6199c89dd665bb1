"""Checkers for the exercises of chapter 9: Shakespeare."""

import numpy as np

from ..losses import cross_entropy
from .answers import calls, read, verdict


def check_untrained_bits(bits):
    """Check the loss of an untrained network for 4 letters in bits, to 0.01."""
    bits, problem = read(bits, (), "your answer")
    if not problem and abs(bits - np.log(4)) < 0.01:
        problem = "That is ln 4, in nats; divide by ln 2."
    elif not problem and abs(bits - 4) < 0.01:
        problem = "That is the perplexity; the bits are its logarithm to base 2."
    elif not problem and abs(bits - 2) > 0.01:
        problem = f"{bits:g} bits are an even guess among {2 ** min(bits, 60):.4g} letters; here are 4."
    verdict("untrained bits", problem)


def check_perplexity(function):
    """Check `function(labels, logits)`: e to the mean loss over all positions, for (N, T) and (N, T, K)."""
    rng = np.random.default_rng(9)
    logits = rng.normal(size=(2, 3, 4))
    labels = rng.integers(0, 4, (2, 3))
    cases = [
        (f"the perplexity of {what}", (y, z), np.exp(cross_entropy(y, z).mean()))
        for what, y, z in (
            ("six positions that know nothing", labels, np.zeros((2, 3, 4))),
            ("six positions", labels, logits),
            ("two texts of one character", labels[:, :1], logits[:, :1]),
            ("logits near 1000", labels, 1000 + logits),
        )
    ]
    verdict("perplexity", calls(function, cases))


def check_beat_the_counts(guess, probs=None, of_counts=None):
    """Check an experiment: a model that pays fewer bits than the counts, and a guess of them made before, to 0.05.

    `probs` and `of_counts` are what the reader's model and the counts give to each character of a text, shape (N,).
    """
    guess, problem = read(guess, (), "your guess")
    if not problem and not (isinstance(of_counts, np.ndarray) and of_counts.ndim == 1):
        problem = "`of_counts` is the row of probabilities that the counts give: KneserNey(…).probs(…)."
    if not problem:
        probs, problem = read(probs, of_counts.shape, "`probs`")
    if not problem:
        problem = _not_beaten(float(guess), probs, of_counts)
    verdict("beat the counts", problem)


def _not_beaten(guess, probs, of_counts):
    """Return what is missing in an experiment of the right shapes, or None."""
    wrong = ~((probs > 0) & (probs <= 1))
    if wrong.any():
        at = int(wrong.argmax())
        why = "are these bits? Give 2.0 ** -bits." if probs[at] > 1 else "a 0 that comes true costs infinite bits."
        return f"`probs` holds {probs[at]:g} at {at}, which is no probability of what came: {why}"
    bits, theirs = -np.log2(probs).mean(), -np.log2(of_counts).mean()
    if not bits < theirs:
        return f"Your model pays {bits:.3f} bits a character, the counts {theirs:.3f}; they are not beaten."
    if not abs(guess - bits) <= 0.05:
        return (
            f"The counts are beaten, {bits:.3f} bits to {theirs:.3f}, but you guessed {guess:g}. "
            "Say what the guess did not reckon with, then correct it."
        )
    return None
