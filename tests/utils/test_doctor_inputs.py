"""What the doctor takes: several inputs, outputs and losses, datasets, models not built, pandas, added losses."""

import re
import subprocess
import sys

import numpy as np
import pytest
from sick_kinds import HIDDEN
from sick_models import (
    ACCURACY,
    BIN,
    BITS,
    HOT,
    INT,
    ONE_HOT,
    RANGE,
    SPARSE,
    UNDECLARED,
    X,
    Y,
    dense,
    layers,
    logits,
    losses,
    names,
    sequential,
    soft,
)

from utils.doctor import diagnose, report
from utils.quiet import keras, tf


class Table:
    """As pandas' Series and DataFrame: no array, but with a shape and `__array__`."""

    def __init__(self, values):
        self.values = np.asarray(values)
        self.shape, self.ndim = self.values.shape, self.values.ndim

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return self.values.astype(dtype or self.values.dtype)


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


def said(model, *batch, **options):
    """Return the findings as (name, output)."""
    return [(finding.name, finding.output) for finding in diagnose(model, *batch, **options)]


def two(loss, outputs=list, **options):
    """Return a model with the outputs `kind`, logits of 4 classes, and `is_cat`, a sigmoid."""
    x = keras.Input((6,), name="x")
    made = {"kind": dense(4, name="kind")(x), "is_cat": dense(1, "sigmoid", name="is_cat")(x)}
    model = keras.Model(x, made if outputs is dict else list(made.values()))
    model.compile("sgd", loss=loss, **options)
    return model


HEALTHY, SICK = {"kind": SPARSE(), "is_cat": BIN}, {"kind": INT, "is_cat": BIN}
LABELS = {"kind": Y, "is_cat": BITS}


@pytest.mark.parametrize("outputs", [list, dict])
@pytest.mark.parametrize("y", [LABELS, [Y, BITS], (Y, BITS)])
def test_each_output_gets_its_findings_with_its_name(outputs, y):
    assert said(two(HEALTHY, outputs), X, y) == []
    assert said(two(SICK, outputs), X, y) == [(UNDECLARED, "kind")]
    if isinstance(y, dict):
        both = two({"kind": SPARSE(), "is_cat": HOT}, outputs)
        found = said(both, X, {"kind": Y + 1, "is_cat": BITS})
        assert set(found) == {(RANGE, "kind"), ("sigmoid with a categorical loss", "is_cat")}


def test_losses_come_in_a_list_or_as_one_for_all_or_for_some_of_the_outputs():
    assert said(two([INT, BIN]), X, [Y, BITS]) == [(UNDECLARED, "kind")]
    assert ("sigmoid with a categorical loss", "is_cat") in said(two(INT), X, [Y, BITS])
    assert said(two([INT, None]), X, [Y, BITS]) == [(UNDECLARED, "")]
    assert said(two([SPARSE(), None]), X, [Y, BITS]) == []


def test_what_is_wrong_with_the_inputs_is_said_once():
    assert said(two(HEALTHY), np.abs(X) * 100, LABELS) == [("inputs unscaled", "")]
    bad = np.array(X)
    bad[3, 2] = np.nan
    assert said(two(HEALTHY), bad, LABELS) == [("NaN or Inf in x", "")]


def test_a_finding_of_an_output_is_printed_with_its_name(capsys):
    report(diagnose(two(SICK), X, LABELS))
    assert capsys.readouterr().out.startswith(f"{UNDECLARED} (output 'kind')\n  what ")


def test_metrics_of_several_outputs_are_judged_each_by_its_own():
    fits = {"kind": ["sparse_categorical_accuracy"], "is_cat": ["accuracy"]}
    assert said(two(HEALTHY, metrics=fits), X, LABELS) == []
    wrong = {"kind": ["categorical_accuracy"], "is_cat": ["accuracy"]}
    assert said(two(HEALTHY, metrics=wrong), X, LABELS) == [(ACCURACY, "kind")]
    assert said(two(HEALTHY, metrics=[["accuracy"], ["accuracy"]]), X, LABELS) == []


