"""Healthy models of many kinds, for the tests of the doctor: each looks like a mistake in some way, and is none."""

import numpy as np
from sick_models import (
    BIN,
    BINARY,
    BITS,
    INT,
    ONE_HOT,
    RNG,
    SPARSE,
    STEPS,
    TOKENS,
    X,
    Y,
    dense,
    layers,
    sequential,
    soft,
)
from sick_models import losses as keras_losses

from utils.quiet import keras, tf

IMAGES = RNG.random((10, 8, 8, 3)).astype("float32")
KINDS_OF_IMAGE = np.arange(10) % 4
CHARACTERS = RNG.integers(1, 9, (12, 5))
PADDED = np.where(np.arange(5) < 3, CHARACTERS, 0)


def functional(make, shape=(6,), loss=SPARSE, dtype=None, **options):
    """Return a compiled model of a function from input to output."""

    def build():
        x = keras.Input(shape, dtype=dtype)
        model = keras.Model(x, make(x))
        model.compile("sgd", loss=loss() if loss in (SPARSE, BINARY) else loss, **options)
        return model

    return build


def call(function):
    return layers.Lambda(function)


def residual(x):
    h = dense(6, "relu")(x)
    return dense()(x + dense(6, kernel_initializer="zeros")(h))


def adapter(x):
    frozen = dense(trainable=False)
    low = dense(2, use_bias=False)
    return frozen(x) + dense(4, use_bias=False, kernel_initializer="zeros")(low(x))


def ensemble(x):
    return layers.Average()([soft()(x), soft()(x)])


def attention(x):
    h = layers.Embedding(9, 8)(x)
    h = h + layers.MultiHeadAttention(2, 4)(h, h)
    return dense(9)(layers.LayerNormalization()(h))


def unet(x):
    a = layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    b = layers.Conv2D(4, 3, padding="same", activation="relu")(layers.MaxPooling2D()(a))
    return layers.Conv2D(3, 1)(layers.Concatenate()([a, layers.UpSampling2D()(b)]))


def squeeze(x):
    h = layers.Conv2D(4, 3, activation="relu")(x)
    gate = dense(4, "sigmoid")(layers.GlobalAveragePooling2D()(h))
    return dense()(layers.GlobalAveragePooling2D()(h * layers.Reshape((1, 1, 4))(gate)))


def dice(y, p):
    both = tf.reduce_sum(y * p, 0)
    return 1 - (2 * both + 1) / (tf.reduce_sum(y + p, 0) + 1)


def whole_dice(y, p):
    return 1 - (2 * tf.reduce_sum(y * p) + 1) / (tf.reduce_sum(y + p) + 1)


def smoothed(y, z):
    y = 0.9 * y + 0.025
    return -tf.reduce_sum(y * tf.nn.log_softmax(z), -1)


def likelihood(y, p):
    mean, log_scale = tf.split(p, 2, -1)
    return tf.square((tf.reshape(y, tf.shape(mean)) - mean) / tf.exp(log_scale)) / 2 + log_scale


def contrast(y, p):
    p = tf.math.l2_normalize(p, -1)
    y = tf.reshape(y, (-1,))
    same = tf.cast(y[:, None] == y[None, :], "float32")
    return tf.reduce_mean(tf.square(tf.matmul(p, p, transpose_b=True) - same), -1)


def wasserstein(y, p):
    return tf.reduce_mean(y * p)


def weighted_binary(y, p):
    y = tf.cast(y, p.dtype)
    return tf.nn.weighted_cross_entropy_with_logits(y, p, 3.0)


def quantile(y, p):
    error = tf.reshape(y, tf.shape(p)) - p
    return tf.maximum(0.9 * error, -0.1 * error)


def pinball(y, p):
    error = y - p  # one target against three quantiles
    quantiles = tf.constant([0.1, 0.5, 0.9])
    return tf.maximum(quantiles * error, (quantiles - 1) * error)


def by_label(y, log_p):
    return -tf.gather(log_p, tf.cast(y, "int32"), batch_dims=1)


def known_labels(y, p):
    known = tf.cast(y >= 0, p.dtype)
    cost = -(y * tf.math.log(p + 1e-7) + (1 - y) * tf.math.log(1 - p + 1e-7))
    return tf.reduce_sum(tf.where(known > 0, cost, 0), -1)


def generalised(y, p):
    return (1 - tf.pow(tf.reduce_sum(y * p, -1) + 1e-7, 0.7)) / 0.7


CATEGORICAL = "categorical_accuracy"


def of_evidence(y, alpha):
    return tf.math.log(tf.reduce_sum(alpha, -1)) - tf.math.log(tf.reduce_sum(alpha * y, -1))


