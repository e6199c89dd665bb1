"""Counts of labels against predictions, and what is read from them. NumPy only."""

import numpy as np

from .checks import check_labels


def confusion(labels, predicted, classes):
    """Return how often each label was predicted as each class.

    Parameters
    ----------
    labels, predicted : array_like of int, any shape, the same for both
        Class numbers, 0 to classes - 1.
    classes : int
        How many classes there are.

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Row: the label. Column: the prediction.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is not an integer or out of range.
    """
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    predicted = check_labels(predicted, (*labels.shape, classes), "predicted")
    labels = check_labels(labels, (*labels.shape, classes))
    pairs = classes * labels.ravel() + predicted.ravel()
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def iou(counts):
    """Return the intersection over union of each class: of all that is or was called it, the share that is both.

    Parameters
    ----------
    counts : array_like of int, shape (K, K)
        Rows are labels, columns predictions, as `confusion` returns them.

    Returns
    -------
    ndarray of float64, shape (K,)
        0 to 1, and nan for a class that neither occurs nor was predicted.
    """
    counts = np.asarray(counts)
    both = counts.diagonal()
    either = counts.sum(axis=0) + counts.sum(axis=1) - both
    return np.divide(both, either, out=np.full(len(counts), np.nan), where=either > 0)


def edges(masks):
    """Return where the class of a pixel differs from that of a neighbour above, below, left or right.

    Parameters
    ----------
    masks : ndarray of int, shape (..., H, W)
        The class of each pixel.

    Returns
    -------
    ndarray of bool, shape (..., H, W)
    """
    edge = np.zeros(masks.shape, bool)
    across, down = masks[..., 1:] != masks[..., :-1], masks[..., 1:, :] != masks[..., :-1, :]
    edge[..., 1:] |= across
    edge[..., :-1] |= across
    edge[..., 1:, :] |= down
    edge[..., :-1, :] |= down
    return edge


def class_weights(labels, classes, power):
    """Return a weight for each class, (1 / its frequency) to a power, divided by the mean weight of all labels.

    Parameters
    ----------
    labels : ndarray of int, any shape
        Class numbers; each class occurs.
    classes : int
        How many classes there are.
    power : float
        1 gives every class the same share of the loss, 0 every label.

    Returns
    -------
    ndarray of float64, shape (classes,)

    Raises
    ------
    ValueError
        If a class does not occur: its weight would be infinite.
    """
    share = np.bincount(labels.ravel(), minlength=classes) / labels.size
    if not share.all():
        raise ValueError(f"`labels` hold no {np.argmin(share)}; give more of them, or a weight by hand.")
    weights = share**-power
    return weights / (weights * share).sum()


def reliability(probs, labels, edges):
    """Return how sure and how right a model is, for the examples whose largest probability lies between two edges.

    Parameters
    ----------
    probs : ndarray, shape (N, K)
        A row of probabilities for each example.
    labels : array_like of int, shape (N,)
        Class numbers, 0 to K - 1.
    edges : array_like, shape (B - 1,)
        The inner edges of B bins, rising; a bin holds its lower edge.

    Returns
    -------
    ndarray of float64, shape (B, 3)
        Of each bin how many examples it holds, their mean largest probability, and the share of them that is right;
        the last two are nan where the bin is empty.

    Raises
    ------
    ValueError
        If a label is not an integer or out of range.
    """
    labels = check_labels(labels, np.shape(probs))
    top, right = probs.max(axis=1), probs.argmax(axis=1) == labels
    place = np.digitize(top, edges)
    count, sure, correct = (
        np.bincount(place, weights, len(edges) + 1) for weights in (np.ones(len(top)), top, right.astype(float))
    )
    empty = np.where(count > 0, count, np.nan)
    return np.stack([count, sure / empty, correct / empty], axis=1)


def calibration_error(probs, labels, bins=15):
    """Return the expected calibration error: how far sure and right lie apart, on average over the examples.

    The largest probabilities are sorted into bins of equal width; of each bin the distance between their mean and the
    share that is right counts as often as the bin has examples. Source: Guo and others, https://arxiv.org/abs/1706.04599.

    Parameters
    ----------
    probs : ndarray, shape (N, K)
        A row of probabilities for each example.
    labels : array_like of int, shape (N,)
        Class numbers, 0 to K - 1.
    bins : int
        How many bins from 0 to 1.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If a label is not an integer or out of range.
    """
    count, sure, right = reliability(probs, labels, np.arange(1, bins) / bins).T
    return float(np.nansum(count * np.abs(sure - right)) / count.sum())
