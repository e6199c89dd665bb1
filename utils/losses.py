r"""The definitions of the course in float64 NumPy: softmax, its logarithm, cross-entropy, and their gradients.

Logits have shape (..., K): any leading axes, the classes last. A loss has shape (...): one number for each row,
not averaged. All logarithms are natural, so losses are in nats.

Sources: Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs", for softmax;
Goodfellow, Bengio and Courville (2016), "Deep Learning", sections 4.1 and 6.2, for the stable forms and gradients.
"""

import numpy as np

from .checks import check_labels, check_logits, check_not_probs, check_targets, first, numbers, rectangle


def softmax(logits, axis=-1, temperature=1.0):
    r"""Turn scores into probabilities: :math:`p_i = e^{z_i/T} / \sum_j e^{z_j/T}`.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        Scores; -inf marks a class that must get probability 0.
    axis : int
        The axis of the classes.
    temperature : float
        T > 0. Below 1 the result is sharper, above 1 flatter.

    Returns
    -------
    ndarray of float64, same shape
        Numbers from 0 to 1 that sum to 1 along `axis`.

    Raises
    ------
    ValueError
        If `logits` is not numeric, is a scalar, or holds NaN, +inf or a row of -inf; if `temperature` is not above 0.
    """
    return np.exp(log_softmax(logits, axis, temperature))


def log_softmax(logits, axis=-1, temperature=1.0):
    r"""Return the logarithm of softmax without ever forming a number that overflows or a log of 0.

    With :math:`m = \max_j z_j`: :math:`\log p_i = (z_i - m) - \log \sum_j e^{z_j - m}`. The largest exponent is 0.

    Parameters, result and errors are those of `softmax`; the result is in nats, at most 0.
    """
    if not 0 < temperature < np.inf:
        raise ValueError(f"`temperature` is {temperature}; wanted a finite number above 0 (1 changes nothing).")
    logits = check_logits(logits, axis=axis)
    with np.errstate(over="ignore"):  # scores further apart than float64 reaches become -inf, probability 0
        shifted = (logits - logits.max(axis=axis, keepdims=True)) / temperature
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def cross_entropy(labels, logits):
    r"""Return :math:`-\sum_i t_i \log p_i` for each row, where p is the softmax of the logits.

    For an integer label y the sum has one term, :math:`-\log p_y`, which is picked by index.

    Parameters
    ----------
    labels : array_like
        Integers 0 to K - 1 with shape (...), or target rows that sum to 1 with shape (..., K).
    logits : array_like, shape (..., K)
        Scores from before softmax.

    Returns
    -------
    ndarray of float64, shape (...)
        Loss of each row in nats, 0 or more.

    Raises
    ------
    ValueError
        If a label is out of range, a shape does not fit, a target row does not sum to 1, a value is NaN,
        or `logits` are probabilities.
    """
    logits, targets = _pair(labels, logits)
    log_probs = log_softmax(logits)
    if targets.ndim < logits.ndim:
        return 0.0 - np.take_along_axis(log_probs, targets[..., None], axis=-1)[..., 0]  # 0.0 - x is never -0.0
    # A masked class has log p = -inf; where its target is 0 it adds nothing, and 0 * -inf would be NaN.
    terms = np.multiply(targets, log_probs, out=np.zeros_like(log_probs), where=targets > 0)
    return 0.0 - terms.sum(axis=-1)


def softmax_gradient(logits, upstream):
    r"""Carry a gradient back through softmax: :math:`dz_i = p_i (g_i - \sum_j g_j p_j)`.

    Parameters
    ----------
    logits : array_like, shape (..., K)
        The input of softmax.
    upstream : array_like, shape (..., K)
        g, the gradient with respect to the probabilities.

    Returns
    -------
    ndarray of float64, shape (..., K)
        The gradient with respect to the logits; every row sums to 0.

    Raises
    ------
    ValueError
        As `softmax`, and if the two shapes differ or `upstream` holds NaN or an infinity.
    """
    probs = softmax(logits)
    upstream = _same_shape(upstream, probs)
    return probs * (upstream - (upstream * probs).sum(axis=-1, keepdims=True))


def log_softmax_gradient(logits, upstream):
    r"""Carry a gradient back through log-softmax: :math:`dz_i = g_i - p_i \sum_j g_j`.

    Parameters, result and errors are those of `softmax_gradient`, with g the gradient with respect to log p.
    """
    probs = softmax(logits)
    upstream = _same_shape(upstream, probs)
    return upstream - probs * upstream.sum(axis=-1, keepdims=True)


def cross_entropy_gradient(labels, logits):
    r"""Return the gradient of each row's loss with respect to its logits: :math:`p - t`.

    Parameters
    ----------
    labels, logits : array_like
        As in `cross_entropy`.

    Returns
    -------
    ndarray of float64, shape (..., K)
        Not divided by the number of rows; divide it for the gradient of a mean loss.

    Raises
    ------
    ValueError
        As `cross_entropy`.
    """
    logits, targets = _pair(labels, logits)
    if targets.ndim < logits.ndim:
        targets = np.eye(logits.shape[-1])[targets]
    return softmax(logits) - targets


def _pair(labels, logits):
    """Return checked logits with int64 labels (one axis fewer) or with float64 target rows (same rank)."""
    logits = check_logits(logits)
    check_not_probs(logits)
    labels = rectangle(labels, "labels")
    if labels.shape == logits.shape:
        return logits, check_targets(labels, logits.shape)
    return logits, check_labels(labels, logits.shape)


def _same_shape(upstream, probs):
    """Return `upstream` as float64 if it has the shape of `probs` and is finite."""
    upstream = numbers(upstream, "upstream")
    if upstream.shape != probs.shape:
        raise ValueError(f"`upstream` has shape {upstream.shape}; wanted that of the logits, {probs.shape}.")
    bad = ~np.isfinite(upstream)
    if bad.any():
        at = first(bad)
        raise ValueError(f"`upstream` holds {upstream[at]} at {at}; a gradient that is not finite tells nothing.")
    return upstream
