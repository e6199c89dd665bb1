"""The doctor: what its callback adds to an epoch, and what one look at a model costs before it."""

import time

import numpy as np

from benchmarks.harness import middle, seconds
from utils.doctor import DoctorCallback, diagnose
from utils.quiet import keras

IMAGES, BATCH = 6000, 32


def convnet():
    """Return a small convolutional network, compiled."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )
    model.compile("sgd", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def digits():
    """Return images of noise and labels: what they show makes no difference to the time."""
    images = np.random.default_rng(0).random((IMAGES, 28, 28, 1)).astype("float32")
    return images, np.arange(IMAGES) % 10


class Clock(keras.callbacks.Callback):
    """Keeps the seconds of each epoch."""

    def __init__(self, on_start):
        super().__init__()
        self.on_start, self.epochs = on_start, []

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.on_start()
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        """Stop it."""
        self.epochs.append(time.perf_counter() - self.start)


def cost(epochs):
    """Return the callback's share of each epoch but the first, which also makes its graph, and their seconds."""
    x, y = digits()
    look, spent = DoctorCallback((x[:BATCH], y[:BATCH]), stop=False), []

    def timed(method):
        def call(at, logs=None):
            taken, _ = seconds(method, at, logs)
            spent[-1] += taken

        return call

    look.on_epoch_end, look.on_train_batch_end = timed(look.on_epoch_end), timed(look.on_train_batch_end)
    clock = Clock(lambda: spent.append(0.0))
    convnet().fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=[look, clock])
    return [took / epoch for took, epoch in zip(spent, clock.epochs, strict=True)][1:], clock.epochs[1:]


def measure():
    """Return the callback's share of an epoch, and the seconds of an epoch and of one diagnosis."""
    shares, epochs = cost(epochs=6)
    x, y = digits()
    model = convnet()
    looks = [seconds(diagnose, model, x[:BATCH], y[:BATCH])[0] for _ in range(5)]
    return {"shares": shares, "epochs": epochs, "looks": looks}


def page(measured):
    """Return the section of RESULTS.md."""
    return (
        "## The doctor while a model trains\n\n"
        f"`DoctorCallback` takes {middle([100 * share for share in measured['shares']], 2)} % of an epoch of "
        f"{middle(measured['epochs'])} s:\n{IMAGES:,} images of 28 by 28 pixels in batches of {BATCH}, a network "
        "of two convolutions; the first epoch, which also\nmakes its graph, is left out. One look before training "
        f"takes {middle(measured['looks'])} s.\n"
    )
