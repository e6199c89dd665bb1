"""What chapter 5 says of Keras's inside, sentence by sentence, against the installed Keras.

A failure names the sentence that is no longer true (or that the chapter no longer holds): mend both together.
"""

import re
import warnings
from pathlib import Path

import nbformat
import numpy as np
import pytest

from utils.checks import error_shown
from utils.quiet import keras, tf
from utils.tracing import path_of, trace

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "05_inside_keras.ipynb"
layers, Sparse = keras.layers, keras.losses.SparseCategoricalCrossentropy
STRING = "sparse_categorical_crossentropy"
GUARDS = {}


def sentence(text):
    """Register the function below as the proof of a sentence of the chapter; it returns True while that is true."""
    return lambda proof: GUARDS.setdefault(text, proof)


def step(*after, loss=STRING, dtype="float32", **compiled):
    """Return loss and size of an SGD step for logits 0 and 200 with label 0."""
    first = layers.Dense(2, kernel_initializer="zeros", dtype=dtype)
    model = keras.Sequential([keras.Input((1,)), first, *after])
    first.bias.assign([0.0, 200.0])
    model.compile(keras.optimizers.SGD(1.0), loss=loss, **compiled)
    value = model.train_on_batch(np.ones((1, 1), np.float32), np.zeros((1, *model.output_shape[1:-1]), int))
    return round(float(value), 3), float(np.abs(first.bias.numpy() - [0, 200]).max())


RIGHT, CLIPPED, TWICE = (200.0, 1.0), (16.118, 0.0), (1.313, 0.0)


def softmax_model(loss=STRING, metrics=None):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    model.compile("sgd", loss=loss, metrics=metrics)
    return model


def stops(loss=STRING, labels=(0, 2)):
    return trace(softmax_model(loss), np.ones((2, 4), np.float32), np.array(labels, np.uint8))


def metric(labels, output):
    choose = keras.src.trainers.compile_utils.get_metric
    return type(choose("accuracy", np.zeros(labels), np.zeros(output))).__name__


@sentence("This happens once, at the first batch after `compile`.")
def _():
    model = softmax_model()
    data = np.ones((2, 4), np.float32), np.array([0, 2])
    first, second = (sum(s.function == "get_loss" for s in trace(model, *data)) for _ in range(2))
    return (first, second) == (1, 0)


@sentence("labels and output are both cast to the float type of the loss; a label is a float32 for a moment.")
def _():
    return any(s.seen.startswith("labels uint8 (2,) -> float32 (2,); output float32") for s in stops())


@sentence("At stop 7 the labels are integers again, int64, and the op picks by position.")
def _():
    return stops()[6].seen.startswith("labels int64 (2,)")


@sentence("The output carries a note of the logits that softmax was given, and Keras takes these.")
def _():
    return hasattr(keras.ops.softmax(tf.ones((1, 2))), "_keras_logits") and path_of(stops()) == "recovered logits"


@sentence("Stop 8 is the mean over 32 losses, and stop 9 chose the metric.")
def _():
    found = trace(softmax_model(metrics=["accuracy"]), np.ones((2, 4), np.float32), np.array([0, 2]))
    return [s.function for s in found][7:] == ["reduce_weighted_values", "get_metric"]


@sentence("The class name works too, and gives an object with its own settings.")
def _():
    return isinstance(keras.losses.get("SparseCategoricalCrossentropy"), Sparse)


@sentence('One short name, `"ce"`, looks at the shapes instead')
def _():
    return STRING in [s.function for s in stops("ce")]


@sentence("If the output has one column, binary.")
def _():
    return {metric(shape, (32, 1)) for shape in ((32,), (32, 1), (32, 10))} == {"BinaryAccuracy"}


@sentence("If the labels have fewer axes than the output, or a last axis of length 1, sparse.")
def _():
    return {metric((32,), (32, 10)), metric((32, 1), (32, 10)), metric((8, 4), (8, 4, 5))} == {
        "SparseCategoricalAccuracy"
    }


@sentence("Otherwise categorical.")
def _():
    return metric((32, 10), (32, 10)) == "CategoricalAccuracy"


@sentence("A Keras softmax leaves them on its result, as the attribute `_keras_logits`.")
def _():
    ways = [layers.Softmax(), layers.Activation("softmax")]
    return all(step(way) == RIGHT for way in ways) and hasattr(
        keras.activations.softmax(tf.ones((1, 2))), "_keras_logits"
    )


@sentence("Keeping or deleting the softmax makes no difference, as long as `from_logits` says which it is.")
def _():
    return step(layers.Softmax()) == step(loss=Sparse(from_logits=True)) == RIGHT


class MaskedSoftmax(layers.Softmax):
    def call(self, inputs):
        return super().call(inputs, mask=keras.ops.ones_like(inputs, dtype="bool"))


@sentence("Six times 16.118 and no step.")
def _():
    return {
        step(layers.Softmax(), layers.Reshape((2,))),
        step(layers.Reshape((1, 2)), layers.TimeDistributed(layers.Softmax())),
        step(MaskedSoftmax()),
        step(layers.Softmax(dtype="mixed_bfloat16"), dtype="mixed_bfloat16"),
        step(layers.Softmax(), loss=Sparse(dtype="float64")),
        step(layers.Softmax(), loss=Sparse(ignore_class=-1)),
    } == {CLIPPED}


