"""Checkers for the exercises of chapter 9: Shakespeare."""

import numpy as np

from utils.exercises.answers import calls, read, verdict
from utils.losses import cross_entropy, softmax


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


def check_top_k(function):
    """Check `function(logits, k)`: probabilities over the k largest logits of each row, 0 elsewhere."""
    logits = np.array([[2.0, 0.0, 1.0, -1.0], [-3.0, 999.0, 1000.0, 998.0]])
    everything = softmax(logits)
    two = np.array([[softmax([2.0, 1.0])[0], 0, softmax([2.0, 1.0])[1], 0], [0, *softmax([999.0, 1000.0]), 0]])
    cases = [
        ("the probabilities of two rows, k = 2,", (logits, 2), two),
        ("the probabilities of two rows, k = 1,", (logits, 1), np.eye(4)[[0, 2]]),
        ("the probabilities of two rows, k = 4,", (logits, 4), everything),
        ("the probabilities of shape (1, 2, 4), k = 2,", (logits[None], 2), two[None]),
    ]
    verdict("top k", calls(function, cases))
