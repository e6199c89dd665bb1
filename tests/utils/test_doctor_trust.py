"""What the doctor must not do: speak of a healthy model, change anything, or take a bad argument.

Longer than other files: its tables list the healthy models of every kind, and every argument that is refused.
"""

import functools
import random
import re

import numpy as np
import pytest
from sick_models import (
    ACCURACY,
    BIN,
    BINARY,
    BITS,
    CASES,
    HOT,
    INT,
    ONE_HOT,
    RANGE,
    RNG,
    SPARSE,
    SQUARE,
    SQUARE_Y,
    STEPS,
    UNDECLARED,
    WEIGHTS,
    X,
    Y,
    dense,
    layers,
    logits,
    losses,
    metrics,
    names,
    sequential,
    sharp,
    soft,
    tokens,
)

from utils.doctor import Finding, diagnose, report
from utils.quiet import keras, tf


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


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


@pytest.mark.slow
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
    states = (v for layer in model.layers for v in getattr(layer, "states", None) or ())  # `variables` has not these
    variables = [
        *model.variables,
        *states,
        *model.optimizer.variables,
        *(v for m in model.metrics for v in m.variables),
    ]
    return {v.path + str(i): np.array(v.numpy()) for i, v in enumerate(variables)}


@pytest.mark.slow
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


@pytest.mark.slow
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


def test_what_is_right_on_tensorflow_only_is_a_note_and_no_finding(capsys):
    """The note is true: `test_rosetta.py` takes the same ending to JAX, where its loss is 16.118."""
    diagnosis = diagnose(sequential(soft(), loss=INT), X, Y)
    assert diagnosis == []
    assert diagnosis.notes[0].startswith("This loss is exact on TensorFlow only, where Keras takes the logits")
    report(diagnosis)
    printed = capsys.readouterr().out
    assert printed.startswith("No finding.\n  note      This loss is exact on TensorFlow only")
    assert max(map(len, printed.splitlines())) <= 80
    assert diagnose(logits(), X, Y).notes == ()
    assert diagnose(sequential(soft(), loss=INT), X, Y + 1).notes == ()  # there is no loss


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
        ("one unit, softmax", "The 16 outputs of shape (16, 1) are all 1.", "BinaryCrossentropy(from_logits=True)"),
        ("probabilities, reshaped", "for perfect probabilities it would still be 0.7437", "and leave from_logits=True"),
        (
            "probabilities, sigmoid",
            "for perfect probabilities it would still be 0.3133",
            "remove the sigmoid, and leave",
        ),
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


def two_outputs(loss):
    inputs = keras.Input((6,))
    model = keras.Model(inputs, [dense(name="a")(inputs), dense(name="b")(inputs)])
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
            lambda: sequential(dense(), loss=None),
            X,
            Y,
            {},
            "`model` is compiled without a loss and no layer adds one; the loss is what is examined. Call "
            "model.compile(loss=...) first; what an own train_step computes cannot be seen.",
        ),
        (
            lambda: two_outputs([SPARSE(), SPARSE()]),
            X,
            [Y, Y, Y],
            {},
            "`model` returns a list of 2 and `y` holds a list of 3, with losses for a list of 2: they do not belong "
            "together. Name them alike: loss={'a': ...}, y={'a': ...} for outputs a and so on.",
        ),
        (
            lambda: two_outputs({"a": SPARSE(), "c": SPARSE()}),
            X,
            {"a": Y, "b": Y},
            {},
            "`model` returns a list of 2 and `y` holds a list of 2, with losses for a dict of 'a', 'c': they do not "
            "belong together. Name them alike: loss={'a': ...}, y={'a': ...} for outputs a and so on.",
        ),
        (logits, X, [Y, Y], {}, "`y` has 2 arrays; `model` has one output. Give the labels of this output."),
        (logits, X[:0], Y[:0], {}, "`x` has shape (0, 6); wanted a batch of at least one row."),
        (logits, X, Y[:0], {}, "`y` has shape (0,); wanted a batch of at least one row."),
        (logits, X, Y[:15], {}, "`x` has 16 rows and `y` has 15; wanted one label for each row. Cut both alike."),
        (
            logits,
            np.full((16, 6), "a"),
            Y,
            {},
            "`x` holds <U1 values; wanted numbers. Take one batch: x, y = next(...).",
        ),
        (logits, [[1.0], [1.0, 2.0]], Y, {}, "`x` is ragged or no array; wanted one array of numbers, all rows alike."),
        (
            logits,
            [X, X],
            Y,
            {},
            "`x` is a list of 2 arrays and `model` has 1 input: {name}. Give an array for each.",
        ),
        (
            logits,
            {"a": X, "b": X},
            Y,
            {},
            "`x` is a dict of 2 arrays and `model` has 1 input: {name}. Give an array for each.",
        ),
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
    model = model()
    names_of_inputs = ", ".join(tensor.name for tensor in getattr(model, "inputs", None) or ())
    with pytest.raises(ValueError, match=f"^{re.escape(message.replace('{name}', names_of_inputs))}$"):
        diagnose(model, x, y, **weights)


def test_inputs_that_the_model_refuses_are_told_with_keras_own_reason():
    with pytest.raises(ValueError, match=r"^`model` cannot take `x` of shape \(16, 5\): .*Give it one batch") as caught:
        diagnose(logits(), X[:, :5], Y)
    assert "expected axis -1 of input shape to have value 6" in str(caught.value)


def test_of_several_arrays_the_large_one_is_named():
    a, b = keras.Input((6,), name="image"), keras.Input((6,), name="age")
    model = keras.Model([a, b], dense()(layers.Concatenate()([a, b])))
    model.compile("sgd", loss=SPARSE())
    (only,) = diagnose(model, {"image": 255 * abs(X), "age": X}, Y)
    assert only.change.startswith("x['image'] = x['image'] / 255")


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        (lambda: [dense(5), dense(4, "relu", name="head")], "relu in 'head' "),
        (lambda: [dense(5, name="part"), dense(4, "relu", name="part_1")], "relu in 'part_1' "),
        (lambda: [dense(5, name="part_1"), dense(4, "relu", name="part")], "relu in 'part' "),
        (lambda: [keras.Sequential([dense(4, "relu", name="inner")], name="outer")], "relu in 'inner' "),
        (lambda: [layers.Dropout(0.1, name="drop"), dense(), layers.Dropout(0.3, name="drop_1")], "'drop_1' stands"),
    ],
)
def test_a_layer_is_called_as_the_model_calls_it(stack, said):
    (only,) = diagnose(sequential(*stack(), loss=SPARSE()), X, Y)
    assert said in only.evidence
