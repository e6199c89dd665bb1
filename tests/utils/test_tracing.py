"""The trace reports what the installed Keras does, from its own source, and leaves the model as it was."""

import sys

import numpy as np
import pytest

from utils.quiet import keras, tf
from utils.tracing import PACKAGES, KerasChangedError, path_of, trace

layers, Sparse = keras.layers, keras.losses.SparseCategoricalCrossentropy
X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 1, 0], np.uint8)


def model_with(*after, loss="sparse_categorical_crossentropy", **compiled):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), *after])
    model.compile(compiled.pop("optimizer", "sgd"), loss=loss, **compiled)
    return model


def seen(stops, function):
    return [stop.seen for stop in stops if stop.function == function]


def test_the_stops_of_a_softmax_model_are_those_between_label_and_scalar():
    stops = trace(model_with(layers.Softmax(), metrics=["accuracy"]), X, LABELS)
    assert [stop.function for stop in stops] == [
        "get_loss",
        "get",
        "Loss.__call__",
        "squeeze_or_expand_to_same_rank",
        "sparse_categorical_crossentropy",
        "_get_logits",
        "sparse_softmax_cross_entropy_with_logits_v2",
        "reduce_weighted_values",
        "get_metric",
    ]
    assert seen(stops, "Loss.__call__") == ["labels uint8 (5,) -> float32 (5,); output float32 (5, 3)"]
    assert seen(stops, "get_metric") == ["'accuracy' -> SparseCategoricalAccuracy"]
    assert "labels int64 (5,)" in seen(stops, "sparse_softmax_cross_entropy_with_logits_v2")[0]


def test_the_scalar_is_the_loss_that_keras_reports():
    model = model_with(layers.Softmax())
    reported = model.evaluate(X, LABELS, verbose=0)
    stops = trace(model, X, LABELS)
    assert seen(stops, "reduce_weighted_values")[0].endswith(f"-> float32 {reported:.4g}")


@pytest.mark.parametrize(
    ("after", "loss", "path"),
    [
        ([layers.Softmax], "sparse_categorical_crossentropy", "recovered logits"),
        ([], Sparse(from_logits=True), "logits"),
        ([layers.Softmax, lambda: layers.Reshape((3,))], "sparse_categorical_crossentropy", "clipped probabilities"),
        ([layers.Softmax], Sparse(ignore_class=9), "clipped probabilities"),
        ([layers.Softmax], Sparse(dtype="float64"), "clipped probabilities"),
    ],
)
def test_the_path_is_the_one_that_the_loss_took(after, loss, path):
    assert path_of(trace(model_with(*(make() for make in after), loss=loss), X, LABELS)) == path


def test_the_clip_and_its_epsilon_are_seen():
    stops = trace(model_with(layers.Softmax(), layers.Reshape((3,))), X, LABELS)
    assert seen(stops, "clip_by_value") == ["to 1e-07 ... 0.9999999"]


def test_one_hot_labels_columns_and_weights_are_seen():
    one_hot = trace(model_with(layers.Softmax(), loss="categorical_crossentropy"), X, np.eye(3)[LABELS])
    assert path_of(one_hot) == "recovered logits"
    assert "labels float64 (5, 3) -> float32 (5, 3)" in seen(one_hot, "Loss.__call__")[0]
    column = trace(model_with(layers.Softmax()), X, LABELS[:, None])
    assert seen(column, "squeeze_or_expand_to_same_rank")[0] == "(5, 1) and (5, 3) -> unchanged"
    weighted = trace(model_with(layers.Softmax()), X, LABELS, sample_weight=np.ones(5))
    assert "weights float64 (5,)" in seen(weighted, "reduce_weighted_values")[0]


def test_file_and_line_lead_to_the_function_in_the_installed_source():
    for stop in trace(model_with(layers.Softmax(), metrics=["accuracy"]), X, LABELS):
        file, _, line = stop.where.rpartition(":")
        # The line is that of the first decorator where there is one.
        source = (PACKAGES / file).read_text().splitlines()[int(line) - 1 : int(line) + 12]
        assert f"def {stop.function.rpartition('.')[2]}(" in "\n".join(source)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weights_optimizer_and_metrics_are_put_back(optimizer):
    model = model_with(layers.Softmax(), layers.Dropout(0.5), optimizer=optimizer, metrics=["accuracy"])
    model.fit(X, LABELS, verbose=0)
    state = [v.numpy() for v in [*model.variables, *model.optimizer.variables]]
    trace(model, X, LABELS)
    for before, after in zip(state, [*model.variables, *model.optimizer.variables], strict=True):
        np.testing.assert_array_equal(before, after)
    assert model.metrics[0].result() == 0


def test_the_profile_hook_of_somebody_else_is_put_back():
    hook = lambda *event: None  # noqa: E731
    sys.setprofile(hook)
    try:
        trace(model_with(layers.Softmax()), X, LABELS)
        assert sys.getprofile() is hook
    finally:
        sys.setprofile(None)


def test_a_stop_is_printed_in_two_lines():
    stop = trace(model_with(layers.Softmax()), X, LABELS)[0]
    assert str(stop) == f"get_loss  ({stop.where})\n    {stop.seen}"


def test_a_model_that_is_not_compiled_is_refused():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match=r"`model` is not compiled; call model\.compile\(optimizer=\.\.\., loss"):
        trace(model, X, LABELS)


def test_a_keras_without_a_watched_function_is_named(monkeypatch):
    monkeypatch.delattr(keras.src.backend.tensorflow.nn, "_get_logits")
    with pytest.raises(KerasChangedError, match=r"this Keras \(3\..*\) is built otherwise: .*_get_logits"):
        trace(model_with(layers.Softmax()), X, LABELS)


def test_the_step_that_is_watched_is_the_one_that_trains():
    model = model_with(layers.Softmax())
    kernel = model.layers[0].kernel.numpy()
    model.train_step((tf.constant(X), tf.constant(LABELS)))
    assert np.abs(model.layers[0].kernel.numpy() - kernel).max() > 0
