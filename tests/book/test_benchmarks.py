"""RESULTS.md is the page of what was measured, and the page says what the figures say. Nothing is measured here."""

import json
import os
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from utils import nets
from utils.metrics import confusion
from utils.quiet import keras
from utils.scenes import street_scenes

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STORED = json.loads((FOLDER / "results.json").read_text())


def runs(who, seconds, epochs=1, accuracy=0.991):
    return [
        {"who": who, "seed": seed, "seconds": time, "epochs": epochs, "accuracy": accuracy}
        for seed, time in enumerate(seconds)
    ]


def made_up():
    """Return a measurement whose medians are 60 and 8 seconds over the seeds of both, and whose means are others."""
    scores = {"as they are": 0.99, "thinner": 0.5}
    return {
        "goal": 0.99,
        "runs": [*runs("convnet", [50.0, 60.0, 700.0], 7), *runs("digit_cnn", [8.0, 1.0, 9.0, 2.0, 2.0])],
        "start": 1.5,
        "arithmetic": 2.25,
        "published": [
            {"who": who, "seed": seed, "accuracy": 0.97 + seed / 1000}
            for who in ("lab_cnn", "lab_cnn_as_meant", "blog_cnn", "digit_cnn")
            for seed in range(3)
        ],
        "hands": [{"who": who, "seed": 0, "accuracy": scores} for who in ("as they are", "by hand")],
    }


# What is stored


def test_the_results_page_is_made_from_the_results(benchmarks):
    assert (FOLDER / "RESULTS.md").read_text() == benchmarks.program.results_page(STORED)


def test_every_benchmark_has_results_and_its_machine_on_the_page(benchmarks):
    assert set(STORED) == set(benchmarks.program.NAMES)
    page = (FOLDER / "RESULTS.md").read_text()
    for measured in STORED.values():
        assert f"Machine: {measured['machine']}.\n" in page


def test_three_seeds_of_both_and_ten_of_ours_reached_the_goal_and_ours_is_six_times_as_fast(benchmarks):
    measured = STORED["digits"]
    assert measured["goal"] == benchmarks.digits.GOAL == 0.99
    for who, seeds in (("convnet", benchmarks.digits.SEEDS), ("digit_cnn", benchmarks.digits.MORE_SEEDS)):
        of_one = [run for run in measured["runs"] if run["who"] == who]
        assert [run["seed"] for run in of_one] == list(seeds)
        assert min(run["accuracy"] for run in of_one) >= 0.99
        assert min(run["seconds"] for run in of_one) > 0
    assert len(measured["runs"]) == 13
    assert benchmarks.digits.summary(measured)["ratio"] >= 6


def test_every_network_of_the_chapter_and_both_trainings_have_three_seeds(benchmarks):
    for part, names in (("published", benchmarks.digits.PUBLISHED), ("hands", ("as they are", "by hand"))):
        seen = sorted((run["who"], run["seed"]) for run in STORED["digits"][part])
        assert seen == sorted((who, seed) for who in names for seed in benchmarks.digits.SEEDS)


# The digits


def test_the_ratio_is_that_of_the_medians(benchmarks):
    both = benchmarks.digits.summary(made_up())
    assert both["ratio"] == 7.5
    assert [run["seconds"] for run in both["of"]["convnet"]] == [50, 60, 700]
    assert [run["seconds"] for run in both["of"]["digit_cnn"]] == [8, 1, 9, 2, 2]


@pytest.mark.parametrize("missed", range(8))
def test_there_is_no_ratio_where_a_run_missed_the_goal(missed, benchmarks):
    measured = made_up()
    measured["runs"][missed]["accuracy"] = 0.9899
    assert benchmarks.digits.summary(measured)["ratio"] is None
    page = benchmarks.digits.page(measured)
    assert "a run missed the goal: no ratio" in page
    assert "times as fast" not in page


def test_a_run_that_just_reached_the_goal_counts(benchmarks):
    measured = made_up()
    measured["runs"][0]["accuracy"] = 0.99
    assert benchmarks.digits.summary(measured)["ratio"] == 7.5


def test_the_page_of_the_digits_holds_the_medians_the_spread_and_the_ratio(benchmarks):
    page = benchmarks.digits.page(made_up())
    assert page.startswith("## Digits: time to 99.0 % of the 10,000 test digits\n")
    assert "| Simple MNIST convnet | 3 | 60.0 (50.0 to 700.0) | 7 (7 to 7) | 99.10 (99.10 to 99.10) |\n" in page
    assert "| `digit_cnn` | 5 | 2.0 (1.0 to 9.0) | 1 (1 to 1) | 99.10 (99.10 to 99.10) |\n" in page
    assert " 7.5 times as fast, " in page
    assert "| `lab_cnn` | 97.10 (97.00 to 97.20) |\n" in page
    assert "| thinner | 50.00 (50.00 to 50.00) | 50.00 (50.00 to 50.00) |\n" in page