def contrastive(y, z):
    z = tf.math.l2_normalize(z, -1)
    pairs = tf.matmul(z, z, transpose_b=True) - 9 * tf.eye(tf.shape(z)[0])
    return -tf.reduce_mean(tf.nn.log_softmax(pairs[::2])[:, 1])


def sharpened_overlap(y, p):
    p = tf.sigmoid(20 * (p - 0.5))
    return 1 - tf.reduce_sum(p * y[:, :4], -1) / tf.reduce_sum(p + y[:, 4:], -1)


def evidence(y, e):
    alpha = e + 1
    return tf.reduce_sum(y * (tf.math.log(tf.reduce_sum(alpha, -1, keepdims=True)) - tf.math.log(alpha)), -1)


def boundary(distance, p):
    return tf.reduce_mean(distance * p, -1)


def itself(y, p):
    return p


def near_one(y, z):
    return tf.reduce_sum(tf.square(z - 1), -1)


def of_pairs(y, p):
    p = tf.reshape(p, (-1,))
    return tf.nn.softplus(-(p[:, None] - p[None, :]) * (y[:, 0][:, None] - y[:, 0][None, :]))


def preferred():
    """Return a model of the difference of two scores: the first is always the one that was preferred."""
    a, b, score = keras.Input((6,)), keras.Input((6,)), dense(1)
    model = keras.Model([a, b], score(a) - score(b))
    model.compile(loss=BINARY())
    return model


def cosines(scale):
    """Return a model of scaled cosines between normalised features and weights."""

    class Cosines(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(shape[-1], 4))

        def call(self, x):
            return scale * tf.matmul(tf.math.l2_normalize(x, -1), tf.math.l2_normalize(self.kernel, 0))

    return lambda: sequential(Cosines(), loss=SPARSE())


def far_from_zero():
    """Return a model with a head that begins at 0 behind an attention of several heads."""
    x = keras.Input((5,), dtype="int64")
    h = layers.Embedding(9, 8)(x)
    h = layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(2, 4)(h, h))
    model = keras.Model(x, dense(4, kernel_initializer="zeros")(h))
    model.compile(loss=SPARSE())
    return model


def trained_by_parts():
    model = sequential(dense(8, "relu", trainable=False), dense(), loss=SPARSE())
    return model


def of(*stack, loss=None, shape=(6,), **options):
    return lambda: sequential(*(layer() for layer in stack), loss=loss or SPARSE(), shape=shape, **options)


