"""The doctor names each mistake in a model that has it, keeps silent on its healthy twin, and touches nothing."""

import functools
import random
import re

import numpy as np
import pytest

from utils.doctor import Finding, diagnose, report
from utils.quiet import keras, tf

layers, losses, metrics = keras.layers, keras.losses, keras.metrics
RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 6)).astype("float32")
Y = np.arange(16) % 4
ONE_HOT = np.eye(4)[Y]
BITS = np.arange(16) % 2
STEPS, TOKENS = RNG.normal(size=(8, 5, 6)).astype("float32"), np.arange(40).reshape(8, 5) % 4
SPARSE, CATEGORICAL, BINARY = (
    functools.partial(kind, from_logits=True)
    for kind in (losses.SparseCategoricalCrossentropy, losses.CategoricalCrossentropy, losses.BinaryCrossentropy)
)
INT, HOT, BIN = "sparse_categorical_crossentropy", "categorical_crossentropy", "binary_crossentropy"


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


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


def logits(loss=SPARSE, **options):
    return sequential(dense(), loss=loss() if loss in (SPARSE, CATEGORICAL) else loss, **options)


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
    model.layers[0].kernel.assign(np.where(np.arange(24).reshape(6, 4) == 5, value, 0.1))
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
LOST = "recovered logits lost"
MENDED = "from_logits=True on probabilities, mended by Keras"
TWICE, ONE = "softmax twice", "softmax over one unit"
ACCURACY = "accuracy by the wrong rule"
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
        (lambda: logits(CATEGORICAL), X, Y[:, None]),
        (lambda: logits(CATEGORICAL), X, ONE_HOT),
    ),
    "zero row from one_hot": (
        "target rows do not sum to 1",
        (lambda: logits(CATEGORICAL), X, np.eye(5)[Y + 1][:, :4]),
        (lambda: logits(CATEGORICAL), X, ONE_HOT * 0.9 + 0.025),
    ),
    "wrong shape": ("loss cannot be computed", (tokens, STEPS, TOKENS[:, :3]), (tokens, STEPS, TOKENS)),
    "logits, sparse": (UNDECLARED, (lambda: logits(INT), X, Y), (lambda: sequential(soft(), loss=INT), X, Y)),
    "logits, categorical": (UNDECLARED, (lambda: logits(HOT), X, ONE_HOT), (lambda: logits(CATEGORICAL), X, ONE_HOT)),
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
    "all at thirty": ("inputs unscaled", (logits, X * 0 + 30, Y), (logits, X * 0 + 1, Y)),
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
        (logits, X, Y, {"class_weight": {0: 5.0}}),
    ),
    "class_weight, per pixel": (
        "class_weight on labels per position",
        (lambda: tokens(shape=(2, 5, 6)), STEPS.reshape(4, 2, 5, 6), TOKENS.reshape(4, 2, 5), {"class_weight": {0: 5}}),
        (lambda: logits(CATEGORICAL), X, ONE_HOT, {"class_weight": {0: 5}}),
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


@pytest.mark.parametrize("case", CASES)
def test_the_mistake_is_named_alone(case):
    name, sick, _ = CASES[case]
    assert look(*sick) == [name]


@pytest.mark.parametrize("case", CASES)
def test_the_healthy_twin_has_no_finding(case):
    assert look(*CASES[case][2]) == []


# Healthy models, fresh and trained


def network(*stack, loss, shape, **options):
    return lambda: sequential(*(layer() for layer in stack), loss=loss, shape=shape, **options)


IMAGES, DIGITS = RNG.random((12, 8, 8, 1)).astype("float32"), np.arange(12) % 3
TEXT = RNG.integers(0, 7, (12, 6))
MANY = (RNG.random((16, 4)) > 0.5).astype("float32")
part = functools.partial
HEALTHY = {
    "dense, logits": (network(part(dense, 8, "relu"), dense, loss=SPARSE(), shape=(6,), metrics=["accuracy"]), X, Y),
    "dense, softmax, string": (network(part(dense, 8), soft, loss=INT, shape=(6,), metrics=["accuracy"]), X, Y),
    "convolution": (
        network(
            part(layers.Conv2D, 2, 3, activation="relu"),
            layers.MaxPooling2D,
            layers.Flatten,
            part(layers.Dropout, 0.5),
            part(dense, 3),
            loss=SPARSE(),
            shape=(8, 8, 1),
            metrics=["accuracy"],
        ),
        IMAGES,
        DIGITS,
    ),
    "per pixel": (
        network(part(layers.Conv2D, 3, 3, padding="same"), loss=SPARSE(), shape=(8, 8, 1), metrics=["accuracy"]),
        IMAGES,
        (IMAGES[..., 0] * 3).astype("uint8"),
    ),
    "per character": (
        network(
            part(layers.Embedding, 7, 4),
            part(layers.LSTM, 4, return_sequences=True, stateful=False),
            part(dense, 7),
            loss=SPARSE(),
            shape=(6,),
            dtype="int64",
            metrics=["accuracy"],
        ),
        TEXT,
        np.roll(TEXT, -1, 1),
    ),
    "binary, sigmoid": (network(part(dense, 1, "sigmoid"), loss=BIN, shape=(6,), metrics=["accuracy"]), X, BITS),
    "binary, logit": (
        network(part(dense, 1), loss=BINARY(), shape=(6,), metrics=[metrics.BinaryAccuracy(threshold=0.0)]),
        X,
        BITS,
    ),
    "multi-label": (
        network(part(dense, 4, "sigmoid"), loss=BIN, shape=(6,), metrics=["binary_accuracy"]),
        X,
        MANY,
    ),
    "one-hot": (network(soft, loss=HOT, shape=(6,), metrics=["accuracy"]), X, ONE_HOT),
    "crossentropy by shape": (network(soft, loss="crossentropy", shape=(6,), metrics=["acc"]), X, ONE_HOT),
    "mixed precision": (
        network(
            part(dense, 8, "relu", dtype="mixed_bfloat16"),
            part(dense, dtype="mixed_bfloat16"),
            part(layers.Softmax, dtype="float32"),
            loss=INT,
            shape=(6,),
            metrics=["accuracy"],
        ),
        X,
        Y,
    ),
    "two classes": (network(part(soft, 2), loss=INT, shape=(6,), metrics=["accuracy"]), X, BITS),
    "regression": (network(part(dense, 1), loss="mse", shape=(6,), metrics=["mae"]), X, X.sum(1)),
    "batch normalisation": (
        network(layers.BatchNormalization, dense, loss=SPARSE(), shape=(6,), metrics=["accuracy"]),
        X * 100,
        Y,
    ),
    "focal loss": (network(soft, loss="categorical_focal_crossentropy", shape=(6,)), X, ONE_HOT),
    "smoothed": (network(soft, loss=losses.CategoricalCrossentropy(label_smoothing=0.1), shape=(6,)), X, ONE_HOT),
    "summed": (network(dense, loss=SPARSE(reduction="sum"), shape=(6,)), X, Y),
    "jit": (network(dense, loss=SPARSE(), shape=(6,), jit_compile=True), X, Y),
}


UNTRAINED = (
    "crossentropy by shape",
    "focal loss",
    "smoothed",
    "summed",
    "jit",
)  # the others do it for them, to save time


@pytest.mark.parametrize("case", HEALTHY)
def test_a_healthy_model_has_no_finding_before_and_after_training(case):
    build, x, y = HEALTHY[case]
    model = build()
    assert names(model, x, y) == []
    if case not in UNTRAINED:
        model.optimizer.learning_rate = 0.1 if case != "regression" else 0.01
        model.run_eagerly = True  # ten small steps take less time than making a graph of one
        model.fit(x, y, epochs=10, batch_size=16, verbose=0)
        model.run_eagerly = False
        assert names(model, x, y) == []


def test_a_trained_model_may_be_surely_wrong_about_a_few_rows():
    model = sharp(sequential(soft(), loss=INT), 0)
    model.layers[0].kernel.assign(np.eye(6, 4) * 60)
    x = np.eye(6, dtype="float32")[Y]
    assert names(model, x, Y) == []
    wrong = np.where(np.arange(16) < 6, (Y + 1) % 4, Y)
    assert model.evaluate(x, wrong, verbose=0) > 3 * np.log(4)
    assert names(model, x, wrong) == []
    assert names(model, x[:5], wrong[:5]) == []  # few rows say little about a mean
    assert names(model, x, (Y + 1) % 4) == ["loss far from ln K"]


# Nothing changes


class Noisy(layers.Layer):
    """Draws from every generator it can, also when it does not train."""

    def __init__(self):
        super().__init__()
        self.seeds = keras.random.SeedGenerator(3)
        self.calls = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        shift = random.random() + np.random.random() + keras.random.uniform((), seed=self.seeds)
        return x + 1e-9 * (shift + keras.random.uniform(()))


def noisy():
    model = keras.Sequential(
        [
            keras.Input((5, 6), batch_size=8),
            Noisy(),
            layers.LSTM(3, stateful=True),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            soft(),
        ]
    )
    model.compile("adam", loss=INT, metrics=["accuracy"])
    return model


def state(model):
    variables = [*model.variables, *model.optimizer.variables, *(v for m in model.metrics for v in m.variables)]
    return {v.path + str(i): np.array(v.numpy()) for i, v in enumerate(variables)}


@pytest.mark.parametrize("eagerly", [False, True])
@pytest.mark.parametrize("trained", [False, True])
def test_nothing_changes(trained, eagerly):
    model = noisy()
    model.run_eagerly = eagerly
    if trained:
        model.fit(STEPS, Y[:8], verbose=0)
    before, python, numpy = state(model), random.getstate(), np.random.get_state()[1].copy()
    seeds = keras.src.random.seed_generator.global_seed_generator().state.numpy()
    compiled = dict(vars(model._compile_loss)), dict(vars(model._compile_metrics)), model.train_function
    diagnose(model, STEPS, Y[:8], class_weight={0: 2.0})
    diagnose(model, STEPS, Y[:8] + 1)
    after = state(model)
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name], err_msg=name)
    assert random.getstate() == python
    np.testing.assert_array_equal(np.random.get_state()[1], numpy)
    np.testing.assert_array_equal(keras.src.random.seed_generator.global_seed_generator().state.numpy(), seeds)
    assert compiled == (vars(model._compile_loss), vars(model._compile_metrics), model.train_function)
    assert model.built
    assert model.compiled


