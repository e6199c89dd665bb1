"""What chapter 11 says of backends, so that a new Keras or JAX is noticed, and that its programs can fail."""

import numpy as np
import pytest

from utils import processes, rosetta
from utils.processes import Raised, on_each, run

pytestmark = pytest.mark.slow
SPARSE, DENSE, BINARY = "SparseCategoricalCrossentropy", "CategoricalCrossentropy", "BinaryCrossentropy"
LOGITS = {"from_logits": True}
THREE = (0.0, 1.0, 2.0)


@pytest.fixture(scope="module", autouse=True)
def stopped_at_the_end():
    yield
    processes.stop_kept()


@pytest.mark.parametrize(
    ("case", "tensorflow", "jax"),
    [
        ((1, SPARSE, {}, 0), (200, 1), (16.1181, 0)),
        ((1, DENSE, {}, [1, 0]), (200, 1), (16.1181, 0)),
        ((1, SPARSE, LOGITS, 0), (200, 1), (np.log(1 + np.e), 0)),
        ((0, SPARSE, LOGITS, 0), (200, 1), (200, 1)),
        ((0, DENSE, LOGITS, [1, 0]), (200, 1), (200, 1)),
        ((0, SPARSE, {**LOGITS, "ignore_class": -1}, 0), (200, 1), (200, 1)),
        ((0, SPARSE, LOGITS, 3, THREE), "InvalidArgumentError", (0, 0)),
        ((0, SPARSE, LOGITS, -1, THREE), "InvalidArgumentError", (0, 0)),
        ((0, SPARSE, LOGITS, 2**32, THREE), "InvalidArgumentError", (2.4076, 0.91)),
    ],
)
def test_a_step_on_either_backend(case, tensorflow, jax):
    answers = on_each(rosetta.one_step, [case])
    for wanted, (got,) in zip((tensorflow, jax), answers.values(), strict=True):
        if isinstance(got, Raised):
            assert got.name == wanted
        else:
            np.testing.assert_allclose(got, wanted, atol=1e-4)


def patched():
    """Return the loss of a Softmax layer where Keras on TensorFlow no longer looks for logits."""
    import keras

    keras.src.backend.nn._get_logits = lambda output, from_logits, *_: (output, from_logits)
    return one_step(1, "SparseCategoricalCrossentropy", {}, 0)  # noqa: F821 (one of its needs)


def test_the_step_notices_a_keras_that_recovers_nothing():
    (step,) = run(patched, [()], needs=(rosetta.one_step,))
    np.testing.assert_allclose(step, (16.1181, 0), atol=1e-4)
    processes.stop_kept()


@pytest.mark.parametrize(
    ("program", "backend"),
    [
        (rosetta.by_tensorflow, "tensorflow"),
        (rosetta.by_keras, "tensorflow"),
        (rosetta.by_keras, "jax"),
        (rosetta.by_keras, "numpy"),
        (rosetta.by_jax, "jax"),
        (rosetta.by_optax, "jax"),
    ],
)
def test_the_libraries_agree_on_cases_of_another_seed(program, backend):
    cases = rosetta.random_cases(40, seed=1)
    assert {np.ndim(logits) for logits, _, _ in cases} == {1, 2, 3, 4}
    for case, answer in zip(cases, run(program, cases, backend), strict=True):
        for got, wanted in zip(answer, rosetta.by_numpy(*case), strict=True):
            np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-6)


def test_the_rules_of_keras_and_of_optax():
    keras = on_each(rosetta.rules_of_keras, [()])
    (optax,) = run(rosetta.rules_of_jax, [()], "jax")
    losses = np.log(np.add(np.exp([2, 3]), [1 + np.e, 2])) - [0, 3]
    for rules in (keras["tensorflow"][0], keras["jax"][0], optax):
        assert rules["ignored"] == pytest.approx(losses[0], abs=1e-6)
        assert rules["weighted"] == pytest.approx((losses[0] + 3 * losses[1]) / 2, abs=1e-6)
    assert [keras["tensorflow"][0][label] for label in ("3", "-1")] == 2 * ["InvalidArgumentError"]
    assert [keras["jax"][0][label] for label in ("3", "-1")] == [0, 0]
    assert np.isnan([optax["3"], optax["3, picked"]]).all()
    assert optax["-1"] == pytest.approx(losses[0] - 2, abs=1e-6)
