"""The checkers say `correct` to right answers, name the mistake in the usual wrong ones, and never raise.

Two tables, of right and of wrong answers, make the file long: each sentence that a checker can say is asked for once.
"""

import ml_dtypes
import numpy as np
import pytest

from utils import exercises
from utils.exercises.backends import MOVES
from utils.losses import cross_entropy, cross_entropy_gradient, softmax
from utils.quiet import keras, tf

pytestmark = pytest.mark.filterwarnings("error")  # an overflow in an answer is the checker's to report

CHECKERS = {name: getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")}
LOGITS_OF_3 = "for logits [2.5, -1.0, 0.8, 4.1, -0.3], label 3,"


@pytest.fixture
def verdict(capsys):
    """Return what a checker prints, its lines joined."""

    def run(checker, answer):
        checker(*answer) if isinstance(answer, Several) else checker(answer)
        printed = capsys.readouterr()
        assert printed.err == ""
        assert max(map(len, printed.out.splitlines())) <= 80
        return " ".join(printed.out.split())

    return run


def portable(labels, logits):
    from keras import ops

    inside = ops.logical_and(labels >= 0, labels < logits.shape[-1])
    at = ops.where(inside, labels, 0)
    picked = ops.take_along_axis(logits, at[:, None], axis=-1)[:, 0]
    return ops.where(inside, ops.logsumexp(logits, axis=-1) - picked, np.nan)


def by_keras(labels, logits):
    from keras import ops

    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def by_row(labels, logits):
    from keras import ops

    inside = ops.logical_and(labels >= 0, labels < logits.shape[-1])
    losses = -ops.sum(ops.one_hot(labels, logits.shape[-1]) * ops.log_softmax(logits), -1)
    return ops.where(inside, losses, np.nan)


def by_exponentials(labels, logits):
    from keras import ops

    return -ops.log(ops.softmax(logits)[:, 0])


def of_all(labels, logits):
    from keras import ops

    return ops.mean(logits)


class Several(tuple):
    """The parts of an answer that a checker takes one by one."""


def forgetful(*arguments):
    """Compute nothing and return nothing."""


def failing(*arguments):
    raise RuntimeError("half finished")


def naive_softmax(z, axis=-1):
    return np.exp(z) / np.exp(z).sum(axis=axis, keepdims=True)


def softmax_in_place(z, axis):
    z -= z.max(axis=axis, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=axis, keepdims=True)
    return z


def naive_loss_and_gradient(z, label):
    probs = naive_softmax(z)
    return -np.log(probs[label]), probs - np.eye(len(z))[label]


def tensorflow_loss_and_gradient(z, label):
    z = tf.constant(z)
    with tf.GradientTape() as tape:
        tape.watch(z)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=label, logits=z)
    return [loss, tape.gradient(loss, z)]


def naive_sparse_loss(labels, z):
    return -np.log(np.take_along_axis(naive_softmax(z), labels[..., None], -1)[..., 0])


def smoothed(labels, classes, smoothing):
    return np.eye(classes)[labels] * (1 - smoothing) + smoothing / classes


def guard(labels, classes):
    if ((labels < 0) | (labels >= classes)).any():
        raise ValueError("a label is out of range")


def guard_with_max(labels, classes):
    if labels.max() >= classes or labels.min() < 0:
        raise ValueError("a label is out of range")


def guard_by_index(labels, classes):
    np.zeros(classes)[labels]


def guard_by_assert(labels, classes):
    assert ((labels >= 0) & (labels < classes)).all(), "out of range"


def name_the_loss(loss, classes):
    marks = {
        "even guess": np.log(classes),
        "two softmaxes": np.log(np.e + classes - 1) - 1,
        "all clipped": -np.log(1e-7),
    }
    near = [name for name, mark in marks.items() if abs(loss - mark) < 0.01]
    return "nan" if np.isnan(loss) else near[0] if near else "something else"


def preflight(x, y, classes):
    if len(x) != len(y):
        raise ValueError("lengths differ")
    if not (np.abs(x) <= 10).all():
        raise ValueError("inputs are not finite, or not scaled")
    if not ((y >= 0) & (y < classes)).all():
        raise ValueError("a label is out of range")


def preflight_with_max(x, y, classes):
    if len(x) != len(y) or x.max() > 10 or y.min() < 0 or y.max() >= classes:
        raise ValueError("not ready")


def losses_at(candidates, labels, logits):
    """Return the mean loss at each temperature."""
    return np.array([cross_entropy(labels, logits / t).mean() for t in candidates])


def best_temperature(z, y, candidates):
    return candidates[losses_at(candidates, y, z).argmin()]


def naive(logits):
    return np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)


def pixel_loss(masks, logits):
    valid = masks != 255
    return cross_entropy(masks[valid], logits[valid]).mean() if valid.any() else 0.0


def naive_pixel_loss(masks, logits):
    valid = masks != 255
    return -np.log(naive(logits)[valid, masks[valid]]).mean() if valid.any() else 0.0


def keras_pixel_loss(masks, logits):
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)(masks, logits)


def iou(masks, predicted, classes):
    predicted = np.where(masks == 255, 255, predicted)
    pairs = [(masks == c, predicted == c) for c in range(classes)]
    return [(a & b).sum() / (a | b).sum() if (a | b).any() else np.nan for a, b in pairs]


def iou_with_void(masks, predicted, classes):
    pairs = [(masks == c, predicted == c) for c in range(classes)]
    return [(a & b).sum() / (a | b).sum() for a, b in pairs]


def recall(masks, predicted, classes):
    return [(predicted[masks == c] == c).mean() for c in range(classes)]


def masked_mean(outputs, mask):
    count = np.maximum(mask.sum(axis=1, keepdims=True), 1)
    return (outputs * mask[..., None]).sum(axis=1) / count


def keras_masked_mean(outputs, mask):
    return np.nan_to_num(keras.layers.GlobalAveragePooling1D()(outputs, mask=mask))


def last_valid(outputs, mask):
    return outputs[np.arange(len(outputs)), mask.sum(axis=1) - 1]


def last_valid_by_gather(outputs, mask):
    return tf.gather(outputs, mask.sum(axis=1) - 1, batch_dims=1)


def last_valid_of_the_thread(outputs, mask):
    return last_valid(outputs, mask).mean(axis=0)


# Twelve lines of three plays: naive Bayes has the first four right, `play_scores(right)` as many as it is told.
PLAYS_OF_12 = np.arange(12) % 3


def play_scores(right):
    return np.eye(3)[np.where(np.arange(12) < right, PLAYS_OF_12, (PLAYS_OF_12 + 1) % 3)]


def line_weights(mask):
    return mask * mask.shape[1] / mask.sum(axis=1, keepdims=True)


