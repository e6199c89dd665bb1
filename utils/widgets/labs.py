"""The labs of small numbers: a row of logits, and a label in its two forms."""

import numpy as np
import traitlets

from ..checks import numbers
from ..losses import log_softmax
from .base import Widget, bar, module, table


class LogitLab(Widget):
    """Sliders for up to six logits: probabilities, loss, gradient, temperature, and a naive softmax that overflows.

    Parameters
    ----------
    logits : array_like, shape (K,)
        Where the sliders start, 2 to 6 numbers.
    label : int
        Position of the label, 0 to K − 1.
    names : sequence of str, optional
        Names of the classes; by default their numbers.
    temperature : float
        What the logits are divided by, 0.1 to 10.
    shift : float
        What the table below the sliders adds to every logit, −120 to 120.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "logit-lab.mjs"
    STATE = ("logits", "label", "names", "temperature", "shift")
    _esm = module(MODULE)
    logits = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    temperature = traitlets.Float().tag(sync=True)
    shift = traitlets.Float().tag(sync=True)

    def __init__(self, logits, label=0, names=None, temperature=1.0, shift=0.0):
        logits = _row(logits, label)
        if not 0.1 <= temperature <= 10:
            raise ValueError(f"`temperature` is {temperature}; wanted 0.1 to 10, what the slider reaches.")
        if not -120 <= shift <= 120:
            raise ValueError(f"`shift` is {shift}; wanted −120 to 120, what the slider reaches.")
        names = [f"class {k}" for k in range(len(logits))] if names is None else list(names)
        if len(names) != len(logits):
            raise ValueError(f"`names` has {len(names)} names for {len(logits)} logits; wanted one for each.")
        super().__init__(logits=logits, label=label, names=names, temperature=float(temperature), shift=float(shift))

    def fallback(self):
        """Return the state as a table with a bar for each probability."""
        # Not through cross_entropy, which refuses logits such as [1, 0]: they could be probabilities.
        log_probs = log_softmax(self.logits, temperature=self.temperature)
        probs = np.exp(log_probs)
        gradient = (probs - np.eye(len(probs))[self.label]) / self.temperature
        # On the page classes can be added, without a name, and taken away.
        names = [*self.names, *(f"class {k}" for k in range(len(self.names), len(probs)))][: len(probs)]
        rows = [
            (name, f"{z:g}".replace("-", "−"), bar(p, f"{p:.4f}"), f"{slope:+.4f}".replace("-", "−"))
            for name, z, p, slope in zip(names, self.logits, probs, gradient, strict=True)
        ]
        caption = (
            f"The label is {names[self.label]}, the loss −log p = {0.0 - log_probs[self.label]:.4f} nats. "
            "With JavaScript the numbers can be moved."
        )
        return table(caption, ("class", "logit z", "probability p", "gradient"), rows)


class LabelLab(Widget):
    """One label as an integer and as a one-hot row, in range and out of it, and what both cost in memory.

    Parameters
    ----------
    logits : array_like, shape (K,)
        The row that the label belongs to, 2 to 6 numbers.
    label : int
        Position of the label, 0 to K − 1; the slider also reaches positions out of range.
    classes : int
        Where the slider of the memory starts, 2 to 1,000,000 classes.
    labels : int
        How many labels the memory is computed for, 1 or more.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "label-lab.mjs"
    STATE = ("logits", "label", "classes", "labels")
    _esm = module(MODULE)
    logits = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)
    classes = traitlets.Int().tag(sync=True)
    labels = traitlets.Int().tag(sync=True)

    def __init__(self, logits, label=0, classes=10, labels=3200):
        if not 2 <= classes <= 1_000_000:
            raise ValueError(f"`classes` is {classes}; wanted 2 to 1,000,000, what the slider reaches.")
        if labels < 1:
            raise ValueError(f"`labels` is {labels}; wanted 1 or more.")
        super().__init__(logits=_row(logits, label), label=label, classes=classes, labels=labels)

    def fallback(self):
        """Return the one-hot row as a table, each position with its share of the loss."""
        surprise = -log_softmax(self.logits)
        rows = [
            (str(k), f"{each:.4f}", str(int(k == self.label)), f"{each if k == self.label else 0:.4f}")
            for k, each in enumerate(surprise)
        ]
        answer = f" has no output among 0 to {len(surprise) - 1}"  # the slider can move it there
        if 0 <= self.label < len(surprise):
            answer = f": picked or multiplied out, the loss is {surprise[self.label]:.4f} nats"
        caption = (
            f"Label {self.label}{answer}. "
            f"{self.labels:,} labels of {self.classes:,} classes take {4 * self.labels:,} bytes as integers (int32), "
            f"{4 * self.labels * self.classes:,} as one-hot rows (float32). With JavaScript the label can be moved."
        )
        return table(caption, ("position", "−log p", "one-hot t", "t · (−log p)"), rows)


def _row(logits, label):
    """Return `logits` as a list, or raise ValueError where they are no row with that label."""
    logits = numbers(logits, "logits")
    if logits.ndim != 1 or not 2 <= len(logits) <= 6 or not np.isfinite(logits).all():
        raise ValueError(f"`logits` is {logits.tolist()}; wanted a row of 2 to 6 finite numbers.")
    if label not in range(len(logits)):  # nor is 1.5 or "1"
        raise ValueError(f"`label` is {label}; wanted a position among the {len(logits)} logits, from 0.")
    return logits.tolist()
