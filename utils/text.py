"""Text as a network takes it: characters to integers and back, windows, and sampling from logits with a temperature."""

import re

import numpy as np

from .checks import check_labels, check_logits, check_not_probs, first, rectangle
from .losses import softmax

# With it `encode` is Python's ord(), as in the tutorial that chapter 9 answers: 256 tokens, whatever the text.
ORD_256 = "".join(map(chr, range(256)))


def vocabulary(text):
    """Return the distinct characters of a text in the order of their code points, as a string.

    Parameters
    ----------
    text : str
        At least one character.

    Raises
    ------
    ValueError
        If there is no character, or `text` is not a string.
    """
    if not isinstance(text, str) or not text:
        raise ValueError(f"`text` is {text!r:.40}; wanted a string with at least one character.")
    return "".join(sorted(set(text)))


def encode(text, characters):
    """Return the number of each character: its position in `characters`.

    Parameters
    ----------
    text : str
        Any length, 0 too.
    characters : str
        The vocabulary, each character once: of `vocabulary(text)`, or `ORD_256`.

    Returns
    -------
    ndarray of int32, shape (len(text),)

    Raises
    ------
    ValueError
        If `text` is not a string, the vocabulary is empty or names a character twice, or the text holds characters
        that the vocabulary lacks.
    """
    if not isinstance(text, str):
        raise ValueError(f"`text` is of type {type(text).__name__}; wanted a string.")
    points = _points(_checked(characters))
    order = np.argsort(points)
    wanted = _points(text)
    places = np.minimum(np.searchsorted(points[order], wanted), len(points) - 1)
    ids = order[places].astype(np.int32)
    missing = points[ids] != wanted
    if missing.any():
        (at,) = first(missing)
        names = sorted({chr(point) for point in wanted[missing]})
        shown = ", ".join(f"{name!r} (U+{ord(name):04X})" for name in names[:5])
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        noun = "character" if missing.sum() == 1 else "characters"
        raise ValueError(
            f"`text` holds {missing.sum():,} {noun} that the vocabulary of {len(points)} "
            f"lacks: {shown}{more}; the first at {at}. Build the vocabulary from a text that has them, or replace them."
        )
    return ids


def decode(ids, characters):
    """Return the text of which `encode` made `ids`.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
        Positions in `characters`.
    characters : str
        The vocabulary, each character once.

    Raises
    ------
    ValueError
        If `ids` is not a row of integers, or one of them is not a position in the vocabulary.
    """
    points = _points(_checked(characters))
    array = rectangle(ids, "ids")
    if array.size == 0:
        return ""
    array = check_labels(array, (array.size, len(points)), "ids")
    return points[array].tobytes().decode("utf-32-le", "surrogatepass")


def _checked(characters):
    """Return a vocabulary after checking that it is one."""
    if not isinstance(characters, str) or not characters:
        raise ValueError(f"`characters` is {characters!r:.40}; wanted a string, the vocabulary.")
    if len(set(characters)) < len(characters):
        twice = next(c for i, c in enumerate(characters) if c in characters[:i])
        raise ValueError(
            f"`characters` holds {twice!r} more than once. A vocabulary has each character once: vocabulary(text)."
        )
    return characters


