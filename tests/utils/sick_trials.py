"""More for the tests of the doctor: the kinds that models written by others, without a look at it, showed.

The table has the form of `sick_models.CASES`; what the names of its arrays mean stands there.
"""

import numpy as np
from sick_kinds import REWARDS, WANTS_PROBS
from sick_models import (
    BIN,
    BINARY,
    BITS,
    ONE_HOT,
    RANGE,
    RNG,
    SPARSE,
    STEPS,
    X,
    Y,
    bits,
    dense,
    layers,
    logits,
    losses,
    sequential,
    soft,
    tokens,
)

from utils.quiet import keras, tf

BEYOND, UNREADABLE = "targets beyond the output", "targets that the loss cannot read"
COPIED, ONE_LEFT = "labels equal the inputs", "weights leave one class"
NEGATIVE, SMOOTHED = "negative weights", "labels smoothed away"
SINGLE, UNUSED = "normalisation over one number", "an input that nothing depends on"
LEFT_OUT, HALF = "rows that teach nothing", "numbers beyond float16"

VALUES = RNG.normal(size=(16, 1)).astype("float32")
WORDS = RNG.integers(1, 9, (12, 5))
PADDED = np.where(np.arange(5) < 3, WORDS, 0)
TAGS = np.where(PADDED > 0, PADDED % 3 + 1, 0)
PAIRS = [X, X[::-1].copy()]


def value(activation=None, loss="mse", **options):
    return sequential(dense(1, activation, **options), loss=loss)


def rates(activation):
    return sequential(dense(1, activation, bias_initializer="zeros"), loss="poisson")


def reader(classes=9):
    """Return a model that gives a class for each word, from it and the words before."""
    return sequential(
        layers.Embedding(9, 4),
        layers.GRU(4, return_sequences=True),
        dense(classes),
        loss=SPARSE(),
        shape=(5,),
        dtype="int64",
    )


def joined(twice):
    """Return a model of two inputs, one of which is joined twice."""
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    one, two = dense(5)(a), dense(5)(b)
    model = keras.Model([a, b], dense()(layers.Concatenate()([one, one if twice else two])))
    model.compile(loss=SPARSE())
    return model


def unit_length(scale):
    return sequential(dense(8), layers.UnitNormalization(), layers.Rescaling(scale), loss=SPARSE())


def critic(y, p):
    return tf.reduce_mean(y * p)


def dice(y, p):
    return 1 - (2 * tf.reduce_sum(y * p) + 1) / (tf.reduce_sum(y + p) + 1)


def triplet_of_rows(y, p):
    near, far = tf.reduce_sum(tf.square(p[0] - p[1])), tf.reduce_sum(tf.square(p[0] - p[2]))
    return tf.nn.relu(near - far + 1)


def triplet(y, p):
    a, near, far = tf.split(p, 3, axis=-1)
    near, far = (tf.reduce_sum(tf.square(a - other), -1) for other in (near, far))
    return tf.nn.relu(near - far + 1)


def without_its_minus(y, z):
    return -losses.sparse_categorical_crossentropy(y, z, from_logits=True)


def with_it(y, z):
    return losses.sparse_categorical_crossentropy(y, z, from_logits=True)


def turned_cosine(y, p):
    return 1 - losses.cosine_similarity(y, p)


def cosine(y, p):
    return 1 + losses.cosine_similarity(y, p)


def likelihood(y, p):
    mean, scale = p[:, :1], p[:, 1:]
    return tf.math.log(scale) + tf.square((y - mean) / scale) / 2


def two_columns(activation):
    x = keras.Input((6,))
    model = keras.Model(x, layers.Concatenate()([dense(1)(x), dense(1, activation)(x)]))
    model.compile(loss=likelihood)
    return model


def half(dtype):
    return sequential(dense(5, dtype="mixed_float16"), dense(1, dtype=dtype), loss="mse")