def test_training_after_a_diagnosis_goes_as_without_it():
    def run(look):
        keras.utils.set_random_seed(7)
        model = sequential(dense(8), layers.Dropout(0.5), soft(), loss=INT, metrics=["accuracy"])
        if look:
            diagnose(model, X, Y)
        history = model.fit(X, Y, epochs=2, batch_size=4, verbose=0).history
        return history, float(tf.random.uniform(())), layers.Dense(1).kernel_initializer.seed

    assert run(False) == run(True)


def test_no_warning_reaches_the_reader(recwarn, capfd):
    for _ in range(7):  # TensorFlow warns when a function is traced often
        diagnose(sequential(soft(), loss=SPARSE()), X, Y)
    assert not recwarn.list
    assert capfd.readouterr() == ("", "")


# Reading


def test_a_finding_reads_well(capsys):
    report(diagnose(logits(), X, Y + 1))
    assert capsys.readouterr().out == (
        "labels out of range\n"
        "  what      The labels start at 1; Keras counts classes from 0, and the last one\n"
        "            has no output.\n"
        "  evidence  y holds 1 to 4; 4 outputs have labels 0 to 3. 4 of 16 are outside,\n"
        "            the first at (3,).\n"
        "  change    y = y - 1\n"
    )
    report([Finding("a", "b", "c", "d\ne"), Finding("f", "g", "h", "i")])
    assert capsys.readouterr().out == (
        "a\n  what      b\n  evidence  c\n  change    d\n            e\n\n"
        "f\n  what      g\n  evidence  h\n  change    i\n"
    )
    report(diagnose(logits(), X, Y))
    assert capsys.readouterr().out == "No finding.\n"