MORE = {
    "residual that starts at 0": (functional(residual), X, Y),
    "adapter of low rank": (functional(adapter), X, Y),
    "mean of two softmaxes": (
        functional(ensemble, loss=keras_losses.SparseCategoricalCrossentropy(reduction="sum")),
        X,
        Y,
    ),
    "attention": (functional(attention, (5,), dtype="int64"), CHARACTERS, CHARACTERS),
    "u-net": (functional(unet, (8, 8, 3)), IMAGES, (IMAGES[..., 0] * 3).astype("int64")),
    "squeeze and excite": (functional(squeeze, (8, 8, 3)), IMAGES, KINDS_OF_IMAGE),
    "class maps, averaged": (
        of(lambda: layers.Conv2D(4, 3), layers.GlobalAveragePooling2D, shape=(8, 8, 3)),
        IMAGES,
        KINDS_OF_IMAGE,
    ),
    "soft cap": (of(dense, lambda: call(lambda z: 30.0 * tf.tanh(z / 30.0))), X, Y),
    "temperature": (of(dense, lambda: call(lambda z: z / 0.5)), X, Y),
    "logits moved to float32": (
        of(lambda: dense(dtype="mixed_bfloat16"), lambda: layers.Activation("linear", dtype="float32")),
        X,
        Y,
    ),
    "leaky last layer": (of(lambda: dense(4, "leaky_relu")), X, Y),
    "log-softmax last": (of(lambda: dense(4, "log_softmax")), X, Y),
    "dropout before the last layer": (of(lambda: dense(8, "relu"), lambda: layers.Dropout(0.5), dense), X, Y),
    "noise on the logits": (of(dense, lambda: layers.GaussianNoise(0.1)), X, Y),
    "padded text": (
        of(lambda: layers.Embedding(9, 4, mask_zero=True), lambda: layers.LSTM(4), dense, shape=(5,), dtype="int64"),
        PADDED,
        np.arange(12) % 4,
    ),
    "padded text, each step": (
        of(
            lambda: layers.Embedding(9, 4, mask_zero=True),
            lambda: layers.GRU(4, return_sequences=True),
            lambda: dense(9),
            shape=(5,),
            dtype="int64",
        ),
        PADDED,
        np.roll(PADDED, -1, axis=1),
    ),
    "autoencoder of text": (
        of(
            lambda: layers.Embedding(9, 4),
            lambda: layers.LSTM(4),
            lambda: layers.RepeatVector(5),
            lambda: layers.LSTM(4, return_sequences=True),
            lambda: dense(9),
            shape=(5,),
            dtype="int64",
        ),
        CHARACTERS,
        CHARACTERS,
    ),
    "bidirectional": (
        of(lambda: layers.Bidirectional(layers.LSTM(3)), dense, shape=(5, 6)),
        STEPS,
        Y[:8],
    ),
    "convolution over time": (
        of(lambda: layers.Conv1D(4, 3, padding="same", activation="relu"), dense, shape=(5, 6)),
        STEPS,
        TOKENS,
    ),
    "depthwise": (
        of(lambda: layers.SeparableConv2D(4, 3), layers.Flatten, dense, shape=(8, 8, 3)),
        IMAGES,
        KINDS_OF_IMAGE,
    ),
    "frozen base": (trained_by_parts, X, Y),
    "started at zero, one layer": (of(lambda: dense(4, kernel_initializer="zeros")), X, Y),
    "rare class, 32 rows of 0": (of(lambda: dense(1, "sigmoid"), loss=BIN), np.tile(X, (2, 1)), np.zeros(32)),
    "one row": (of(lambda: dense(8, "relu"), dense), X[:1], Y[:1]),
    "one row, spatial batch normalisation": (
        of(lambda: layers.Conv2D(4, 3), layers.BatchNormalization, layers.Flatten, dense, shape=(8, 8, 3)),
        IMAGES[:1],
        KINDS_OF_IMAGE[:1],
    ),
    "some weights are 0": (of(dense), X, Y, {"sample_weight": (np.arange(16) > 4).astype(float)}),
    "autoencoder": (
        of(lambda: dense(3, "relu"), lambda: dense(6, "sigmoid"), loss="mse"),
        np.abs(X) / 4,
        np.abs(X) / 4,
    ),
    "autoencoder, binary": (of(lambda: dense(3), lambda: dense(6, "sigmoid"), loss=BIN), np.abs(X) / 4, np.abs(X) / 4),
    "counts": (of(lambda: dense(1, "softplus"), loss="poisson"), X, Y[:, None]),
    "positive target": (of(lambda: dense(1, "relu"), loss="mse"), X, np.abs(X[:, :1])),
    "hinge": (of(lambda: dense(1, "tanh"), loss="hinge"), X, 2 * BITS[:, None] - 1),
    "huber": (of(lambda: dense(2), loss="huber"), X, X[:, :2]),
    "cosine": (of(lambda: dense(3), loss="cosine_similarity"), X, X[:, :3]),
    "dice by class": (of(soft, loss=dice), X, ONE_HOT),
    "dice of all": (of(lambda: dense(4, "sigmoid"), loss=whole_dice), X, ONE_HOT),
    "smoothed by hand": (of(dense, loss=smoothed), X, ONE_HOT),
    "Gaussian likelihood": (of(lambda: dense(2), loss=likelihood), X, X[:, :1]),
    "embedding, contrastive": (of(lambda: dense(8), loss=contrast), X, Y),
    "critic": (of(lambda: dense(1), loss=wasserstein), X, 2.0 * BITS[:, None] - 1),
    "weighted binary by hand": (of(lambda: dense(1), loss=weighted_binary), X, BITS[:, None]),
    "absolute error of probabilities": (of(lambda: dense(1, "sigmoid"), loss="mae"), X, BITS[:, None]),
    "pixels of 0 to 255, divided once": (
        of(lambda: layers.Rescaling(1 / 255), lambda: layers.Conv2D(3, 1), shape=(8, 8, 3)),
        IMAGES * 255,
        (IMAGES[..., 0] * 3).astype("int64"),
    ),
    "one input, one answer": (of(dense, loss="mse"), X[:1].repeat(16, 0), np.ones((16, 4))),
    "mean IoU of rows": (
        of(lambda: layers.Conv2D(3, 1), shape=(8, 8, 3), metrics=[keras.metrics.MeanIoU(3, sparse_y_pred=False)]),
        IMAGES,
        (IMAGES[..., 0] * 3).astype("int64"),
    ),
    "quantile": (of(lambda: dense(1), loss=quantile), X, X[:, :1]),
    "binary focal of Keras": (of(lambda: dense(1, "sigmoid"), loss="binary_focal_crossentropy"), X, BITS[:, None]),
    "three quantiles of one target": (of(lambda: dense(3), loss=pinball), X, X[:, :1]),
    "log-softmax, the loss by hand": (of(lambda: dense(4, "log_softmax"), loss=by_label), X, Y),
    "unknown labels left out by hand": (
        of(lambda: dense(4), lambda: layers.Activation("sigmoid"), loss=known_labels),
        X,
        ONE_HOT - (np.arange(16) % 3 == 0)[:, None] * (1 + ONE_HOT),
    ),
    "noisy labels trusted less": (of(soft, loss=generalised), X, ONE_HOT),
    "evidence": (of(lambda: dense(4, "relu"), loss=evidence), X, ONE_HOT),
    "evidence above 1, judged by its largest": (
        of(lambda: dense(4, "softplus"), lambda: call(lambda e: e + 1), loss=of_evidence, metrics=[CATEGORICAL]),
        X,
        ONE_HOT,
    ),
    "shares under squared error, judged by the largest": (
        of(soft, loss="mse", metrics=["accuracy"]),
        X,
        ONE_HOT * 0.6 + 0.1,
    ),
    "a sigmoid that sharpens probabilities in the loss": (
        of(lambda: dense(4, "sigmoid"), loss=sharpened_overlap),
        X,
        np.concatenate([ONE_HOT, ONE_HOT], axis=-1),
    ),
    "area under a curve of probabilities": (
        of(lambda: dense(1, "sigmoid"), loss=BIN, metrics=[keras.metrics.AUC(), keras.metrics.AUC(curve="PR")]),
        X,
        BITS[:, None],
    ),
    "rows smoothed by hand": (
        of(dense, loss=keras_losses.CategoricalCrossentropy(from_logits=True)),
        X,
        ONE_HOT * 0.9 + 0.025,
    ),
    "a class that weighs 5": (of(dense), X, Y, {"class_weight": {0: 5.0}}),
    "weights that grow": (of(dense), X, Y, {"sample_weight": np.arange(16)}),
    "the next character, from the first again": (
        of(
            lambda: layers.Embedding(9, 4),
            lambda: layers.GRU(4, return_sequences=True),
            lambda: dense(9),
            shape=(5,),
            dtype="int64",
        ),
        CHARACTERS,
        np.roll(CHARACTERS, -1, axis=1),
    ),
    "pixels in columns, and back": (
        of(
            lambda: layers.Conv2D(4, 1),
            lambda: layers.Permute((2, 1, 3)),
            lambda: layers.Reshape((64, 4)),
            shape=(8, 8, 3),
        ),
        IMAGES,
        (IMAGES[..., 0] * 4).astype(int).reshape(10, 64),
    ),
    "two halves of the units": (
        of(lambda: dense(8), lambda: layers.Reshape((5, 2, 4)), lambda: layers.Permute((2, 1, 3)), shape=(5, 6)),
        STEPS,
        np.stack([TOKENS, TOKENS], axis=1),
    ),
    "equal weights under a loss of one number": (
        of(dense, loss=contrastive),
        X,
        np.zeros(16),
        {"sample_weight": np.ones(16)},
    ),
    "distances to a boundary": (of(lambda: dense(4, "sigmoid"), loss=boundary), X, X[:, :4]),
    "the output is the loss": (
        of(lambda: dense(3), lambda: call(lambda z: tf.reduce_sum(tf.square(z), -1, keepdims=True)), loss=itself),
        X,
        np.zeros((16, 1)),
    ),
    "one class, near a centre": (of(lambda: dense(3), loss=near_one), X, np.zeros((16, 1))),
    "all pairs of rows": (of(lambda: dense(1), loss=of_pairs), X, X[:, :1]),
    "which of two is preferred": (preferred, [X, X[::-1].copy()], np.ones((16, 1))),
    "cosines times 64": (cosines(64.0), X, Y),
    "a head of zeros behind attention": (far_from_zero, CHARACTERS, np.arange(12) % 4),
    "soft targets": (of(dense, loss=keras_losses.CategoricalCrossentropy(from_logits=True)), X, ONE_HOT * 0.6 + 0.1),
    "weight decay": (of(lambda: dense(8, "relu", kernel_regularizer="l2"), dense), X, Y),
    "string, eager": (of(soft, loss=INT, run_eagerly=True), X, Y),
    "two classes, one logit": (of(lambda: dense(1), loss=BINARY()), X, BITS[:, None]),
    "masks as bytes": (of(lambda: layers.Conv2D(3, 1), shape=(8, 8, 3)), IMAGES, (IMAGES[..., :1] * 3).astype("uint8")),
    "three classes of pixels, one-hot": (
        of(lambda: layers.Conv2D(3, 1), loss=keras_losses.CategoricalCrossentropy(from_logits=True), shape=(8, 8, 3)),
        IMAGES,
        np.eye(3)[(IMAGES[..., 0] * 3).astype(int)],
    ),
}
