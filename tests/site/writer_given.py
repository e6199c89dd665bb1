"""What the tests of the text widget share: the unread play, the network in Keras, and the widget of a page."""

import functools
import json
import re

import numpy as np

from utils import nets, widgets
from utils.datasets import load_shakespeare
from utils.losses import cross_entropy
from utils.text import apart, encode

MANIFEST = json.loads((nets.MODELS / "char_lstm.json").read_text())
CHARACTERS = MANIFEST["characters"]
MARKS = {"uniform": 6.392, "counts": 2.069, "xz": 2.382, "network": 1.977}
TO_ADDRESS = f"{widgets.MODULES.as_uri()}/"


@functools.cache
def play():
    """Return the play that the network has not read, as text."""
    return apart(load_shakespeare())[2]


@functools.cache
def network():
    """Return the stored network in Keras, of whatever size it is."""
    units, tokens = next(each["shape"] for each in MANIFEST["tensors"] if each["name"] == "dense/kernel")
    network = nets.char_lstm(tokens, units=units)
    nets.load_weights(network)
    return network


def logits_after(text):
    """Return the logits after each character of a text, read from an empty memory."""
    return network()(encode(text, CHARACTERS)[None]).numpy()[0]


def bits_of(text):
    """Return -log2 p of each character but the first."""
    return cross_entropy(encode(text, CHARACTERS)[1:], logits_after(text)[:-1]) / np.log(2)


def chance(seed, n):
    """Return the n-th random number of a seed: `chance` of text-loss.mjs, in Python."""

    def mixed(bits):
        bits = (bits ^ bits >> 16) * 0x85EBCA6B & 0xFFFFFFFF
        bits = (bits ^ bits >> 13) * 0xC2B2AE35 & 0xFFFFFFFF
        return bits ^ bits >> 16

    return mixed(mixed(seed + 0x9E3779B9 & 0xFFFFFFFF) + (n + 1) * 0x9E3779B9 & 0xFFFFFFFF) / 2**32


@functools.cache
def chapters_rules():
    """Return `top_k` and `top_p` as chapter 9 defines them."""
    cells = json.loads((widgets.MODULES.parents[1] / "chapters" / "09_shakespeare.ipynb").read_text())["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    [source] = [each for each in sources if re.search(r"^def top_k", each)]
    from utils.losses import softmax

    names = {"np": np, "softmax": softmax}
    exec(source, names)
    return names["top_k"], names["top_p"]


@functools.cache
def writer():
    """Return the widget as chapter 9 makes it."""
    start = play().index("Weep I cannot")
    passage = play()[start : play().index("\n\nSHEPHERD.\nI would")]
    bits = bits_of(play()[start - 1000 : start + len(passage)])[999:]
    cue = "[Enter FLORIZEL and PERDITA.]\n\nFLORIZEL.\n"
    guessed = play().index(cue) + len(cue)
    return widgets.Writer(
        passage=passage,
        bits=bits,
        marks=MARKS,
        hidden=play()[guessed : guessed + 300],
        before=play()[guessed - 400 : guessed],
    )
