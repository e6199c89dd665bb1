"""The digit canvas: draw a digit, say what it means, and watch the loss of the course's digit network."""

import base64
import re

import numpy as np
import traitlets

from ..checks import check_images, check_labels, check_logits
from ..losses import log_softmax
from .base import ModelWidget, bar, module, table

SIDE = 28
# The losses of the test digits at these ranks tell how many are larger than another one; 1 is the largest.
RANKS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700, 1000, 1500, 2000, 3000, 5000, 7000)


class DigitCanvas(ModelWidget):
    """A pad to draw a digit on, and what the stored digit network makes of it: logits, probabilities, loss, gradient.

    It starts with one of the test digits. In Jupyter `pixels` is the image on the pad, as the network sees it.

    Parameters
    ----------
    images : array_like, shape (N, 28, 28, 1)
        Test digits, grey values 0 to 1.
    logits : array_like, shape (N, 10)
        Their logits by the stored network `digit_cnn`.
    labels : array_like of int, shape (N,)
        Their digits, 0 to 9.
    temperature : float
        The fitted temperature, 0.25 to 4, which the slider marks; the widget starts with 1.
    start : int, optional
        Position of the digit that lies on the pad at first; by default the one with the largest loss.
    hardest : int
        How many digits can be laid on the pad: those with the largest losses, 1 to 24.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "digit-canvas.mjs"
    STATE = ("image", "label", "temperature", "fitted", "logits", "hardest", "count", "ranks", "powers")
    _esm = module(MODULE)
    image = traitlets.Unicode().tag(sync=True)
    label = traitlets.Int(min=0, max=9, allow_none=True).tag(sync=True)  # None: nobody has said what was meant
    temperature = traitlets.Float(min=0.25, max=4).tag(sync=True)
    fitted = traitlets.Float().tag(sync=True)
    logits = traitlets.List(traitlets.Float(), allow_none=True).tag(sync=True)  # None: not known to Python
    hardest = traitlets.List().tag(sync=True)  # [{image, label, loss, position}, …]
    count = traitlets.Int().tag(sync=True)
    ranks = traitlets.List(traitlets.Int()).tag(sync=True)
    powers = traitlets.List().tag(sync=True)  # log10 of the losses at the ranks, at temperature 1 and at the fitted one

    def __init__(self, images, logits, labels, temperature, start=None, hardest=12):
        images = check_images(images, (SIDE, SIDE, 1))[..., 0]
        logits = check_logits(logits)
        if logits.shape != (len(images), 10) or not np.isfinite(logits).all():
            raise ValueError(f"`logits` has shape {logits.shape}; wanted ({len(images)}, 10), finite, a row an image.")
        labels = check_labels(labels, logits.shape)
        if not 0.25 <= temperature <= 4:
            raise ValueError(f"`temperature` is {temperature}; wanted 0.25 to 4, what the slider reaches.")
        if hardest not in range(1, 25):
            raise ValueError(f"`hardest` is {hardest}; wanted a whole number, 1 to 24.")
        losses, at_fitted = (
            -log_softmax(logits, temperature=t)[np.arange(len(labels)), labels] for t in (1, temperature)
        )
        order = np.argsort(-losses, kind="stable")
        start = order[0] if start is None else start
        if start not in range(len(images)):
            raise ValueError(f"`start` is {start}; wanted a position among the {len(images)} images, from 0.")
        ranks = [rank for rank in RANKS if rank <= len(images)]
        # Rounded, these to a hundredth of a power of ten: last digits of float32 differ between machines, and what a
        # chapter stores is compared.
        tables = [np.log10(np.maximum(np.sort(each)[::-1], 1e-12)) for each in (losses, at_fitted)]
        super().__init__(
            image=pack_image(images[start]),
            label=int(labels[start]),
            temperature=1.0,
            fitted=float(temperature),
            logits=[round(float(z), 3) for z in logits[start]],
            hardest=[
                {
                    "image": pack_image(images[i]),
                    "label": int(labels[i]),
                    "loss": round(float(losses[i]), 2),
                    "position": int(i),
                }
                for i in order[:hardest]
            ],
            count=len(images),
            ranks=ranks,
            powers=[[round(float(power), 2) + 0.0 for power in each[np.subtract(ranks, 1)]] for each in tables],
        )

    @traitlets.validate("image")
    def _check_image(self, proposal):
        unpack_image(proposal["value"])
        return proposal["value"]

    @property
    def pixels(self):
        """Return the image on the pad: float32, shape (28, 28, 1), grey values 0 to 1, ready for `nets.logits_of`."""
        return unpack_image(self.image)[..., None]

    def fallback(self):
        """Return the digit as SVG, and its logits and probabilities as a table whose caption has the loss."""
        if self.logits is None:
            return svg(unpack_image(self.image))
        log_probs = log_softmax(self.logits, temperature=self.temperature)
        probs = np.exp(log_probs)
        rows = [
            (str(digit), f"{z:.2f}".replace("-", "−"), bar(p, chance(p)))
            for digit, z, p in zip(range(10), self.logits, probs, strict=True)
        ]
        read = f"read as {probs.argmax()} with p = {probs.max():.3f}"
        meant = "Nobody has said what it means, so it has no loss"
        if self.label is not None:
            loss = 0.0 - log_probs[self.label]
            nats = power(loss) if 0 < loss < 0.005 else f"{loss:.2f}"
            meant = f"The label is {self.label}, the loss −log p = {nats} nats"
        at = "" if self.temperature == 1 else f" at temperature {self.temperature:g}"
        caption = f"A digit, {read}{at}. {meant}. With JavaScript you can draw your own."
        return svg(unpack_image(self.image)) + table(caption, ("digit", "logit z", "probability p"), rows)


def power(number):
    """Return a number above 0 as two digits times a power of ten, "3.8 · 10⁻⁵"."""
    digits, exponent = f"{number:.1e}".split("e")
    return f"{digits} · 10" + str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def chance(p):
    """Return a probability as text; a small one has two digits after its zeros, so that −log p can be checked.

    The fallback computes it from rounded logits, so it is the same on every machine.
    """
    return power(p) if 0 < p < 0.001 else f"{p:.{4 if 0 < p < 0.01 else 3}f}"


def pack_image(image):
    """Return an image of grey values 0 to 1 as a short text: `packImage` of digit-ink.mjs says how."""
    values = np.round(255 * np.asarray(image)).astype(int).ravel().tolist()
    packed, i = bytearray(), 0
    while i < len(values):
        value, count = values[i], 1
        if value in (0, 255):
            while count < 255 and values[i + count : i + count + 1] == [value]:
                count += 1
        packed += bytes([value, count] if value in (0, 255) else [value])
        i += count
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def unpack_image(packed):
    """Return the image of such a text: float32, shape (28, 28), grey values 0 to 1; TraitError where it is none."""
    wrong = traitlets.TraitError(f"`image` is {packed[:40]!r}; wanted what `pack_image` returns.")
    if not re.fullmatch(r"[\w-]+", packed, re.ASCII):  # other letters would be skipped
        raise wrong
    try:
        content = iter(base64.b64decode(packed + "=" * (-len(packed) % 4), altchars="-_"))
        values = []
        for value in content:
            count = next(content) if value in (0, 255) else 1
            if count == 0:
                raise wrong
            values += [value] * count
    except (ValueError, StopIteration):  # no base64, or it ends too early
        raise wrong from None
    if len(values) != SIDE * SIDE:
        raise wrong
    return (np.array(values, np.float32) / np.float32(255)).reshape(SIDE, SIDE)


def svg(image):
    """Return an image of grey values 0 to 1 as inline SVG, white on black, in sixteen greys."""
    paths = []
    greys = np.round(15 * np.asarray(image)).astype(int)
    for grey in range(1, 16):
        squares = "".join(f"M{x} {y}h1v1h-1z" for y, x in zip(*np.nonzero(greys == grey), strict=True))
        if squares:
            paths.append(f"<path fill='#{grey:x}{grey:x}{grey:x}' d='{squares}'/>")
    return (
        "<svg viewBox='0 0 28 28' width='168' height='168' role='img' aria-label='The digit: white ink on black, "
        f"28 by 28 pixels' shape-rendering='crispEdges'><rect width='28' height='28'/>{''.join(paths)}</svg>"
    )
