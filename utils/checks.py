"""Argument checks whose errors teach: what came, what was wanted, what to change. NumPy only."""

import contextlib
import os
import re
import textwrap

import numpy as np

# Rows written with a few decimals, [0.33, 0.33, 0.34], or computed in float32 still count as summing to 1.
SUM_TOLERANCE = 1e-4


def first(mask):
    """Return the position of the first True in `mask` as a tuple of ints, the form that error messages quote."""
    return tuple(int(i) for i in np.argwhere(mask)[0])


def rectangle(values, name):
    """Return `values` as an array of whatever dtype, or raise ValueError where its rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise ValueError(f"`{name}` is ragged: its rows differ in length. Give every row the same length.") from error


def numbers(values, name):
    """Return `values` as a float64 array of rank 1 or more.

    Parameters
    ----------
    values : array_like
        Real numbers, at least one on the last axis.
    name : str
        What the caller calls the argument; errors quote it.

    Raises
    ------
    ValueError
        If `values` is not numeric, is ragged, is a scalar or has an empty last axis.
    """
    array = rectangle(values, name)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise ValueError(f"`{name}` holds {array.dtype} values; wanted real numbers. Convert it with np.asarray.")
    if array.ndim == 0:
        raise ValueError(f"`{name}` is a single number; wanted at least one axis, the classes: [{values}].")
    if array.shape[-1] == 0:
        raise ValueError(f"`{name}` has shape {array.shape}; its last axis, the classes, is empty.")
    return array.astype(np.float64)


def check_logits(logits, name="logits", axis=-1):
    """Return `logits` as float64 after checking that softmax is defined on them.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores, any size. -inf is allowed as the score of a masked class.
    name : str
        What the caller calls the argument.
    axis : int
        The axis of the classes.

    Raises
    ------
    ValueError
        If `logits` is not numeric, is a scalar, has no such axis, holds NaN or +inf, or a row is -inf throughout.
    """
    array = numbers(logits, name)
    bad = np.isnan(array) | (array == np.inf)
    if bad.any():
        at = first(bad)
        raise ValueError(
            f"`{name}` holds {array[at]} at {at}; softmax needs finite scores (or -inf for a masked class). "
            "Look for a division by 0 or a log of 0 before this call."
        )
    if not -array.ndim <= axis < array.ndim:
        raise ValueError(f"`{name}` has shape {array.shape}, and so no axis {axis}; the classes are often axis -1.")
    if array.shape[axis] == 0:
        raise ValueError(f"`{name}` has shape {array.shape}; its axis {axis}, the classes, is empty.")
    masked = (array == -np.inf).all(axis=axis)
    if masked.any():
        where = f" at {first(masked)}" if masked.ndim else ""
        raise ValueError(f"`{name}` is -inf for every class{where}; leave one class unmasked.")
    return array


def check_not_probs(logits, name="logits"):
    """Refuse probabilities where logits belong: the loss would apply softmax a second time.

    Parameters
    ----------
    logits : ndarray, shape (..., K)
        Checked scores. One class (K = 1) says nothing and passes.
    name : str
        What the caller calls the argument.

    Raises
    ------
    ValueError
        If every row is free of negative numbers and sums to 1 within 1e-4.
    """
    if logits.size and logits.shape[-1] > 1 and (logits >= 0).all():
        sums = logits.sum(axis=-1)
        if np.allclose(sums, 1, rtol=0, atol=SUM_TOLERANCE):
            raise ValueError(
                f"`{name}` looks like probabilities: no entry is negative and every row sums to 1 "
                f"(the first is {logits.reshape(-1, logits.shape[-1])[0]}). "
                "Give the scores from before softmax, or np.log(probs)."
            )


def check_labels(labels, shape, name="labels"):
    """Return integer `labels` as int64 after checking them against the logits they belong to.

    Parameters
    ----------
    labels : array_like of int, shape (...)
        Class numbers, 0 to K - 1.
    shape : tuple of int
        Shape (..., K) of the logits.
    name : str
        What the caller calls the argument.

    Raises
    ------
    ValueError
        If the dtype is not an integer, the shape is not `shape` without its last axis, or a label is out of range.
    """
    array = rectangle(labels, name)
    classes = shape[-1]
    if array.dtype.kind not in "iu":
        raise ValueError(
            f"`{name}` holds {array.dtype} values; wanted integers, or rows that sum to 1 with shape {shape}. "
            f"If they are whole numbers, pass {name}.astype(np.int64)."
        )
    if array.shape != shape[:-1]:
        hint = f"Use {name}[..., 0]." if array.shape == (*shape[:-1], 1) else "One label belongs to one row of logits."
        raise ValueError(f"`{name}` has shape {array.shape}; logits of shape {shape} want {shape[:-1]}. {hint}")
    bad = (array < 0) | (array >= classes)
    if bad.any():
        at = first(bad) if array.ndim else ()
        where = f" at {at}" if at else ""
        hint = f" Labels that start at 1? Use {name} - 1." if array.min() >= 1 and array.max() == classes else ""
        raise ValueError(f"`{name}` holds {array[at]}{where}; {classes} classes have labels 0 to {classes - 1}.{hint}")
    return array.astype(np.int64)


def check_targets(targets, shape, name="targets"):
    """Return target rows (one-hot, smoothed or soft) as float64 after checking that they are distributions.

    Parameters
    ----------
    targets : array_like, shape (..., K)
        Probabilities over the classes.
    shape : tuple of int
        Shape (..., K) of the logits.
    name : str
        What the caller calls the argument.

    Raises
    ------
    ValueError
        If the shape differs, an entry is NaN or negative, or a row does not sum to 1 within 1e-4.
    """
    array = numbers(targets, name)
    if array.shape != shape:
        raise ValueError(f"`{name}` has shape {array.shape}; logits of shape {shape} want the same shape.")
    bad = ~(array >= 0)
    if bad.any():
        at = first(bad)
        raise ValueError(f"`{name}` holds {array[at]} at {at}; a target is a probability, 0 to 1.")
    sums = array.sum(axis=-1)
    bad = ~np.isclose(sums, 1, rtol=0, atol=SUM_TOLERANCE)
    if bad.any():
        at = first(bad) if bad.ndim else ()
        where = f" at {at}" if at else ""
        raise ValueError(
            f"`{name}` has a row{where} that sums to {sums[at]:.6g}; wanted 1. Several classes true at once are "
            "a multi-label problem (sigmoid and binary cross-entropy); otherwise divide the row by its sum."
        )
    return array


def check_images(images, shape, name="images"):
    """Return images as float32 after checking that a network of the course can take them.

    Parameters
    ----------
    images : array_like, shape (N, H, W, C)
        Values from 0 to 1.
    shape : tuple of int
        The wanted (H, W, C).
    name : str
        What the caller calls the argument.

    Raises
    ------
    ValueError
        If `images` has another shape, holds NaN or an infinity, or a value outside 0 to 1.
    """
    array = rectangle(images, name)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"`{name}` holds {array.dtype} values; wanted real numbers from 0 to 1.")
    if array.shape[1:] != tuple(shape) or len(array) == 0:
        height, width, channels = shape
        hints = {
            (height, width, channels): f" One image? Use {name}[None].",
            (*array.shape[:1], height, width): f" No axis for the channels? Use {name}[..., None].",
            (*array.shape[:1], channels, height, width): f" Channels first? Use np.moveaxis({name}, 1, -1).",
            (*array.shape[:1], width, height, channels): f" Width first? Use np.swapaxes({name}, 1, 2).",
        }
        hint = hints.get(array.shape, "") if array.size else ""  # an empty batch of squares looks swapped, and is not
        raise ValueError(f"`{name}` has shape {array.shape}; wanted (N, {height}, {width}, {channels}).{hint}")
    if not (array.min() >= 0 and array.max() <= 1):  # NaN compares as False
        at = first(~((array >= 0) & (array <= 1)))
        of_bytes = array.min() >= 0 and 1 < array.max() <= 255  # NaN and infinities compare as False
        hint = f" Grey values of 0 to 255? Use {name} / 255." if of_bytes else ""
        raise ValueError(f"`{name}` holds {array[at]} at {at}; wanted 0 to 1.{hint}")
    return array.astype(np.float32, copy=False)


def check_masks(masks, shape, classes, name="masks"):
    """Return masks, a class number for each pixel, as int32 without a channel axis.

    Parameters
    ----------
    masks : array_like of int, shape (n, H, W) or (n, H, W, 1)
        The class of each pixel, 0 to classes - 1.
    shape : tuple of int
        (H, W), or (n, H, W) where the images are known: `images.shape[:3]`.
    classes : int
        How many classes there are.
    name : str
        What the caller calls the argument.

    Returns
    -------
    ndarray of int32, shape (n, H, W)

    Raises
    ------
    ValueError
        If the shape differs (one-hot masks, a colour for each class, swapped axes), there is no mask or not one for
        each image, the dtype is not an integer, or a class is out of range.
    """
    array = rectangle(masks, name)
    height, width = shape[-2:]
    if array.shape[1:] == (height, width, 1):
        array = array[..., 0]
    if array.shape[1:] != (height, width):
        hints = {  # where two shapes are the same, as with 3 classes, the later hint counts
            (height, width, 3): "A colour for each class? Look up the class number of each colour first.",
            (width, height): f"Height and width are swapped; height comes first: {name}.swapaxes(1, 2).",
            (classes, height, width): f"One-hot with the classes first? Use {name}.argmax(axis=1).",
            (1, height, width): f"Use {name}[:, 0].",
            (height, width, classes): f"One-hot? Use {name}.argmax(axis=-1).",
            shape[-2:]: f"One mask is a batch of one: {name}[None].",
        }
        one = array.shape == shape[-2:]
        hint = hints.get(array.shape if one else array.shape[1:], "Resize them with nearest neighbour.")
        raise ValueError(f"`{name}` has shape {array.shape}; wanted (n, {height}, {width}). {hint}")
    if not len(array):
        raise ValueError(f"`{name}` has shape {array.shape}: no mask. Give at least one.")
    if len(shape) == 3 and len(array) != shape[0]:
        raise ValueError(f"`{name}` holds {len(array)} masks for {shape[0]} images; every image has one mask.")
    if array.dtype.kind not in "iu":
        broken = array != np.floor(array) if array.dtype.kind == "f" else np.zeros(0, bool)
        if broken.any():
            at = first(broken)
            hint = "A mask resized by blending? Resize it with nearest neighbour."
            raise ValueError(f"`{name}` holds {array[at]} at {at}; a class number is whole. {hint}")
        raise ValueError(
            f"`{name}` holds {array.dtype} values; wanted integers. "
            f"If they are whole numbers, pass {name}.astype(np.int32)."
        )
    bad = (array < 0) | (array >= classes)
    if bad.any():
        at = first(bad)
        hint = ""
        if ((array == 0) | (array == 255)).all():
            hint = f" A mask saved as black and white, 0 and 255? Use {name} // 255."
        elif (array[bad] == 255).all():
            hint = " 255 often marks pixels without a class: give them one of their own."
        elif array.min() >= 1 and array.max() == classes:
            hint = f" Classes that start at 1? Use {name} - 1."
        raise ValueError(
            f"`{name}` holds {array[at]} at {at}; {classes} classes have numbers 0 to {classes - 1}.{hint}"
        )
    return array.astype(np.int32)


@contextlib.contextmanager
def error_shown(width=80):
    """Run the `with` block, which must fail, and print the error as `Type: message` instead of a traceback.

    Parameters
    ----------
    width : int
        Characters in a line before it is wrapped.

    Raises
    ------
    AssertionError
        If the block does not fail: the page would claim an error that is gone. With other versions than those of the
        page, where the copies of the chapters set COURSE_VERSIONS to "other", it is said instead.
    """
    try:
        yield
    except Exception as error:
        # Keras sets the sentence in bold type, between the layer's name and all that the layer was given.
        message = re.sub(r".*\x1b\[1m(.*?)\x1b\[0m.*", r"\1", str(error), flags=re.DOTALL)
        # TensorFlow puts the failed node before its sentence, and the op with all its attributes behind it.
        message = re.sub(r"\{\{.*?\}\} ?|\s*(; NodeDef:|\[Op:|\[\[\{\{).*", "", message, flags=re.DOTALL).strip()
        if message.startswith("Graph execution error"):  # the whole stack, and then the sentence
            message = "Graph execution error: … " + message.split("\n\n")[-1]
        for line in f"{type(error).__name__}: {message}".splitlines():
            print(textwrap.fill(line, width))
    else:
        if os.environ.get("COURSE_VERSIONS") != "other":
            raise AssertionError("the block was expected to fail, and ran")
        print("no error with these versions")