def test_weights_of_rows_belong_to_an_output():
    weights = {"kind": np.zeros(16), "is_cat": np.ones(16)}
    assert said(two(HEALTHY), X, LABELS, sample_weight=weights) == [(HIDDEN, "kind")]


def inputs(loss=None):
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    model = keras.Model({"a": a, "b": b}, dense()(layers.Concatenate()([a, b])))
    model.compile(loss=loss or SPARSE())
    return model


def test_several_inputs_come_as_a_dict_or_a_list():
    assert names(inputs(), {"a": X, "b": X}, Y) == []
    assert names(inputs(INT), {"a": X, "b": X}, Y) == [UNDECLARED]
    bad = np.array(X)
    bad[0, 1] = np.inf
    (only,) = diagnose(inputs(), {"a": X, "b": bad}, Y)
    assert "the first x['b'][0, 1] = inf" in only.evidence
    assert names(inputs(), {"a": X, "b": 100 * np.abs(X)}, Y) == ["inputs unscaled"]


class Batches(keras.utils.PyDataset):
    """Two batches, the second with labels from 1."""

    def __len__(self):
        return 2

    def __getitem__(self, i):
        return X, Y + i


def test_a_dataset_is_looked_at_by_its_first_batches():
    dataset = tf.data.Dataset.from_tensor_slices((X, np.where(np.arange(16) < 8, Y, Y + 1))).batch(8)
    for data in (dataset, Batches()):
        assert said(logits(), data) == []
        (only,) = diagnose(logits(), data, batches=2)
        assert only.name == RANGE
        assert only.evidence.startswith("In batch 2: y holds 1 to 4")


