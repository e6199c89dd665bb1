"""RESULTS.md is the page of what was measured, and the page says what the figures say. Nothing is measured here."""

import json
import os
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from utils.quiet import keras

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STORED = json.loads((FOLDER / "results.json").read_text())


def runs(who, seconds, epochs=1, accuracy=0.991):
    return [
        {"who": who, "seed": seed, "seconds": time, "epochs": epochs, "accuracy": accuracy}
        for seed, time in enumerate(seconds)
    ]


def made_up():
    """Return a measurement whose medians are 60 and 8 seconds, and whose means are others."""
    return {"goal": 0.99, "runs": [*runs("convnet", [50.0, 60.0, 700.0], 7), *runs("digit_cnn", [8.0, 1.0, 9.0])]}


# What is stored


def test_the_results_page_is_made_from_the_results(benchmarks):
    assert (FOLDER / "RESULTS.md").read_text() == benchmarks.program.results_page(STORED)


def test_every_benchmark_has_results_and_its_machine_on_the_page(benchmarks):
    assert set(STORED) == set(benchmarks.program.NAMES)
    page = (FOLDER / "RESULTS.md").read_text()
    for measured in STORED.values():
        assert f"Machine: {measured['machine']}.\n" in page


def test_three_seeds_of_both_networks_reached_the_goal_and_ours_is_six_times_as_fast(benchmarks):
    measured = STORED["digits"]
    assert measured["goal"] == benchmarks.digits.GOAL == 0.99
    for who in ("convnet", "digit_cnn"):
        of_one = [run for run in measured["runs"] if run["who"] == who]
        assert [run["seed"] for run in of_one] == [0, 1, 2] == list(benchmarks.digits.SEEDS)
        assert min(run["accuracy"] for run in of_one) >= 0.99
        assert min(run["seconds"] for run in of_one) > 0
    assert len(measured["runs"]) == 6
    assert benchmarks.digits.summary(measured)["ratio"] >= 6


# The digits


def test_the_ratio_is_that_of_the_medians(benchmarks):
    both = benchmarks.digits.summary(made_up())
    assert both["ratio"] == 7.5
    assert [run["seconds"] for run in both["of"]["convnet"]] == [50, 60, 700]
    assert [run["seconds"] for run in both["of"]["digit_cnn"]] == [8, 1, 9]


@pytest.mark.parametrize("missed", range(6))
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
    assert "| Simple MNIST convnet | 60.0 (50.0 to 700.0) | 7 (7 to 7) | 99.10 (99.10 to 99.10) |\n" in page
    assert "| `digit_cnn` | 8.0 (1.0 to 9.0) | 1 (1 to 1) | 99.10 (99.10 to 99.10) |\n" in page
    assert " 7.5 times as fast." in page


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
    with pytest.raises(SystemExit, match=r"^no benchmark speech, words; there are: digits, scenes, text, pages$"):
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


def test_class_weights_have_mean_1_over_the_pixels_and_fall_with_frequency(benchmarks):
    masks = np.repeat(np.arange(23), np.arange(1, 24) ** 2)[None, None]
    weightings = benchmarks.scenes.weightings(masks)
    assert weightings.pop("none") is None
    for power, weights in zip((0.5, 1), (weightings["root"], weightings["inverse"]), strict=True):
        assert weights[masks].mean() == pytest.approx(1)
        assert weights[0] / weights[1] == pytest.approx(4**power)


def test_the_stored_u_nets_have_twice_the_iou_of_a_guess_by_colour_and_rare_classes_gain_recall():
    runs = {run["weights"]: run for run in STORED["scenes"]["runs"]}
    assert list(runs) == ["none", "root", "inverse"]
    assert np.mean(runs["none"]["iou"]) > 2 * 0.15  # chapter 8 shows that colour alone stays below 0.15
    assert runs["none"]["accuracy"] > runs["root"]["accuracy"] > runs["inverse"]["accuracy"]
    assert np.mean(runs["inverse"]["recall"]) > np.mean(runs["none"]["recall"])


# Characters


def test_every_training_of_ours_is_ahead_of_the_tutorial_at_equal_time_and_the_longer_ones_below_2_3_bits():
    race = STORED["text"]["race"]
    ours, theirs = ([run for run in race if run["who"] == who] for who in ("char_lstm", "tutorial"))
    assert len(ours) == len(theirs) == 4
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["bits"] < other["bits"]
        assert mine["seconds"] <= other["seconds"]  # the tutorial's network never has less
    assert [run["bits"] for run in ours] == sorted((run["bits"] for run in ours), reverse=True)
    best = [run["bits"] for run in ours if run["seconds"] <= 150]
    assert min(best) <= 2.3


def test_the_opponent_is_the_network_of_the_text_generation_tutorial(benchmarks):
    model = benchmarks.text.tutorial_gru(66)
    assert model.count_params() == 4_022_850  # as the summary on the tutorial's page has it
    assert type(model.optimizer) is keras.optimizers.Adam
    assert float(model.optimizer.learning_rate) == np.float32(0.001)


def test_steps_are_timed_after_the_first(benchmarks):
    model = keras.Sequential([keras.Input((3, 2)), keras.layers.Dense(4)])
    times = benchmarks.text.one_step(model, np.zeros((1, 3, 2), np.float32), np.zeros((1, 3), int))
    assert len(times) == benchmarks.text.REPEATS
    assert min(times) > 0


def test_generation_counts_the_characters_of_all_texts(benchmarks, monkeypatch):
    monkeypatch.setattr(benchmarks.text, "REPEATS", 2)
    clock = iter([10.0, 12.0, 20.0, 21.0])
    monkeypatch.setattr(benchmarks.text.time, "perf_counter", lambda: next(clock))
    assert benchmarks.text.generation(texts=2, length=3) == {"texts": 2, "speeds": [3.0, 6.0]}


def test_the_page_of_the_characters_holds_each_run_and_the_ratios(benchmarks):
    race = [
        {"who": "char_lstm", "seconds": 40.0, "characters": 1_200_000, "bits": 2.25},
        {"who": "tutorial", "seconds": 44.0, "characters": 192_000, "bits": 4.0},
    ]
    heads = [
        {"head": head, "where": where, "nodes": nodes, "seconds": seconds}
        for head, nodes, seconds in (
            ("Dense", 10, [0.01, 0.02, 0.9]),
            ("TimeDistributed(Dense)", 1000, [0.05, 0.06, 0.06]),
        )
        for where in ("last layer alone", "whole network")
    ]
    page = benchmarks.text.page({"race": race, "heads": heads, "generation": {"texts": 5, "speeds": [1000.0, 2000.0]}})
    assert "| `char_lstm` | 40 | 1,200,000 | 30,000 | 2.250 |\n" in page
    assert "| tutorial's GRU 1024 | 44 | 192,000 | 4,364 | 4.000 |\n" in page
    assert "| last layer alone | `Dense` | 10 | 20 (10 to 900) |  |\n" in page
    assert "| whole network | `TimeDistributed(Dense)` | 1,000 | 60 (50 to 60) | 3.00 |\n" in page
    assert "of 5 texts side by side gives 1,500 (1,000 to 2,000) characters a\n" in page
