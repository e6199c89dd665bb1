"""The definitions agree with TensorFlow, with Keras, with values worked out by hand and with finite differences."""

import re
import subprocess
import sys
from pathlib import Path

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest
from hypothesis import assume, given, settings

from utils.losses import (
    cross_entropy,
    cross_entropy_gradient,
    log_softmax,
    log_softmax_gradient,
    softmax,
    softmax_gradient,
)
from utils.quiet import keras, tf

settings.register_profile("course", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("course")

ROOT = Path(__file__).resolve().parents[2]
LN3 = np.log(3.0)
LOGITS = [2.5, -1.0, 0.8, 4.1, -0.3]
PROBS = [0.16059811, 0.00484964, 0.02933863, 0.79544764, 0.00976598]
LOSS_OF_3 = 0.2288502546


def agree(got, want, atol=1e-9):
    """Compare shape and values; the tolerance leaves room for float64 rounding of numbers up to 1e4 only."""
    want = np.asarray(want)
    assert np.shape(got) == want.shape
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, want, rtol=1e-10, atol=atol)


# Random cases of rank 1 to 4


@st.composite
def scores(draw, min_classes=1):
    """Logits from tame to ±10,000, rows of very different size included."""
    leading = draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=4))
    size = draw(st.sampled_from([1.0, 30.0, 1e4]))
    shape = (*leading, draw(st.integers(min_classes, 6)))
    return draw(hnp.arrays(np.float64, shape, elements=st.floats(-size, size)))


@st.composite
def scores_and_upstream(draw):
    logits = draw(scores())
    return logits, draw(hnp.arrays(np.float64, logits.shape, elements=st.floats(-100, 100)))


@st.composite
def problems(draw, min_classes=1):
    """Labels, soft target rows and logits that belong together; rows that look like probabilities are left out."""
    logits = draw(scores(min_classes))
    classes = logits.shape[-1]
    if classes > 1 and (logits >= 0).all():
        assume(np.abs(logits.sum(axis=-1) - 1).max() > 1e-3)
    labels = draw(hnp.arrays(np.int64, logits.shape[:-1], elements=st.integers(0, classes - 1)))
    weights = draw(hnp.arrays(np.float64, logits.shape, elements=st.floats(0, 1)))
    weights = weights + 0.1 * np.eye(classes)[labels]
    return labels, weights / weights.sum(axis=-1, keepdims=True), logits


@given(scores(), st.data())
def test_softmax_and_log_softmax_agree_with_tensorflow_on_every_axis(logits, data):
    axis = data.draw(st.integers(-logits.ndim, logits.ndim - 1), label="axis")
    agree(softmax(logits, axis=axis), tf.nn.softmax(logits, axis=axis))
    agree(log_softmax(logits, axis=axis), tf.nn.log_softmax(logits, axis=axis))


@given(scores(), st.floats(0.01, 100))
def test_temperature_divides_the_logits(logits, temperature):
    agree(softmax(logits, temperature=temperature), tf.nn.softmax(logits / temperature))
    agree(log_softmax(logits, temperature=temperature), tf.nn.log_softmax(logits / temperature))


@given(scores(), st.data())
def test_softmax_gives_probabilities(logits, data):
    axis = data.draw(st.integers(-logits.ndim, logits.ndim - 1), label="axis")
    probs = softmax(logits, axis)
    assert (probs >= 0).all()
    assert (probs <= 1).all()
    assert (log_softmax(logits, axis) <= 0).all()
    np.testing.assert_allclose(probs.sum(axis=axis), 1, rtol=0, atol=1e-12)


@given(scores(), st.floats(-1e4, 1e4))
def test_adding_a_constant_to_a_row_changes_nothing(logits, shift):
    agree(softmax(logits + shift), softmax(logits))
    agree(log_softmax(logits + shift), log_softmax(logits))


@given(problems())
def test_cross_entropy_agrees_with_tensorflow(problem):
    labels, targets, logits = problem
    one_hot = np.eye(logits.shape[-1])[labels]
    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
    agree(cross_entropy(labels, logits), sparse)
    agree(cross_entropy(one_hot, logits), sparse)
    agree(cross_entropy(targets, logits), tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits))


@given(problems(min_classes=2))  # Keras refuses one class in rank 1
def test_cross_entropy_agrees_with_keras_in_float64(problem):
    labels, targets, logits = problem
    options = {"from_logits": True, "reduction": None, "dtype": "float64"}
    sparse = keras.losses.SparseCategoricalCrossentropy(**options)
    dense = keras.losses.CategoricalCrossentropy(**options)
    agree(cross_entropy(labels, logits), sparse(labels, logits))
    agree(cross_entropy(np.eye(logits.shape[-1])[labels], logits), dense(np.eye(logits.shape[-1])[labels], logits))
    agree(cross_entropy(targets, logits), dense(targets, logits))


