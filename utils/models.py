"""The networks of the course. Every one ends in logits; the loss says `from_logits=True`."""

import hashlib
import json
from pathlib import Path

import numpy as np

from utils.checks import check_images, check_labels, check_masks
from utils.quiet import keras

layers = keras.layers
MODELS = Path(__file__).resolve().parent.parent / "data" / "models"


def lab_cnn(outputs=10):
    """Return the network of Stack Overflow question 77664501 as it stands there, 187,388 parameters with ten outputs.

    Its author read the first numbers of `Conv2D(3, 3)` as the filter's shape: they are 3 filters of 3 by 3. Pools of
    stride 1 hardly shrink the image, and the second convolution has no activation.

    Parameters
    ----------
    outputs : int
        How many logits.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 28, 28, 1) of 0 to 1 to logits (N, outputs).
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(3, 3, activation="relu"),
            layers.MaxPool2D(2, strides=1),
            layers.Conv2D(3, 3),
            layers.MaxPool2D(2, strides=1),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(outputs),
        ],
        name="lab_cnn",
    )


def lab_cnn_as_meant():
    """Return the same network with the 24 and 36 filters that its diagram shows, 124,670 parameters.

    Source: lab 2 of MIT's Introduction to Deep Learning, which the question follows.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 28, 28, 1) of 0 to 1 to logits (N, 10).
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(24, 3, activation="relu"),
            layers.MaxPool2D(2),
            layers.Conv2D(36, 3, activation="relu"),
            layers.MaxPool2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ],
        name="lab_cnn_as_meant",
    )


def blog_cnn():
    """Return the network of the tutorial on `sparse_categorical_crossentropy`, 1,199,882 parameters.

    The tutorial asks for images of shape (1, 28, 28), which today's default order of axes does not allow.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 28, 28, 1) of 0 to 1 to logits (N, 10).
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPool2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(10),
        ],
        name="blog_cnn",
    )


def digit_cnn():
    """Return the course's own digit network, 29,354 parameters, made to be trained in one pass over the digits.

    Three convolutions of 16, 32 and 64 filters. Each is pooled before it is normalised and cut at 0: a maximum and a
    ReLU may change places, and what comes after the pool has a quarter of the numbers to work on.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 28, 28, 1) of 0 to 1 to logits (N, 10).
    """
    # No normalisation on 14 by 14 pixels: it would take a fifth of the time.
    body = [layers.Conv2D(16, 3, padding="same"), layers.MaxPool2D(2), layers.ReLU()]
    for filters in (32, 64):
        body += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.MaxPool2D(2),
            # It has a bias of its own. 469 steps are too few for a momentum of 0.99.
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    ends = keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)
    return keras.Sequential([ends[0], *body, *ends[1:]], name="digit_cnn")


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


def train_digits(model, images, labels, epochs=1, verbose=0):
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
    return train(model, images, labels, 128, epochs, 0.015, metrics=["accuracy"], verbose=verbose)


def train(model, inputs, labels, batch, epochs, peak, at_once=20, metrics=None, **options):
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
    return model.fit(inputs, labels, batch, epochs, **options)


def unet(channels=(16, 32, 64, 128), classes=23):
    """Return a small U-Net for street views, 354,487 parameters as it stands.

    On the way down each stage sees half the rows and columns of the one above, on the way up the answer is enlarged
    again and laid beside the features of the same size, the skip. So a pixel is judged by its neighbourhood and keeps
    its place. Source of the idea: Ronneberger, Fischer and Brox, https://arxiv.org/abs/1505.04597.

    Parameters
    ----------
    channels : sequence of int
        Filters of each stage, from the full size down.
    classes : int
        How many logits for each pixel.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 96, 128, 3) of 0 to 1 to logits (N, 96, 128, classes).
    """
    images = features = keras.Input((96, 128, 3))
    skips = []
    for filters in channels[:-1]:
        skips.append(_convolution(features, filters))
        features = layers.MaxPool2D(2)(skips[-1])
    for _ in range(2):
        features = _convolution(features, channels[-1])
    for filters, skip in zip(channels[-2::-1], reversed(skips), strict=True):
        # Narrowed before it is enlarged: a quarter of the work.
        narrow = layers.Conv2D(filters, 1, use_bias=False)(features)
        both = layers.Concatenate()([layers.UpSampling2D(2)(narrow), skip])
        features = _convolution(both, filters)
    return keras.Model(images, layers.Conv2D(classes, 1)(features), name="unet")


def _convolution(features, filters):
    """Return features after a 3 by 3 convolution, normalisation and ReLU."""
    features = layers.Conv2D(filters, 3, padding="same", use_bias=False)(features)
    return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(features))


def train_scenes(model, images, masks, epochs=1, class_weights=None, verbose=0):
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

    Returns
    -------
    keras.callbacks.History

    Raises
    ------
    ValueError
        If images or masks are not of that form.
    """
    images = check_images(images, model.input_shape[1:])
    masks = check_masks(masks, images.shape[:3], model.output_shape[-1])
    weights = None if class_weights is None else np.asarray(class_weights, np.float32)[masks]
    return train(model, images, masks, 8, epochs, 0.01, at_once=10, sample_weight=weights, verbose=verbose)


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