def test_a_dataset_brings_dicts_and_weights():
    dataset = tf.data.Dataset.from_tensor_slices(({"a": X, "b": X}, Y, np.zeros(16))).batch(16)
    assert said(inputs(), dataset) == [(HIDDEN, "")]
    dataset = tf.data.Dataset.from_tensor_slices((X, LABELS)).batch(16)
    assert said(two(SICK), dataset) == [(UNDECLARED, "kind")]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (
            tf.data.Dataset.from_tensor_slices((X, Y)),
            {},
            "The dataset gives single rows; wanted batches. Add .batch(32).",
        ),
        (tf.data.Dataset.from_tensor_slices(X).batch(4), {}, "The dataset gives no labels; wanted (x, y) or (x, y, s"),
        (tf.data.Dataset.from_tensor_slices((X, Y)).batch(4).take(0), {}, "The dataset is empty; wanted at least one"),
        (
            Batches(),
            {"y": Y},
            "`x` is a dataset and gives the labels and weights itself. Leave out y and sample_weight.",
        ),
        (Batches(), {"batches": 0}, "`batches` is 0; wanted how many batches of the dataset to look at, 1 or more."),
        (X, {}, "`y` is missing, and `x` is a ndarray and no dataset. Give diagnose(model, x, y)."),
        (iter([(X, Y)]), {}, "`y` is missing, and `x` is a list_iterator and no dataset. Take one batch: diagnose("),
    ],
)
def test_data_that_cannot_be_looked_at_get_a_sentence(data, options, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        diagnose(logits(), data, **options)


def test_tables_and_lists_are_read_like_arrays():
    assert names(logits(), Table(X), Table(Y)) == []
    assert names(logits(), Table(X), Table(Y + 1)) == [RANGE]
    assert names(logits(), X, Table(np.array(["cat", "dog"] * 8, dtype=object))) == ["labels are not numbers"]
    assert names(logits(), X.tolist(), Y.tolist()) == []
    assert names(logits(), X, ["cat", "dog"] * 8) == ["labels are not numbers"]


# Models not built


class Inner(layers.Layer):
    def __init__(self):
        super().__init__()
        self.hidden = [dense(5, "relu"), layers.Dropout(0.1)]

    def call(self, x):
        for layer in self.hidden:
            x = layer(x)
        return x


class Own(keras.Model):
    """A model as a class, without get_config."""

    def __init__(self, classes):
        super().__init__()
        self.inner, self.last = Inner(), dense(classes)

    def call(self, x):
        return self.last(self.inner(x))


@pytest.mark.parametrize("make", [lambda: Own(4), lambda: keras.Sequential([dense(5), layers.Dropout(0.1), dense(4)])])
def test_a_model_that_is_not_built_is_looked_at_as_a_copy(make):
    model = make()
    model.compile("sgd", loss=INT, metrics=["accuracy"])
    assert names(model, X, Y) == [UNDECLARED]
    assert not model.built
    assert not model.weights
    assert model.train_function is None
    keras.utils.set_random_seed(3)
    trained = model.fit(X, Y, verbose=0).history
    twin = make()
    twin.compile("sgd", loss=INT, metrics=["accuracy"])
    keras.utils.set_random_seed(3)
    assert trained.keys() == twin.fit(X, Y, verbose=0).history.keys()
    assert [w.shape for w in model.weights] == [w.shape for w in twin.weights]


def test_a_built_model_of_somebodys_own_class_is_looked_at_itself():
    model = Own(4)
    model.compile("sgd", loss=SPARSE())
    model(X)
    assert names(model, X, Y) == []
    assert names(model, X, Y + 1) == [RANGE]


# Losses beside that of the labels


class Extra(layers.Layer):
    def call(self, x):
        self.add_loss(tf.reduce_mean(tf.square(x)))
        return x


def test_the_loss_of_the_labels_stands_apart_from_what_is_added(capsys):
    model = sequential(dense(kernel_regularizer="l2"), Extra(), loss=SPARSE())
    diagnosis = diagnose(model, X, Y)
    assert diagnosis == []
    more, own = re.search(r"has ([\d.]+) more than that of the labels, ([\d.]+): 2 from", diagnosis.notes[0]).groups()
    assert float(more) + float(own) == pytest.approx(model.evaluate(X, Y, verbose=0), abs=2e-4)
    assert float(own) == pytest.approx(float(SPARSE()(Y, model(X))), abs=1e-4)
    before = [float(value) for value in model.losses]
    diagnose(model, X, Y)
    assert [float(value) for value in model.losses] == before  # tensors of the caller's, not of a graph
    assert names(sequential(dense(kernel_regularizer="l2"), Extra(), loss=INT), X, Y) == [UNDECLARED]


def alone(*stack, loss=None, shape=(6,)):
    """Return a model whose layers add the only loss."""
    return sequential(*stack, loss=loss, shape=shape)


class Odd(layers.Layer):
    """Adds a loss of its own, of what `make` says."""

    def __init__(self, make):
        super().__init__()
        self.make = make

    def call(self, x):
        self.add_loss(self.make(x))
        return x


@pytest.mark.parametrize("batch", [(X,), (X, Y), (tf.data.Dataset.from_tensor_slices(X).batch(16),)])
def test_a_model_whose_layers_add_the_only_loss_is_examined_by_it(batch):
    model = alone(dense(3), Extra())
    found = diagnose(model, *batch)
    assert found == []
    value = float(np.mean(np.square(model(X))))
    assert found.notes == (
        f"No loss in compile: what the layers add, {value:.4f} on this batch, is all there is to examine.",
    )


@pytest.mark.parametrize(
    ("stack", "x", "name"),
    [
        (lambda: (dense(3), Odd(lambda x: tf.reduce_mean(tf.sqrt(x - 100)))), X, "NaN or Inf in an added loss"),
        (lambda: (dense(3), Odd(lambda x: tf.reduce_mean(tf.round(x)))), X, "no gradient reaches the weights"),
        (lambda: (dense(3, trainable=False), Extra()), X, "nothing to train"),
        (lambda: (dense(3), layers.Lambda(tf.round), dense(2), Extra()), X, "no gradient for a part of the weights"),
        (lambda: (dense(3), Extra()), np.abs(X) * 100, "inputs unscaled"),
        (
            lambda: (dense(3), Odd(lambda x: tf.reduce_sum(tf.norm(x * 0, axis=-1)))),
            X,
            "NaN gradient with a finite loss",
        ),
        (lambda: (dense(3), Extra()), X * np.nan, "NaN or Inf in x"),
    ],
)
def test_what_is_wrong_with_an_added_loss_is_named(stack, x, name):
    assert names(alone(*stack()), x, Y) == [name]


def test_weights_that_take_no_part_are_a_note():
    x = keras.Input((6,))
    both = {"a": dense(name="a")(x), "b": dense(name="b")(x)}
    model = keras.Model(x, both)
    model.compile(loss={"a": SPARSE(), "b": None})
    found = diagnose(model, X, {"a": Y, "b": Y})
    assert found == []
    assert found.notes == ("2 of 4 trainable weights take no part in the loss on this batch, the first is b/kernel.",)


def test_what_an_added_loss_alone_reaches_is_not_cut_off():
    model = sequential(dense(5), Extra(), layers.Lambda(tf.stop_gradient), dense(), loss=SPARSE())
    assert names(model, X, Y) == []


def test_squared_error_on_the_probabilities_of_classes_is_a_note():
    (note,) = diagnose(sequential(soft(), loss="mse"), X, ONE_HOT).notes
    assert note.startswith("mean_squared_error judges probabilities of classes here.")
    assert diagnose(sequential(dense(), loss="mse"), X, ONE_HOT).notes == ()


def notes(model, *batch, **options):
    """Return the first words of the notes of a model that has no finding."""
    found = diagnose(model, *batch, **options)
    assert found == []
    return [note[:40] for note in found.notes]


def distance_loss(y, d):
    return y * tf.square(d) + (1 - y) * tf.square(tf.nn.relu(1 - d))


def clipped(y, p):
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p), -1)


