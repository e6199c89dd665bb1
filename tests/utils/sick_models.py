"""The models and batches for the tests of the doctor: one sick model for each cause, and its healthy twin.

One table, and so longer than other files: a cause that is looked for is looked up here.
"""

import functools
import re

import numpy as np

from utils.doctor import Finding, diagnose
from utils.quiet import keras, tf

layers, losses, metrics = keras.layers, keras.losses, keras.metrics


RNG = np.random.default_rng(0)


X = RNG.normal(size=(16, 6)).astype("float32")


Y = np.arange(16) % 4


ONE_HOT = np.eye(4)[Y]


BITS = np.arange(16) % 2


STEPS, TOKENS = RNG.normal(size=(8, 5, 6)).astype("float32"), np.arange(40).reshape(8, 5) % 4


SPARSE = functools.partial(losses.SparseCategoricalCrossentropy, from_logits=True)


CATEGORICAL = functools.partial(losses.CategoricalCrossentropy, from_logits=True)


BINARY = functools.partial(losses.BinaryCrossentropy, from_logits=True)


INT, HOT, BIN = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"


def sequential(*stack, loss, shape=(6,), metrics=None, dtype=None, **options):
    """Return a compiled model of these layers."""
    model = keras.Sequential([keras.Input(shape, dtype=dtype), *stack])
    model.compile("sgd", loss=loss, metrics=metrics, **options)
    return model


def dense(units=4, activation=None, **options):
    return layers.Dense(units, activation, **options)


def soft(units=4, **options):
    return dense(units, "softmax", **options)


def names(model, x, y, **weights):
    """Return the names of the findings, after a look at each of them."""
    findings = diagnose(model, x, y, **weights)
    for finding in findings:
        assert isinstance(finding, Finding)
        assert re.search(r"\d", finding.evidence), "evidence without a number"
        assert finding.what
        assert finding.change
        assert max(map(len, str(finding).splitlines())) <= 80
    return [finding.name for finding in findings]


# Each finding: the sick model fires it and nothing else, the twin fires nothing


def logits(loss=None, **options):
    return sequential(dense(), loss=loss or SPARSE(), **options)


def bits(activation=None, loss=None, **options):
    return sequential(dense(1, activation), loss=loss or BINARY(), **options)


def tokens(*stack, loss=None, shape=(5, 6), **options):
    return sequential(*(stack or [dense()]), loss=loss or SPARSE(), shape=shape, **options)


def sharp(model, scale=1000.0):
    """Return the model with weights so large that its outputs saturate."""
    for weight in model.trainable_variables:
        weight.assign(weight * scale)
    return model


class Masked(layers.Layer):
    """A softmax over the classes that a mask allows."""

    def call(self, x):
        return layers.Softmax()(x, mask=tf.constant([True]))


def many(loss, classes=300):
    return sequential(dense(classes), loss=loss)


def poisoned(value):
    model = logits()
    model.layers[0].kernel.assign(np.where(np.eye(6, 4) == 1, value, 0.1))
    return model


def bad(array, value, at=3):
    array = np.array(array, dtype="float32")
    array.reshape(-1)[at] = value
    return array


def log_of_nothing(y, p):
    return -tf.math.log(tf.gather(tf.nn.softmax(p), tf.cast(y, "int32"), batch_dims=1) * 0)


def log_of_something(y, p):
    return -tf.math.log(tf.gather(tf.nn.softmax(p), tf.cast(y, "int32"), batch_dims=1))


class Column(losses.Loss):
    """Squared error as many write it: (B,) against (B, 1) becomes (B, B)."""

    def call(self, y_true, y_pred):
        return tf.square(y_true - y_pred)


WIDE = np.arange(16) + 284  # labels of 300 classes that bfloat16 cannot hold


SQUARE, SQUARE_Y = RNG.normal(size=(5, 5, 6)).astype("float32"), np.arange(25).reshape(5, 5) % 4


WEIGHTS = np.linspace(0.5, 2, 5)


LOST = "logits that Keras cannot recover"