@given(problems(min_classes=2))
def test_cross_entropy_agrees_with_keras_as_it_comes_in_float32(problem):
    labels, targets, logits = problem
    targets, logits = targets.astype(np.float32), logits.astype(np.float32)
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction=None)
    dense = keras.losses.CategoricalCrossentropy(from_logits=True, reduction=None)
    room = 1e-6 * (1 + np.abs(logits).max())
    np.testing.assert_allclose(sparse(labels, logits), cross_entropy(labels, logits), rtol=1e-5, atol=room)
    np.testing.assert_allclose(dense(targets, logits), cross_entropy(targets, logits), rtol=1e-5, atol=room)


@given(problems())
def test_cross_entropy_gradient_agrees_with_the_tape(problem):
    labels, targets, logits = problem
    z = tf.constant(logits)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=z)
        dense = tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=z)
    agree(cross_entropy_gradient(labels, logits), tape.gradient(sparse, z))
    agree(cross_entropy_gradient(np.eye(logits.shape[-1])[labels], logits), tape.gradient(sparse, z))
    agree(cross_entropy_gradient(targets, logits), tape.gradient(dense, z))
    np.testing.assert_allclose(cross_entropy_gradient(targets, logits).sum(axis=-1), 0, atol=1e-12)


@given(scores_and_upstream())
def test_softmax_gradients_agree_with_the_tape(case):
    logits, upstream = case
    z, g = tf.constant(logits), tf.constant(upstream)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(z)
        probs, log_probs = tf.nn.softmax(z), tf.nn.log_softmax(z)
    agree(softmax_gradient(logits, upstream), tape.gradient(probs, z, output_gradients=g))
    agree(log_softmax_gradient(logits, upstream), tape.gradient(log_probs, z, output_gradients=g))
    np.testing.assert_allclose(softmax_gradient(logits, upstream).sum(axis=-1), 0, atol=1e-10)
    np.testing.assert_allclose(log_softmax_gradient(logits, upstream).sum(axis=-1), 0, atol=1e-10)


# Finite differences


def slope(function, logits, step=1e-5):
    """Return the central differences of a scalar function, one for each logit."""
    slopes = np.zeros(logits.shape)
    for at in np.ndindex(logits.shape):
        nudge = np.zeros(logits.shape)
        nudge[at] = step
        slopes[at] = (function(logits + nudge) - function(logits - nudge)) / (2 * step)
    return slopes


@pytest.mark.parametrize("shape", [(4,), (2, 3), (2, 2, 3)])
def test_gradients_are_the_slopes_of_their_functions(shape):
    rng = np.random.default_rng(0)
    logits, g = rng.normal(size=shape), rng.normal(size=shape)
    labels, targets = rng.integers(shape[-1], size=shape[:-1]), softmax(rng.normal(size=shape))
    agree(cross_entropy_gradient(labels, logits), slope(lambda z: cross_entropy(labels, z).sum(), logits), 1e-8)
    agree(cross_entropy_gradient(targets, logits), slope(lambda z: cross_entropy(targets, z).sum(), logits), 1e-8)
    agree(softmax_gradient(logits, g), slope(lambda z: (g * softmax(z)).sum(), logits), 1e-8)
    agree(log_softmax_gradient(logits, g), slope(lambda z: (g * log_softmax(z)).sum(), logits), 1e-8)


# Values worked out by hand


def test_the_example_of_the_course():
    one_hot = [0, 0, 0, 1, 0]
    np.testing.assert_allclose(softmax(LOGITS), PROBS, rtol=0, atol=5e-9)
    np.testing.assert_allclose(log_softmax(LOGITS), np.log(PROBS), rtol=0, atol=1e-6)
    np.testing.assert_allclose(cross_entropy(3, LOGITS), LOSS_OF_3, rtol=0, atol=5e-11)
    np.testing.assert_allclose(cross_entropy(one_hot, LOGITS), LOSS_OF_3, rtol=0, atol=5e-11)
    np.testing.assert_allclose(cross_entropy_gradient(3, LOGITS), np.subtract(PROBS, one_hot), rtol=0, atol=5e-9)
    np.testing.assert_allclose(cross_entropy_gradient(one_hot, LOGITS), np.subtract(PROBS, one_hot), rtol=0, atol=5e-9)