def test_a_finding_cannot_be_rewritten():
    with pytest.raises(AttributeError):
        Finding("a", "b", "c", "d").name = "e"


def finding(case):
    model, x, y, *weights = CASES[case][1]
    (only,) = diagnose(model(), x, y, **(weights[0] if weights else {}))
    return only


@pytest.mark.parametrize(
    ("case", "evidence", "change"),
    [
        ("1-based", "y holds 1 to 4; 4 outputs have labels 0 to 3. 4 of 16 are outside", "y = y - 1"),
        ("label above", "y holds 0 to 6", "Dense(7)"),
        ("void pixels", "10 of 40 are outside, the first at (0, 3)", "from_logits=True, ignore_class=255)"),
        ("binary labels 1 and 2", "y holds 1 to 2", "y = y - 1"),
        ("binary labels -1 and 1", "y holds -1 to 1", "y = (y + 1) / 2"),
        ("fractions", "8 of 16 labels, the first y[1] = 0.5, is read as class 0.", "np.rint"),
        ("bfloat16 loss", "the first y[1] = 285, is read as class 284.", 'from_logits=True, dtype="float32")'),
        ("float16 loss", "the first y[8] = 2049, is read as class 2048.", 'dtype="float32"'),
        ("two softmaxes", "with 4 classes it can never pass 0.4754", "from_logits=True"),
        ("softmax over time", "Sums along axis 1 are 1", "axis=-1"),
        ("one unit, softmax", "All 16 outputs of shape (16, 1) are 1 to 1.", "BinaryCrossentropy(from_logits=True)"),
        ("probabilities, reshaped", "for perfect probabilities it would still be 0.7437", "Crossentropy()"),
        ("probabilities, sigmoid", "for perfect probabilities it would still be 0.3133", "BinaryCrossentropy()"),
        ("Reshape", "costs 16.118 nats, however far off its logits, and pushes them by 0.", "from_logits=True"),
        ("ignore_class", "costs 16.118 nats", "from_logits=True, ignore_class=3)"),
        ("mixed_bfloat16", "on the output itself (bfloat16)", 'dtype="float32"'),
        ("float64 loss", "costs 16.118 nats", "remove dtype= from the loss"),
        ("tf.nn.softmax, eager", "costs 16.118 nats", "keras.ops.softmax"),
        (
            "saturated softmax",
            "with a loss of 16.12. The gradient of their logits is at most 0; from logits it would be 1.",
            "from_logits=True",
        ),
        ("row against column", "with y of shape (16, 1) it is", "y = y.reshape((16, 1))"),
        ("B == T, sample_weight", "5 rows meet 5 positions", "reshape((-1, 1))"),
        ("B != T, sample_weight", "fit will stop", "reshape((-1, 1))"),
        ("class_weight, per pixel", "y has shape (4, 2, 5)", "sample_weight ="),
        ("nan in x", "1 of 96 inputs, the first x[0, 3] = nan.", "isfinite(x)"),
        ("threshold on logits", "threshold 0.5.", "BinaryAccuracy(threshold=0.0)"),
        ("sigmoid, reshaped", "costs 16.118 nats, however far off its logits, and pushes them by 0.", "from_logits"),
        ("Accuracy()", "reports an error", "SparseCategoricalAccuracy()"),
        ("accuracy in bfloat16", "output (16, 300) bfloat16", 'dtype="float32"'),
    ],
)
def test_the_evidence_and_the_change_fit_the_mistake(case, evidence, change):
    assert evidence in finding(case).evidence
    assert change in finding(case).change