def test_the_arithmetic_counts_each_weight_at_each_pixel(benchmarks, monkeypatch):
    clock = iter([0.0, 4096**3 / 1e12])  # a machine of 10¹² multiplications a second
    monkeypatch.setattr(benchmarks.digits.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(benchmarks.digits.np, "ones", lambda shape, dtype: np.zeros((2, 2)))
    layers = keras.layers
    model = keras.Sequential([keras.Input((8, 8, 2)), layers.Conv2D(5, 3), layers.Flatten(), layers.Dense(4)])
    factors = 36 * 9 * 2 * 5 + 36 * 5 * 4
    assert benchmarks.digits.arithmetic(model, 1000) == pytest.approx(3 * 1000 * factors / 1e12)


def test_the_opponent_is_the_network_of_the_example(benchmarks):
    model = benchmarks.digits.convnet()
    assert model.count_params() == 34_826  # as the summary on the example's page has it
    assert model.layers[-1].activation is keras.activations.softmax
    assert model.loss == "categorical_crossentropy"


# What every benchmark shares


@pytest.mark.parametrize(
    ("values", "decimals", "text"),
    [
        ([9.0, 7.9, 8.06], {}, "8.1 (7.9 to 9.0)"),
        ([1000, 3000, 2000], {"decimals": 0}, "2,000 (1,000 to 3,000)"),
        ([99.0, 99.1], {"decimals": 2}, "99.05 (99.00 to 99.10)"),
        ([4], {"decimals": 0}, "4 (4 to 4)"),
    ],
)
def test_middle_is_the_median_with_the_spread(values, decimals, text, benchmarks):
    assert benchmarks.harness.middle(values, **decimals) == text


def test_a_table_is_markdown(benchmarks):
    table = benchmarks.harness.table(["network", "seconds"], [["one", 1], ["two", "2.0 (1.0 to 3.0)"]])
    assert table == "| network | seconds |\n| --- | --- |\n| one | 1 |\n| two | 2.0 (1.0 to 3.0) |"


def test_seconds_are_those_of_one_call(benchmarks, monkeypatch):
    clock = iter([100.0, 102.5])
    monkeypatch.setattr(benchmarks.harness.time, "perf_counter", lambda: next(clock))
    assert benchmarks.harness.seconds(lambda: "done") == (2.5, "done")


def test_the_machine_is_one_line_with_the_versions(benchmarks):
    machine = benchmarks.harness.machine()
    assert "\n" not in machine
    versions = ", ".join(f"{name} {version(name.lower())}" for name in ("TensorFlow", "Keras", "NumPy"))
    assert re.fullmatch(rf".+, \d+ cores; Python 3\.[\d.]+\S*, {re.escape(versions)}", machine)


def test_a_record_replaces_its_own_section_and_keeps_the_others(benchmarks, elsewhere):
    benchmarks.harness.record("speech", goal=1, runs=[])
    benchmarks.harness.record("digits", goal=2, runs=[1])
    first = (elsewhere / "results.json").read_text()
    benchmarks.harness.record("digits", goal=3)
    results = json.loads((elsewhere / "results.json").read_text())
    machine = benchmarks.harness.machine()
    assert json.loads(first)["digits"] == {"machine": machine, "goal": 2, "runs": [1]}
    assert results == {
        "speech": {"machine": machine, "goal": 1, "runs": []},
        "digits": {"machine": machine, "goal": 3},
    }
    assert first.endswith("}\n")
    assert list(results) == sorted(results)


# The program


def test_an_unknown_benchmark_ends_the_program_before_any_is_run(benchmarks, elsewhere, monkeypatch):
    monkeypatch.setattr(benchmarks.digits, "measure", lambda: pytest.fail("it measured"))
    with pytest.raises(
        SystemExit, match=r"^no benchmark speech, words; there are: digits, scenes, text, doctor, pages, browser$"
    ):
        benchmarks.program.main(["words", "digits", "speech"])
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("names", [[], ["digits"]])
def test_the_program_stores_what_it_measured_and_prints_the_page(names, benchmarks, elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(benchmarks.digits, "measure", made_up)
    monkeypatch.setattr(benchmarks.program, "NAMES", ("digits",))
    benchmarks.program.main(names)
    assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "1"  # measured is TensorFlow as it comes
    results = json.loads((elsewhere / "results.json").read_text())
    assert results == {"digits": {"machine": benchmarks.harness.machine(), **made_up()}}
    page = (elsewhere / "RESULTS.md").read_text()
    assert page == benchmarks.program.results_page(results)
    assert capsys.readouterr().out == f"measuring digits\n{page}\n"


def test_what_was_not_measured_has_no_section(benchmarks):
    assert "##" not in benchmarks.program.results_page({})


# The scenes


def test_what_is_stored_of_a_confusion_matrix_is_read_off_it(benchmarks):
    assert benchmarks.scenes.scores(np.array([[6, 2], [1, 1]])) == {
        "accuracy": 0.7,
        "iou": [6 / 9, 1 / 4],
        "recall": [6 / 8, 1 / 2],
        "pixels": [8, 2],
    }


def test_a_shift_of_the_logits_is_added_before_the_classes_are_named(benchmarks):
    keras.utils.set_random_seed(0)
    images, masks = street_scenes(21, seed=0)  # one more than are asked at once
    model = nets.unet((4, 8))
    shift = np.where(np.arange(23) == 5, 1e3, 0)
    plain, shifted = benchmarks.scenes.counts_of(model, images, masks, [0, shift])
    assert plain.sum() == shifted.sum() == masks.size
    np.testing.assert_array_equal(shifted[:, 5], np.bincount(masks.ravel(), minlength=23))
    np.testing.assert_array_equal(plain, confusion(masks, nets.logits_of(model, images).argmax(-1), 23))


def test_each_seed_has_each_weighting_and_what_chapter_8_says_of_them_holds_for_each():
    runs = STORED["scenes"]["runs"]
    for seed in (0, 1, 2):
        by = {run["weights"]: run for run in runs if run["seed"] == seed}
        afterwards = "root, afterwards", "inverse, afterwards"
        assert sorted(by) == sorted(["none", "root", "inverse", *afterwards, "none, trained scenes"])
        mean = {name: np.mean(run["iou"]) for name, run in by.items()}
        assert mean["none"] > 2 * 0.15  # chapter 8 shows that colour alone stays below 0.15
        assert mean["none, trained scenes"] > mean["none"]
        assert by["none"]["accuracy"] > by["root"]["accuracy"] > by["inverse"]["accuracy"]
        assert np.mean(by["inverse"]["recall"]) > np.mean(by["none"]["recall"])


# Characters


def test_every_training_of_ours_is_ahead_of_the_tutorials_at_equal_time_and_the_longer_ones_below_2_3_bits():
    race = STORED["text"]["race"]
    ours, *others = ([run for run in race if run["who"] == who] for who in ("char_lstm", "tutorial", "blog"))
    assert len(ours) == 4
    for theirs in others:
        assert len(theirs) == 3  # the longest of ours goes on alone
        for mine, other in zip(ours, theirs, strict=False):
            assert mine["bits"] < other["bits"]
            assert mine["seconds"] <= other["seconds"]  # a tutorial's network never has less
    assert [run["bits"] for run in ours] == sorted((run["bits"] for run in ours), reverse=True)
    best = [run["bits"] for run in ours if run["seconds"] <= 150]
    assert min(best) <= 2.3


def test_one_pass_ends_below_the_counts_from_each_seed():
    once, counts = STORED["text"]["once"], min(STORED["text"]["counts"]["orders"])
    assert len(once) == 3
    assert max(once) < counts
    assert once[0] == STORED["text"]["race"][-1]["bits"]


def test_the_stored_mixture_is_below_both_of_its_parts():
    counts = STORED["text"]["counts"]
    second = counts["second_half"]
    assert second["mixed"] < min(second["counts"], second["network"]) - 0.05
    assert np.argmin(counts["orders"]) == 6  # seven in a row


def test_the_opponent_is_the_network_of_the_text_generation_tutorial(benchmarks):
    model = benchmarks.text.tutorial_gru(66)
    assert model.count_params() == 4_022_850  # as the summary on the tutorial's page has it
    assert type(model.optimizer) is keras.optimizers.Adam
    assert float(model.optimizer.learning_rate) == np.float32(0.001)


def test_the_other_opponent_is_trained_with_the_printed_settings_of_the_blog_tutorial(benchmarks):
    model = benchmarks.text.tutorial_lstm()
    assert model.count_params() == 4_460_800
    assert type(model.optimizer) is keras.optimizers.RMSprop
    assert float(model.optimizer.learning_rate) == np.float32(0.01)


def test_steps_are_timed_in_turns_and_not_the_first(benchmarks):
    models = [keras.Sequential([keras.Input((3, 2)), keras.layers.Dense(4)]) for _ in range(2)]
    times = list(benchmarks.text.in_turns(models, np.zeros((1, 3, 2), np.float32), np.zeros((1, 3), int)))
    assert np.shape(times) == (benchmarks.text.REPEATS, 2)
    assert np.min(times) > 0


def test_busy_seconds_are_those_of_the_cores(benchmarks, monkeypatch):
    clock = iter([100.0, 105.0])
    monkeypatch.setattr(benchmarks.text.time, "process_time", lambda: next(clock))
    monkeypatch.setattr(benchmarks.text.os, "cpu_count", lambda: 2)
    assert benchmarks.text.busy(lambda: "done") == (2.5, "done")


def test_an_opponent_is_trained_until_its_clock_shows_as_much(benchmarks, monkeypatch):
    monkeypatch.setattr(benchmarks.text, "busy", lambda function, *given, **options: (2.0, function(*given, **options)))
    ids = np.zeros(1000, int)
    model = keras.Sequential([keras.Input((None,)), keras.layers.Embedding(3, 3)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    opponent = benchmarks.text.Opponent("gru", lambda: model, ids, batch=2, steps=1, unseen=ids)
    found = opponent.until(5.0)
    assert (found["who"], found["seconds"], found["characters"]) == ("gru", 6.0, 400)  # built, and two steps
    assert opponent.until(6.0)["characters"] == 400


def test_generation_counts_the_characters_of_all_texts(benchmarks, monkeypatch):
    monkeypatch.setattr(benchmarks.text, "REPEATS", 2)
    clock = iter([10.0, 12.0, 20.0, 21.0])
    monkeypatch.setattr(benchmarks.text.time, "perf_counter", lambda: next(clock))
    assert benchmarks.text.generation(texts=2, length=3) == {"texts": 2, "speeds": [3.0, 6.0]}


def test_the_page_of_the_characters_holds_each_run_and_the_ratios(benchmarks):
    race = [
        {"who": "char_lstm", "seconds": 40.0, "characters": 1_200_000, "bits": 2.25},
        {"who": "tutorial", "seconds": 44.0, "characters": 192_000, "bits": 4.0},
        {"who": "blog", "seconds": 42.0, "characters": 420_000, "bits": 4.75},
    ]
    second = {"counts": 2.07, "network": 2.0, "mixed": 1.9}
    counts = {"orders": [9.0, 8, 7, 6, 5, 4, 3, 2.5], "weight": 0.7, "second_half": second}
    heads = [
        {"head": head, "where": where, "nodes": nodes, "seconds": seconds}
        for head, nodes, seconds in (
            ("Dense", 10, [0.01, 0.02, 0.9]),
            ("TimeDistributed(Dense)", 1000, [0.05, 0.06, 0.06]),
        )
        for where in ("last layer alone", "whole network")
    ]
    generation = {"texts": 5, "speeds": [1000.0, 2000.0]}
    once = [2.05, 2.04, 2.07]
    measured = {"counts": counts, "race": race, "once": once, "heads": heads, "generation": generation}
    page = benchmarks.text.page(measured)
    assert "end at 2.050 (2.040 to 2.070) bits" in page
    assert "| 8 | 2.500 |\n" in page
    assert "| mixed | 1.900 |\n" in page
    assert "mixture, 0.7, is" in page
    assert "| `char_lstm` | 40 | 1,200,000 | 30,000 | 2.250 |\n" in page
    assert "| TensorFlow tutorial's GRU | 44 | 192,000 | 4,364 | 4.000 |\n" in page
    assert "| blog tutorial's LSTMs | 42 | 420,000 | 10,000 | 4.750 |\n" in page
    assert "| last layer alone | `Dense` | 10 | 20 (10 to 900) |  |\n" in page
    assert "| whole network | `TimeDistributed(Dense)` | 1,000 | 60 (50 to 60) | 3.00 |\n" in page
    assert "of 5 texts side by side gives 1,500 (1,000 to 2,000) characters a\n" in page


# The networks in a browser


def test_each_network_runs_in_a_browser_within_its_time_and_agrees_with_keras():
    networks = STORED["browser"]["networks"]
    assert sorted(networks) == ["char_lstm", "digit_cnn", "unet"]
    # What a widget needs of each: a digit in a frame, 500 characters a second, a scene while one waits.
    limits = {"digit_cnn": 2, "unet": 1500, "char_lstm": 50 / 500 * 1000}
    for name, each in networks.items():
        assert np.median(each["times"]) < limits[name]
        assert each["far"] < 1e-4
        assert each["inputs"] == (20 if name == "unet" else 200)


def test_the_page_of_the_browser_names_bytes_times_and_difference(benchmarks):
    one = {
        "bytes": 12345,
        "loads": [20.0, 30.0, 90.0],
        "times": [1.5, 2.5],
        "unit": "a digit",
        "inputs": 2,
        "far": 3e-5,
    }
    page = benchmarks.browser.page({"browser": "1.2", "networks": {"digit_cnn": one}})
    assert "| `digit_cnn` | 12,345 | 30 (20 to 90) | a digit | 2.0 (1.5 to 2.5) | 2 | 3e-05 |\n" in page
    assert "Chromium 1.2, " in page
