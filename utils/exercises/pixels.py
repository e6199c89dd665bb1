"""Checkers for the exercises of chapter 8: one loss for every pixel."""

import numpy as np

from ..losses import cross_entropy
from .answers import calls, difference, not_callable, read, verdict


def check_mask_from_logits(function):
    """Check `function(logits)`: the class of each pixel, (B, H, W) from (B, H, W, K)."""
    rng = np.random.default_rng(8)
    oblong, cube = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(3, 3, 3, 3))
    cases = [
        ("the mask of (2, 3, 4, 5) logits", (oblong,), oblong.argmax(axis=-1)),
        ("the mask of (3, 3, 3, 3) logits", (cube,), cube.argmax(axis=-1)),
        ("the mask of negative logits", (-np.exp(oblong),), oblong.argmin(axis=-1)),
    ]
    verdict("mask from logits", calls(function, cases))


def check_pixel_loss(function):
    """Check `function(masks, logits)`: the mean loss of the pixels whose label is not 255, or 0 without any."""
    rng = np.random.default_rng(8)
    logits = rng.normal(size=(2, 3, 4, 5))
    masks = rng.integers(0, 5, (2, 3, 4)).astype(np.uint8)
    each, some, far = cross_entropy(masks, logits), masks.copy(), 1000 + np.round(3 * logits)
    some[0, 0], some[1, :, 2] = 255, 255
    cases = [
        ("the loss of a batch without void pixels", (masks, logits), each.mean()),
        ("the loss of a batch with 7 void pixels of 24", (some, logits), each[some != 255].mean()),
        ("the loss of a batch with large logits", (some, far), cross_entropy(masks, far)[some != 255].mean()),
        ("the loss of a batch that is all void", (np.full_like(masks, 255), logits), 0.0),
    ]
    verdict("loss of the valid pixels", calls(function, cases))


def check_iou(function):
    """Check `function(masks, predicted, classes)`: the IoU of each class, nan for a class that is in neither."""
    masks = np.array([[[0, 0, 0, 0], [1, 1, 2, 2]]], np.uint8)
    predicted = np.array([[[0, 0, 0, 1], [1, 1, 1, 2]]])
    void = masks.copy()
    void[0, 1, 2:] = 255
    problem = not_callable(function)
    for case, mask, classes, wanted in (
        ("two rows of four pixels", masks, 3, [3 / 4, 2 / 4, 1 / 2]),
        ("a class that nobody names", masks, 4, [3 / 4, 2 / 4, 1 / 2, np.nan]),
        ("two void pixels", void, 3, [3 / 4, 2 / 3, np.nan]),
    ):
        if not problem:
            problem = _iou_problem(function, case, (mask.copy(), predicted.copy(), classes), np.array(wanted))
    verdict("IoU of each class", problem)


def check_rare_class(guess, before=None, after=None):
    """Check an experiment: accuracy and recall before and after, and the second recall guessed to 0.05."""
    found = []
    for value, shape, what in ((guess, (), "your guess"), (before, (2,), "before"), (after, (2,), "after")):
        value, problem = read(value, shape, what)
        if not problem and not ((value >= 0) & (value <= 1)).all():
            problem = f"{what} is {value}; wanted shares of the pixels, 0 to 1."
        if problem:
            break
        found.append(value)
    verdict("a rare class", problem or _not_raised(*found))


def _not_raised(guess, before, after):
    """Return what is missing in an experiment, given a guess and two pairs of accuracy and recall, or None."""
    if before[0] - after[0] > 0.012:  # chosen on other scenes, where 0.01 was kept
        return f"Accuracy falls from {before[0]:.3f} to {after[0]:.3f}, more than a point: a smaller b."
    if after[1] < before[1] + 0.1:
        return f"Recall goes from {before[1]:.3f} to {after[1]:.3f}. There is more to be had for a point of accuracy."
    if abs(guess - after[1]) > 0.05:
        return (
            f"You guessed {guess:.2f}, it is {after[1]:.2f}. Say what the guess did not reckon with, then correct it."
        )
    return None


def _iou_problem(function, case, arguments, wanted):
    """Return a sentence on the first class whose IoU is not as `wanted`, or None."""
    try:
        with np.errstate(all="ignore"):
            got = function(*arguments)
    except Exception as error:
        return f"For {case} it raised {type(error).__name__}: {error}"
    absent = np.isnan(wanted)
    try:
        array = np.asarray(got)
        empty = np.isnan(array)
    except Exception:  # not numbers: the line below says so
        empty = None
    if empty is not None and empty.shape == wanted.shape:
        if (empty != absent).any():
            at = np.argmax(empty != absent)
            values = (f"nan where {wanted[at]:.6g}", f"{array[at]} where nan")[int(absent[at])]
            return f"For {case}, class {at} is {values} is wanted."
        got = np.where(absent, 0, array)
    return difference(got, np.where(absent, 0, wanted), f"an IoU of {case}")
