"""Confusion and IoU against counting one by one, and against Keras."""

import re

import numpy as np
import pytest

from utils.metrics import calibration_error, class_weights, confusion, edges, iou, reliability
from utils.quiet import keras

RNG = np.random.default_rng(0)
LABELS, PREDICTED = RNG.integers(0, 4, (2, 5, 6)), RNG.integers(0, 4, (2, 5, 6))


def test_confusion_counts_each_pair_with_the_label_as_row():
    counts = confusion(LABELS, PREDICTED, 4)
    by_hand = np.zeros((4, 4), int)
    for label, guess in zip(LABELS.ravel(), PREDICTED.ravel(), strict=True):
        by_hand[label, guess] += 1
    assert (counts == by_hand).all()
    assert not (counts == counts.T).all()


def test_small_integer_types_do_not_overflow():
    labels = np.full(3, 22, np.uint8)
    assert confusion(labels, labels, 23)[22, 22] == 3


def test_iou_is_the_one_of_the_definition():
    scores = iou(confusion(LABELS, PREDICTED, 4))
    for c in range(4):
        here, there = c == LABELS, c == PREDICTED
        assert scores[c] == (here & there).sum() / (here | there).sum()


def test_its_mean_is_the_one_of_keras():
    metric = keras.metrics.MeanIoU(4)
    metric.update_state(LABELS, PREDICTED)
    assert iou(confusion(LABELS, PREDICTED, 4)).mean() == pytest.approx(float(metric.result()), abs=1e-6)


def test_a_class_in_neither_is_nan_and_one_in_only_one_is_0():
    np.testing.assert_array_equal(iou(confusion([0, 0], [0, 1], 3)), [0.5, 0, np.nan])


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 3], [0, 0], "`labels` holds 3 at (1,); 3 classes have labels 0 to 2."),
        ([0, 0], [0, -1], "`predicted` holds -1 at (1,)"),
        ([0, 0], [0.0, 1.0], "`predicted` holds float64 values"),
        ([0, 0], [0], "`predicted` has shape (1,)"),
    ],
)
def test_what_is_no_pair_of_class_arrays_is_refused(labels, predicted, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        confusion(labels, predicted, 3)


@pytest.mark.parametrize("power", [0, 0.5, 1])
def test_class_weights_fall_with_frequency_and_have_mean_1_over_the_labels(power):
    labels = np.array([[0] * 9, [1] * 4 + [2] * 5])
    weights = class_weights(labels, 3, power)
    assert weights[labels].mean() == pytest.approx(1)
    assert weights[1] / weights[0] == pytest.approx((9 / 4) ** power)


def test_a_class_that_does_not_occur_has_no_weight():
    with pytest.raises(ValueError, match=r"^`labels` hold no 2; give more of them, or a weight by hand\.$"):
        class_weights(np.array([0, 1, 3]), 4, 1)


PROBS = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.45, 0.55]])


def test_a_row_of_reliability_says_how_many_how_sure_and_how_right():
    rows = reliability(PROBS, [0, 1, 1, 0], [0.6, 0.65, 0.75])
    np.testing.assert_allclose(rows, [[1, 0.55, 0], [0, np.nan, np.nan], [1, 0.7, 1], [2, 0.85, 0.5]])
    assert reliability(PROBS, [0, 1, 1, 0], [0.7])[1, 0] == 3  # a bin holds its lower edge


def test_the_calibration_error_is_the_mean_distance_in_bins_of_equal_width():
    assert calibration_error(PROBS, [0, 1, 1, 0], bins=1) == pytest.approx(abs(0.7375 - 0.5))
    assert calibration_error(PROBS, [0, 1, 1, 0], bins=4) == pytest.approx((abs(1.25 - 1) + abs(1.7 - 1)) / 4)
    assert calibration_error(np.array([[1.0, 0.0]]), [0]) == 0


def test_a_model_that_is_right_as_often_as_it_is_sure_has_a_calibration_error_near_0():
    rng = np.random.default_rng(0)
    probs = rng.dirichlet([1, 1, 1], 20_000)
    labels = (rng.random((len(probs), 1)) > probs.cumsum(axis=1)).sum(axis=1)
    assert calibration_error(probs, labels) < 0.02
    assert calibration_error(probs**2 / (probs**2).sum(axis=1, keepdims=True), labels) > 0.05


def test_labels_that_do_not_fit_the_probabilities_are_refused():
    with pytest.raises(ValueError, match="`labels` holds 2 at"):
        calibration_error(PROBS, [0, 1, 2, 0])


def test_edges_are_the_pixels_with_another_class_beside_them_in_their_own_picture():
    masks = RNG.integers(0, 2, (3, 5, 6))
    by_hand = np.zeros(masks.shape, bool)
    for n, row, column in np.ndindex(masks.shape):
        for down, right in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            near = row + down, column + right
            if 0 <= near[0] < 5 and 0 <= near[1] < 6:
                by_hand[n, row, column] |= masks[n, row, column] != masks[n, near[0], near[1]]
    np.testing.assert_array_equal(edges(masks), by_hand)
    np.testing.assert_array_equal(edges(masks[1]), by_hand[1])