MENDED = "from_logits=True on probabilities, corrected by Keras"


TWICE, ONE = "softmax twice", "softmax over one unit"


ACCURACY = "a metric that does not fit"


SIGMOID = "sigmoid with a categorical loss"


UNDECLARED = "logits without from_logits=True"


DOUBLE = "probabilities with from_logits=True"


RANGE = "labels out of range"


SATURATED = "saturated outputs with zero gradient"


SPREAD = "loss broadcasts labels"


# name, the sick (model, x, y, weights), its healthy twin
CASES = {
    "1-based": (RANGE, (logits, X, Y + 1), (logits, X, Y)),
    "label above": (RANGE, (lambda: logits(INT), X, Y * 2), (lambda: sequential(soft(8), loss=INT), X, Y * 2)),
    "label below": (RANGE, (logits, X, Y - 1), (lambda: logits(SPARSE(ignore_class=-1)), X, Y - 1)),
    "void pixels": (
        RANGE,
        (tokens, STEPS, np.where(TOKENS == 3, 255, TOKENS)),
        (lambda: tokens(loss=SPARSE(ignore_class=255)), STEPS, np.where(TOKENS == 3, 255, TOKENS)),
    ),
    "binary labels 1 and 2": (RANGE, (bits, X, BITS + 1), (bits, X, BITS)),
    "binary labels -1 and 1": (RANGE, (bits, X, 2 * BITS - 1), (bits, X, BITS[:, None])),
    "fractions": ("labels with fractions", (logits, X, Y * 0.5), (logits, X, Y.astype("float32"))),
    "bfloat16 loss": (
        "labels corrupted by the dtype",
        (lambda: many(SPARSE(dtype="bfloat16")), X, WIDE),
        (lambda: many(SPARSE()), X, WIDE),
    ),
    "float16 loss": (
        "labels corrupted by the dtype",
        (lambda: many(SPARSE(dtype="float16"), 2060), X, WIDE + 1757),
        (lambda: many(SPARSE(dtype="float16"), 2060), X, WIDE),
    ),
    "one-hot, sparse": ("one-hot labels with a sparse loss", (logits, X, ONE_HOT), (logits, X, Y[:, None])),
    "one-hot, sparse, per token": (
        "one-hot labels with a sparse loss",
        (tokens, STEPS, np.eye(4)[TOKENS]),
        (tokens, STEPS, TOKENS[..., None]),
    ),
    "integers, categorical": (
        "integer labels with a categorical loss",
        (lambda: logits(HOT), X, Y),
        (lambda: sequential(soft(), loss=HOT), X, ONE_HOT),
    ),
    "column, categorical": (
        "integer labels with a categorical loss",
        (lambda: logits(CATEGORICAL()), X, Y[:, None]),
        (lambda: logits(SPARSE()), X, Y[:, None]),
    ),
    "zero row from one_hot": (
        "target rows do not sum to 1",
        (lambda: logits(CATEGORICAL()), X, np.eye(5)[Y + 1][:, :4]),
        (lambda: logits(CATEGORICAL()), X, np.eye(4)[Y]),
    ),
    "wrong shape": ("loss cannot be computed", (tokens, STEPS, TOKENS[:, :3]), (tokens, STEPS, TOKENS)),
    "logits, sparse": (UNDECLARED, (lambda: logits(INT), X, Y), (lambda: sequential(soft(), loss=INT), X, Y)),
    "logits, categorical": (UNDECLARED, (lambda: logits(HOT), X, ONE_HOT), (lambda: logits(CATEGORICAL()), X, ONE_HOT)),
    "logits, binary": (UNDECLARED, (lambda: bits(loss=BIN), X, BITS), (bits, X, BITS)),
    "logits, somebody's loss": (
        UNDECLARED,
        (lambda: logits(lambda y, p: losses.sparse_categorical_crossentropy(y, p)), X, Y),
        (lambda: logits(lambda y, p: losses.sparse_categorical_crossentropy(y, p, from_logits=True)), X, Y),
    ),
    "probabilities, reshaped": (
        DOUBLE,
        (lambda: sequential(soft(), layers.Reshape((4,)), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(), layers.Reshape((4,)), loss=SPARSE()), X, Y),
    ),
    "probabilities, ignore_class": (
        DOUBLE,
        (lambda: sequential(soft(), loss=SPARSE(ignore_class=3)), X, Y),
        (lambda: logits(SPARSE(ignore_class=3)), X, Y),
    ),
    "probabilities, sigmoid": (
        DOUBLE,
        (lambda: sequential(dense(1, "sigmoid"), layers.Reshape((1,)), loss=BINARY()), X, BITS),
        (lambda: sequential(dense(1), layers.Reshape((1,)), loss=BINARY()), X, BITS),
    ),
    "probabilities, mended": (MENDED, (lambda: sequential(soft(), loss=SPARSE()), X, Y), (logits, X, Y)),
    "sigmoid, mended": (MENDED, (lambda: bits("sigmoid"), X, BITS), (lambda: bits("sigmoid", BIN), X, BITS)),
    "two softmaxes": (
        TWICE,
        (lambda: sequential(soft(), layers.Softmax(), loss=INT), X, Y),
        (lambda: sequential(dense(), layers.Softmax(), loss=INT), X, Y),
    ),
    "two softmaxes, logits": (
        TWICE,
        (lambda: sequential(soft(), layers.Dropout(0.5), layers.Activation("softmax"), loss=SPARSE()), X, Y),
        (lambda: sequential(soft(), layers.Dropout(0.5), dense(), loss=SPARSE()), X, Y),
    ),
    "softmax over time": (
        "softmax over the wrong axis",
        (lambda: tokens(dense(), layers.Softmax(axis=1), loss=INT), STEPS, TOKENS),
        (lambda: tokens(dense(), layers.Softmax(axis=-1), loss=INT), STEPS, TOKENS),
    ),
    "softmax over the batch": (
        "softmax over the wrong axis",
        (lambda: sequential(dense(), layers.Softmax(axis=0), loss=INT), X, Y),
        (lambda: sequential(dense(), layers.Softmax(axis=1), loss=INT), X, Y),
    ),
    "one unit, softmax": (ONE, (lambda: bits("softmax", BIN), X, BITS), (lambda: bits("sigmoid", BIN), X, BITS)),
    "one unit, sparse": (ONE, (lambda: bits(loss=SPARSE()), X, BITS), (lambda: logits(SPARSE()), X, BITS)),
    "Reshape": (
        LOST,
        (lambda: sequential(soft(), layers.Reshape((4,)), loss=INT), X, Y),
        (lambda: sequential(dense(), layers.Reshape((4,)), layers.Softmax(), loss=INT), X, Y),
    ),
    "TimeDistributed": (
        LOST,
        (lambda: tokens(layers.TimeDistributed(soft()), loss=INT), STEPS, TOKENS),
        (lambda: tokens(layers.TimeDistributed(dense()), layers.Softmax(), loss=INT), STEPS, TOKENS),
    ),
    "mask": (
        LOST,
        (lambda: sequential(dense(), Masked(), loss=INT), X, Y),
        (lambda: sequential(dense(), layers.Softmax(), loss=INT), X, Y),
    ),
    "ignore_class": (
        LOST,
        (lambda: sequential(soft(), loss=losses.SparseCategoricalCrossentropy(ignore_class=3)), X, Y),
        (lambda: sequential(soft(), loss=losses.SparseCategoricalCrossentropy()), X, Y),
    ),
    "mixed_bfloat16": (
        LOST,
        (lambda: sequential(soft(dtype="mixed_bfloat16"), loss=INT), X, Y),
        (lambda: sequential(dense(dtype="mixed_bfloat16"), layers.Softmax(dtype="float32"), loss=INT), X, Y),
    ),
    "mixed_float16": (
        LOST,
        (lambda: sequential(soft(dtype="mixed_float16"), loss=HOT), X, ONE_HOT),
        (lambda: sequential(dense(dtype="mixed_float16"), layers.Softmax(dtype="float32"), loss=HOT), X, ONE_HOT),
    ),
    "float64 loss": (
        LOST,
        (lambda: sequential(soft(), loss=losses.SparseCategoricalCrossentropy(dtype="float64")), X, Y),
        (lambda: logits(SPARSE(dtype="float64")), X, Y),
    ),
    "tf.nn.softmax, eager": (
        LOST,
        (lambda: sequential(dense(), layers.Lambda(tf.nn.softmax), loss=INT, run_eagerly=True), X, Y),
        (lambda: sequential(dense(), layers.Lambda(tf.nn.softmax), loss=INT), X, Y),
    ),
    "sigmoid, reshaped": (
        LOST,
        (lambda: sequential(dense(1, "sigmoid"), layers.Reshape((1,)), loss=BIN), X, BITS),
        (lambda: sequential(dense(1, "sigmoid"), loss=BIN, run_eagerly=True), X, BITS),
    ),
    "sigmoid, sparse": (
        SIGMOID,
        (lambda: sequential(dense(4, "sigmoid"), loss=INT), X, Y),
        (lambda: sequential(soft(), loss=INT), X, Y),
    ),
    "sigmoid, categorical": (
        SIGMOID,
        (lambda: sequential(dense(4, "sigmoid"), loss=HOT), X, ONE_HOT),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, ONE_HOT),
    ),
    "one sigmoid, categorical": (
        SIGMOID,
        (lambda: bits("sigmoid", HOT), X, BITS[:, None]),
        (lambda: bits("sigmoid", BIN), X, BITS[:, None]),
    ),
    "softmax, binary": (
        "softmax with a binary loss",
        (lambda: sequential(soft(), loss=BIN), X, ONE_HOT),
        (lambda: sequential(soft(), loss=HOT), X, ONE_HOT),
    ),
    "sure and wrong": ("loss far from ln K", (lambda: sharp(logits(), 30), X, Y), (lambda: sharp(logits(), 1), X, Y)),
    "grey values": (
        "inputs unscaled",
        (logits, np.abs(X) * 100, Y),
        (lambda: sequential(layers.Rescaling(1 / 255), dense(), loss=SPARSE()), np.abs(X) * 100, Y),
    ),
    "all at thirty": ("inputs unscaled", (logits, X * 0 + 30, Y), (logits, X, Y)),
    "integers in, recurrent": (
        "inputs unscaled",
        (lambda: sequential(layers.LSTM(2), dense(), loss=SPARSE(), shape=(5, 6)), np.abs(STEPS) * 100, Y[:8]),
        (lambda: sequential(layers.LSTM(2), dense(), loss=SPARSE(), shape=(5, 6)), STEPS, Y[:8]),
    ),
    "nan in x": ("NaN or Inf in x", (logits, bad(X, np.nan), Y), (logits, bad(X, 0), Y)),
    "inf in x": ("NaN or Inf in x", (logits, bad(X, -np.inf), Y), (logits, bad(X, -1), Y)),
    "nan in y": ("NaN or Inf in labels", (logits, X, bad(Y, np.nan)), (logits, X, bad(Y, 1))),
    "nan in weights": ("NaN or Inf in weights", (lambda: poisoned(np.nan), X, Y), (lambda: poisoned(0), X, Y)),
    "inf in weights": ("NaN or Inf in weights", (lambda: poisoned(np.inf), X, Y), (lambda: poisoned(1), X, Y)),
    "inf in the loss": (
        "NaN or Inf in the loss",
        (lambda: logits(log_of_nothing), X, Y),
        (lambda: logits(log_of_something), X, Y),
    ),
    "nan from a layer": (
        "NaN or Inf in the loss",
        (lambda: sequential(dense(), layers.Lambda(tf.math.log), loss=SPARSE()), X, Y),
        (lambda: sequential(soft(), layers.Lambda(tf.math.log), loss=SPARSE()), X, Y),
    ),
    "saturated softmax": (
        SATURATED,
        (lambda: sharp(sequential(soft(), layers.Reshape((4,)), loss=INT)), X, Y),
        (lambda: logits(), X, Y),
    ),
    "saturated sigmoid, squared error": (
        SATURATED,
        (lambda: sharp(bits("sigmoid", "mse")), X, BITS),
        (lambda: bits("sigmoid", "mse"), X, BITS),
    ),
    "B == K, squared error": (
        SPREAD,
        (lambda: sequential(dense(16), loss="mse"), X, Y),
        (lambda: sequential(dense(16), loss="mse"), X, np.eye(16)[Y]),
    ),
    "column, squared error": (
        SPREAD,
        (lambda: logits("mse"), X, Y[:, None]),
        (lambda: logits("mse"), X, ONE_HOT),
    ),
    "row against column": (
        SPREAD,
        (lambda: bits(loss=Column()), X, BITS),
        (lambda: bits(loss=Column()), X, BITS[:, None]),
    ),
    "B == T, sample_weight": (
        "sample_weight on the wrong axis",
        (tokens, SQUARE, SQUARE_Y, {"sample_weight": WEIGHTS}),
        (tokens, SQUARE, SQUARE_Y, {"sample_weight": WEIGHTS[:, None]}),
    ),
    "B != T, sample_weight": (
        "sample_weight on the wrong axis",
        (tokens, STEPS, TOKENS, {"sample_weight": np.ones(8)}),
        (tokens, STEPS, TOKENS, {"sample_weight": np.ones((8, 5))}),
    ),
    "B == T, class_weight": (
        "class_weight on labels per position",
        (tokens, SQUARE, SQUARE_Y, {"class_weight": {0: 5.0}}),
        (tokens, SQUARE, SQUARE_Y, {"sample_weight": np.where(SQUARE_Y == 0, 5.0, 1.0)}),
    ),
    "class_weight, per pixel": (
        "class_weight on labels per position",
        (lambda: tokens(shape=(2, 5, 6)), STEPS.reshape(4, 2, 5, 6), TOKENS.reshape(4, 2, 5), {"class_weight": {0: 5}}),
        (lambda: logits(CATEGORICAL()), X, ONE_HOT, {"class_weight": {0: 5}}),
    ),
    "categorical_accuracy": (
        ACCURACY,
        (lambda: logits(metrics=["categorical_accuracy"]), X, Y),
        (lambda: logits(metrics=["sparse_categorical_accuracy"]), X, Y),
    ),
    "Accuracy()": (
        ACCURACY,
        (lambda: logits(metrics=[metrics.Accuracy()]), X, Y),
        (lambda: logits(metrics=["accuracy", metrics.SparseCategoricalAccuracy()]), X, Y),
    ),
    "threshold on logits": (
        ACCURACY,
        (lambda: bits(metrics=[metrics.BinaryAccuracy()]), X, BITS),
        (lambda: bits(metrics=[metrics.BinaryAccuracy(threshold=0.0)]), X, BITS),
    ),
    "accuracy on a binary logit": (
        ACCURACY,
        (lambda: bits(metrics=["accuracy"]), X, BITS),
        (lambda: bits("sigmoid", BIN, metrics=["accuracy"]), X, BITS),
    ),
    "binary_accuracy on classes": (
        ACCURACY,
        (lambda: sequential(soft(), loss=HOT, metrics=["binary_accuracy"]), X, ONE_HOT),
        (lambda: sequential(soft(), loss=HOT, metrics=["categorical_accuracy"]), X, ONE_HOT),
    ),
    "accuracy on many labels": (
        ACCURACY,
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN, metrics=["accuracy"]), X, 1 - ONE_HOT),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN, metrics=["binary_accuracy"]), X, 1 - ONE_HOT),
    ),
    "accuracy in bfloat16": (
        ACCURACY,
        (lambda: sequential(dense(300, dtype="mixed_bfloat16"), loss=SPARSE(), metrics=["accuracy"]), X, WIDE),
        (lambda: sequential(dense(300), loss=SPARSE(), metrics=["accuracy"]), X, WIDE),
    ),
}


def look(model, x, y, weights=None):
    return names(model(), x, y, **(weights or {}))