def test_what_may_be_meant_is_a_note():
    bit = BITS[:, None].astype("float32")
    distances = sequential(dense(1), loss=distance_loss)
    assert notes(distances, X, bit) == ["The loss rises with the output where the"]
    assert notes(sequential(dense(1, "sigmoid"), loss=clipped), X, bit) == ["The loss is written by hand, on probabil"]
    advantages = np.where(BITS > 0, 1.0, -0.5)
    assert notes(logits(), X, Y, sample_weight=advantages) == ["8 of 16 rows have a negative weight: rig"]
    model = two(HEALTHY, loss_weights={"kind": 1.0, "is_cat": 0.0})
    assert any(note.startswith("loss_weights has 0 for 'is_cat'") for note in notes(model, X, LABELS))
    model = sequential(dense(), Odd(lambda x: -tf.reduce_mean(tf.square(x))), loss=SPARSE())
    (note,) = diagnose(model, X, Y).notes
    assert "One is negative, -" in note


class Step(keras.Model):
    """Trains by itself, and has the loss that `make` gives."""

    def __init__(self, make):
        super().__init__()
        self.last, self.make = dense(), make

    def call(self, x):
        return self.last(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.make(y_pred)


class OwnStep(Step):
    def train_step(self, data):
        return {}


def test_a_compute_loss_of_its_own_is_examined_and_an_own_train_step_cannot_be():
    model = Step(lambda p: tf.reduce_mean(tf.square(p)))
    model.compile("sgd")
    found = diagnose(model, X, Y)
    assert found == []
    assert found.notes[0].startswith("No loss in compile: what its own compute_loss gives, ")
    assert not model.built
    broken = Step(lambda p: tf.reduce_mean(tf.round(p)))
    broken.compile("sgd")
    assert names(broken, X, Y) == ["no gradient reaches the weights"]
    fails = Step(lambda p: tf.matmul(p, p))
    fails.compile("sgd")
    with pytest.raises(ValueError, match=r"^The loss that `model` computes itself fails on this batch: "):
        diagnose(fails, X, Y)
    own = OwnStep(lambda p: 0.0)
    own.compile("sgd")
    with pytest.raises(ValueError, match=r"^`model` trains by a train_step of its own, and there are no labels"):
        diagnose(own, X)


def test_several_losses_on_one_output_are_each_examined():
    model = sequential(soft(), loss=[losses.CategoricalCrossentropy(), losses.MeanSquaredError()])
    assert names(model, X, ONE_HOT) == []
    model = sequential(dense(), loss=[losses.CategoricalCrossentropy(), losses.MeanSquaredError()])
    assert said(model, X, ONE_HOT)[0][0] == UNDECLARED


# Without TensorFlow


def python(program):
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stderr.strip().splitlines()


@pytest.mark.slow
def test_without_tensorflow_the_import_says_so():
    last = python("import sys\nsys.modules['tensorflow'] = None\nimport utils.doctor")[-1]
    assert last.startswith("ImportError: The doctor looks into the graphs of TensorFlow and Keras, and one is missing")


def test_another_backend_is_refused(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match=r"^Keras runs on jax; the doctor looks into TensorFlow's graphs\. Set os\."):
        diagnose(logits(), X, Y)


def test_padding_that_counts_and_a_learning_rate_of_zero_are_notes():
    words = np.where(np.arange(6) < 3, np.arange(48).reshape(8, 6) % 8 + 1, 0)
    tags = np.where(words > 0, words % 3 + 1, 0)

    def reader(**options):
        return sequential(layers.Embedding(9, 4, **options), dense(), loss=SPARSE(), shape=(6,), dtype="int64")

    (note,) = diagnose(reader(), words, tags).notes
    assert note.startswith("50 % of the steps are zeros that fill up the rows, all with label 0, and they count")
    assert diagnose(reader(mask_zero=True), words, tags).notes == ()
    assert diagnose(reader(), words, tags, sample_weight=(words > 0).astype("float32")).notes == ()
    model = logits()
    model.optimizer.learning_rate = 0.0
    (note,) = diagnose(model, X, Y).notes
    assert note == "The learning rate is 0: fit will run, and change nothing."
    # In mixed precision the rate is that of the optimizer inside.
    model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)), loss=SPARSE())
    assert diagnose(model, X, Y).notes == ()


