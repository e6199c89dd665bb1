"""What a loss can mean, by its number."""

import traitlets

from .base import Widget, module, table

# What is known without JavaScript: the marks of chapters 2, 3 and 6, for ten classes where K counts.
MARKS = (
    ("2.3026, ln K", "an even guess among ten classes: untrained, or the input is not used"),
    ("1.4612, ln(e + K − 1) − 1", "softmax applied twice; this is its floor"),
    ("16.1181, −ln 1e-7", "every row is wrong, and its probability is clipped"),
    ("14.5063, 0.9 times that", "nine rows in ten are wrong and clipped"),
    ("15.9424, 23 ln 2", "a sigmoid that is certain and wrong, in float32"),
    ("1.19e-07", "certain and right, and clipped"),
    ("0", "softmax over one output, labels out of range as one-hot rows, or nothing was counted"),
    ("below 0", "binary cross-entropy with labels other than 0 to 1"),
    ("nan", "a label out of range under XLA, NaN in the data, log 0 by hand, or too large steps"),
)
ENDS = ("", "logits", "softmax", "behind", "sigmoid")
RULES = ("", "probs", "logits", "binary")


class LossMeaning(Widget):
    """A field for a loss, and what it can mean, most likely first.

    Parameters
    ----------
    loss : str or float
        The loss in nats as a program prints it, "nan" or "inf"; empty for none.
    classes : int or str, optional
        The number of classes K.
    ends : str
        What the model ends in: "logits", "softmax", "behind" (a layer behind the softmax), "sigmoid"; "" if unknown.
    rule : str
        The loss: "probs" (`from_logits=False`), "logits" (`from_logits=True`), "binary"; "" if unknown.
    counts : array_like of int or str
        How many rows each class has.

    Raises
    ------
    ValueError
        If `ends` or `rule` is none of these.
    """

    MODULE = "loss-meaning.mjs"
    STATE = ("loss", "classes", "ends", "rule", "counts")
    _esm = module(MODULE)
    loss = traitlets.Unicode().tag(sync=True)
    classes = traitlets.Unicode().tag(sync=True)
    ends = traitlets.Unicode().tag(sync=True)
    rule = traitlets.Unicode().tag(sync=True)
    counts = traitlets.Unicode().tag(sync=True)

    def __init__(self, loss="", classes="", ends="", rule="", counts=""):
        for name, given, known in (("ends", ends, ENDS), ("rule", rule, RULES)):
            if given not in known:
                raise ValueError(f"`{name}` is {given!r}; wanted one of {', '.join(map(repr, known))}.")
        counts = counts if isinstance(counts, str) else " ".join(map(str, counts))
        super().__init__(loss=str(loss), classes=str(classes or ""), ends=ends, rule=rule, counts=counts)

    def fallback(self):
        """Return the best known marks as a table."""
        return table("With JavaScript a loss can be typed here.", ("loss", "what it can mean"), MARKS)
