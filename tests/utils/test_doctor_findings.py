"""Each finding: the sick model fires it and nothing else, its healthy twin fires nothing."""

import pytest
from sick_models import CASES, look

from utils.quiet import keras


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


@pytest.mark.parametrize("case", CASES)
def test_the_mistake_is_named_alone(case):
    name, sick, _ = CASES[case]
    assert look(*sick) == [name]


@pytest.mark.parametrize("case", CASES)
def test_the_healthy_twin_has_no_finding(case):
    assert look(*CASES[case][2]) == []