def test_losses_of_outputs_that_share_no_layer_do_not_drown_each_other():
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    shared = layers.Dense(5)
    for first, second in ((shared, shared), (layers.Dense(5), layers.Dense(5))):
        heads = {"price": layers.Dense(1, name="price")(first(a)), "kind": dense(4, name="kind")(second(b))}
        model = keras.Model([a, b], heads)
        model.compile(loss={"price": "mse", "kind": SPARSE()})
        found = diagnose(model, [X, X[::-1].copy()], {"price": 3e5 + 1e5 * X[:, :1], "kind": Y})
        assert [finding.name for finding in found] == ["one loss drowns another"] * (first is second)
    model.compile(loss={"price": "mse", "kind": SPARSE()}, loss_weights={"price": 1e-10, "kind": 1.0})
    assert diagnose(model, [X, X], {"price": 3e5 + 1e5 * X[:, :1], "kind": Y}) == []


def test_rows_of_weight_zero_that_metrics_count_and_whole_numbers_as_weights_are_notes():
    halves = np.repeat([0.0, 1.0], 8)
    counted, weighted = logits(metrics=["accuracy"]), logits(weighted_metrics=["accuracy"])
    (note,) = diagnose(counted, X, Y, sample_weight=halves).notes
    assert note.startswith("50 % of the weights are 0, and `metrics` counts these all the same: weighted_metrics=")
    assert diagnose(weighted, X, Y, sample_weight=halves).notes == ()
    (note,) = diagnose(logits(), X, Y, sample_weight=np.arange(16) % 3).notes
    assert note.startswith(
        "sample_weight holds the whole numbers 0, 1, 2: the third part of a dataset is always read as"
    )


@pytest.mark.parametrize("name", ["sample_weight", "class_weight"])
def test_weights_of_rows_and_classes_that_are_not_finite_are_found(name):
    given = {"sample_weight": np.where(np.arange(16) == 5, np.nan, 1.0), "class_weight": {0: np.inf, 1: 1.0}}
    (finding,) = diagnose(logits(), X, Y, **{name: given[name]})
    assert finding.name == "NaN or Inf in weights"
    assert finding.what.startswith(f"{name} holds numbers that are not finite")
    assert finding.evidence.startswith(
        {"s": "1 of 16 numbers, the first at 5.", "c": "1 of 2 numbers, the first at 0."}[name[0]]
    )


