"""The networks of the course. Every one ends in logits; the loss says `from_logits=True`."""

from ..quiet import keras

layers = keras.layers


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
    """Return the course's own digit network, 29,610 parameters, made to be trained in one pass over the digits.

    Three convolutions of 16, 32 and 64 filters. The first moves by two pixels; the others are pooled before they are
    normalised and cut at 0: a maximum and a ReLU may change places, and what comes after the pool has a quarter of the
    numbers to work on.

    Returns
    -------
    keras.Model
        Untrained, not compiled; images (N, 28, 28, 1) of 0 to 1 to logits (N, 10).
    """
    # A stride in the place of a pool saves a fifth of a pass. No normalisation where the pixels are still many.
    body = [layers.Conv2D(16, 5, strides=2, padding="same", activation="relu")]
    for filters in (32, 64):
        body += [
            layers.Conv2D(filters, 3, padding="same", use_bias=False),
            layers.MaxPool2D(2),
            # It has a bias of its own. 430 steps are too few for a momentum of 0.99.
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    ends = keras.Input((28, 28, 1)), layers.Flatten(), layers.Dense(10)
    return keras.Sequential([ends[0], *body, *ends[1:]], name="digit_cnn")


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


def blog_lstm(tokens=256, batch=None, stateful=False):
    """Return the character model of the tutorial on `sparse_categorical_crossentropy`, 4,460,800 parameters.

    The tutorial ends in `TimeDistributed(Dense(256, activation="softmax"))`; here it is a plain `Dense` of logits.

    Parameters
    ----------
    tokens : int
        How many different characters: the range of the integers, and the number of logits.
    batch : int, optional
        How many texts side by side; any number unless given.
    stateful : bool
        Whether a call goes on where the call before it ended, row by row; this needs `batch`.

    Returns
    -------
    keras.Model
        Untrained, not compiled; integers (N, T) of 0 to tokens - 1 to logits (N, T, tokens), for any T.
    """
    return _characters("blog_lstm", tokens, layers.Embedding(tokens, 512), (512, 512), batch, stateful)


def char_lstm(tokens=84, units=512, batch=None, stateful=False, dropout=0.0):
    """Return the course's own character model, one LSTM; 1,230,164 parameters as it stands.

    Parameters
    ----------
    tokens : int
        How many different characters; Shakespeare's works as stored have 84.
    units : int
        How many numbers the LSTM remembers.
    batch : int, optional
        How many texts side by side; any number unless given.
    stateful : bool
        Whether a call goes on where the call before it ended, row by row; this needs `batch`.
    dropout : float
        Share of the LSTM's outputs that a training step sets to 0, and three times the share of its inputs.

    Returns
    -------
    keras.Model
        Untrained, not compiled; integers (N, T) of 0 to tokens - 1 to logits (N, T, tokens), for any T.
    """
    # Keras starts an embedding within 0.05 of 0, and all characters look alike.
    start = keras.initializers.RandomNormal(stddev=1.0)
    embedding = layers.Embedding(tokens, 64, embeddings_initializer=start)
    return _characters("char_lstm", tokens, embedding, (units,), batch, stateful, dropout)


def _characters(name, tokens, embedding, units, batch, stateful, dropout=0.0):
    """Return a model of an embedding, LSTMs of the given numbers of units, and logits at each step."""
    ids = keras.Input((None,), batch_size=batch, dtype="int32")
    features = layers.Dropout(dropout / 3)(embedding(ids)) if dropout else embedding(ids)
    for size in units:
        features = layers.LSTM(size, return_sequences=True, stateful=stateful)(features)
        features = layers.Dropout(dropout)(features) if dropout else features
    # Logits are float32 also where the layers before them compute in less.
    return keras.Model(ids, layers.Dense(tokens, dtype="float32")(features), name=name)
