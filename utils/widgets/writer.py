"""The text widget of chapter 9: the character network writes, reads, is bet against and forgets."""

import html
import itertools
import json

import numpy as np
import traitlets

from ..checks import numbers
from ..text import encode
from . import base
from .base import ModelWidget, bar, module, table

STRONGEST = 8  # bits at which a tile's colour is strongest, as in the chapter's figure
MARKS = {
    "uniform": "uniform",
    "xz": "xz",
    "counts": "counts",
    "network": "network, unread play",
}


class Writer(ModelWidget):
    """The character network: it goes on from a prompt, reads any text, is bet against, and forgets.

    Parameters
    ----------
    passage : str
        What the page shows before the network is there, and what the second tab reads at first; 2 to 1000 characters.
    bits : array_like, shape (len(passage),)
        -log2 p of each of its characters. The page gets whole bits, which no CPU rounds in another way.
    marks : dict of str to float
        Bits a character for "uniform", "xz", "counts" and "network", marks on one axis.
    hidden : str
        What is guessed in the third tab, 20 to 1000 characters.
    before : str
        What stands before it, 1 to 1000 characters.
    prompt : str
        What the first text begins with, 1 to 400 characters.
    temperature : float
        What the logits are divided by, 0.1 to 2.
    top_k : int
        How many of the likeliest characters can be drawn, 1 to 84.
    top_p : float
        The share of the probability that can be drawn, 0.05 to 1.
    seed : int
        Where the chance comes from, 0 to 999999: the same seed and settings, the same text.

    Raises
    ------
    ValueError
        If an argument is not as above, or a text holds a character that the network has not.
    """

    MODULE = "writer.mjs"
    STATE = (
        *("prompt", "temperature", "top_k", "top_p", "seed"),
        *("passage", "shades", "marks", "before", "hidden", "size"),
    )
    _esm = module(MODULE)
    prompt = traitlets.Unicode().tag(sync=True)
    temperature = traitlets.Float().tag(sync=True)
    top_k = traitlets.Int().tag(sync=True)
    top_p = traitlets.Float().tag(sync=True)
    seed = traitlets.Int().tag(sync=True)
    passage = traitlets.Unicode().tag(sync=True)
    shades = traitlets.Unicode().tag(sync=True)
    marks = traitlets.Dict(traitlets.Float()).tag(sync=True)
    before = traitlets.Unicode().tag(sync=True)
    hidden = traitlets.Unicode().tag(sync=True)
    size = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        passage,
        bits,
        marks,
        hidden,
        before,
        prompt="HAMLET.\n",
        temperature=1.0,
        top_k=84,
        top_p=1.0,
        seed=1616,
    ):
        characters = json.loads((base.MODELS / "char_lstm.json").read_text())["characters"]
        limits = {"passage": (2, 1000), "hidden": (20, 1000), "before": (1, 1000), "prompt": (1, 400)}
        for name, value in {"passage": passage, "hidden": hidden, "before": before, "prompt": prompt}.items():
            least, most = limits[name]
            if not isinstance(value, str) or not least <= len(value) <= most:
                raise ValueError(f"`{name}` is {value!r:.40}; wanted a string of {least} to {most} characters.")
            try:
                encode(value, characters)
            except ValueError as error:
                raise ValueError(str(error).replace("`text`", f"`{name}`", 1)) from None
        bits = numbers(bits, "bits")
        if bits.shape != (len(passage),) or not np.isfinite(bits).all() or (bits < 0).any():
            raise ValueError(
                f"`bits` has shape {bits.shape}; wanted {len(passage)} numbers from 0, one for each of `passage`."
            )
        if not isinstance(marks, dict) or set(marks) != set(MARKS):
            raise ValueError(f"`marks` is {marks!r:.80}; wanted a dict of {', '.join(MARKS)}.")
        if not all(0 < marks[name] < 100 for name in MARKS):  # nor is nan
            raise ValueError(f"`marks` holds {marks}; wanted bits a character, above 0 and below 100.")
        if not 0.1 <= temperature <= 2:
            raise ValueError(f"`temperature` is {temperature}; wanted 0.1 to 2, what the slider reaches.")
        if top_k not in range(1, len(characters) + 1):
            raise ValueError(f"`top_k` is {top_k}; wanted a whole number, 1 to {len(characters)}.")
        if not 0.05 <= top_p <= 1:
            raise ValueError(f"`top_p` is {top_p}; wanted 0.05 to 1, what the slider reaches.")
        if seed not in range(1_000_000):
            raise ValueError(f"`seed` is {seed}; wanted a whole number, 0 to 999999.")
        self._bits = bits
        super().__init__(
            passage=passage,
            shades="".join(str(min(STRONGEST, round(float(each)))) for each in bits),
            marks={name: round(float(marks[name]), 3) for name in MARKS},
            hidden=hidden,
            before=before,
            prompt=prompt,
            temperature=float(temperature),
            top_k=int(top_k),
            top_p=float(top_p),
            seed=int(seed),
            size=f"{(base.MODELS / 'char_lstm.bin').stat().st_size / 1e6:.1f}",
        )

    def fallback(self):
        """Return the passage, shaded by its bits, its costliest characters and the four marks."""
        costliest = np.argsort(-self._bits, kind="stable")[:5]
        rows = [
            (
                f"{_named(self.passage[i])} after {_quoted(self.passage[max(0, i - 12) : i])}",
                f"{self._bits[i]:.1f}",
            )
            for i in costliest
        ]
        caption = (
            f"A passage that the network has not read: {len(self.passage)} characters, in the mean "
            f"{self._bits.mean():.2f} bits each. The stronger a character’s colour, the more bits, −log₂ p, it costs. "
            "With JavaScript the network runs here: it writes, reads your text, is bet against, and forgets."
        )
        highest = max(self.marks.values())
        marks = [(label, bar(self.marks[name] / highest, f"{self.marks[name]:.2f}")) for name, label in MARKS.items()]
        return (
            f"{self._shaded()}<p>{html.escape(caption)}</p>"
            f"{table('What the passage’s costliest characters cost.', ('character', 'bits'), rows)}"
            f"{table('Bits a character on the play that was kept aside.', ('reader', 'bits'), marks)}"
        )

    def _shaded(self):
        """Return the passage as HTML, one span for each run of characters of the same shade."""
        # 45 % of the colour at most: in the dark theme the text stays readable on it.
        style = "background:color-mix(in srgb,var(--vermillion) {}%,transparent)"
        spans = []
        for shade, run in itertools.groupby(zip(self.shades, self.passage, strict=True), key=lambda pair: pair[0]):
            words = html.escape("".join(character for _, character in run)).replace("\n", "<br>")
            share = round(45 * int(shade) / STRONGEST)
            spans.append(f"<span style='{style.format(share)}'>{words}</span>" if share else words)
        return f"<p style='font-family:monospace;white-space:pre-wrap'>{''.join(spans)}</p>"


def _named(character):
    """Return a character, in words where it cannot be seen."""
    return {" ": "space", "\n": "newline"}.get(character, character)


def _quoted(text):
    """Return a piece of text with quotation marks, on one line; the start of a passage has none."""
    return f"“{text.replace(chr(10), '↵')}”" if text else "nothing"
