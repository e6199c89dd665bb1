"""Findings in the inputs."""

import numpy as np

from .finding import Finding
from .intake import numeric

LARGE_INPUT = 20  # mean size of what enters the first weights; scaled inputs stay near 1
LARGEST_INPUT = 100  # and its largest number
TINY_INPUT = 0.02  # the largest number that enters them, of pixels that are divided by 255 twice
ENOUGH_ROWS = 8


def unscaled(case):
    """Find large numbers that enter the first weights: a mean of |x| above 20, or any |x| above 100."""
    for values in case.entering:
        if np.abs(values).mean() > LARGE_INPUT or np.abs(values).max() > LARGEST_INPUT:
            if (mark := _mark_in(values)) is not None:
                return Finding(
                    "inputs unscaled",
                    "One large number stands in many places, a mark of padding or of what is missing, and enters the "
                    "first weights like any other.",
                    f"{100 * np.mean(values == mark):.0f} % of what enters is {mark:g}; the rest goes from "
                    f"{values[values != mark].min():.4g} to {values[values != mark].max():.4g}.",
                    f"steps of a sequence: layers.Masking(mask_value={mark:g}); single fields: a mean in their place",
                )
            large = (name for name, x in case.batch.inputs if numeric(x) and np.abs(x).max() > LARGEST_INPUT)
            x = next(large, "x")
            return Finding(
                "inputs unscaled",
                "Large numbers enter the first weights: the first logits are large too, and sure of a wrong class.",
                f"What enters goes from {values.min():.4g} to {values.max():.4g}, mean size "
                f"{np.abs(values).mean():.4g}; wanted about 1.",
                f"{x} = {x} / 255 for grey values, or layers.Normalization() as the first layer",
            )


def _mark_in(values):
    """Return the number that stands in a twentieth of the places or more and alone is large, or None."""
    found, counts = np.unique(values, return_counts=True)
    at = np.argmax(np.abs(found))
    mark, rest, often = found[at], np.abs(np.delete(found, at)), counts[at] >= values.size / 20
    return mark if often and len(rest) > 1 and rest.max() <= LARGEST_INPUT and abs(mark) > 5 * rest.max() else None


def scaled_twice(case):
    """Find inputs of at most 1 that the model divides by 50 or more before its first weights."""
    largest = max((np.abs(x).max() for _, x in case.batch.inputs if numeric(x)), default=0)
    for values in case.entering:
        top = np.abs(values).max()
        if 0 < top < TINY_INPUT and largest <= 1 and top < largest / 50:
            return Finding(
                "inputs scaled twice",
                "The model scales its inputs itself, and they are scaled already: the first weights see almost 0.",
                f"x goes to {largest:.4g}; what enters the first weights goes from {values.min():.3g} to {top:.3g}.",
                "feed the pixels as they are, 0 to 255; or remove the Rescaling layer",
            )


def same_rows(case):
    """Find rows of inputs that are all equal, beside labels that are not."""
    rows = case.batch.rows
    inputs = [x for _, x in case.batch.inputs]
    if rows < ENOUGH_ROWS or not (case.y[1:] != case.y[:1]).any() or any((x[1:] != x[:1]).any() for x in inputs):
        return None
    if not any(np.any(x) for x in inputs):
        return None  # of zeros something else is said
    return Finding(
        "the same input in every row",
        "All rows are equal and their labels are not: nothing can be learned but how often each label comes.",
        f"{rows} rows hold the same {inputs[0][0].size} numbers; y has {len(np.unique(case.y))} different values.",
        "look at what loads x: two rows beside each other; a mean or a standard deviation of 0?",
    )
