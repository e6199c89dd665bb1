"""What `make models` trains: by name, and with the accuracy of what is stored. Nothing is trained here."""

import numpy as np
import pytest
import train

from utils import nets
from utils.datasets import load_mnist


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

    def no_training(model, x, y, epochs, verbose):
        asked.update(shape=x.shape, range=(x.min(), x.max()), labels=y, epochs=epochs)
        nets.load_weights(model)
        for weight in model.weights:  # numbers that float16 cannot hold
            weight.assign(weight * (1 + 2**-13))

    def no_saving(model, **facts):
        kept.update(model=model, facts=facts)

    monkeypatch.setattr(train, "load_mnist", lambda: (training, few))
    monkeypatch.setattr(nets, "train_digits", no_training)
    monkeypatch.setattr(nets, "save_weights", no_saving)
    train.main(["digit_cnn"])

    assert asked["shape"] == (60_000, 28, 28, 1)
    assert asked["range"] == (0, 1)
    np.testing.assert_array_equal(asked["labels"], training[1])
    assert f"{asked['epochs']} epochs" in kept["facts"]["made"]
    for weight in kept["model"].get_weights():
        np.testing.assert_array_equal(weight, weight.astype(np.float16))
    right = (nets.logits_of(kept["model"], few[0][..., None] / 255).argmax(-1) == few[1]).sum()
    assert kept["facts"]["right_of_10000_test_digits"] == right > 290
    assert capsys.readouterr().out == f"digit_cnn: {right} of 10,000 test digits right\n"
