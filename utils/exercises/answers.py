"""What every checker does with an answer: read it, compare it, say what is missing. Nothing here raises."""

import textwrap

import numpy as np


def verdict(name, problem):
    """Print the verdict on one exercise; `problem` is a sentence, or None when all is well."""
    print(textwrap.fill(f"{name}: not yet. {problem}" if problem else f"{name}: correct.", 80))


def read(got, shape, what):
    """Return `got` as float64 numbers of `shape` and None, or None and a sentence that says why it is not that."""
    if got is None:
        return None, f"{what} is None; does your function return something?"
    wanted = f"numbers of shape {shape}" if shape else "one number"
    try:
        array = np.asarray(got)
        real = array.dtype.kind in "biuf" or array.dtype.name == "bfloat16"
    except Exception:  # ragged rows, or an object that NumPy must not see
        real = False
    if not real:
        return None, f"{what} is a {type(got).__name__} that does not hold real numbers; wanted {wanted}."
    if array.shape != shape:
        return None, f"{what} has shape {array.shape}; wanted {shape or wanted}."
    array = array.astype(np.float64)
    if np.isnan(array).any():
        return None, f"{what} holds nan."
    return array, None


def difference(got, want, what):
    """Return a sentence that says how `got` differs from `want`, or None. Wanted: shape, then values to 1e-6."""
    want = np.asarray(want, dtype=np.float64)
    got, problem = read(got, want.shape, what)
    if problem:
        return problem
    if not np.allclose(got, want, rtol=0, atol=1e-6):
        worst = np.unravel_index(np.argmax(np.abs(got - want)), want.shape)
        return f"{what} is {got[worst]:.8g} where {want[worst]:.8g} is wanted."
    return None


def not_callable(function):
    """Return a sentence where `function` is no function, or None."""
    if callable(function):
        return None
    return f"Your answer is a {type(function).__name__}; pass the function itself, without calling it."


def calls(function, cases):
    """Return the first problem among `cases`, each (description, arguments, wanted), or None."""
    if problem := not_callable(function):
        return problem
    for description, arguments, wanted in cases:
        # Copies: a function that works in place must not spoil the next case.
        arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            with np.errstate(all="ignore"):
                got = function(*arguments)
        except Exception as error:
            return f"{description} raised {type(error).__name__}: {error}"
        problem = difference(got, wanted, description)
        if problem:
            return problem
    return None