@sentence("so it is recognised in a graph only; the same model trains differently with `run_eagerly=True`.")
def _():
    raw = [layers.Lambda(lambda z: tf.nn.softmax(z)) for _ in range(2)]
    return (step(raw[0]), step(raw[1], run_eagerly=True)) == (RIGHT, CLIPPED)


@sentence("A softmax that works in float32 keeps mixed precision safe.")
def _():
    return step(layers.Softmax(dtype="float32"), dtype="mixed_bfloat16") == RIGHT


@sentence("The categorical one divides by the sum, then clips.")
def _():
    output = np.array([[3.0, 1.0, 0.5]], np.float32)
    losses = keras.losses.CategoricalCrossentropy()(np.eye(3)[[0]], output), Sparse()(np.array([0]), output)
    return np.allclose(losses, (-np.log(3 / 4.5), np.log(2.5)), atol=1e-5)


@sentence("Weights of shape `(B,)` fail, unless B equals T: then they broadcast along the wrong axis, in silence.")
def _():
    loss, weights = Sparse(from_logits=True, reduction="sum"), np.array([1.0, 0.0])
    z = np.random.default_rng(0).normal(size=(2, 2, 5))
    y = np.zeros((2, 2), int)
    with error_shown():
        loss(y[:, :1].repeat(3, 1), z[:, :1].repeat(3, 1), weights)
    rows = Sparse(from_logits=True, reduction=None)(y, z).numpy()
    return np.isclose(loss(y, z, weights), rows[:, 0].sum(), atol=1e-5)


@sentence("`ignore_class` sets a mask in the same way.")
def _():
    y, z = np.array([0, -1]), np.zeros((2, 3), np.float32)
    return np.isclose(Sparse(from_logits=True, ignore_class=-1)(y, z), np.log(3), atol=1e-6)


@sentence("A mean over its result counts the ignored zeros.")
def _():
    function = getattr(keras.losses, STRING)
    rows = function(np.array([0, -1]), np.zeros((2, 3), np.float32), from_logits=True, ignore_class=-1)
    return rows.numpy()[1] == 0


@sentence("Mixed-precision policies leave the loss in float32, so its labels are safe.")
def _():
    before = keras.config.dtype_policy()
    try:
        keras.config.set_dtype_policy("mixed_bfloat16")
        return Sparse().dtype == "float32"
    finally:
        keras.config.set_dtype_policy(before)


@sentence("neither is the accuracy of a bfloat16 output, which casts the labels to match it")
def _():
    accuracy = keras.metrics.SparseCategoricalAccuracy()
    accuracy.update_state([257], tf.cast(tf.one_hot([256], 300), "bfloat16"))
    return accuracy.result() == 1


@sentence("Epsilon is a setting of the whole process, read at each call; the cap of the loss moves with it.")
def _():
    before = keras.config.epsilon()
    try:
        keras.config.set_epsilon(1e-3)
        return np.isclose(Sparse()(np.array([0]), np.array([[0.0, 1.0]])), -np.log(1e-3), atol=1e-4)
    finally:
        keras.config.set_epsilon(before)


@sentence("With a recoverable softmax Keras on TensorFlow ignores the mistake and warns.")
def _():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = step(layers.Softmax(), loss=Sparse(from_logits=True))
    return found == RIGHT and "from_logits=True" in str(caught[0].message)


@sentence("Where the logits are lost it is a real second softmax, without a warning")
def _():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return step(layers.Softmax(), layers.Reshape((2,)), loss=Sparse(from_logits=True)) == TWICE


@sentence("Logits are clipped into the range of probabilities; 0 and 200 become the two ends of it.")
def _():
    return step() == CLIPPED


@sentence("In training, on this CPU, a graph raises, eager code raises, and XLA returns `nan`.")
def _():
    bad = tf.constant([[1.0, 2.0]]), tf.constant([2])
    op = tf.nn.sparse_softmax_cross_entropy_with_logits
    for way in (op, tf.function(op)):
        with error_shown():
            way(labels=bad[1], logits=bad[0])
    return np.isnan(tf.function(op, jit_compile=True)(labels=bad[1], logits=bad[0]))[0]


@pytest.fixture(scope="module")
def prose():
    cells = nbformat.read(CHAPTER, as_version=4).cells
    text = " ".join(cell.source for cell in cells if cell.cell_type == "markdown")
    text = re.sub(r"\[([^\]]+)\]\([^)]+\)|\s*\{cite\}`\w+`", r"\1", text)  # the words of a link, without its address
    return re.sub(r"\s+", " ", text).lower()


@pytest.mark.parametrize("text", GUARDS)
def test_the_book_is_still_true_of_the_installed_keras(text, prose):
    assert text.lower() in prose, f"chapter 5 no longer says: {text}"
    assert GUARDS[text](), f"no longer true in Keras {keras.__version__}: {text}"
