"""Confusion and IoU against counting one by one, and against Keras."""

import re

import numpy as np
import pytest

from utils.metrics import class_weights, confusion, iou
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
