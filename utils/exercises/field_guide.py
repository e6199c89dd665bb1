"""Checkers for the exercises of chapter 6: when it goes wrong."""

import numpy as np

from .answers import not_callable, read, verdict


def check_wrong_share(share):
    """Check the share of clipped rows behind a mean loss of 12.0886, to 0.001."""
    share, problem = read(share, (), "your answer")
    if not problem and not 0 <= share <= 1:
        problem = f"{share} is no share; wanted a number from 0 to 1."
    if not problem and abs(share - 0.75) > 0.001:
        problem = f"With a share of {share:g} the loss would stand at {share * -np.log(1e-7):.4f}; wanted 12.0886."
    verdict("share of wrong rows", problem)


def check_name_the_loss(function):
    """Check `function(loss, classes)`: the name of a loss that stands still."""
    problem = not_callable(function)
    for loss, classes, wanted in (
        (2.302585, 10, "even guess"),
        (3.13, 23, "even guess"),
        (2.302585, 23, "something else"),
        (1.4612, 10, "two softmaxes"),
        (5.9096, 1000, "two softmaxes"),
        (16.1181, 10, "all clipped"),
        (0.31, 10, "something else"),
        (float("nan"), 10, "nan"),
    ):
        if problem:
            break
        case = f"a loss of {loss} with {classes} classes"
        try:
            with np.errstate(all="ignore"):
                got = function(loss, classes)
        except Exception as error:
            problem = f"For {case} it raised {type(error).__name__}: {error}"
            break
        if not isinstance(got, str):
            problem = f"For {case} it returned a {type(got).__name__}; wanted one of the five names."
        elif got != wanted:
            problem = f"It calls {case} '{got}'; wanted '{wanted}'."
    verdict("name of the loss", problem)


def check_preflight(function):
    """Check `function(x, y, classes)`: ValueError where training should not start, silence where it may."""
    good, labels = np.linspace(-1, 1, 12).reshape(3, 4), np.array([0, 9, 4])
    hole, infinite = good.copy(), good.copy()
    hole[1, 2], infinite[2, 0] = np.nan, -np.inf
    problem = not_callable(function)
    for what, x, y, valid in (
        ("Three good rows", good, labels, True),
        ("Three rows of zeros, all of class 0", np.zeros((3, 4)), np.zeros(3, dtype=np.int64), True),
        ("Two labels for three rows", good, labels[:2], False),
        ("Pixels up to 255", np.abs(good) * 255, labels, False),
        ("Inputs down to -255", -np.abs(good) * 255, labels, False),
        ("An input of nan", hole, labels, False),
        ("An input of -inf", infinite, labels, False),
        ("A label of 10 for 10 classes", good, np.array([0, 10, 4]), False),
        ("A label of -1", good, np.array([0, -1, 4]), False),
    ):
        if problem:
            break
        try:
            with np.errstate(all="ignore"):
                function(x.copy(), y.copy(), 10)
        except ValueError:
            problem = f"{what}: all is well, and it raised ValueError." if valid else None
        except Exception as error:
            problem = f"{what}: it raised {type(error).__name__} ({error}); wanted ValueError or nothing."
        else:
            problem = None if valid else f"{what}: training should not start, and it raised nothing."
    verdict("preflight", problem)