def test_labels_of_minus_one_are_a_class_or_a_gap_and_labels_that_are_all_void_are_wrong():
    (finding,) = diagnose(logits(), X, Y - 1)
    assert finding.change == "y = y + 1 if -1 is one of the 4 classes; ignore_class=-1 in the loss if it marks a gap"
    (finding,) = diagnose(logits(), X, np.full(16, 255))
    assert "ignore_class" not in finding.change


def test_what_is_shown_of_a_diagnosis_is_what_report_prints(capsys):
    diagnosis = diagnose(sequential(soft(), loss="sparse_categorical_crossentropy"), X, Y)
    report(diagnosis)
    assert capsys.readouterr().out == f"{diagnosis!r}\n" == f"{diagnosis}\n"
    assert f"{diagnosis!r}".startswith("No finding.\n  note      This loss is exact on TensorFlow only")
    for wrong in (None, logits(), "No finding.", [1]):
        with pytest.raises(ValueError, match=r"^`findings` is a \w+; wanted what diagnose\(model, x, y\) returns\.$"):
            report(wrong)


def mixed():
    """Return a table with a column of text."""
    table = Table(np.array([[1.0, "a"], [2.0, "b"]], object))
    table.columns = ("age", "name")
    return table


@pytest.mark.parametrize(
    ("x", "y", "more", "message"),
    [
        (None, Y, {}, "`x` is None; wanted an array of rows"),
        ("abc", Y, {}, "`x` is a str; wanted an array of rows"),
        (X, {1, 2}, {}, "`y` is a set; wanted an array of rows"),
        (mixed(), Y[:2], {}, "`x` holds object values; wanted numbers. These columns hold text: 'name'."),
        (
            (X, Y),
            None,
            {},
            "`y` is missing, and `x` is a tuple and no dataset. Is it (x, y)? Then diagnose(model, *batch).",
        ),
        (Y, X, {}, "y has the shape of the model's input: are x and y exchanged?"),
        ({"img": X}, Y, {}, "x has 'img'; the model's inputs are 'pixels'."),
        (X, Y, {"class_weight": {0: "2"}}, "`class_weight` has 0: '2'; wanted a class number and its weight, 1: 5.0."),
        (
            X,
            Y,
            {"class_weight": {"0": 2.0}},
            "`class_weight` has '0': 2.0; wanted a class number and its weight, 1: 5.0.",
        ),
    ],
)
def test_what_cannot_be_read_gets_a_sentence_that_leads_on(x, y, more, message):
    model = keras.Sequential([keras.Input((6,), name="pixels"), dense()])
    model.compile(loss=SPARSE())
    with pytest.raises(ValueError, match=re.escape(message)):
        diagnose(model, x, y, **more)


def test_an_own_train_step_is_named_and_not_examined():
    class Own(keras.Model):
        def call(self, x):
            return x[:, :4]

        def train_step(self, data):
            raise AssertionError

    model = Own()
    model.compile(loss=SPARSE())
    notes = diagnose(model, X, Y).notes
    assert notes[0].startswith("The model has a train_step of its own, which is not examined")


def test_labels_that_the_loss_ignores_do_not_count_where_a_mask_hides_them():
    words = np.where(np.arange(5) < 3, 1 + np.arange(60).reshape(12, 5) % 8, 0)
    tags = np.where(words > 0, words % 4, -1)
    for hidden in (True, False):
        embedded = layers.Embedding(9, 4, mask_zero=hidden)
        loss = SPARSE(ignore_class=-1)
        model = sequential(embedded, dense(), loss=loss, metrics=["accuracy"], shape=(5,), dtype="int64")
        assert names(model, words, tags) == ["a metric that does not fit"] * (not hidden)

    def accuracy(y, p):
        return tf.reduce_mean(tf.cast(tf.argmax(p, -1) == tf.cast(y, "int64"), "float32")[:, :3])

    model.compile("sgd", loss=loss, metrics=[accuracy])
    assert names(model, words, tags) == []


def test_a_compute_loss_beside_the_compiled_loss_is_named_and_not_examined():
    model = Step(lambda p: tf.reduce_mean(p))
    model.compile("sgd", loss=SPARSE())
    (note,) = diagnose(model, X, Y).notes
    assert note.startswith("The model has a compute_loss of its own, which is not examined")