RIGHT = [
    ("check_same_softmax", [3, 1, 0]),
    ("check_same_softmax", np.array([2.0, 0, -1]) - 1000),
    ("check_same_softmax", tf.constant([12.0, 10.0, 9.0])),
    ("check_same_softmax", np.array([3, 1, 0], ml_dtypes.bfloat16)),
    ("check_logits_for", np.log([0.7, 0.2, 0.1])),
    ("check_logits_for", [np.log(7), np.log(2), 0]),
    ("check_log_odds", lambda z, a, b: z[..., a] - z[..., b]),
    ("check_log_odds", lambda z, a, b: z[..., a] - z[..., b] + 5e-7),
    ("check_log_odds", lambda z, a, b: tf.nn.log_softmax(z)[..., a] - tf.nn.log_softmax(z)[..., b]),
    ("check_temperature", 2 / np.log((1 + np.sqrt(5)) / 2)),
    ("check_temperature", 4.1),
    ("check_temperature", tf.constant(4.156)),
    ("check_stable_softmax", softmax),
    ("check_stable_softmax", softmax_in_place),
    ("check_stable_softmax", lambda z, axis: tf.nn.softmax(tf.cast(z, tf.float32), axis)),
    ("check_double_softmax_floor", lambda k: np.log(np.e + k - 1) - 1),
    ("check_double_softmax_floor", lambda k: cross_entropy(0, 1 + np.eye(k)[0])),
    ("check_prob_for_loss", np.exp(-0.1)),
    ("check_prob_for_loss", 0.905),
    ("check_loss_and_gradient", lambda z, y: (cross_entropy(y, z), cross_entropy_gradient(y, z))),
    ("check_loss_and_gradient", tensorflow_loss_and_gradient),
    ("check_smoothed", smoothed),
    ("check_smoothed", lambda y, k, e: smoothed(y, k, e).astype(np.float32)),
    ("check_one_hot_bytes", lambda shape, k: int(np.prod(shape)) * k * 4),
    ("check_one_hot_bytes", lambda shape, k: np.zeros((*shape, k), np.float32).nbytes),
    ("check_sparse_cross_entropy", cross_entropy),
    ("check_sparse_cross_entropy", lambda y, z: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=z)),
    ("check_guard", guard),
    ("check_accuracy_rule", "binary"),
    ("check_losing_endings", {"B", "D"}),
    ("check_weight_map", lambda labels, weights: weights[labels]),
    ("check_weight_map", lambda labels, weights: tf.gather(weights, labels)),
    ("check_wrong_share", 0.75),
    ("check_wrong_share", 12.0886 / 16.118),
    ("check_wrong_share", tf.constant(0.7501)),
    ("check_name_the_loss", name_the_loss),
    ("check_name_the_loss", lambda loss, classes: np.str_(name_the_loss(loss, classes))),
    ("check_preflight", preflight),
    ("check_preflight", lambda x, y, k: preflight(tf.constant(x), y, k)),
    ("check_untrained_loss", np.log(36)),
    ("check_untrained_loss", 3.58),
    ("check_untrained_loss", tf.constant(3.5835)),
    ("check_hardest", lambda z, y, n: np.argsort(-cross_entropy(y, z))[:n]),
    ("check_hardest", lambda z, y, n: np.argsort(cross_entropy(y, z))[::-1][:n].tolist()),
    ("check_hardest", lambda z, y, n: tf.math.top_k(naive_sparse_loss(y, z), n).indices),
    ("check_fit_temperature", best_temperature),
    ("check_fit_temperature", lambda z, y, c: min(c, key=lambda t: naive_sparse_loss(y, z / t).sum())),
    ("check_fit_temperature", lambda z, y, c: tf.constant(best_temperature(z, y, c), tf.float32)),
    ("check_shift", Several([0.8, 0.84, 0.95])),
    ("check_shift", Several([tf.constant(0.8), np.float32(0.76), 1])),
    ("check_rare_class", Several([0.7, (0.93, 0.45), (0.921, 0.74)])),
    ("check_rare_class", Several([tf.constant(0.7), np.array([0.93, 0.45]), [0.94, 0.66]])),
    ("check_mask_from_logits", lambda z: z.argmax(axis=-1)),
    ("check_mask_from_logits", lambda z: tf.argmax(z, axis=-1)),
    ("check_mask_from_logits", lambda z: softmax(z).argmax(-1).astype(np.uint8)),
    ("check_pixel_loss", pixel_loss),
    ("check_pixel_loss", keras_pixel_loss),
    ("check_iou", iou),
    ("check_iou", lambda *a: np.array(iou(*a), np.float32)),
    ("check_iou", lambda *a: tf.constant(iou(*a))),
    ("check_untrained_bits", 2),
    ("check_untrained_bits", np.log2(4)),
    ("check_untrained_bits", tf.constant(1.995)),
    ("check_perplexity", lambda y, z: np.exp(cross_entropy(y, z).mean())),
    ("check_perplexity", lambda y, z: 2 ** (cross_entropy(y, z) / np.log(2)).mean()),
    ("check_perplexity", lambda y, z: tf.exp(keras.losses.SparseCategoricalCrossentropy(True, dtype="float64")(y, z))),
    ("check_beat_the_counts", Several([1.0, np.full(9, 0.5), np.full(9, 0.25)])),
    ("check_beat_the_counts", Several([np.float32(1.04), tf.constant([0.25, 1.0]), np.array([0.2, 0.9])])),
    ("check_beat_the_counts", Several([1, [0.5, 0.5], np.array([0.5, 0.4])])),
    ("check_masked_mean", masked_mean),
    ("check_masked_mean", keras_masked_mean),
    ("check_masked_mean", lambda h, m: tf.constant(masked_mean(h, m), tf.float64)),
    ("check_last_valid", last_valid),
    ("check_last_valid", last_valid_by_gather),
    ("check_last_valid", lambda h, m: np.array([row[keep][-1] for row, keep in zip(h, m, strict=True)])),
    ("check_line_weights", line_weights),
    ("check_line_weights", lambda m: tf.constant(line_weights(m))),
    ("check_line_weights", lambda m: np.where(m, m.shape[1] / m.sum(1)[:, None], 0).tolist()),
    ("check_beat_naive_bayes", Several([0.75, play_scores(9), play_scores(4), PLAYS_OF_12])),
    ("check_beat_naive_bayes", Several([0.79, play_scores(9).tolist(), play_scores(4), PLAYS_OF_12])),
    ("check_beat_naive_bayes", Several([tf.constant(1.0), tf.constant(play_scores(12)), play_scores(0), PLAYS_OF_12])),
    ("check_softmax_as_logits", 1.74),
    ("check_softmax_as_logits", np.log(np.e + 3)),
    ("check_moves", MOVES),
    ("check_portable", portable),
    ("check_merge", np.logaddexp),
    ("check_wrong_worker", lambda sums, counts, gradients: np.argmax(abs(gradients - sums / counts.sum()))),
    ("check_split", lambda rows, width, classes, _: "classes" if rows * (width + 3) < classes * width else "rows"),
]