def test_logits_0_and_ln_3_have_probabilities_one_and_three_quarters():
    agree(softmax([0, LN3]), [0.25, 0.75], 1e-15)
    agree(log_softmax([0, LN3]), [-np.log(4), LN3 - np.log(4)], 1e-15)
    agree(softmax([[0, 0], [LN3, 0]], axis=0), [[0.25, 0.5], [0.75, 0.5]], 1e-15)
    agree(log_softmax([[0, 0], [LN3, 0]], 0), np.log([[0.25, 0.5], [0.75, 0.5]]), 1e-15)
    agree(softmax([0, LN3], -1, 0.5), [0.1, 0.9], 1e-15)
    agree(log_softmax([0, 2 * LN3], -1, 2), np.log([0.25, 0.75]), 1e-15)
    agree(softmax_gradient([0, LN3], [1, 0]), [3 / 16, -3 / 16], 1e-15)
    agree(log_softmax_gradient([0, LN3], [1, 0]), [0.75, -0.75], 1e-15)


def test_losses_of_hand_made_rows():
    agree(cross_entropy([0, 1, 3], np.zeros((3, 4))), [np.log(4)] * 3, 1e-15)
    entropy = -(0.25 * np.log(0.25) + 0.75 * np.log(0.75))
    agree(cross_entropy([[0.25, 0.75]], [[0, LN3]]), [entropy], 1e-15)
    agree(cross_entropy([[0.5, 0.5]], [[0, LN3]]), [np.log(4) - LN3 / 2], 1e-15)
    agree(cross_entropy_gradient([[0.5, 0.5]], [[0, LN3]]), [[-0.25, 0.25]], 1e-15)
    agree(cross_entropy(0, [7.0]), 0.0, 0)


def test_rows_far_apart_keep_their_own_maximum():
    logits = [[1e4, 1e4 + LN3], [-1e4, -1e4 + LN3], [0, LN3]]
    agree(softmax(logits), [[0.25, 0.75]] * 3, 1e-11)
    agree(cross_entropy([1, 1, 1], logits), [np.log(4 / 3)] * 3, 1e-11)


@pytest.mark.filterwarnings("error")
def test_a_masked_class_gets_probability_0_and_disturbs_nothing():
    logits = [0, -np.inf, LN3]
    agree(softmax(logits), [0.25, 0, 0.75], 1e-15)
    agree(softmax([[0, -np.inf], [LN3, 5]], axis=0), [[0.25, 0], [0.75, 1]], 1e-15)
    assert log_softmax(logits)[1] == -np.inf
    agree(cross_entropy(2, logits), np.log(4 / 3), 1e-15)
    agree(cross_entropy([0, 0, 1], logits), np.log(4 / 3), 1e-15)
    agree(cross_entropy([0.5, 0, 0.5], logits), np.log(4) - LN3 / 2, 1e-15)
    agree(cross_entropy_gradient(2, logits), [0.25, 0, -0.25], 1e-15)
    agree(softmax_gradient(logits, [1, 9, 0]), [3 / 16, 0, -3 / 16], 1e-15)
    assert cross_entropy(1, logits) == np.inf
    assert cross_entropy([0.9, 0.1, 0], logits) == np.inf


@pytest.mark.filterwarnings("error")
def test_scores_at_the_end_of_float64_neither_overflow_nor_warn():
    agree(softmax([1e308, -1e308]), [1, 0], 0)
    agree(softmax([1e308, 0], temperature=1e-300), [1, 0], 0)
    assert cross_entropy(1, [1e308, 0]) == 1e308


def test_a_loss_of_0_is_not_minus_0():
    for labels in (0, [1, 0]):
        loss = cross_entropy(labels, [1000, -1000])
        assert loss == 0
        assert not np.signbit(loss)


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.float16, np.float32, ml_dtypes.bfloat16])
def test_every_real_dtype_is_computed_in_float64(dtype):
    logits = np.array([[2, -1, 3], [0, 5, 1]], dtype)
    wide = logits.astype(np.float64)
    agree(softmax(logits), tf.nn.softmax(wide), 1e-15)
    agree(cross_entropy(np.array([2, 0], np.uint8), logits), cross_entropy([2, 0], wide), 0)


def test_an_empty_batch_has_no_losses():
    labels, logits = np.zeros((0,), np.int64), np.zeros((0, 3))
    assert cross_entropy(labels, logits).shape == (0,)
    assert cross_entropy_gradient(labels, logits).shape == softmax(logits).shape == (0, 3)