def _points(text):
    """Return the code points of a string."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def windows(ids, length, step=None):
    """Return windows of a text and, as their targets, the same windows one character later.

    A window holds the characters 0 to `length` - 1 from its start, its target the characters 1 to `length`.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
        The encoded text.
    length : int
        Characters in a window, 1 to N - 1.
    step : int, optional
        From the start of one window to the start of the next; `length` unless given, and no two windows overlap.

    Returns
    -------
    inputs, targets : ndarray, each of shape (number of windows, length) and the dtype of `ids`

    Raises
    ------
    ValueError
        If `ids` is not a row of integers, too short for one window, or a number is below 1.
    """
    array = _row(ids)
    step = length if step is None else step
    if length < 1 or step < 1:
        raise ValueError(f"`length` is {length} and `step` {step}; both are at least 1.")
    if len(array) <= length:
        raise ValueError(f"`ids` holds {len(array)} characters; a window of {length} and its target need {length + 1}.")
    rows = np.lib.stride_tricks.sliding_window_view(array, length + 1)[::step]
    return rows[:, :-1].copy(), rows[:, 1:].copy()


def side_by_side(ids, rows, length):
    """Return windows for a model that keeps its state from batch to batch, and their targets, one character later.

    The text is cut into `rows` parts that are read side by side: row i of each batch of `rows` windows goes on where
    row i of the batch before ended. So they must be given in this order: `shuffle=False`.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
        The encoded text. At most rows * length characters, at the ends of the parts, are left out.
    rows : int
        Windows in a batch, at least 1.
    length : int
        Characters in a window, 1 to (N - 1) // rows.

    Returns
    -------
    inputs, targets : ndarray, each of shape (batches * rows, length) and the dtype of `ids`

    Raises
    ------
    ValueError
        If `ids` is not a row of integers, too short for one batch, or a number is below 1.
    """
    array = _row(ids)
    if rows < 1 or length < 1:
        raise ValueError(f"`rows` is {rows} and `length` {length}; both are at least 1.")
    part = (len(array) - 1) // rows
    if part < length:
        raise ValueError(
            f"`ids` holds {len(array)} characters; {rows} windows of {length} and a target need {rows * length + 1}."
        )
    starts = part * np.arange(rows) + length * np.arange(part // length)[:, None]
    both = np.lib.stride_tricks.sliding_window_view(array, length + 1)[starts.ravel()]
    return both[:, :-1].copy(), both[:, 1:].copy()


def _row(ids):
    """Return a text as integers after checking that it is a row of them."""
    array = rectangle(ids, "ids")
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(f"`ids` has shape {array.shape} and dtype {array.dtype}; wanted a row of integers: encode(…).")
    return array


def sample(logits, temperature=1.0, rng=None):
    """Return classes drawn with the probabilities softmax(logits / temperature).

    A low temperature favours the likely classes, a high one evens them out.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores, not probabilities.
    temperature : float
        Above 0. What 0 would mean is `logits.argmax(-1)`.
    rng : numpy.random.Generator, optional
        Where the chance comes from; a new one unless given.

    Returns
    -------
    ndarray of int64, shape (...)

    Raises
    ------
    ValueError
        If `logits` are not such scores, look like probabilities, or the temperature is not above 0.
    """
    array = check_logits(logits)
    check_not_probs(array)
    if not 0 < temperature < np.inf:
        raise ValueError(
            f"`temperature` is {temperature}; wanted a finite number above 0. For the likeliest class: argmax."
        )
    rng = np.random.default_rng() if rng is None else rng
    edges = softmax(array, temperature=temperature).cumsum(axis=-1)
    # Divided by the last edge: it is 1 but for rounding, and nothing is drawn beyond it.
    return (edges / edges[..., -1:] <= rng.random(array.shape[:-1])[..., None]).sum(axis=-1)


def works(text):
    """Return the plays and poems in the text of `load_shakespeare`, by title, in their order.

    Each begins with its title, an empty line, and the name of its author.

    Parameters
    ----------
    text : str
        The works one after another.

    Returns
    -------
    dict of str to str

    Raises
    ------
    ValueError
        If no such beginning is found.
    """
    starts = [match.start() for match in re.finditer(r"^[A-Z].*\n+by William Shakespeare$", text, re.MULTILINE)]
    if not starts:
        raise ValueError("`text` holds no title with `by William Shakespeare` under it; wanted load_shakespeare().")
    ends = [*starts[1:], len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return {part.partition("\n")[0]: part for part in parts}


def apart(text):
    """Take the last of the works aside, as the text that no character model of the course reads in training.

    Parameters
    ----------
    text : str
        The works one after another, as `load_shakespeare` returns them.

    Returns
    -------
    seen, title, unseen : str
        All before the last work; its title, and the work itself.

    Raises
    ------
    ValueError
        If `text` holds no work.
    """
    title, unseen = list(works(text).items())[-1]
    return text.removesuffix(unseen), title, unseen
