"""The corpus: every wrong or missing finding is red, and so is every word about a healthy model."""

import pytest
from corpus import by_hand, generated
from sick_kinds import KINDS
from sick_models import CASES, look, names

from utils.quiet import keras


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


@pytest.mark.parametrize("case", KINDS)
def test_the_mistake_is_named_alone(case):
    name, sick, _ = KINDS[case]
    assert look(*sick) == [name]


@pytest.mark.parametrize("case", KINDS)
def test_the_healthy_twin_has_no_finding(case):
    assert look(*KINDS[case][2]) == []


GENERATED = {title: case for title, *case in generated()}


@pytest.mark.slow
@pytest.mark.parametrize("title", GENERATED)
def test_a_combination_gets_the_findings_it_deserves(title):
    build, x, y, weights, expected = GENERATED[title]
    assert names(build(), x, y, **weights) == expected


def test_the_corpus_is_large_enough():
    assert not set(CASES) & set(KINDS)
    broken = [case for case in by_hand() if case[-1]]
    healthy = [case for case in by_hand() if not case[-1]]
    assert len(broken) >= 60
    assert len(healthy) >= 40
    assert sum(not case[-1] for case in GENERATED.values()) >= 20
    assert {name for case in by_hand() for name in case[-1]} >= {n for case in GENERATED.values() for n in case[-1]}