@pytest.mark.parametrize(
    ("case", "wording"),
    [
        ("Reshape", "Something stands behind the activation in 'dense"),
        ("ignore_class", "`ignore_class` rewrites the output"),
        ("mixed_float16", "The output is float16, and the cast to float32 drops the logits."),
        ("float64 loss", "The loss casts the output from float32 to float64."),
        ("tf.nn.softmax, eager", "is TensorFlow's own and the model runs eagerly."),
        ("1-based", "The labels start at 1"),
    ],
)
def test_the_reason_is_the_right_one(case, wording):
    assert wording in finding(case).what


def test_the_numbers_of_the_evidence_are_those_of_keras():
    model = sequential(soft(), layers.Reshape((4,)), loss=SPARSE())
    (only,) = diagnose(model, X, Y)
    assert f"The loss is {model.evaluate(X, Y, verbose=0):.4f};" in only.evidence
    model, twin = tokens(), tokens()  # one model does not take weights of rank 1 and then of rank 2
    twin.set_weights(model.get_weights())
    (only,) = diagnose(model, SQUARE, SQUARE_Y, sample_weight=WEIGHTS)
    wrong = model.evaluate(SQUARE, SQUARE_Y, sample_weight=WEIGHTS, verbose=0)
    right = twin.evaluate(SQUARE, SQUARE_Y, sample_weight=WEIGHTS[:, None], verbose=0)
    told = re.search(r"loss ([\d.]+) instead of ([\d.]+)\.$", only.evidence)
    np.testing.assert_allclose([float(number) for number in told.groups()], [wrong, right], rtol=1e-5)


