"""Data and a small network for the tests of networks and training."""

import numpy as np
import pytest

from utils import nets
from utils.datasets import load_mnist
from utils.quiet import keras
from utils.scenes import street_scenes


@pytest.fixture(scope="module")
def digits():
    """Return the training digits as the networks take them, images of 0 to 1 with an axis for the channel."""
    (images, labels), _ = load_mnist()
    return images[:1280, ..., None] / np.float32(255), labels[:1280]


@pytest.fixture(scope="module")
def streets():
    return street_scenes(16, seed=7)


@pytest.fixture
def tiny():
    """Return a U-Net of two narrow stages."""
    keras.utils.set_random_seed(0)
    return nets.unet((4, 8))
