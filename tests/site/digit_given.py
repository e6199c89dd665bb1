"""What the tests of the digit canvas share: the test digits, their network in Keras, the canvas of a page, its ink."""

import functools
import json

import numpy as np
from labs import in_node_with_arrays

from utils import nets, widgets
from utils.datasets import load_mnist

INK = f'const ink = await import("{(widgets.MODULES / "digit-ink.mjs").as_uri()}");'
FITTED = json.loads((nets.MODELS / "digit_cnn.json").read_text())["temperature"]


@functools.cache
def keras_network():
    """Return the stored network."""
    network = nets.digit_cnn()
    nets.load_weights(network)
    return network


@functools.cache
def known_digits():
    """Return the test digits, their logits and their labels."""
    _, (images, labels) = load_mnist()
    images = images[..., None] / np.float32(255)
    return images, nets.logits_of(keras_network(), images), labels


@functools.cache
def canvas_of_the_page():
    """Return the canvas as the chapter makes it."""
    return widgets.DigitCanvas(*known_digits(), FITTED)


def in_ink(body, **given):
    """Return what the body of a JavaScript function returns; it has `given`, and the module `ink`."""
    return in_node_with_arrays(INK + body, **given)


def random_images(count, seed=0):
    """Return images of bytes: noise, ink, paper, and digits with many equal values."""
    rng = np.random.default_rng(seed)
    kinds = [
        rng.integers(0, 256, (count, 784)),
        rng.choice([0, 255], (count, 784)),
        rng.choice([0, 7, 255], (count, 784)),
    ]
    images = np.concatenate([*kinds, np.zeros((1, 784)), np.full((1, 784), 255)]).astype(np.uint8)
    images[::3, 100:600] = 0
    return images
