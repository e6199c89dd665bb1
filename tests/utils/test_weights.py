"""Weights come back from disk as they were stored, or not at all; `data/models` holds what its manifests say."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
import train

from utils import nets
from utils.quiet import keras

layers = keras.layers
ROOT = Path(__file__).resolve().parents[2]
STORED = sorted(path.stem for path in nets.MODELS.glob("*.json"))


def refused(message, error=ValueError):
    """Expect an error with exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


def small(hidden=3, name="small"):
    """Return a network with weights that training does not change (of BatchNormalization) among the others."""
    body = [layers.Dense(hidden, name="first"), layers.BatchNormalization(name="norm"), layers.Dense(2, name="last")]
    model = keras.Sequential([keras.Input((4,)), *body], name=name)
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=weight.shape) for weight in model.weights])
    return model


@pytest.fixture
def folder(tmp_path):
    """Return a folder that holds the weights of `small`."""
    nets.save_weights(small(), tmp_path / "deep" / "down", made="by hand", right=3)
    return tmp_path / "deep" / "down"


def test_weights_come_back_rounded_to_float16(folder):
    model = small()
    before = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in before])
    manifest = nets.load_weights(model, str(folder))
    assert (manifest["made"], manifest["right"]) == ("by hand", 3)
    assert manifest == json.loads((folder / "small.json").read_text())
    for weight, was in zip(model.get_weights(), before, strict=True):
        assert weight.dtype == np.float32
        np.testing.assert_array_equal(weight, was.astype(np.float16))
        np.testing.assert_allclose(weight, was, rtol=2**-11)