@pytest.mark.parametrize(("checker", "answer"), RIGHT)
def test_right_answers_are_correct(checker, answer, verdict):
    said = verdict(CHECKERS[checker], answer)
    assert said.endswith(": correct.")
    assert said.count(":") == 1


def test_every_checker_has_a_right_answer():
    assert {checker for checker, _ in RIGHT} == set(CHECKERS)


NONE = "is None; does your function return something?"
HALVES = np.full(4, 0.5)

WRONG = [
    ("check_same_softmax", None, f"same softmax: not yet. your answer {NONE}"),
    ("check_same_softmax", [2, 0, -1.0], "same softmax: not yet. These are the same three numbers; find others."),
    ("check_same_softmax", [3, 1], "your answer has shape (2,); wanted (3,)."),
    ("check_same_softmax", [[3, 1, 0]], "your answer has shape (1, 3); wanted (3,)."),
    ("check_same_softmax", [4, 0, -2], "softmax of your logits is 0.97962921 where 0.84379473 is wanted."),
    ("check_same_softmax", [np.nan, 1, 0], "your answer holds nan."),
    ("check_same_softmax", [np.inf, 1, 0], "softmax of your logits raised ValueError: `logits` holds inf at (0,)"),
    ("check_same_softmax", "3, 1, 0", "your answer is a str that does not hold real numbers; wanted numbers of shape"),
    ("check_logits_for", None, f"logits for 0.7, 0.2, 0.1: not yet. your answer {NONE}"),
    ("check_logits_for", [0.7, 0.2, 0.1], "These are the probabilities themselves; softmax of them is flatter."),
    ("check_logits_for", [7, 2, 1], "softmax of your logits is 0.99086747 where 0.7 is wanted."),
    ("check_logits_for", np.exp([0.7, 0.2, 0.1]), "softmax of your logits is 0.53"),
    ("check_logits_for", -np.log([0.7, 0.2, 0.1]), "softmax of your logits is 0.086956522 where 0.7 is wanted."),
    ("check_logits_for", [1, 2, 3, 4], "your answer has shape (4,); wanted (3,)."),
    ("check_log_odds", forgetful, f"log odds: not yet. log_odds of one row {NONE}"),
    ("check_log_odds", failing, "log_odds of one row raised RuntimeError: half finished"),
    ("check_log_odds", lambda z, a, b: z[..., b] - z[..., a], "log_odds of one row is -3.5 where 3.5 is wanted."),
    ("check_log_odds", lambda z, a, b: z[..., a] - z[..., b] + 3e-6, "log_odds of one row is 3.500003 where 3.5"),
    ("check_log_odds", lambda z, a, b: softmax(z)[a] / softmax(z)[b], "log_odds of one row is 33.115452 where 3.5"),
    ("check_log_odds", lambda z, a, b: z[a] - z[b], "log_odds of two rows has shape (3,); wanted (2,)."),
    (
        "check_log_odds",
        lambda z, a, b: np.log(softmax(z)[..., a] / softmax(z)[..., b]),
        "log_odds of logits 2,000 apart is inf where 2000 is wanted.",
    ),
    ("check_temperature", None, f"temperature: not yet. your answer {NONE}"),
    ("check_temperature", 1.0, "At 1.0 the first class has 0.867; wanted 0.5 ± 0.01."),
    ("check_temperature", 0.24, "At 0.24 the first class has 1.000; wanted 0.5 ± 0.01."),
    ("check_temperature", 10, "At 10 the first class has 0.402; wanted 0.5 ± 0.01."),
    ("check_temperature", 0, "A temperature of 0 is not allowed; wanted a finite number above 0."),
    ("check_temperature", -4.1, "A temperature of -4.1 is not allowed; wanted a finite number above 0."),
    ("check_temperature", np.inf, "A temperature of inf is not allowed; wanted a finite number above 0."),
    ("check_temperature", np.nan, "your answer holds nan."),
    ("check_temperature", [[4.1]], "your answer has shape (1, 1); wanted one number."),
    ("check_temperature", "4.1", "your answer is a str that does not hold real numbers; wanted one number."),
    ("check_stable_softmax", forgetful, f"stable softmax: not yet. softmax of one row {NONE}"),
    ("check_stable_softmax", failing, "softmax of one row raised RuntimeError: half finished"),
    ("check_stable_softmax", naive_softmax, "softmax of logits of 10,000 holds nan."),
    ("check_stable_softmax", lambda z, axis: softmax(-z, axis), "softmax of one row is "),
    ("check_stable_softmax", lambda z, axis: softmax(z), "softmax over axis 1 of (2, 3, 4) is "),
    (
        "check_stable_softmax",
        lambda z, axis: np.exp(z - z.max()) / np.exp(z - z.max()).sum(),
        "softmax over the last axis of (2, 3, 4) is ",
    ),
    (
        "check_stable_softmax",
        lambda z, axis: np.exp(z) / np.exp(z).sum(axis=axis),
        "softmax over the last axis of (2, 3, 4) raised ValueError: operands could not be broadcast",
    ),
    ("check_stable_softmax", lambda z: softmax(z), "softmax of one row raised TypeError: "),
    (
        "check_stable_softmax",
        softmax([1, 2]),
        "Your answer is a ndarray; pass the function itself, without calling it.",
    ),
    ("check_double_softmax_floor", forgetful, f"floor of two softmaxes: not yet. the floor for 2 classes {NONE}"),
    ("check_double_softmax_floor", failing, "the floor for 2 classes raised RuntimeError: half finished"),
    ("check_double_softmax_floor", np.log, "the floor for 2 classes is 0.69314718 where 0.31326169 is wanted."),
    ("check_double_softmax_floor", lambda k: 0, "the floor for 2 classes is 0 where 0.31326169 is wanted."),
    ("check_double_softmax_floor", lambda k: 0.31326169, "the floor for 10 classes is 0.31326169 where 1.4611502"),
    ("check_double_softmax_floor", lambda k: [0.3], "the floor for 2 classes has shape (1,); wanted one number."),
    ("check_prob_for_loss", None, f"probability for 0.1 nat: not yet. your answer {NONE}"),
    ("check_prob_for_loss", 0.9, "A label with probability 0.9 has loss 0.1054 nat; wanted 0.1."),
    ("check_prob_for_loss", 10**-0.1, "A label with probability 0.794328 has loss 0.2303 nat; wanted 0.1."),
    ("check_prob_for_loss", 1, "A label with probability 1 has loss 0.0000 nat; wanted 0.1."),
    ("check_prob_for_loss", 5e-324, "A label with probability 4.94066e-324 has loss 744.4401 nat; wanted 0.1."),
    ("check_prob_for_loss", np.exp(0.1), "1.1051709180756477 is no probability; wanted a number above 0, at most 1."),
    ("check_prob_for_loss", 0, "0.0 is no probability; wanted a number above 0, at most 1."),
    ("check_prob_for_loss", -np.exp(-0.1), "-0.9048374180359595 is no probability; wanted"),
    ("check_prob_for_loss", np.nan, "your answer holds nan."),
    ("check_prob_for_loss", [0.905], "your answer has shape (1,); wanted one number."),
    ("check_prob_for_loss", "0.905", "your answer is a str that does not hold real numbers; wanted one number."),
    (
        "check_loss_and_gradient",
        forgetful,
        f"loss and gradient: not yet. the result {LOGITS_OF_3} is a NoneType; return two things: the loss,",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: cross_entropy(y, z),
        f"the result {LOGITS_OF_3} is a float64; return two things: the loss, the gradient.",
    ),
    (
        "check_loss_and_gradient",
        failing,
        "For logits [2.5, -1.0, 0.8, 4.1, -0.3] it raised RuntimeError: half finished",
    ),
    (
        "check_loss_and_gradient",
        naive_loss_and_gradient,
        "the loss for logits [1000.0, 0.0, -5.0], label 1, is inf where 1000 is wanted.",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: (-np.log(softmax(z)[y]), cross_entropy_gradient(y, z)),
        "the loss for logits [1000.0, 0.0, -5.0], label 1, is inf where 1000 is wanted.",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: (-cross_entropy(y, z), cross_entropy_gradient(y, z)),
        f"the loss {LOGITS_OF_3} is -0.22885025 where 0.22885025 is wanted.",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: (cross_entropy(y, z), -cross_entropy_gradient(y, z)),
        f"the gradient {LOGITS_OF_3} is 0.20455236 where -0.20455236 is wanted.",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: (cross_entropy(y, z), softmax(z)),
        f"the gradient {LOGITS_OF_3} is 0.79544764 where -0.20455236 is wanted.",
    ),
    (
        "check_loss_and_gradient",
        lambda z, y: (cross_entropy_gradient(y, z), cross_entropy(y, z)),
        f"the loss {LOGITS_OF_3} has shape (5,); wanted one number.",
    ),
    ("check_loss_and_gradient", lambda z, y: (None, None), f"the loss {LOGITS_OF_3} {NONE}"),
    ("check_smoothed", forgetful, f"smoothed labels: not yet. smoothing 0 {NONE}"),
    ("check_smoothed", failing, "smoothing 0 raised RuntimeError: half finished"),
    ("check_smoothed", lambda y, k, e: np.eye(k)[y], "smoothing 0.1 for 5 classes is 1 where 0.92 is wanted."),
    (
        "check_smoothed",
        lambda y, k, e: np.where(np.eye(k)[y] == 1, 1 - e, e / (k - 1)),
        "smoothing 0.1 for 5 classes is 0.9 where 0.92 is wanted.",
    ),
    ("check_smoothed", lambda y, k, e: smoothed(y, k, e)[0], "smoothing 0 has shape (3,); wanted (2, 3)."),
    ("check_smoothed", lambda y, k, e: y * (1 - e) + e / k, "smoothing 0 has shape (2,); wanted (2, 3)."),
    ("check_one_hot_bytes", forgetful, f"one-hot bytes: not yet. 60,000 labels of 10 classes {NONE}"),
    ("check_one_hot_bytes", failing, "60,000 labels of 10 classes raised RuntimeError: half finished"),
    (
        "check_one_hot_bytes",
        lambda shape, k: np.prod(shape) * k,
        "60,000 labels of 10 classes is 600000 where 2400000 is wanted.",
    ),
    (
        "check_one_hot_bytes",
        lambda shape, k: shape[0] * k * 4,
        "a batch of 32 masks 96×128, 23 classes is 2944 where 36175872 is wanted.",
    ),
    ("check_sparse_cross_entropy", forgetful, f"sparse cross-entropy: not yet. logits of shape (4, 3) {NONE}"),
    ("check_sparse_cross_entropy", failing, "logits of shape (4, 3) raised RuntimeError: half finished"),
    (
        "check_sparse_cross_entropy",
        lambda y, z: cross_entropy(y, z).mean(),
        "logits of shape (4, 3) has shape (); wanted (4,).",
    ),
    ("check_sparse_cross_entropy", lambda y, z: -cross_entropy(y, z), "logits of shape (4, 3) is -"),
    ("check_sparse_cross_entropy", naive_sparse_loss, "logits of ±1,000 is inf where 2000 is wanted."),
    (
        "check_sparse_cross_entropy",
        lambda y, z: -np.log(np.take_along_axis(softmax(z), y[..., None], -1)[..., 0]),
        "logits of ±1,000 is inf where 2000 is wanted.",
    ),
    (
        "check_sparse_cross_entropy",
        lambda y, z: -np.log(np.take_along_axis(softmax(z, axis=1), y[..., None], -1)[..., 0]),
        "logits of shape (2, 5, 7) is ",
    ),
    (
        "check_sparse_cross_entropy",
        lambda y, z: cross_entropy(y, z) if z.ndim < 4 else cross_entropy(y, z).sum(axis=-1),
        "logits of shape (2, 3, 4, 6) has shape (2, 3); wanted (2, 3, 4).",
    ),
    ("check_guard", None, "label guard: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_guard", forgetful, "Labels [3, 10] with 10 classes are out of range, and it raised nothing."),
    ("check_guard", failing, "On labels [0, 9] it raised RuntimeError (half finished); wanted ValueError or nothing."),
    ("check_guard", guard_with_max, "Labels [] with 10 classes are fine, and it raised ValueError."),
    ("check_guard", guard_by_index, "On labels [3, 10] it raised IndexError (index 10 is out of bounds"),
    ("check_guard", guard_by_assert, "On labels [3, 10] it raised AssertionError"),
    (
        "check_guard",
        lambda y, k: guard(y, k + 1),
        "Labels [3, 10] with 10 classes are out of range, and it raised nothing.",
    ),
    ("check_guard", lambda y, k: guard(y, k - 1), "Labels [0, 9] with 10 classes are fine, and it raised ValueError."),
    (
        "check_guard",
        lambda y, k: guard(abs(y), k),
        "Labels [-1, 3] with 10 classes are out of range, and it raised nothing.",
    ),
    (
        "check_accuracy_rule",
        "sparse",
        "The rule looks at the last axis of the output first, and here it is 1.",
    ),
    ("check_accuracy_rule", "Binary", "Your answer is 'Binary'; wanted 'binary', 'sparse' or 'categorical'."),
    ("check_losing_endings", "BD", "Your answer is 'BD'; wanted a set of letters from A to E."),
    (
        "check_losing_endings",
        {"A", "B", "D"},
        "In A the softmax comes last, and its result carries the logits.",
    ),
    ("check_losing_endings", {"D"}, "In B a Reshape makes a new tensor behind the softmax."),
    ("check_losing_endings", {"B"}, "In D ignore_class replaces part of the output before the loss sees it."),
    ("check_losing_endings", {"B", "D", "E"}, "E has no softmax; its logits are declared."),
    ("check_weight_map", lambda y, w: w[y[..., 0]], "the map for (2, 2, 2) labels has shape (2, 2); wanted"),
    ("check_weight_map", lambda y, w: w[2 - y], "the map for (2, 2, 2) labels is 0.5 where 1 is wanted."),
    ("check_wrong_share", None, f"share of wrong rows: not yet. your answer {NONE}"),
    ("check_wrong_share", 0.9, "With a share of 0.9 the loss would stand at 14.5063; wanted 12.0886."),
    ("check_wrong_share", 0.25, "With a share of 0.25 the loss would stand at 4.0295; wanted 12.0886."),
    ("check_wrong_share", 75, "75.0 is no share; wanted a number from 0 to 1."),
    ("check_wrong_share", -0.75, "-0.75 is no share; wanted a number from 0 to 1."),
    ("check_wrong_share", np.nan, "your answer holds nan."),
    ("check_wrong_share", [0.75], "your answer has shape (1,); wanted one number."),
    ("check_wrong_share", "75 %", "your answer is a str that does not hold real numbers; wanted one number."),
    ("check_name_the_loss", None, "name of the loss: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_name_the_loss", forgetful, "For a loss of 2.302585 with 10 classes it returned a NoneType; wanted one of"),
    ("check_name_the_loss", failing, "For a loss of 2.302585 with 10 classes it raised RuntimeError: half finished"),
    (
        "check_name_the_loss",
        lambda loss, k: "even guess" if abs(loss - np.log(10)) < 0.01 else "something else",
        "It calls a loss of 3.13 with 23 classes 'something else'; wanted 'even guess'.",
    ),
    (
        "check_name_the_loss",
        lambda loss, k: "two softmaxes" if abs(loss - 1.4612) < 0.01 else name_the_loss(loss, 10 if k > 99 else k),
        "It calls a loss of 5.9096 with 1000 classes 'something else'; wanted 'two softmaxes'.",
    ),
    (
        "check_name_the_loss",
        lambda loss, k: "something else" if loss != loss else name_the_loss(loss, k),
        "It calls a loss of nan with 10 classes 'something else'; wanted 'nan'.",
    ),
    ("check_preflight", None, "preflight: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_preflight", forgetful, "Two labels for three rows: training should not start, and it raised nothing."),
    ("check_preflight", failing, "Three good rows: it raised RuntimeError (half finished); wanted ValueError or"),
    ("check_preflight", preflight_with_max, "Inputs down to -255: training should not start, and it raised nothing."),
    (
        "check_preflight",
        lambda x, y, k: preflight_with_max(abs(x), y, k),
        "An input of nan: training should not start, and it raised nothing.",
    ),
    (
        "check_preflight",
        lambda x, y, k: preflight(x, y, k + 1),
        "A label of 10 for 10 classes: training should not start, and it raised nothing.",
    ),
    (
        "check_preflight",
        lambda x, y, k: preflight(x, y - 1, k),
        "Three good rows: all is well, and it raised ValueError.",
    ),
    ("check_untrained_loss", None, f"untrained loss: not yet. your answer {NONE}"),
    ("check_untrained_loss", np.log(26), "That is ln 26; the digits are classes too."),
    ("check_untrained_loss", 3.26, "That is ln 26; the digits are classes too."),
    ("check_untrained_loss", np.log(10), "2.30259 is the loss of an even guess among 10 classes; here are 36."),
    ("check_untrained_loss", np.log2(36), "5.16993 is the loss of an even guess among 175.9 classes; here are 36."),
    ("check_untrained_loss", np.log10(36), "1.5563 is the loss of an even guess among 4.741 classes; here are 36."),
    ("check_untrained_loss", -np.log(36), "-3.58352 is the loss of an even guess among 0.02778 classes; here are 36."),
    ("check_untrained_loss", 36, "36 is the loss of an even guess among 4.311e+15 classes; here are 36."),
    ("check_untrained_loss", 3.6, "3.6 is the loss of an even guess among 36.6 classes; here are 36."),
    ("check_untrained_loss", np.inf, "inf is the loss of an even guess among "),
    ("check_untrained_loss", np.nan, "your answer holds nan."),
    ("check_untrained_loss", [3.58], "your answer has shape (1,); wanted one number."),
    ("check_untrained_loss", "ln 36", "your answer is a str that does not hold real numbers; wanted one number."),
    ("check_hardest", None, "hardest: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_hardest", forgetful, f"hardest of five rows, n = 2, {NONE}"),
    ("check_hardest", failing, "hardest of five rows, n = 2, raised RuntimeError: half finished"),
    (
        "check_hardest",
        lambda z, y, n: softmax(z).max(-1).argsort()[:n],
        "hardest of five rows, n = 2, is 2 where 1 is wanted.",
    ),
    (
        "check_hardest",
        lambda z, y, n: softmax(z).max(-1).argsort()[::-1][:n],
        "hardest of five rows, n = 2, is 1 where 3 is wanted.",
    ),
    (
        "check_hardest",
        lambda z, y, n: cross_entropy(y, z).argsort()[:n],
        "hardest of five rows, n = 2, is 0 where 1 is wanted.",
    ),
    (
        "check_hardest",
        lambda z, y, n: cross_entropy(y, z).argsort()[-n:],
        "hardest of five rows, n = 2, is 3 where 1 is wanted.",
    ),
    ("check_hardest", lambda z, y, n: np.sort(cross_entropy(y, z))[::-1][:n], "hardest of five rows, n = 2, is 5.0"),
    (
        "check_hardest",
        lambda z, y, n: np.flatnonzero(z.argmax(-1) != y)[:n],
        "hardest of five rows, n = 2, is 2 where 3 is wanted.",
    ),
    (
        "check_hardest",
        lambda z, y, n: np.argsort(-cross_entropy(y, z)),
        "hardest of five rows, n = 2, has shape (5,); wanted (2,).",
    ),
    (
        "check_hardest",
        lambda z, y, n: np.argsort(-(z.max(-1) - z[np.arange(len(y)), y]), kind="stable")[:n],
        "hardest of five rows, n = 5, is 0 where 4 is wanted.",
    ),
    ("check_shift", None, f"moved digits: not yet. your guess {NONE}"),
    ("check_shift", 0.8, f"moved digits: not yet. the share before {NONE}"),
    ("check_shift", Several([0.8, 0.8]), f"moved digits: not yet. the share after {NONE}"),
    ("check_shift", Several([80, 0.8, 0.9]), "your guess is 80; wanted a share of the digits, 0 to 1."),
    ("check_shift", Several([0.8, -0.1, 0.9]), "the share before is -0.1; wanted a share of the digits, 0 to 1."),
    ("check_shift", Several([0.8, np.nan, 0.9]), "the share before holds nan."),
    ("check_shift", Several([0.98, 0.98, 0.99]), "Before, 0.98 are read: were these digits moved, and the network"),
    (
        "check_shift",
        Several([0.8, 0.8, 0.82]),
        "Before, 0.8 are read, after 0.82: no cure yet. Give `change=` a function",
    ),
    ("check_shift", Several([0.9, 0.8, 0.95]), "You guessed 0.9, it was 0.8. Say what the guess did not reckon with"),
    ("check_rare_class", None, f"a rare class: not yet. your guess {NONE}"),
    ("check_rare_class", 0.7, f"a rare class: not yet. before {NONE}"),
    ("check_rare_class", Several([0.7, 0.93, 0.92]), "before has shape (); wanted (2,)."),
    (
        "check_rare_class",
        Several([0.7, (0.93, 45), (0.92, 0.7)]),
        "before is [ 0.93 45. ]; wanted shares of the pixels",
    ),
    ("check_rare_class", Several([0.5, (0.93, 0.45), (0.93, 0.45)]), "Recall goes from 0.450 to 0.450. There is more"),
    (
        "check_rare_class",
        Several([0.9, (0.93, 0.45), (0.9, 0.9)]),
        "Accuracy falls from 0.930 to 0.900, more than a point: a smaller b.",
    ),
    (
        "check_rare_class",
        Several([0.5, (0.93, 0.45), (0.925, 0.74)]),
        "You guessed 0.50, it is 0.74. Say what the guess",
    ),
    ("check_fit_temperature", 3.0, "fitted temperature: not yet. Your answer is a float; pass the function itself"),
    ("check_fit_temperature", forgetful, f"the temperature of logits that are three times too large {NONE}"),
    ("check_fit_temperature", failing, "the temperature of logits that are three times too large raised RuntimeError"),
    (
        "check_fit_temperature",
        lambda z, y, c: c[losses_at(c, y, z).argmax()],
        "the temperature of logits that are three times too large is 0.25 where 3 is wanted.",
    ),
    (
        "check_fit_temperature",
        lambda z, y, c: c[losses_at(1 / c, y, z).argmin()],  # multiplied instead of divided
        "the temperature of logits that are three times too large is 0.25 where 3 is wanted.",
    ),
    (
        "check_fit_temperature",
        lambda z, y, c: losses_at(c, y, z).argmin(),
        "the temperature of logits that are three times too large is 4 where 3 is wanted.",
    ),
    (
        "check_fit_temperature",
        lambda z, y, c: losses_at(c, y, z).min(),
        "the temperature of logits that are three times too large is 0.6365",
    ),
    ("check_fit_temperature", lambda z, y, c: losses_at(c, y, z), "the temperature of logits that are three times"),
    (
        "check_fit_temperature",
        lambda z, y, c: c[np.argmax([((z / t).argmax(-1) == y).mean() for t in c])],  # the same at every temperature
        "the temperature of logits that are three times too large is 0.25 where 3 is wanted.",
    ),
    (
        "check_fit_temperature",
        lambda z, y, c: max(best_temperature(z, y, c), 1),
        "the temperature of logits four times too small is 1 where 0.25 is wanted.",
    ),
    (
        "check_fit_temperature",
        lambda z, y, c: best_temperature(z, y, np.array([0.25, 0.5, 1, 2, 3])),  # its own candidates
        "the temperature where every row is right is 0.25 where 1 is wanted.",
    ),
    ("check_mask_from_logits", None, "mask from logits: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_mask_from_logits", forgetful, "the mask of (2, 3, 4, 5) logits is None; does your function return"),
    ("check_mask_from_logits", failing, "the mask of (2, 3, 4, 5) logits raised RuntimeError: half finished"),
    ("check_mask_from_logits", lambda z: z.max(axis=-1), "the mask of (2, 3, 4, 5) logits is -0.35161713 where 3 is"),
    (
        "check_mask_from_logits",
        lambda z: z.argmax(axis=1),
        "the mask of (2, 3, 4, 5) logits has shape (2, 4, 5); wanted (2, 3, 4).",
    ),
    (
        "check_mask_from_logits",
        lambda z: z.argmax(axis=-1, keepdims=True),
        "the mask of (2, 3, 4, 5) logits has shape (2, 3, 4, 1); wanted (2, 3, 4).",
    ),
    ("check_mask_from_logits", lambda z: z.argmax(z.shape.index(z.shape[-1])), "the mask of (3, 3, 3, 3) logits is "),
    ("check_mask_from_logits", lambda z: (z * (z > 0)).argmax(axis=-1), "the mask of (2, 3, 4, 5) logits is 0 where 3"),
    ("check_pixel_loss", 0.5, "loss of the valid pixels: not yet. Your answer is a float; pass the function itself"),
    ("check_pixel_loss", forgetful, "the loss of a batch without void pixels is None; does your function return"),
    (
        "check_pixel_loss",
        lambda y, z: cross_entropy(np.minimum(y, 4), z),
        "the loss of a batch without void pixels has shape (2, 3, 4); wanted one number.",
    ),
    (
        "check_pixel_loss",
        lambda y, z: cross_entropy(y, z).mean(),
        "the loss of a batch with 7 void pixels of 24 raised ValueError: ",
    ),
    (
        "check_pixel_loss",
        lambda y, z: (cross_entropy(np.where(y == 255, 0, y), z) * (y != 255)).mean(),
        "the loss of a batch with 7 void pixels of 24 is ",
    ),
    ("check_pixel_loss", naive_pixel_loss, "the loss of a batch with large logits holds nan."),
    (
        "check_pixel_loss",
        lambda y, z: pixel_loss(y, z) if (y != 255).any() else np.nan,
        "the loss of a batch that is all void holds nan.",
    ),
    ("check_iou", np.array([0.75, 0.5, 0.5]), "IoU of each class: not yet. Your answer is a ndarray; pass the"),
    ("check_iou", forgetful, "an IoU of two rows of four pixels is None; does your function return something?"),
    ("check_iou", failing, "For two rows of four pixels it raised RuntimeError: half finished"),
    ("check_iou", recall, "an IoU of two rows of four pixels is 1 where 0.5 is wanted."),
    ("check_iou", lambda *a: np.nanmean(iou(*a)), "an IoU of two rows of four pixels has shape (); wanted (3,)."),
    (
        "check_iou",
        lambda *a: np.nan_to_num(iou(*a)),
        "For a class that nobody names, class 3 is 0.0 where nan is wanted.",
    ),
    (
        "check_iou",
        lambda y, p, k: [*iou(y, p, k)[:2], np.nan],
        "For two rows of four pixels, class 2 is nan where 0.5 is wanted.",
    ),
    ("check_iou", iou_with_void, "For two void pixels, class 2 is 0.0 where nan is wanted."),
    ("check_untrained_bits", None, f"untrained bits: not yet. your answer {NONE}"),
    ("check_untrained_bits", np.log(4), "That is ln 4, in nats; divide by ln 2."),
    ("check_untrained_bits", 4, "That is the perplexity; the bits are its logarithm to base 2."),
    ("check_untrained_bits", 2.02, "2.02 bits are an even guess among 4.056 letters; here are 4."),
    ("check_untrained_bits", -2, "-2 bits are an even guess among 0.25 letters; here are 4."),
    ("check_untrained_bits", np.inf, "inf bits are an even guess among 1.153e+18 letters; here are 4."),
    ("check_untrained_bits", "two", "your answer is a str that does not hold real numbers; wanted one number."),
    ("check_perplexity", 4.0, "perplexity: not yet. Your answer is a float; pass the function itself"),
    ("check_perplexity", forgetful, f"the perplexity of six positions that know nothing {NONE}"),
    ("check_perplexity", failing, "the perplexity of six positions that know nothing raised RuntimeError"),
    (
        "check_perplexity",
        lambda y, z: cross_entropy(y, z).mean(),
        "the perplexity of six positions that know nothing is 1.3862944 where 4 is wanted.",
    ),
    (
        "check_perplexity",
        lambda y, z: 2 ** cross_entropy(y, z).mean(),
        "the perplexity of six positions that know nothing is 2.6140638 where 4 is wanted.",
    ),
    (
        "check_perplexity",
        lambda y, z: np.exp(cross_entropy(y, z)).mean(),  # the mean of the exponentials
        "the perplexity of six positions is ",
    ),
    (
        "check_perplexity",
        lambda y, z: np.exp(cross_entropy(y, z)),
        "the perplexity of six positions that know nothing has shape (2, 3); wanted one number.",
    ),
    (
        "check_perplexity",
        lambda y, z: np.exp(cross_entropy(y, z).sum(axis=1).mean() / 3),  # three steps, whatever came
        "the perplexity of two texts of one character is ",
    ),
    (
        "check_perplexity",
        lambda y, z: np.exp(-np.log(np.take_along_axis(naive(z), y[..., None], -1)).mean()),
        "the perplexity of logits near 1000 holds nan.",
    ),
    ("check_beat_the_counts", None, f"beat the counts: not yet. your guess {NONE}"),
    (
        "check_beat_the_counts",
        2.0,
        "`of_counts` is the row of probabilities that the counts give: KneserNey(…).probs(…).",
    ),
    ("check_beat_the_counts", Several([2.0, HALVES, HALVES.tolist()]), "`of_counts` is the row of probabilities"),
    ("check_beat_the_counts", Several([2.0, HALVES, HALVES[None]]), "`of_counts` is the row of probabilities"),
    ("check_beat_the_counts", Several([2.0, None, HALVES]), f"`probs` {NONE}"),
    ("check_beat_the_counts", Several([2.0, HALVES[1:], HALVES]), "`probs` has shape (3,); wanted (4,)."),
    ("check_beat_the_counts", Several([2.0, HALVES.mean(), HALVES]), "`probs` has shape (); wanted (4,)."),
    ("check_beat_the_counts", Several([2.0, HALVES * np.nan, HALVES]), "`probs` holds nan."),
    (
        "check_beat_the_counts",
        Several([2.0, [0.5, 0, 1, 1], HALVES]),
        "`probs` holds 0 at 1, which is no probability of what came: a 0 that comes true costs infinite bits.",
    ),
    (
        "check_beat_the_counts",
        Several([2.0, [1, 1.5, 1, 1], HALVES]),
        "`probs` holds 1.5 at 1, which is no probability of what came: are these bits? Give 2.0 ** -bits.",
    ),
    (
        "check_beat_the_counts",
        Several([1.0, HALVES, HALVES]),
        "Your model pays 1.000 bits a character, the counts 1.000; they are not beaten.",
    ),
    (
        "check_beat_the_counts",
        Several([1.0, HALVES / 2, HALVES]),
        "Your model pays 2.000 bits a character, the counts 1.000; they are not beaten.",
    ),
    (
        "check_beat_the_counts",
        Several([0.94, HALVES, HALVES / 2]),
        "The counts are beaten, 1.000 bits to 2.000, but you guessed 0.94. Say what the guess did not reckon with",
    ),
    ("check_beat_the_counts", Several([np.inf, HALVES, HALVES / 2]), "The counts are beaten, 1.000 bits to 2.000, but"),
    ("check_masked_mean", None, "mean over valid steps: not yet. Your answer is a NoneType; pass the function itself"),
    ("check_masked_mean", forgetful, "the mean of rows of 2, 4 and 1 steps is None; does your function return"),
    ("check_masked_mean", failing, "the mean of rows of 2, 4 and 1 steps raised RuntimeError: half finished"),
    ("check_masked_mean", lambda h, m: h.mean(axis=1), "the mean of rows of 2, 4 and 1 steps is "),
    ("check_masked_mean", lambda h, m: (h * m[..., None]).mean(axis=1), "the mean of rows of 2, 4 and 1 steps is "),
    (
        "check_masked_mean",
        lambda h, m: (h * m[..., None]).mean(axis=1, keepdims=True),
        "the mean of rows of 2, 4 and 1 steps has shape (3, 1, 3); wanted (3, 3).",
    ),
    (
        "check_masked_mean",
        lambda h, m: (h * m[..., None]).sum(axis=1) / m.sum(axis=1),
        "the mean of rows of 2, 4 and 1 steps is ",
    ),
    (
        "check_masked_mean",
        lambda h, m: (h * m[..., None]).sum(axis=1) / m.sum(axis=1, keepdims=True),
        "the mean with a row that is all padding holds nan.",
    ),
    (
        "check_masked_mean",
        lambda h, m: np.array([row[:n].mean(axis=0) if n else row[0] * 0 for row, n in zip(h, m.sum(1), strict=True)]),
        "the mean of rows padded on the left and inside is ",
    ),
    ("check_last_valid", 3, "last valid output: not yet. Your answer is a int; pass the function itself"),
    ("check_last_valid", forgetful, "the last valid output of rows of 2, 4 and 1 steps is None; does your function"),
    ("check_last_valid", lambda h, m: h[:, -1], "the last valid output of rows of 2, 4 and 1 steps is 99 where "),
    (
        "check_last_valid",
        last_valid_of_the_thread,
        "the last valid output of rows of 2, 4 and 1 steps has shape (3,); wanted (3, 3).",
    ),
    (
        "check_last_valid",
        lambda h, m: h[:, m.sum(axis=1) - 1],
        "the last valid output of rows of 2, 4 and 1 steps has shape (3, 3, 3); wanted (3, 3).",
    ),
    (
        "check_last_valid",
        lambda h, m: last_valid(h, np.roll(m, 1, axis=0)),
        "the last valid output of rows of 2, 4 and 1 steps is ",
    ),
    (
        "check_line_weights",
        np.ones((3, 4)),
        "every line the same: not yet. Your answer is a ndarray; pass the function",
    ),
    ("check_line_weights", forgetful, "the weights of rows of 2, 4 and 1 steps is None; does your function return"),
    (
        "check_line_weights",
        lambda m: m.astype(float),
        "the weights of rows of 2, 4 and 1 steps is 1 where 4 is wanted.",
    ),
    (
        "check_line_weights",
        lambda m: m / m.sum(axis=1, keepdims=True),
        "the weights of rows of 2, 4 and 1 steps is 1 where 4 is wanted.",
    ),
    (
        "check_line_weights",
        lambda m: m.shape[1] / m.sum(axis=1),
        "the weights of rows of 2, 4 and 1 steps has shape (3,); wanted (3, 4).",
    ),
    (
        "check_line_weights",
        lambda m: m * 4 / m.sum(axis=1, keepdims=True),
        "the weights of three rows of three steps is ",
    ),
    ("check_beat_naive_bayes", None, f"beat naive Bayes: not yet. your guess {NONE}"),
    ("check_beat_naive_bayes", 0.75, "`of_counts` are the scores of naive Bayes, a row for each line."),
    ("check_beat_naive_bayes", Several([0.75, play_scores(9), [0.5] * 12]), "`of_counts` are the scores of naive"),
    (
        "check_beat_naive_bayes",
        Several([0.75, play_scores(9), play_scores(4)]),
        "`labels` are the classes of the 12 lines: plays_of[held].",
    ),
    (
        "check_beat_naive_bayes",
        Several([0.75, play_scores(9), play_scores(4), PLAYS_OF_12[:9]]),
        "`labels` are the classes of the 12 lines: plays_of[held].",
    ),
    ("check_beat_naive_bayes", Several([0.75, None, play_scores(4), PLAYS_OF_12]), f"`scores` {NONE}"),
    (
        "check_beat_naive_bayes",
        Several([0.75, PLAYS_OF_12, play_scores(4), PLAYS_OF_12]),  # answers instead of scores
        "`scores` has shape (12,); wanted (12, 3).",
    ),
    (
        "check_beat_naive_bayes",
        Several([0.33, play_scores(4), play_scores(4), PLAYS_OF_12]),
        "Your run has 0.333 of the lines right, naive Bayes 0.333. Of the 0 lines that one of the two alone has right, "
        "you have 0: no clear lead.",
    ),
    (
        "check_beat_naive_bayes",
        Several([0.67, play_scores(8), play_scores(4), PLAYS_OF_12]),  # a lead of 4, as far as two deviations
        "Your run has 0.667 of the lines right, naive Bayes 0.333. Of the 4 lines that one of the two alone has right, "
        "you have 4: no clear lead.",
    ),
    (
        "check_beat_naive_bayes",
        Several([0.33, play_scores(4), play_scores(9), PLAYS_OF_12]),
        "Your run has 0.333 of the lines right, naive Bayes 0.750. Of the 5 lines that one of the two alone has right, "
        "you have 0: no clear lead.",
    ),
    (
        "check_beat_naive_bayes",
        Several([0.69, play_scores(9), play_scores(4), PLAYS_OF_12]),
        "Your run has 0.750 of the lines right, naive Bayes 0.333, but you guessed 0.69. Say what the guess did not",
    ),
    ("check_beat_naive_bayes", Several([75, play_scores(9), play_scores(4), PLAYS_OF_12]), "Your run has 0.750 of the"),
    ("check_softmax_as_logits", 16.118, "That is the loss without from_logits, where the probability is clipped"),
    ("check_softmax_as_logits", 1.3133, "That is the loss for two classes; here are four,"),
    ("check_softmax_as_logits", 200, "200 is not it. What is the loss of logits 0, 1, 0, 0 with label 0?"),
    ("check_moves", list(MOVES), "`moves` must be a dict with the five endings as its keys."),
    ("check_moves", {**MOVES, "another": True}, "`moves` must be a dict with the five endings as its keys."),
    ("check_moves", dict.fromkeys(MOVES, False), "Look again at \"Dense(activation='softmax'), no from_logits\": Tens"),
    ("check_moves", dict.fromkeys(MOVES, True), "Look again at 'Dense, from_logits=True': there is nothing that"),
    ("check_portable", by_keras, "On tensorflow, a label 5 of 5 classes raised InvalidArgumentError"),
    ("check_portable", by_row, "On tensorflow the loss of rows whose last logit is -inf is nan where"),
    ("check_portable", by_exponentials, "On tensorflow the loss of four rows is"),
    ("check_portable", of_all, "On tensorflow the loss of four rows has shape (); wanted (4,)."),
]


