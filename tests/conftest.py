"""What several files of tests share: a browser, data, a small network."""

import os

import numpy as np
import pytest

from benchmarks.pages import SITE, launched, page_names
from utils import models
from utils.datasets import load_mnist
from utils.quiet import keras
from utils.scenes import street_scenes


@pytest.fixture(scope="module")
def browser():
    """Return the machine's Chromium. CI must have one; elsewhere the tests that need it are skipped."""
    try:
        with launched() as browser:
            yield browser
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def pages():
    """Return the names of the built site's pages."""
    names = page_names(SITE)
    if not names:
        pytest.fail("there is no site to read in _build/html: run `make book`")
    return names


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
    return models.unet((4, 8))