def test_the_manifest_says_where_each_weight_lies(folder):
    content = (folder / "small.bin").read_bytes()
    manifest = json.loads((folder / "small.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == ["small.bin", "small.json"]
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    tensors = manifest["tensors"]
    norm = [f"norm/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    assert [tensor["name"] for tensor in tensors] == ["first/kernel", "first/bias", *norm, "last/kernel", "last/bias"]
    assert [tensor["shape"] for tensor in tensors] == [[4, 3], [3], [3], [3], [3], [3], [3, 2], [2]]
    assert {tensor["dtype"] for tensor in tensors} == {"float16"}
    assert [tensor["offset"] for tensor in tensors] == [0, 24, 30, 36, 42, 48, 54, 66]
    assert len(content) == 70
    for tensor, weight in zip(tensors, small().get_weights(), strict=True):
        piece = content[tensor["offset"] : tensor["offset"] + 2 * weight.size]
        np.testing.assert_array_equal(np.frombuffer(piece, "<f2").reshape(tensor["shape"]), weight.astype(np.float16))


def test_a_matrix_of_int8_is_off_by_half_a_step_of_its_column_at_most(tmp_path):
    model = small()
    wide = np.array(
        [[1e-9, 40.0], [0, -60.0], [-1e-9, 0.3]]
    )  # a column below float16's smallest number, and one above 1
    model.get_layer("last").kernel.assign(wide)
    before = model.get_weights()
    nets.save_weights(model, tmp_path, dtype="int8")
    manifest = nets.load_weights(model, tmp_path)
    assert [tensor["dtype"] for tensor in manifest["tensors"]] == ["int8", *["float16"] * 5, "int8", "float16"]
    # 12 bytes and 3 scales, five rows of 3, 6 bytes and 2 scales, a row of 2
    assert [tensor["offset"] for tensor in manifest["tensors"]] == [0, 18, 24, 30, 36, 42, 48, 58]
    assert len((tmp_path / "small.bin").read_bytes()) == 62
    for weight, was in zip(model.get_weights(), before, strict=True):
        if was.ndim == 1:
            np.testing.assert_array_equal(weight, was.astype(np.float16))
        else:
            step = np.maximum(np.abs(was).max(axis=0) / 127, 2.0**-24)
            assert (np.abs(weight - was) <= 0.502 * step).all()


def test_a_dtype_that_is_not_stored_is_refused(tmp_path):
    with refused("`dtype` is 'float32'; wanted 'float16' or 'int8'."):
        nets.save_weights(small(), tmp_path, dtype="float32")
    assert list(tmp_path.iterdir()) == []


def test_storing_the_same_weights_again_changes_no_byte(folder, tmp_path):
    nets.save_weights(small(), tmp_path, made="by hand", right=3)
    for name in ("small.bin", "small.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("damage", [lambda c: c[:9] + bytes([c[9] ^ 1]) + c[10:], lambda c: c[:-2], lambda c: c * 2])
def test_weights_that_the_manifest_does_not_describe_are_refused(damage, folder):
    path = folder / "small.bin"
    wanted, content = hashlib.sha256(path.read_bytes()).hexdigest(), damage(path.read_bytes())
    path.write_bytes(content)
    model = small()
    before = model.get_weights()
    with refused(
        f"small.bin has sha256 {hashlib.sha256(content).hexdigest()}, its manifest says {wanted}. "
        "Make both anew with: make models MODEL=small"
    ):
        nets.load_weights(model, folder)
    assert all(map(np.array_equal, model.get_weights(), before))


def test_weights_of_another_architecture_are_refused(folder):
    common = "(4, {0}), ({0},), ({0},), ({0},), ({0},), ({0},), ({0}, 2), (2,)]"
    wanted, stored = (f"[{common.format(n)}" for n in (5, 3))
    with refused(f"small has weights of shapes {wanted}; stored are {stored}."):
        nets.load_weights(small(hidden=5), folder)


@pytest.mark.parametrize("name", ["small.json", "small.bin"])
def test_a_missing_file_is_named_with_the_command_that_makes_it(name, folder):
    (folder / name).unlink()
    message = f"{folder / name} is missing. Make it with: make models MODEL=small"
    with refused(message, FileNotFoundError):
        nets.load_weights(small(), folder)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65_520.0, -1e9])
def test_a_weight_that_float16_cannot_hold_is_refused_and_nothing_is_written(value, tmp_path):
    model = small()
    model.get_layer("last").kernel.assign(np.array([[0, 1], [2, value], [3, 4]]))
    with refused("weight small/last/kernel holds a number that float16 cannot: train the model anew."):
        nets.save_weights(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_number_of_float16_is_stored(tmp_path):
    model = small()
    model.get_layer("last").bias.assign([65_504.0, -65_504.0])
    nets.save_weights(model, tmp_path)
    nets.load_weights(model, tmp_path)
    assert model.get_weights()[-1].tolist() == [65_504, -65_504]


# What data/models holds


def test_the_folder_holds_two_files_for_each_model_that_can_be_made():
    assert sorted({*train.MAKERS} - {"scene_losses"}) == STORED
    files = {path.name for path in nets.MODELS.iterdir() if path.suffix in (".bin", ".json")}
    assert files == {f"{name}.{ending}" for name in STORED for ending in ("bin", "json")}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_model_is_what_its_manifest_says(name):
    model = getattr(nets, name)()
    manifest = nets.load_weights(model)
    content = (nets.MODELS / f"{name}.bin").read_bytes()
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
    assert len(content) < {"digit_cnn": 150_000, "unet": 1_000_000, "char_lstm": 2_000_000}[name]
    assert len({tensor["name"] for tensor in manifest["tensors"]}) == len(model.weights)
    # The browser looks for the first of each kind under its plain name.
    assert not any(re.search(r"^(embedding|lstm|dense)_", tensor["name"]) for tensor in manifest["tensors"])
    end = 0
    for tensor, weight in zip(manifest["tensors"], model.weights, strict=True):
        assert tensor["name"].split("/")[-1] == weight.name
        assert tensor["offset"] == end
        shape, size = tensor["shape"], int(np.prod(weight.shape))
        if tensor["dtype"] == "int8":
            wide = np.frombuffer(content[end : end + size], np.int8).reshape(shape).astype(np.float32)
            end += size + 2 * shape[-1]
            values = wide * np.frombuffer(content[end - 2 * shape[-1] : end], "<f2")
        else:
            end += 2 * size
            values = np.frombuffer(content[end - 2 * size : end], "<f2").reshape(shape)
        np.testing.assert_array_equal(values, weight.numpy())
    assert end == len(content)


@pytest.mark.parametrize("name", STORED)
def test_a_stored_model_names_the_command_that_made_it(name):
    made = json.loads((nets.MODELS / f"{name}.json").read_text())["made"]
    target, model = re.match(r"make (\w+) MODEL=(\w+):", made).groups()
    assert model == name
    assert model in train.MAKERS
    rule = re.search(rf"^{target}:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "data/train.py $(MODEL)" in rule.group(1)