def save_weights(model, folder=MODELS, **facts):
    """Store the weights of a model as `NAME.bin`, and what is in it as `NAME.json`.

    The first file is every weight in the order of `model.weights`, as little-endian float16, row by row and without
    gaps. The second gives name, shape and offset of each, the sha256 of the first, and the facts.

    Parameters
    ----------
    model : keras.Model
        Its name is the files' name.
    folder : path_like
        Where to store.
    **facts
        What else a reader of the files needs: how they were made, how good they are.

    Raises
    ------
    ValueError
        If a weight is not finite, or too large for float16.
    """
    tensors, content = [], b""
    for weight in model.weights:
        with np.errstate(over="ignore"):  # the check below says it in words
            values = weight.numpy().astype("<f2")
        if not np.isfinite(values).all():
            raise ValueError(f"weight {weight.path} holds a number that float16 cannot: train the model anew.")
        path = weight.path.split("/", 1)[1] if weight.path.startswith(model.name + "/") else weight.path
        tensors.append({"name": path, "shape": list(values.shape), "offset": len(content)})
        content += values.tobytes()
    manifest = {**facts, "dtype": "float16, little-endian", "sha256": hashlib.sha256(content).hexdigest()}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{model.name}.bin").write_bytes(content)
    (folder / f"{model.name}.json").write_text(json.dumps({**manifest, "tensors": tensors}, indent=1) + "\n")


def load_weights(model, folder=MODELS):
    """Give a model the weights that `save_weights` stored under its name, and return the manifest.

    Parameters
    ----------
    model : keras.Model
        Untrained, of the architecture that was stored.
    folder : path_like
        Where the two files are.

    Returns
    -------
    dict
        The manifest: the facts, dtype, sha256 and tensors.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If the weights are not the ones that the manifest describes, or belong to another architecture.
    """
    folder = Path(folder)
    for path in (folder / f"{model.name}.json", folder / f"{model.name}.bin"):
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing. Make it with: make models MODEL={model.name}")
    manifest = json.loads((folder / f"{model.name}.json").read_text())
    content = (folder / f"{model.name}.bin").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != manifest["sha256"]:
        raise ValueError(
            f"{model.name}.bin has sha256 {found}, its manifest says {manifest['sha256']}. "
            f"Make both anew with: make models MODEL={model.name}"
        )
    stored = [tuple(tensor["shape"]) for tensor in manifest["tensors"]]
    wanted = [tuple(weight.shape) for weight in model.weights]
    if stored != wanted:
        raise ValueError(f"{model.name} has weights of shapes {wanted}; stored are {stored}.")
    values = np.frombuffer(content, "<f2").astype(np.float32)
    ends = np.cumsum([int(np.prod(shape)) for shape in stored])
    model.set_weights([part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), stored, strict=True)])
    return manifest
