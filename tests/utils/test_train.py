"""What `make models` trains: by name, and with the accuracy of what is stored. Nothing is trained here."""

import numpy as np
import pytest
import train

from utils import nets
from utils.datasets import load_mnist
from utils.losses import cross_entropy, softmax
from utils.metrics import calibration_error
from utils.strokes import by_hand


@pytest.fixture
def made(monkeypatch):
    """Return the list that two makers write their names to instead of training."""
    names = []
    fakes = {name: lambda name=name: names.append(name) for name in ("one", "two")}
    monkeypatch.setattr(train, "MAKERS", fakes)
    return names


def test_an_unknown_model_ends_the_program_before_any_is_made(made):
    with pytest.raises(SystemExit, match=r"^no model four, three; there are: one, two$"):
        train.main(["one", "three", "four"])
    assert made == []


def test_the_named_models_are_made_or_all(made):
    train.main(["two"])
    assert made == ["two"]
    train.main([])
    assert made == ["two", "one", "two"]


def test_every_maker_is_named_as_the_model_that_it_makes():
    for name in {*train.MAKERS} - {"scene_losses"}:
        assert getattr(nets, name)().name == name


@pytest.mark.slow
def test_the_stated_accuracy_is_that_of_the_weights_as_stored(monkeypatch, capsys):
    training, (images, labels) = load_mnist()
    few = images[:300], labels[:300]
    asked, kept = {}, {}

    def no_training(model, x, y, epochs, verbose, change):
        asked.update(shape=x.shape, range=(x.min(), x.max()), labels=y, epochs=epochs, changed=change(x[:20]))
        nets.load_weights(model)
        for weight in model.weights:  # numbers that float16 cannot hold
            weight.assign(weight * (1 + 2**-13))

    def no_saving(model, **facts):
        kept.update(model=model, facts=facts)

    monkeypatch.setattr(train, "load_mnist", lambda: (training, few))
    monkeypatch.setattr(nets, "train_digits", no_training)
    monkeypatch.setattr(nets, "save_weights", no_saving)
    train.main(["digit_cnn"])

    assert asked["shape"] == (55_000, 28, 28, 1)
    np.testing.assert_array_equal(
        asked["changed"], by_hand(training[0][:20, ..., None] / 255, np.random.default_rng(0))
    )
    assert asked["range"] == (0, 1)
    np.testing.assert_array_equal(asked["labels"], training[1][:55_000])
    assert f"{asked['epochs']} epochs" in kept["facts"]["made"]
    for weight in kept["model"].get_weights():
        np.testing.assert_array_equal(weight, weight.astype(np.float16))
    logits = nets.logits_of(kept["model"], few[0][..., None] / 255)
    held = nets.logits_of(kept["model"], training[0][55_000:, ..., None] / 255)
    facts = {name: kept["facts"][name] for name in ("temperature", "right_of_10000_test_digits", "calibration_error")}
    assert facts["right_of_10000_test_digits"] == (logits.argmax(-1) == few[1]).sum() > 290
    losses = [cross_entropy(training[1][55_000:], held / (facts["temperature"] + t)).mean() for t in (-0.05, 0, 0.05)]
    assert np.argmin(losses) == 1
    error = calibration_error(softmax(logits / facts["temperature"]), few[1])
    assert facts["calibration_error"] == pytest.approx(error, abs=1e-4)
    assert capsys.readouterr().out == f"digit_cnn: {facts}\n"