TRIALS = {
    "negative targets under relu": (BEYOND, (lambda: value("relu"), X, VALUES), (value, X, VALUES)),
    "targets of -1 to 1 under a sigmoid": (
        BEYOND,
        (lambda: sequential(dense(6, "sigmoid"), loss="mse"), X, np.tanh(X)),
        (lambda: sequential(dense(6, "tanh"), loss="mse"), X, np.tanh(X)),
    ),
    "logarithmic error of negative targets": (
        UNREADABLE,
        (lambda: value(loss="mean_squared_logarithmic_error"), X, VALUES),
        (lambda: value(loss="mean_squared_logarithmic_error"), X, np.abs(VALUES)),
    ),
    "percentage of zero": (
        UNREADABLE,
        (lambda: value(loss="mape"), X, np.where(VALUES > 0, VALUES, 0)),
        (lambda: value(loss="mape"), X, np.abs(VALUES) + 1),
    ),
    "negative rates": (
        "NaN or Inf in the loss",
        (lambda: rates(None), X, np.arange(16.0)[:, None]),
        (lambda: rates("softplus"), X, np.arange(16.0)[:, None]),
    ),
    "a negative scale": (
        "NaN or Inf in the loss",
        (lambda: two_columns(None), X, VALUES),
        (lambda: two_columns("softplus"), X, VALUES),
    ),
    "prices in float16": (HALF, (lambda: half("mixed_float16"), X, VALUES * 1e5), (lambda: half("float32"), X, VALUES)),
    "words not shifted": (COPIED, (reader, WORDS, WORDS), (reader, WORDS[:, :5], np.roll(WORDS, -1, axis=1))),
    "weights on the padding": (
        ONE_LEFT,
        (lambda: reader(4), PADDED, TAGS, {"sample_weight": (PADDED == 0).astype("float32")}),
        (lambda: reader(4), PADDED, TAGS, {"sample_weight": (PADDED != 0).astype("float32")}),
    ),
    "class_weight of zero": (
        ONE_LEFT,
        (lambda: bits("sigmoid", BIN), X, BITS, {"class_weight": {0: 0.0, 1: 1.0}}),
        (lambda: bits("sigmoid", BIN), X, BITS, {"class_weight": {0: 0.5, 1: 1.0}}),
    ),
    "negative sample_weight": (
        NEGATIVE,
        (value, X, VALUES, {"sample_weight": np.where(np.arange(16) < 4, -1.0, 1.0)}),
        (value, X, VALUES, {"sample_weight": np.where(np.arange(16) < 4, 0.0, 1.0)}),
    ),
    "label_smoothing of one": (
        SMOOTHED,
        (lambda: logits(losses.CategoricalCrossentropy(from_logits=True, label_smoothing=1.0)), X, ONE_HOT),
        (lambda: logits(losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)), X, ONE_HOT),
    ),
    "layer normalisation of one unit": (
        SINGLE,
        (lambda: sequential(dense(1), layers.LayerNormalization(), loss=BINARY()), X, BITS),
        (lambda: sequential(dense(5), layers.LayerNormalization(), dense(1), loss=BINARY()), X, BITS),
    ),
    "a branch joined twice": (UNUSED, (lambda: joined(True), PAIRS, Y), (lambda: joined(False), PAIRS, Y)),
    "logits of length one": (
        "logits bounded by the last layer",
        (lambda: unit_length(1.0), X, Y),
        (lambda: unit_length(16.0), X, Y),
    ),
    "critic with labels 0 and 1": (
        LEFT_OUT,
        (lambda: bits(loss=critic), X, BITS[:, None].astype("float32")),
        (lambda: bits(loss=critic), X, 2.0 * BITS[:, None] - 1),
    ),
    "triplet of the first rows": (
        LEFT_OUT,
        (lambda: sequential(dense(9), loss=triplet_of_rows), X, np.zeros((16, 1))),
        (lambda: sequential(dense(9), loss=triplet), X, np.zeros((16, 1))),
    ),
    "dice of scores": (
        WANTS_PROBS,
        (lambda: bits(loss=dice), X, BITS[:, None].astype("float32")),
        (lambda: bits("sigmoid", dice), X, BITS[:, None].astype("float32")),
    ),
    "negative cross-entropy": (REWARDS, (lambda: logits(without_its_minus), X, Y), (lambda: logits(with_it), X, Y)),
    "cosine turned round": (
        REWARDS,
        (lambda: sequential(dense(6), loss=turned_cosine), X, X),
        (lambda: sequential(dense(6), loss=cosine), X, X),
    ),
    "labels scaled like pixels": ("labels with fractions", (logits, X, Y / 255), (logits, X / 255, Y)),
    "lists of class numbers": (
        RANGE,
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, np.sort(RNG.integers(0, 4, (16, 4)))),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, RNG.integers(0, 2, (16, 4))),
    ),
    "quantities under a binary loss": (
        RANGE,
        (lambda: value("sigmoid", BIN), X, VALUES * 30),
        (value, X, VALUES),
    ),
    "noise on binary labels": (
        RANGE,
        (lambda: bits("sigmoid", BIN), X, BITS + np.linspace(-0.05, 0.05, 16)),
        (lambda: bits("sigmoid", BIN), X, np.clip(BITS + np.linspace(-0.05, 0.05, 16), 0, 1)),
    ),
    "one bit for a sequence": (
        "one label for a whole sequence",
        (lambda: tokens(layers.LSTM(3, return_sequences=True), dense(1, "sigmoid"), loss=BIN), STEPS, BITS[:8]),
        (lambda: tokens(layers.LSTM(3), dense(1, "sigmoid"), loss=BIN), STEPS, BITS[:8]),
    ),
    "a teacher's logits under Kullback-Leibler": (
        "target rows do not sum to 1",
        (lambda: sequential(soft(), loss="kl_divergence"), X, X[:, :4]),
        (
            lambda: sequential(soft(), loss="kl_divergence"),
            X,
            np.exp(X[:, :4]) / np.exp(X[:, :4]).sum(-1, keepdims=True),
        ),
    ),
}
