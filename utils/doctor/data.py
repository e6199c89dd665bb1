"""Findings in the inputs."""

import numpy as np

from ..checks import first
from .finding import Finding
from .intake import numeric

LARGE_INPUT = 20  # mean size of what enters the first weights; scaled inputs stay near 1
LARGEST_INPUT = 100  # and its largest number


def nan_in_inputs(case):
    """Find inputs that are not finite."""
    for name, x in case.batch.inputs:
        if not numeric(x):
            continue
        bad = ~np.isfinite(x.astype(np.float64))
        if bad.any():
            at = first(bad)
            return Finding(
                "NaN or Inf in x",
                "The inputs hold numbers that are not finite; every weight they touch becomes NaN.",
                f"{bad.sum()} of {bad.size} inputs, the first {name}{list(at)} = {x[at]}.",
                f"assert np.isfinite({name}).all()  # find the division or the empty field that made them",
            )


def unscaled(case):
    """Find large numbers that enter the first weights: a mean of |x| above 20, or any |x| above 100."""
    for values in case.entering:
        if np.abs(values).mean() > LARGE_INPUT or np.abs(values).max() > LARGEST_INPUT:
            return Finding(
                "inputs unscaled",
                "Large numbers enter the first weights: the first logits are large too, and sure of a wrong class.",
                f"They go from {values.min():.4g} to {values.max():.4g}, mean size {np.abs(values).mean():.4g}; "
                "wanted about 1.",
                "x = x / 255 for grey values, or layers.Normalization() as the first layer",
            )
