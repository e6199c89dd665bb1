"""How the networks are trained and asked: one recipe for digits, scenes and text, the logits, and bits a character."""

import numpy as np

from ..checks import check_images, check_labels, check_masks
from ..losses import cross_entropy
from ..quiet import keras
from ..text import windows


def rise_and_fall(peak, steps, rise=0.2):
    """Return a learning rate that climbs in a line from peak / 25 to its peak and falls to 0 along a cosine.

    Small first steps let the statistics of an untrained network settle; small last ones average out the noise.

    Parameters
    ----------
    peak : float
        The highest learning rate.
    steps : int
        Optimizer steps of the whole training.
    rise : float
        Share of the steps before the peak.

    Returns
    -------
    keras.optimizers.schedules.LearningRateSchedule
    """
    climb = max(1, round(rise * steps))
    fall = max(1, steps - climb)
    return keras.optimizers.schedules.CosineDecay(peak / 25, fall, warmup_target=peak, warmup_steps=climb)


def train(model, inputs, labels, batch, epochs, peak, at_once=20, metrics=None, change=None, **options):
    """Compile and fit a model that ends in logits on integer labels: Adam with a short memory, rise and fall.

    Parameters
    ----------
    model : keras.Model
        Ends in logits (N, ..., K); compiled here.
    inputs, labels : ndarray
        Checked examples, and their classes of shape (N, ...).
    batch, epochs : int
        Examples in a step, and passes over all of them.
    peak : float
        The highest learning rate.
    at_once : int
        Steps in one call from Python: small steps are mostly overhead.
    metrics : list, optional
        As for `compile`.
    change : callable, optional
        Takes inputs and labels and returns those of the next pass, as many: varied or new ones, so that no pass is like
        the one before. What `train` returns is then the history of the last pass.
    **options
        As for `fit`.

    Returns
    -------
    keras.callbacks.History
    """
    steps = epochs * -(-len(inputs) // batch)
    model.compile(
        # 0.95 forgets an old gradient after 20 steps; 0.999 would take 1,000.
        keras.optimizers.Adam(rise_and_fall(peak, steps), beta_2=0.95),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=metrics,
        steps_per_execution=min(at_once, steps),
    )
    if change is None:
        return model.fit(inputs, labels, batch, epochs, **options)
    for done in range(epochs):
        history = model.fit(*change(inputs, labels), batch, done + 1, initial_epoch=done, **options)
    return history


def train_digits(model, images, labels, epochs=1, verbose=0, change=None, **options):
    """Train a digit network on integer labels with the recipe of `digit_cnn`: Adam, rise and fall, batches of 128.

    Parameters
    ----------
    model : keras.Model
        Ends in ten logits; compiled here.
    images : array_like, shape (N, 28, 28, 1)
        Grey values, 0 to 1.
    labels : array_like of int, shape (N,)
        The digits, 0 to 9.
    epochs : int
        Passes over the images.
    verbose : int
        1 for a progress bar.
    change : callable, optional
        Takes the images and returns those of the next pass: varied copies.
    **options
        As for `train`.

    Returns
    -------
    keras.callbacks.History

    Raises
    ------
    ValueError
        If images or labels are not of that form.
    """
    images = check_images(images, (28, 28, 1))
    labels = check_labels(labels, (len(images), 10))
    if change is not None:
        options["change"] = lambda images, labels: (change(images), labels)
    return train(model, images, labels, 128, epochs, 0.015, metrics=["accuracy"], verbose=verbose, **options)


def train_scenes(model, images, masks, epochs=1, class_weights=None, verbose=0, **options):
    """Train a network on street views: Adam, rise and fall, batches of 8, the mean loss of all pixels.

    Parameters
    ----------
    model : keras.Model
        Ends in logits for each pixel; compiled here.
    images : array_like, shape (N, H, W, 3)
        Values 0 to 1.
    masks : array_like of int, shape (N, H, W) or (N, H, W, 1)
        The class of each pixel.
    epochs : int
        Passes over the images.
    class_weights : array_like, shape (K,), optional
        What the loss of a pixel of each class is multiplied by.
    verbose : int
        1 for a progress bar.
    **options
        As for `train`.

    Returns
    -------
    keras.callbacks.History

    Raises
    ------
    ValueError
        If images or masks are not of that form, or weights are given to masks that change.
    """
    images = check_images(images, model.input_shape[1:])
    masks = check_masks(masks, images.shape[:3], model.output_shape[-1])
    if class_weights is not None and options.get("change"):
        raise ValueError("`class_weights` belong to the first masks; `change` gives others.")
    weights = None if class_weights is None else np.asarray(class_weights, np.float32)[masks]
    return train(model, images, masks, 8, epochs, 0.01, at_once=10, sample_weight=weights, verbose=verbose, **options)


def logits_of(model, images, batch=500):
    """Return the logits of images in inference mode, without a progress bar.

    Parameters
    ----------
    model : keras.Model
        Takes images (N, H, W, C).
    images : array_like, shape (N, H, W, C)
        Values 0 to 1.
    batch : int
        Images at a time.

    Returns
    -------
    ndarray of float32, shape (N, ..., K)

    Raises
    ------
    ValueError
        If the images are not of the form that the model takes.
    """
    return model.predict(check_images(images, model.input_shape[1:]), batch_size=batch, verbose=0)


def bits(model, ids, rows=50):
    """Return the loss of a character model on a text, in bits a character: the mean of -log2 p.

    The text is cut into rows that are read side by side, so the model starts anew only at the first of each row.

    Parameters
    ----------
    model : keras.Model
        Integers (N, T) to logits (N, T, V).
    ids : array_like of int, shape (N,)
        The encoded text.
    rows : int
        Parts of the text. At most rows - 1 characters at its end are left out.

    Returns
    -------
    float
    """
    length = (len(ids) - 1) // rows
    inputs, targets = windows(ids[: rows * length + 1], length)
    logits = model.predict(inputs, batch_size=rows, verbose=0)
    return float(cross_entropy(targets, logits).mean() / np.log(2))