def test_arguments_are_left_as_they_were():
    logits, upstream, targets = np.array([0, LN3]), np.array([1.0, 0]), np.array([0.5, 0.5])
    for function in (softmax, log_softmax):
        function(logits, temperature=2)
    for function in (softmax_gradient, log_softmax_gradient):
        function(logits, upstream)
    for function in (cross_entropy, cross_entropy_gradient):
        function(targets, logits)
    assert (*logits, *upstream, *targets) == (0, LN3, 1, 0, 0.5, 0.5)


# Errors


@pytest.mark.parametrize("function", [softmax, log_softmax])
@pytest.mark.parametrize("temperature", [0, -1.0, np.inf, np.nan])
def test_a_temperature_must_be_finite_and_above_0(function, temperature):
    message = f"`temperature` is {temperature}; wanted a finite number above 0 (1 changes nothing)."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        function([1, 2], temperature=temperature)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        ([[1, 2], [np.nan, 0]], r"`logits` holds nan at \(1, 0\); softmax needs finite scores"),
        ([[1, np.inf]], r"`logits` holds inf at \(0, 1\); softmax needs finite scores"),
        ([[0, 1], [-np.inf, -np.inf]], r"`logits` is -inf for every class at \(1,\); leave one class unmasked"),
        (["a", "b"], r"`logits` holds <U1 values; wanted real numbers"),
        (3.0, r"`logits` is a single number; wanted at least one axis, the classes: \[3.0\]"),
    ],
)
def test_logits_without_a_softmax_are_refused_everywhere(logits, message):
    calls = [
        lambda: softmax(logits),
        lambda: log_softmax(logits),
        lambda: cross_entropy([0, 0], logits),
        lambda: cross_entropy_gradient([0, 0], logits),
        lambda: softmax_gradient(logits, [[1, 0]]),
        lambda: log_softmax_gradient(logits, [[1, 0]]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match=message):
            call()


def test_an_axis_must_exist_and_hold_a_class():
    for function in (softmax, log_softmax):
        with pytest.raises(ValueError, match=r"`logits` has shape \(2, 3\), and so no axis 2"):
            function(np.zeros((2, 3)), axis=2)
        with pytest.raises(ValueError, match=r"`logits` has shape \(0, 3\); its axis 0, the classes, is empty"):
            function(np.zeros((0, 3)), axis=0)


@pytest.mark.parametrize(
    ("labels", "logits", "message"),
    [
        ([0, 3], [[1, 2, 3], [3, 2, 1]], r"`labels` holds 3 at \(1,\); 3 classes have labels 0 to 2"),
        ([[0], [1]], [[1, 2, 3], [3, 2, 1]], r"`labels` has shape \(2, 1\); .* want \(2,\). Use labels\[..., 0\]"),
        ([0.0, 1.0], [[1, 2, 3], [3, 2, 1]], r"`labels` holds float64 values; wanted integers"),
        ([[0, 1], [1]], [[1, 2], [2, 1]], r"`labels` is ragged"),
        ([[0, 1], [1, 1]], [[1, 2], [2, 1]], r"`targets` has a row at \(1,\) that sums to 2; wanted 1"),
        ([[np.nan, 1]], [[1, 2]], r"`targets` holds nan at \(0, 0\); a target is a probability"),
        ([1, 0], [[0.25, 0.75], [0.5, 0.5]], r"`logits` looks like probabilities: .* Give the scores from before"),
    ],
)
def test_labels_and_logits_that_do_not_fit_are_refused(labels, logits, message):
    for function in (cross_entropy, cross_entropy_gradient):
        with pytest.raises(ValueError, match=message):
            function(labels, logits)


@pytest.mark.parametrize("function", [softmax_gradient, log_softmax_gradient])
def test_an_upstream_gradient_must_fit_and_be_finite(function):
    with pytest.raises(ValueError, match=r"^`upstream` has shape \(2,\); wanted that of the logits, \(1, 2\)\.$"):
        function([[1, 2]], [1, 0])
    for bad in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match=rf"^`upstream` holds {bad} at \(0, 1\); a gradient that is not finite"):
            function([[1, 2]], [[1, bad]])
    with pytest.raises(ValueError, match=r"`upstream` holds <U1 values; wanted real numbers"):
        function([[1, 2]], [["a", "b"]])


# The promise to the chapters that need only NumPy


def test_the_definitions_import_fast_and_without_tensorflow():
    code = (
        # Of the processor, not of the clock: beside other programs an import takes longer.
        "import sys, time; start = time.process_time(); import utils.losses; print(time.process_time() - start, "
        "*({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    )
    seconds = []
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        duration, *heavy = run.stdout.split()
        assert heavy == []
        seconds.append(float(duration))
    assert min(seconds) < 0.3