@pytest.mark.parametrize(("checker", "answer", "words"), WRONG)
def test_wrong_answers_hear_what_is_missing(checker, answer, words, verdict):
    said = verdict(CHECKERS[checker], answer)
    assert said.startswith(words) or f": not yet. {words}" in said


class Unreadable:
    """An object that fails wherever NumPy looks."""

    def __array__(self, *arguments, **keywords):
        raise RuntimeError("do not look")

    __len__ = __array__


ABSURD = {
    "nothing": None,
    "dots": ...,
    "text": "softmax",
    "bytes": b"1.0",
    "an empty list": [],
    "ragged lists": [[1, 2], [3]],
    "lists of text": ["1", "2", "3"],
    "a dictionary": {"logits": 1},
    "a set": {1, 2, 3},
    "a complex number": 1j,
    "a date": np.datetime64("2020-01-01"),
    "a number beyond float64": 10**400,
    "three numbers beyond float64": [10**400, 0, 0],
    "an array of None": np.array([None, None, None]),
    "infinities": np.full(3, -np.inf),
    "an unreadable object": Unreadable(),
    "a class": Unreadable,
    "a module": np,
    "a function without arguments": lambda: 1,
    "a function that returns None": forgetful,
    "a function that raises": failing,
    "a function that returns text": lambda *a: "0.5",
    "a function that returns ragged lists": lambda *a: ([1], [1, 2]),
    "a function that returns itself": lambda *a: forgetful,
    "a function that returns an unreadable object": lambda *a: Unreadable(),
    "a function that returns complex numbers": lambda *a: np.asarray(a[0]) * 1j,
    "a function that returns all it got": lambda *a: a,
}


@pytest.mark.parametrize("answer", ABSURD.values(), ids=ABSURD)
@pytest.mark.parametrize("checker", CHECKERS)
def test_no_answer_makes_a_checker_raise_or_err(checker, answer, verdict):
    assert ": not yet. " in verdict(CHECKERS[checker], answer)
