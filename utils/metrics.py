"""Counts of labels against predictions, and what is read from them. NumPy only."""

import numpy as np

from utils.checks import check_labels


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