def test_independent_mistakes_are_all_named_worst_first():
    model = logits(INT, metrics=["categorical_accuracy"])
    assert names(model, np.abs(X) * 100, Y) == [UNDECLARED, "inputs unscaled", ACCURACY]
    assert names(model, np.abs(X) * 100, Y + 1) == [RANGE, "inputs unscaled"]


def test_a_model_that_runs_eagerly_is_examined_as_well():
    model = logits(INT, run_eagerly=True)
    assert names(model, np.abs(X) * 100, Y) == [UNDECLARED, "inputs unscaled"]


def test_tensors_lists_and_columns_are_read_like_arrays():
    model = logits()
    assert names(model, tf.constant(X), tf.constant(Y)) == []
    assert names(model, X.tolist(), Y.tolist()) == []
    assert names(model, X.astype("float64"), Y[:, None].astype("uint8")) == []


# Bad arguments


def unbuilt():
    model = keras.Sequential([dense()])
    model.compile(loss=SPARSE())
    return model


def two_outputs(loss):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, [dense()(inputs), dense()(inputs)])
    model.compile(loss=loss)
    return model


def uncompiled():
    return keras.Sequential([keras.Input((6,)), dense()])


@pytest.mark.parametrize(
    ("model", "x", "y", "weights", "message"),
    [
        (lambda: "mlp", X, Y, {}, "`model` is a str; wanted a keras.Model. Build one from its layers first."),
        (
            uncompiled,
            X,
            Y,
            {},
            "`model` is not compiled; the loss is what is examined. Call model.compile(loss=...) first.",
        ),
        (
            lambda: logits(None),
            X,
            Y,
            {},
            "`model` is compiled without a loss; the loss is what is examined. Call model.compile(loss=...) first.",
        ),
        (
            unbuilt,
            X,
            Y,
            {},
            "`model` has no weights yet; building it would change it. Call model(x[:1]) once, or start it with "
            "keras.Input.",
        ),
        (
            lambda: two_outputs([SPARSE(), SPARSE()]),
            X,
            Y,
            {},
            "`model` has 2 losses in a list; wanted one. Compile a model with one output and loss=... alone, and "
            "diagnose it.",
        ),
        (
            lambda: two_outputs(INT),
            X,
            Y,
            {},
            "`model` returns 2 outputs; wanted one tensor. Make a keras.Model with one of its outputs.",
        ),
        (logits, X[:0], Y[:0], {}, "`x` has shape (0, 6); wanted a batch of at least one row."),
        (logits, X, Y[:0], {}, "`y` has shape (0,); wanted a batch of at least one row."),
        (logits, X, Y[:15], {}, "`x` has 16 rows and `y` has 15; wanted one label for each row. Cut both alike."),
        (logits, X, ["a"] * 16, {}, "`y` holds <U1 values; wanted numbers. Take one batch: x, y = next(...)."),
        (logits, [[1.0], [1.0, 2.0]], Y, {}, "`x` is ragged or no array; wanted one array of numbers, all rows alike."),
        (logits, [X, X], Y, {}, "`x` is a list of arrays; wanted one array, the only input or output."),
        (logits, {"x": X}, Y, {}, "`x` is a dict of arrays; wanted one array, the only input or output."),
        (
            logits,
            X,
            Y,
            {"class_weight": {0: 1}, "sample_weight": np.ones(16)},
            "`sample_weight` and `class_weight` both came; Keras takes one. Multiply them into one map.",
        ),
        (
            logits,
            X,
            Y,
            {"class_weight": [1, 2, 3, 4]},
            "`class_weight` is a list; wanted a dict, {0: 1.0, 1: 5.0}.",
        ),
        (
            logits,
            X,
            Y,
            {"sample_weight": np.ones(3)},
            "`sample_weight` has shape (3,) and `x` has 16 rows; wanted a weight for each.",
        ),
    ],
)
def test_a_bad_argument_is_refused_with_a_way_out(model, x, y, weights, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        diagnose(model(), x, y, **weights)


def test_inputs_that_the_model_refuses_are_told_with_keras_own_reason():
    with pytest.raises(ValueError, match=r"^`model` cannot take `x` of shape \(16, 5\): .*Give it one batch") as caught:
        diagnose(logits(), X[:, :5], Y)
    assert "expected axis -1 of input shape to have value 6" in str(caught.value)
