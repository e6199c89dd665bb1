"""The exercises of chapter 12, and guards for what the chapter says of Keras and TensorFlow under several workers."""

import json
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest

from utils import exercises, processes

CHAPTER = Path(__file__).resolve().parents[2] / "chapters" / "12_scale.ipynb"


def verdict(capsys, checker, answer):
    """Return what a checker prints, its lines joined."""
    with np.errstate(all="ignore"):
        checker(answer)
    printed = capsys.readouterr()
    assert printed.err == ""
    assert max(map(len, printed.out.splitlines())) <= 80
    return " ".join(printed.out.split())


def merge(a, b):
    top = np.maximum(a, b)
    return top + np.log(np.exp(a - top) + np.exp(b - top))


def wrong_worker(sums, steps, shares):
    return int(np.argmax(np.abs(shares - sums / steps.sum())))


def split(rows, width, classes, workers):
    return "classes" if rows * (width + 3) < classes * width else "rows"


@pytest.mark.parametrize(
    ("checker", "answer"),
    [
        (exercises.check_merge, merge),
        (exercises.check_merge, np.logaddexp),
        (exercises.check_wrong_worker, wrong_worker),
        (exercises.check_wrong_worker, lambda s, n, g: np.argmin(np.isclose(g * n.sum(), s))),
        (exercises.check_split, split),
    ],
)
def test_right_answers_are_correct(checker, answer, capsys):
    assert verdict(capsys, checker, answer).endswith(": correct.")


NONE = "is None; does your function return something?"


@pytest.mark.parametrize(
    ("checker", "answer", "words"),
    [
        (exercises.check_merge, lambda a, b: a + b, "0.0, 2.0 with 0.0, -1.0 is 1 where 2.0485874 is wanted."),
        (exercises.check_merge, np.maximum, "is 0 where 0.69314718 is wanted."),
        (exercises.check_merge, lambda a, b: np.log(np.exp(a) + np.exp(b)), "is inf where 1000.6931 is wanted."),
        (exercises.check_merge, lambda a, b: a + np.log1p(np.exp(b - a)), "holds nan."),
        (exercises.check_merge, lambda a, b: None, NONE),
        (exercises.check_merge, 0.5, "Your answer is a float; pass the function itself, without calling it."),
        (exercises.check_wrong_worker, lambda s, n, g: np.argmax(g), "the wrong one of 3 workers is 0 where 1 is"),
        (exercises.check_wrong_worker, lambda s, n, g: np.argmin(n), "the wrong one of 4 workers is 0 where 2 is"),
        (exercises.check_wrong_worker, lambda s, n, g: np.argmax(g - s / n.sum()), "of 4 workers is"),
        (exercises.check_wrong_worker, lambda s, n, g: n == 4, "has shape (3,); wanted one number."),
        (exercises.check_split, lambda r, w, c, n: "rows", '"rows", but the numbers to add up are 64,000,000 split'),
        (exercises.check_split, lambda r, w, c, n: "classes", "For 1,000,000 rows, width 64, 1,000 classes and 2"),
        (exercises.check_split, lambda r, w, c, n: "classes" if r < c else "rows", "4,000 split by rows, 5,000 split"),
        (exercises.check_split, lambda r, w, c, n: "class", 'your answer is \'class\'; wanted "rows" or "classes".'),
        (exercises.check_split, lambda r, w, c, n: None, "your answer is of type NoneType; wanted"),
        (exercises.check_split, lambda r: "rows", "workers raised TypeError:"),
        (exercises.check_split, split(1, 1, 2, 2), "Your answer is a str; pass the function itself"),
    ],
)
def test_wrong_answers_hear_what_is_missing(checker, answer, words, capsys):
    said = verdict(capsys, checker, answer)
    assert ": not yet. " in said
    assert words in said


# -------------------------------------------------- what would have to be rewritten in the chapter if it were mended


def fitting(worker):
    """Call fit under two workers."""
    import keras
    import tensorflow as tf

    with tf.distribute.MultiWorkerMirroredStrategy().scope():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(5)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(np.zeros((8, 4)), np.zeros(8), verbose=0)


@pytest.mark.slow
def test_fit_under_several_workers_still_fails():
    """If this falls, Keras has mended keras#20585: rewrite the opening and the section on `fit` of chapter 12."""
    for ended in processes.workers(fitting, 2, timeout=120):
        (answer,) = ended.answers
        assert isinstance(answer, processes.Raised), "fit works under MultiWorkerMirroredStrategy: rewrite chapter 12"
        assert answer.name == "ValueError"
        assert "PerReplica" in answer.message


def masked():
    """Return the first loss of a masked model on one and on two CPUs of one process."""
    import keras
    import tensorflow as tf

    (cpu,), found = tf.config.list_physical_devices("CPU"), []
    halves = [tf.config.LogicalDeviceConfiguration() for _ in range(2)]
    tf.config.set_logical_device_configuration(cpu, halves)
    rng = np.random.default_rng(12)
    valid = np.arange(3) < np.array([3, 3, 3, 3, 1, 1, 1, 1])[:, None]
    features = rng.standard_normal((8, 3, 4)) * valid[..., None]
    for devices in (["CPU:0"], ["CPU:0", "CPU:1"]):
        with tf.distribute.MirroredStrategy(devices).scope():
            keras.utils.set_random_seed(0)
            model = keras.Sequential([keras.Input((3, 4)), keras.layers.Masking(), keras.layers.Dense(5)])
            model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        history = model.fit(features, rng.integers(5, size=(8, 3)) * 0, batch_size=8, shuffle=False, verbose=0)
        found.append(history.history["loss"][0])
    return found


@pytest.mark.slow
def test_a_masked_loss_still_depends_on_the_number_of_replicas():
    """If this falls, Keras divides by the steps of all replicas: rewrite the paragraph on MirroredStrategy."""
    answer, _ = processes.peak(masked)  # a process of its own: the CPU can be halved only before it is used
    one, two = answer
    assert abs(one - two) > 1e-3


def kinds():
    """Return the names of what TensorFlow's reduce can do."""
    import tensorflow as tf

    return [one.name for one in tf.distribute.ReduceOp]


@pytest.mark.slow
def test_the_reduce_of_tensorflow_still_has_no_maximum():
    assert processes.peak(kinds)[0] == ["SUM", "MEAN"]


def test_the_stored_measurement_says_what_it_is_and_the_chapter_does_too():
    stored = json.loads((CHAPTER.parents[1] / "benchmarks" / "gpu_vocabulary.json").read_text())
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", stored["measured"])
    assert stored["device"]
    assert stored["versions"]["torch"]
    methods = {one["method"] for one in stored["results"]}
    assert len(stored["results"]) == len(methods) * len({one["classes"] for one in stored["results"]})
    prose = " ".join(cell.source for cell in nbformat.read(CHAPTER, 4).cells if cell.cell_type == "markdown")
    assert "nothing on this page repeats it" in prose
