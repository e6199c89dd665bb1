"""The checks accept what they promise, and refuse the rest by argument, value, position and a way out.

Longer than other files: each check has a table of every argument that it refuses, with the words of the refusal.
"""

import re

import ml_dtypes
import numpy as np
import pytest

from utils.checks import (
    check_images,
    check_labels,
    check_logits,
    check_masks,
    check_not_probs,
    check_targets,
    error_shown,
    first,
    numbers,
    rectangle,
)
from utils.quiet import keras, tf

INF, NAN = np.inf, np.nan


def refused(message):
    """Expect a ValueError with exactly this message."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def test_first_is_the_first_true_in_reading_order():
    assert first(np.array([[False, False], [False, True], [True, True]])) == (1, 1)
    assert [type(i) for i in first(np.array([False, True]))] == [int]  # NumPy's own integers would print their type


# numbers


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_numbers_of_every_real_dtype_become_float64(dtype):
    array = numbers(np.array([[1, 0], [0, 1]], dtype), "scores")
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [[1, 0], [0, 1]])


def test_numbers_reads_lists_and_tensors():
    np.testing.assert_array_equal(numbers([1, 2.5], "scores"), [1, 2.5])
    np.testing.assert_array_equal(numbers(tf.constant([1, 2.5]), "scores"), [1, 2.5])
    assert numbers(np.zeros((0, 3)), "scores").shape == (0, 3)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1, 2], [3]], "`scores` is ragged: its rows differ in length. Give every row the same length."),
        (["a", "b"], "`scores` holds <U1 values; wanted real numbers. Convert it with np.asarray."),
        ([None, 1], "`scores` holds object values; wanted real numbers. Convert it with np.asarray."),
        ([1j], "`scores` holds complex128 values; wanted real numbers. Convert it with np.asarray."),
        (2.5, "`scores` is a single number; wanted at least one axis, the classes: [2.5]."),
        (np.zeros((2, 0)), "`scores` has shape (2, 0); its last axis, the classes, is empty."),
    ],
)
def test_numbers_refuses_what_has_no_row_of_numbers(values, message):
    with refused(message):
        numbers(values, "scores")


def test_rectangle_keeps_any_dtype_and_refuses_ragged_rows():
    assert rectangle([["a", "b"]], "names").shape == (1, 2)
    with refused("`names` is ragged: its rows differ in length. Give every row the same length."):
        rectangle([["a", "b"], ["c"]], "names")


# check_logits


@pytest.mark.parametrize(
    "logits",
    [
        [3],
        [True, False],
        [[1, 2], [-5, 1e300]],
        [0.0, -INF],
        [[-INF, 0], [0, -INF]],
        np.array([1, 2], ml_dtypes.bfloat16),
        np.zeros((0, 3)),
    ],
)
def test_logits_with_a_softmax_are_accepted(logits):
    checked = check_logits(logits)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked, np.asarray(logits).astype(np.float64))


def test_a_mask_is_judged_along_the_axis_of_the_classes():
    column = [[-INF, 0], [-INF, 0]]
    assert check_logits(column, axis=1).shape == check_logits(column).shape == (2, 2)
    with refused("`z` is -inf for every class at (0,); leave one class unmasked."):
        check_logits(column, "z", axis=0)


FINITE = (
    "softmax needs finite scores (or -inf for a masked class). Look for a division by 0 or a log of 0 before this call."
)


@pytest.mark.parametrize(
    ("logits", "axis", "message"),
    [
        ([[1, 2], [NAN, INF]], -1, f"`z` holds nan at (1, 0); {FINITE}"),
        ([1, 2, INF, NAN], -1, f"`z` holds inf at (2,); {FINITE}"),
        (["a"], -1, "`z` holds <U1 values; wanted real numbers. Convert it with np.asarray."),
        ([1, 2], 1, "`z` has shape (2,), and so no axis 1; the classes are often axis -1."),
        ([1, 2], -2, "`z` has shape (2,), and so no axis -2; the classes are often axis -1."),
        (np.zeros((0, 3)), 0, "`z` has shape (0, 3); its axis 0, the classes, is empty."),
        ([-INF, -INF], -1, "`z` is -inf for every class; leave one class unmasked."),
        ([[[0, 1], [-INF, -INF]]], -1, "`z` is -inf for every class at (0, 1); leave one class unmasked."),
    ],
)
def test_logits_without_a_softmax_are_refused(logits, axis, message):
    with refused(message):
        check_logits(logits, "z", axis)
    with refused(message.replace("`z`", "`logits`")):
        check_logits(logits, axis=axis)


# check_not_probs


@pytest.mark.parametrize(
    "logits",
    [
        [[1.0], [1.0]],  # one class: softmax is 1 whatever the score
        [[1.2, -0.2]],  # a negative number
        [[0.5, 0.5], [0.5, 0.6]],  # one row that sums to something else
        [[0.5, 0.500105]],
        [[0.5, 0.499895]],
        [2.0, 3.0],
        np.zeros((0, 3)),
    ],
)
def test_scores_that_are_no_probabilities_pass(logits):
    assert check_not_probs(np.asarray(logits)) is None


@pytest.mark.parametrize(
    "logits", [[[0.0, 1.0]], [[0.5, 0.5, 0], [0.25, 0.75, 0]], [0.5, 0.50009], [0.5, 0.49991], [[[1, 0]]]]
)
def test_probabilities_are_refused_where_logits_belong(logits):
    logits = np.asarray(logits, dtype=np.float64)
    row = logits.reshape(-1, logits.shape[-1])[0]
    with refused(
        f"`scores` looks like probabilities: no entry is negative and every row sums to 1 (the first is {row}). "
        "Give the scores from before softmax, or np.log(probs)."
    ):
        check_not_probs(logits, "scores")
    with pytest.raises(ValueError, match=r"^`logits` looks like probabilities"):
        check_not_probs(logits)


# check_labels


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64])
def test_labels_of_every_integer_dtype_become_int64(dtype):
    labels = check_labels(np.array([[0, 2], [1, 0]], dtype), (2, 2, 3))
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(labels, [[0, 2], [1, 0]])


def test_a_single_label_and_an_empty_batch_are_accepted():
    assert check_labels(2, (3,)) == 2
    assert check_labels(np.zeros((0,), int), (0, 3)).shape == (0,)


@pytest.mark.parametrize(
    ("labels", "shape", "message"),
    [
        (
            [0.0, 1.0],
            (2, 3),
            "`y` holds float64 values; wanted integers, or rows that sum to 1 with shape (2, 3). "
            "If they are whole numbers, pass y.astype(np.int64).",
        ),
        (
            [True, False],
            (2, 3),
            "`y` holds bool values; wanted integers, or rows that sum to 1 with shape (2, 3). "
            "If they are whole numbers, pass y.astype(np.int64).",
        ),
        ([[0], [1]], (2, 3), "`y` has shape (2, 1); logits of shape (2, 3) want (2,). Use y[..., 0]."),
        (
            [[[0], [1]]],
            (1, 2, 3),
            "`y` has shape (1, 2, 1); logits of shape (1, 2, 3) want (1, 2). Use y[..., 0].",
        ),
        (
            [0, 1, 2],
            (2, 3),
            "`y` has shape (3,); logits of shape (2, 3) want (2,). One label belongs to one row of logits.",
        ),
        ([0, 5, 6], (3, 5), "`y` holds 5 at (1,); 5 classes have labels 0 to 4."),
        ([[0, 1], [-1, 0]], (2, 2, 5), "`y` holds -1 at (1, 0); 5 classes have labels 0 to 4."),
        (7, (5,), "`y` holds 7; 5 classes have labels 0 to 4."),
        ([1, 5, 2], (3, 5), "`y` holds 5 at (1,); 5 classes have labels 0 to 4. Labels that start at 1? Use y - 1."),
        ([0, 5, 2], (3, 5), "`y` holds 5 at (1,); 5 classes have labels 0 to 4."),
        ([1, 6, 2], (3, 5), "`y` holds 6 at (1,); 5 classes have labels 0 to 4."),
        ([[0, 1], [1]], (2, 2, 5), "`y` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, shape, message):
    with refused(message):
        check_labels(labels, shape, "y")
    with pytest.raises(ValueError, match=r"^`labels`"):
        check_labels(labels, shape)


# check_targets


@pytest.mark.parametrize(
    "targets",
    [
        np.eye(3, dtype=np.uint8),
        np.eye(3, dtype=bool),
        [[0.02, 0.92, 0.06], [0, 1, 0], [1 / 3, 1 / 3, 1 / 3]],
        [[0.33, 0.33, 0.34], [0.5, 0.25, 0.25009], [0.5, 0.25, 0.24991]],
        np.eye(3).astype(ml_dtypes.bfloat16),
    ],
)
def test_rows_that_sum_to_1_are_accepted(targets):
    targets = np.asarray(targets)
    checked = check_targets(targets, targets.shape)
    assert checked.dtype == np.float64
    np.testing.assert_array_equal(checked, targets.astype(np.float64))


NO_SUM = (
    "; wanted 1. Several classes true at once are a multi-label problem (sigmoid and binary cross-entropy); "
    "otherwise divide the row by its sum."
)


@pytest.mark.parametrize(
    ("targets", "shape", "message"),
    [
        ([[0, 1]], (2, 2), "`t` has shape (1, 2); logits of shape (2, 2) want the same shape."),
        ([[0, 1], [NAN, -1]], (2, 2), "`t` holds nan at (1, 0); a target is a probability, 0 to 1."),
        ([[0, 1], [1.5, -0.5]], (2, 2), "`t` holds -0.5 at (1, 1); a target is a probability, 0 to 1."),
        ([[0, 1], [1, 1]], (2, 2), "`t` has a row at (1,) that sums to 2" + NO_SUM),
        ([[0.5, 0.500105], [1, 1]], (2, 2), "`t` has a row at (0,) that sums to 1.00011" + NO_SUM),
        ([0.5, 0.499895], (2,), "`t` has a row that sums to 0.999895" + NO_SUM),
        ([0, INF], (2,), "`t` has a row that sums to inf" + NO_SUM),
        ([["a", "b"]], (1, 2), "`t` holds <U1 values; wanted real numbers. Convert it with np.asarray."),
    ],
)
def test_rows_that_are_no_distributions_are_refused(targets, shape, message):
    with refused(message):
        check_targets(targets, shape, "t")
    with pytest.raises(ValueError, match=r"^`targets`"):
        check_targets(targets, shape)


# check_images


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_images_of_every_real_dtype_become_float32(dtype):
    images = np.zeros((2, 2, 3, 1), dtype)
    images[1, 0, 2] = 1
    checked = check_images(images, (2, 3, 1))
    assert checked.dtype == np.float32
    np.testing.assert_array_equal(checked, images)


def test_images_of_float32_are_not_copied():
    images = np.linspace(0, 1, 12, dtype=np.float32).reshape(2, 2, 3, 1)
    assert check_images(images, (2, 3, 1)) is images


def test_images_may_come_as_lists_or_tensors():
    images = [[[[0, 0.5]]]]
    for kind in (images, tf.constant(images)):
        np.testing.assert_array_equal(check_images(kind, [1, 1, 2]), np.array(images, np.float32))


WANTED = "wanted (N, 4, 6, 3)."


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((4, 6, 3), " One image? Use x[None]."),
        ((5, 4, 6), " No axis for the channels? Use x[..., None]."),
        ((5, 3, 4, 6), " Channels first? Use np.moveaxis(x, 1, -1)."),
        ((5, 6, 4, 3), " Width first? Use np.swapaxes(x, 1, 2)."),
        ((5, 4, 6, 1), ""),
        ((5, 2, 4, 6, 3), ""),
        ((5, 72), ""),
        ((5,), ""),
        ((), ""),
        ((0, 4, 6, 3), ""),
        ((5, 0, 6, 3), ""),
    ],
)
def test_images_of_another_shape_are_refused_with_the_way_to_the_right_one(shape, hint):
    with refused(f"`x` has shape {shape}; {WANTED}{hint}"):
        check_images(np.zeros(shape), (4, 6, 3), "x")


@pytest.mark.parametrize("shape", [(4, 6, 3), (3, 4, 6), (5, 3, 4, 6), (5, 6, 4, 3)])
def test_what_a_hint_says_makes_the_shape_right(shape):
    images = np.zeros(shape)
    with pytest.raises(ValueError, match=r"Use .*\.$") as refusal:
        check_images(images, (4, 6, 1 if len(shape) == 3 and shape[-1] == 6 else 3))
    hint = re.search(r"Use (.*)\.$", str(refusal.value)).group(1)
    mended = eval(hint, {"np": np, "images": images})
    assert check_images(mended, mended.shape[1:]).shape[1:3] == (4, 6)


def test_an_empty_batch_of_square_images_gets_no_hint_that_would_not_help():
    with refused("`images` has shape (0, 4, 4, 1); wanted (N, 4, 4, 1)."):
        check_images(np.zeros((0, 4, 4, 1)), (4, 4, 1))


BYTES = " Grey values of 0 to 255? Use x / 255."


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([0, NAN, 2, 1], "`x` holds nan at (1, 0, 0, 0); wanted 0 to 1."),
        ([0, 1, INF, 1], "`x` holds inf at (2, 0, 0, 0); wanted 0 to 1."),
        ([0, 1, 0, -INF], "`x` holds -inf at (3, 0, 0, 0); wanted 0 to 1."),
        ([0, -0.5, 0.5, 255], "`x` holds -0.5 at (1, 0, 0, 0); wanted 0 to 1."),
        ([0.5, 1, 1.001, 0], "`x` holds 1.001 at (2, 0, 0, 0); wanted 0 to 1." + BYTES),
        ([0, 1, 255, 3], "`x` holds 255.0 at (2, 0, 0, 0); wanted 0 to 1." + BYTES),
        (np.array([0, 1, 7, 255], np.uint8), "`x` holds 7 at (2, 0, 0, 0); wanted 0 to 1." + BYTES),
        ([0, 1, 0, 255.5], "`x` holds 255.5 at (3, 0, 0, 0); wanted 0 to 1."),
        ([0, NAN, 128, 255], "`x` holds nan at (1, 0, 0, 0); wanted 0 to 1."),
    ],
)
def test_images_with_a_value_outside_0_to_1_are_refused(values, message):
    images = np.asarray(values, None if isinstance(values, np.ndarray) else np.float64).reshape(4, 1, 1, 1)
    with refused(message):
        check_images(images, (1, 1, 1), "x")
    with pytest.raises(ValueError, match=r"^`images` holds"):
        check_images(images, (1, 1, 1))


@pytest.mark.parametrize(
    ("images", "message"),
    [
        ([[["a"]]], "`x` holds <U1 values; wanted real numbers from 0 to 1."),
        ([[[1j]]], "`x` holds complex128 values; wanted real numbers from 0 to 1."),
        ([[[None]]], "`x` holds object values; wanted real numbers from 0 to 1."),
        ([[[1, 2]], [[3]]], "`x` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_images_that_are_no_numbers_are_refused(images, message):
    with refused(message):
        check_images(images, (1, 1, 1), "x")


# check_masks


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int64, np.uint64])
@pytest.mark.parametrize("shape", [(4, 6), (2, 4, 6)])
def test_masks_lose_their_channel_and_become_int32(dtype, shape):
    masks = np.arange(48).reshape(2, 4, 6).astype(dtype)
    for given in (masks, masks[..., None]):
        checked = check_masks(given, shape, 48)
        assert checked.dtype == np.int32
        np.testing.assert_array_equal(checked, masks)


def holds(value, dtype=np.uint8, rest=2):
    """Return one mask of 4 x 6 pixels, `value` at (0, 1, 5)."""
    masks = np.full((1, 4, 6), rest, dtype)
    masks[0, 1, 5] = value
    return masks


PLANE = "wanted (n, 4, 6)."
RANGE = "at (0, 1, 5); 23 classes have numbers 0 to 22."


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.zeros((2, 4, 6, 23)), f"`y` has shape (2, 4, 6, 23); {PLANE} One-hot? Use y.argmax(axis=-1)."),
        (
            np.zeros((2, 23, 4, 6)),
            f"`y` has shape (2, 23, 4, 6); {PLANE} One-hot with the classes first? Use y.argmax(axis=1).",
        ),
        (np.zeros((2, 1, 4, 6)), f"`y` has shape (2, 1, 4, 6); {PLANE} Use y[:, 0]."),
        (
            np.zeros((2, 6, 4)),
            f"`y` has shape (2, 6, 4); {PLANE} Height and width are swapped; height comes first: y.swapaxes(1, 2).",
        ),
        (
            np.zeros((2, 4, 6, 3)),
            f"`y` has shape (2, 4, 6, 3); {PLANE} A colour for each class? "
            "Look up the class number of each colour first.",
        ),
        (np.zeros((4, 6)), f"`y` has shape (4, 6); {PLANE} One mask is a batch of one: y[None]."),
        (np.zeros((2, 8, 12)), f"`y` has shape (2, 8, 12); {PLANE} Resize them with nearest neighbour."),
        (np.zeros((0, 4, 6), int), "`y` has shape (0, 4, 6): no mask. Give at least one."),
        (
            holds(6.5, float),
            "`y` holds 6.5 at (0, 1, 5); a class number is whole. "
            "A mask resized by blending? Resize it with nearest neighbour.",
        ),
        (
            holds(NAN, float),
            "`y` holds nan at (0, 1, 5); a class number is whole. "
            "A mask resized by blending? Resize it with nearest neighbour.",
        ),
        (
            holds(6, float),
            "`y` holds float64 values; wanted integers. If they are whole numbers, pass y.astype(np.int32).",
        ),
        (holds(1, bool), "`y` holds bool values; wanted integers. If they are whole numbers, pass y.astype(np.int32)."),
        (holds(-1, int), f"`y` holds -1 {RANGE}"),
        (holds(24), f"`y` holds 24 {RANGE}"),
        (holds(255), f"`y` holds 255 {RANGE} 255 often marks pixels without a class: give them one of their own."),
        (holds(255, rest=0), f"`y` holds 255 {RANGE} A mask saved as black and white, 0 and 255? Use y // 255."),
        (holds(23), f"`y` holds 23 {RANGE} Classes that start at 1? Use y - 1."),
        (holds(23, rest=0), f"`y` holds 23 {RANGE}"),
        ([[1], [1, 2]], "`y` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    with refused(message):
        check_masks(masks, (4, 6), 23, "y")
    with pytest.raises(ValueError, match=r"^`masks`"):
        check_masks(masks, (4, 6), 23)


def test_every_image_has_one_mask():
    with refused("`masks` holds 1 masks for 3 images; every image has one mask."):
        check_masks(holds(2), (3, 4, 6), 23)


# error_shown


def test_an_error_is_printed_as_type_and_message(capsys):
    with error_shown():
        raise KeyError("no such class")
    assert capsys.readouterr().out == "KeyError: 'no such class'\n"


def test_each_line_of_a_message_is_wrapped_on_its_own(capsys):
    with error_shown(width=20):
        raise ValueError("one two three four five six\nseven\n")
    assert capsys.readouterr().out == "ValueError: one two\nthree four five six\nseven\n"


def test_an_error_of_tensorflow_loses_the_names_of_its_nodes(capsys):
    with error_shown(width=1000):
        tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 7], logits=[[1.0, 2.0], [2.0, 1.0]])
    assert capsys.readouterr().out == (
        "InvalidArgumentError: Received a label value of 7 which is outside the valid range of [0, 2).  "
        "Label values: 1 7\n"
    )


def test_attributes_behind_the_operation_go_with_it(capsys):
    with error_shown():
        raise RuntimeError("{{node a}} the sentence [Op:Softmax] name:\nT=DT_FLOAT\n")
    assert capsys.readouterr().out == "RuntimeError: the sentence\n"


def test_an_error_inside_a_graph_loses_its_stack_too(capsys):
    loss = tf.function(tf.nn.sparse_softmax_cross_entropy_with_logits)
    with error_shown(width=1000):
        loss(labels=tf.constant([1, 7]), logits=tf.constant([[1.0, 2.0], [2.0, 1.0]]))
    shown = capsys.readouterr().out
    assert shown.startswith("InvalidArgumentError: Graph execution error")
    assert "Received a label value of 7 which is outside the valid range of [0, 2)." in shown
    assert not re.search(r"\{\{|\[\[|\[Op:|File |\.py", shown)


def test_an_error_inside_a_layer_is_its_sentence_alone(capsys):
    layer = keras.layers.Embedding(5, 2)
    with error_shown():
        layer(np.array([[5]]))
    assert capsys.readouterr().out == "InvalidArgumentError: indices[0,0] = 5 is not in [0, 5)\n"


def test_a_block_that_runs_is_an_error_of_the_page():
    with pytest.raises(AssertionError, match=r"^the block was expected to fail, and ran$"), error_shown():
        pass


def test_with_other_versions_a_block_that_runs_is_said_and_the_notebook_goes_on(monkeypatch, capsys):
    monkeypatch.setenv("COURSE_VERSIONS", "other")
    with error_shown():
        pass
    assert capsys.readouterr().out == "no error with these versions\n"


def test_an_interrupt_is_not_swallowed():
    with pytest.raises(KeyboardInterrupt), error_shown():
        raise KeyboardInterrupt
