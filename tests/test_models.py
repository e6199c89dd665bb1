"""The networks end in logits, the recipe learns, and weights come back from disk as they were stored, or not at all."""

import gzip
import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest

from utils import export, models
from utils.datasets import load_mnist
from utils.losses import cross_entropy, log_softmax
from utils.metrics import confusion, iou
from utils.quiet import keras
from utils.scenes import street_scenes

layers = keras.layers
ROOT = Path(__file__).resolve().parent.parent
STORED = sorted(path.stem for path in models.MODELS.glob("*.json"))

# name: (how to make it, parameters, logits)
NETWORKS = {
    "lab_cnn": (models.lab_cnn, 187_388, 10),
    "lab_cnn with 20 outputs": (lambda: models.lab_cnn(outputs=20), 187_388 + 10 * 129, 20),
    "lab_cnn_as_meant": (models.lab_cnn_as_meant, 124_670, 10),
    "blog_cnn": (models.blog_cnn, 1_199_882, 10),
    "digit_cnn": (models.digit_cnn, 29_354, 10),
}


@pytest.fixture(scope="module")
def digits():
    """Return the training digits as the networks take them, images of 0 to 1 with an axis for the channel."""
    (images, labels), _ = load_mnist()
    return images[:1280, ..., None] / np.float32(255), labels[:1280]


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=NETWORKS)
def network(request):
    make, parameters, outputs = request.param
    keras.utils.set_random_seed(0)
    return make(), parameters, outputs


def refused(message, error=ValueError):
    """Expect an error with exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


# The networks


def test_networks_have_the_parameters_and_the_shapes_that_they_state(network):
    model, parameters, outputs = network
    assert model.count_params() == parameters
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, outputs)


@pytest.mark.parametrize("name", ["lab_cnn", "lab_cnn_as_meant", "blog_cnn", "digit_cnn"])
def test_a_network_has_the_name_of_its_function_and_states_its_parameters(name):
    make, parameters, _ = NETWORKS[name]
    assert make().name == make.__name__ == name
    assert f"{parameters:,} parameters" in " ".join(make.__doc__.split())


def test_every_network_ends_in_logits(network, digits):
    model, _, _ = network
    assert isinstance(model.layers[-1], layers.Dense)
    assert model.layers[-1].activation is keras.activations.linear
    logits = models.logits_of(model, digits[0][:32])
    assert (logits < 0).any()
    assert (np.abs(logits.sum(axis=-1) - 1) > 1e-3).all()


def test_a_softmax_behind_the_network_and_the_plain_loss_give_the_same_number(network, digits):
    model, _, outputs = network
    images, labels = digits[0][:32], digits[1][:32]
    with_softmax = keras.Sequential([*model.layers, layers.Softmax()])
    with_softmax.compile(loss=keras.losses.SparseCategoricalCrossentropy())
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    of_probs, of_logits = (m.evaluate(images, labels, verbose=0) for m in (with_softmax, model))
    in_numpy = cross_entropy(labels, models.logits_of(model, images)).mean()
    assert of_probs == pytest.approx(of_logits, abs=1e-5)
    assert of_logits == pytest.approx(in_numpy, abs=1e-5)
    assert in_numpy == pytest.approx(np.log(outputs), abs=0.5)  # untrained: an even guess


# rise_and_fall


@pytest.mark.parametrize(
    ("peak", "steps", "more", "climb"), [(0.015, 50, {}, 10), (1.0, 469, {}, 94), (2.0, 40, {"rise": 0.5}, 20)]
)
def test_a_learning_rate_rises_to_its_peak_and_falls_to_0(peak, steps, more, climb):
    schedule = models.rise_and_fall(peak, steps, **more)
    rates = np.array([float(schedule(step)) for step in range(steps + 1)])
    assert rates[0] == pytest.approx(peak / 25)
    assert rates[climb] == pytest.approx(peak)
    assert rates.argmax() == climb
    assert rates[-1] == pytest.approx(0, abs=1e-6 * peak)
    up, down = np.diff(rates[: climb + 1]), np.diff(rates[climb:])
    np.testing.assert_allclose(up, 0.96 * peak / climb, rtol=1e-3)  # a line
    assert (down < 0).all()
    assert rates[climb + (steps - climb) // 2] == pytest.approx(peak / 2, rel=0.02)  # a cosine


@pytest.mark.parametrize("steps", [1, 2])
def test_a_training_of_a_step_or_two_has_a_learning_rate_too(steps):
    rates = [float(models.rise_and_fall(0.5, steps)(step)) for step in range(steps)]
    assert rates == pytest.approx([0.02, 0.5][:steps])


# train_digits


def test_the_recipe_learns_a_few_hundred_digits_in_silence(digits, capfd):
    images, labels = digits
    train, held_out = slice(0, 640), slice(640, None)
    keras.utils.set_random_seed(0)
    model = models.digit_cnn()
    history = models.train_digits(model, images[train], labels[train], epochs=8)
    assert capfd.readouterr() == ("", "")
    losses = history.history["loss"]
    assert len(losses) == 8
    assert losses[-1] < 0.1 < 1 < losses[0]
    assert history.history["accuracy"][-1] > 0.97
    assert int(model.optimizer.iterations) == 8 * 5  # 640 images are 5 batches of 128
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-6)
    logits = models.logits_of(model, images[held_out])
    assert (logits.argmax(-1) == labels[held_out]).mean() > 0.85
    # The loss that it was trained on is the one of the definitions.
    trained_on = model.evaluate(images[held_out], labels[held_out], verbose=0)[0]
    assert trained_on == pytest.approx(cross_entropy(labels[held_out], logits).mean(), abs=1e-5)


def test_a_single_batch_can_be_trained_on(digits):
    history = models.train_digits(models.digit_cnn(), digits[0][:20], digits[1][:20])
    assert np.isfinite(history.history["loss"]).all()


def a_hole(images):
    images = images.copy()
    images[3, 14, 7, 0] = np.nan
    return images


SHAPE = "`images` has shape {}; wanted (N, 28, 28, 1)."
# name: (what is done to 20 good images, the message)
BAD_IMAGES = {
    "bytes": (
        lambda x: np.full_like(x, 128),
        "`images` holds 128.0 at (0, 0, 0, 0); wanted 0 to 1. Grey values of 0 to 255? Use images / 255.",
    ),
    "no channel": (
        lambda x: x[..., 0],
        SHAPE.format("(20, 28, 28)") + " No axis for the channels? Use images[..., None].",
    ),
    "one image": (lambda x: x[0], SHAPE.format("(28, 28, 1)") + " One image? Use images[None]."),
    "colours": (lambda x: np.repeat(x, 3, axis=-1), SHAPE.format("(20, 28, 28, 3)")),
    "no image": (lambda x: x[:0], SHAPE.format("(0, 28, 28, 1)")),
    "a hole": (a_hole, "`images` holds nan at (3, 14, 7, 0); wanted 0 to 1."),
}
BAD_LABELS = {
    "a label of 10": (lambda y: np.where(np.arange(20) == 4, 10, y % 10), "`labels` holds 10 at (4,); 10 classes have"),
    "labels from 1": (
        lambda y: np.arange(20) % 10 + 1,
        "`labels` holds 10 at (9,); 10 classes have labels 0 to 9. Labels that start at 1? Use labels - 1.",
    ),
    "a label of -1": (lambda y: np.where(np.arange(20) == 7, -1, y), "`labels` holds -1 at (7,); 10 classes have"),
    "floats": (lambda y: y.astype(float), "`labels` holds float64 values; wanted integers"),
    "one-hot rows": (lambda y: np.eye(10, dtype=int)[y], "`labels` has shape (20, 10); logits of shape (20, 10) want"),
    "too few": (lambda y: y[:19], "`labels` has shape (19,); logits of shape (20, 10) want (20,)."),
    "a column": (lambda y: y[:, None], "`labels` has shape (20, 1); logits of shape (20, 10) want (20,). Use labels["),
}


@pytest.mark.parametrize(("spoil", "message"), BAD_IMAGES.values(), ids=BAD_IMAGES)
def test_images_that_the_network_cannot_take_are_refused(spoil, message, digits):
    images, labels = digits[0][:20], digits[1][:20]
    model = models.digit_cnn()
    with refused(message):
        models.train_digits(model, spoil(images), labels)
    with refused(message):
        models.logits_of(model, spoil(images))
    assert not model.compiled


@pytest.mark.parametrize(("spoil", "message"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_are_not_the_digits_of_the_images_are_refused(spoil, message, digits):
    model = models.digit_cnn()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        models.train_digits(model, digits[0][:20], spoil(digits[1][:20].astype(int)))
    assert not model.compiled


# logits_of


def test_logits_are_those_of_inference_whatever_the_batch(digits, capfd):
    images = digits[0][:7]
    model = models.blog_cnn()  # its dropout would change them
    logits = models.logits_of(model, images, batch=3)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, model(images, training=False), atol=1e-5)
    np.testing.assert_allclose(logits, models.logits_of(model, images), atol=1e-5)
    assert capfd.readouterr() == ("", "")


def test_logits_of_pixels_keep_their_axes():
    model = keras.Sequential([keras.Input((4, 6, 3)), layers.Conv2D(5, 1)])
    assert models.logits_of(model, np.zeros((2, 4, 6, 3))).shape == (2, 4, 6, 5)
    with refused("`images` has shape (2, 6, 4, 3); wanted (N, 4, 6, 3). Width first? Use np.swapaxes(images, 1, 2)."):
        models.logits_of(model, np.zeros((2, 6, 4, 3)))


# save_weights and load_weights


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
    models.save_weights(small(), tmp_path / "deep" / "down", made="by hand", right=3)
    return tmp_path / "deep" / "down"


def test_weights_come_back_rounded_to_float16(folder):
    model = small()
    before = model.get_weights()
    model.set_weights([np.zeros_like(weight) for weight in before])
    manifest = models.load_weights(model, str(folder))
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
    assert manifest["dtype"] == "float16, little-endian"
    assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
    tensors = manifest["tensors"]
    norm = [f"norm/{name}" for name in ("gamma", "beta", "moving_mean", "moving_variance")]
    assert [tensor["name"] for tensor in tensors] == ["first/kernel", "first/bias", *norm, "last/kernel", "last/bias"]
    assert [tensor["shape"] for tensor in tensors] == [[4, 3], [3], [3], [3], [3], [3], [3, 2], [2]]
    assert [tensor["offset"] for tensor in tensors] == [0, 24, 30, 36, 42, 48, 54, 66]
    assert len(content) == 70
    for tensor, weight in zip(tensors, small().get_weights(), strict=True):
        piece = content[tensor["offset"] : tensor["offset"] + 2 * weight.size]
        np.testing.assert_array_equal(np.frombuffer(piece, "<f2").reshape(tensor["shape"]), weight.astype(np.float16))


def test_storing_the_same_weights_again_changes_no_byte(folder, tmp_path):
    models.save_weights(small(), tmp_path, made="by hand", right=3)
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
        models.load_weights(model, folder)
    assert all(map(np.array_equal, model.get_weights(), before))


def test_weights_of_another_architecture_are_refused(folder):
    common = "(4, {0}), ({0},), ({0},), ({0},), ({0},), ({0},), ({0}, 2), (2,)]"
    wanted, stored = (f"[{common.format(n)}" for n in (5, 3))
    with refused(f"small has weights of shapes {wanted}; stored are {stored}."):
        models.load_weights(small(hidden=5), folder)


@pytest.mark.parametrize("name", ["small.json", "small.bin"])
def test_a_missing_file_is_named_with_the_command_that_makes_it(name, folder):
    (folder / name).unlink()
    message = f"{folder / name} is missing. Make it with: make models MODEL=small"
    with refused(message, FileNotFoundError):
        models.load_weights(small(), folder)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 65_520.0, -1e9])
def test_a_weight_that_float16_cannot_hold_is_refused_and_nothing_is_written(value, tmp_path):
    model = small()
    model.get_layer("last").kernel.assign(np.array([[0, 1], [2, value], [3, 4]]))
    with refused("weight small/last/kernel holds a number that float16 cannot: train the model anew."):
        models.save_weights(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_number_of_float16_is_stored(tmp_path):
    model = small()
    model.get_layer("last").bias.assign([65_504.0, -65_504.0])
    models.save_weights(model, tmp_path)
    models.load_weights(model, tmp_path)
    assert model.get_weights()[-1].tolist() == [65_504, -65_504]


# What data/models holds


def test_the_folder_holds_two_files_for_each_model_that_can_be_made():
    assert sorted({*export.MAKERS} - {"scene_losses"}) == STORED
    files = {path.name for path in models.MODELS.iterdir() if path.suffix in (".bin", ".json")}
    assert files == {f"{name}.{ending}" for name in STORED for ending in ("bin", "json")}


@pytest.mark.parametrize("name", STORED)
def test_a_stored_model_is_what_its_manifest_says(name):
    model = getattr(models, name)()
    manifest = models.load_weights(model)
    content = (models.MODELS / f"{name}.bin").read_bytes()
    assert hashlib.sha256(content).hexdigest() == manifest["sha256"]
    assert len(content) < {"digit_cnn": 150_000, "unet": 1_000_000}[name]
    sizes = [int(np.prod(tensor["shape"])) for tensor in manifest["tensors"]]
    assert sum(sizes) == len(content) / 2 == model.count_params()
    assert [tensor["offset"] for tensor in manifest["tensors"]] == [2 * sum(sizes[:i]) for i in range(len(sizes))]
    assert len({tensor["name"] for tensor in manifest["tensors"]}) == len(sizes)
    for tensor, weight in zip(manifest["tensors"], model.weights, strict=True):
        assert tensor["name"].split("/")[-1] == weight.name
        piece = content[tensor["offset"] : tensor["offset"] + 2 * int(np.prod(weight.shape))]
        np.testing.assert_array_equal(np.frombuffer(piece, "<f2").reshape(tensor["shape"]), weight.numpy())


@pytest.mark.parametrize("name", STORED)
def test_a_stored_model_names_the_command_that_made_it(name):
    made = json.loads((models.MODELS / f"{name}.json").read_text())["made"]
    target, model = re.match(r"make (\w+) MODEL=(\w+):", made).groups()
    assert model == name
    assert model in export.MAKERS
    rule = re.search(rf"^{target}:.*\n\t(.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "-m utils.export $(MODEL)" in rule.group(1)


def test_the_stored_digit_network_reads_as_many_test_digits_as_it_states():
    _, (images, labels) = load_mnist()
    model = models.digit_cnn()
    stated = models.load_weights(model)["right_of_10000_test_digits"]
    right = int((models.logits_of(model, images[..., None] / np.float32(255)).argmax(-1) == labels).sum())
    assert stated == pytest.approx(right, abs=3)  # digits on the edge may fall to either side on another CPU
    assert right >= 9_900


# The street scenes


@pytest.fixture(scope="module")
def streets():
    return street_scenes(16, seed=7)


@pytest.fixture
def tiny():
    """Return a U-Net of two narrow stages."""
    keras.utils.set_random_seed(0)
    return models.unet((4, 8))


def test_the_u_net_has_the_parameters_and_shapes_that_it_states(streets):
    keras.utils.set_random_seed(0)
    model = models.unet()
    assert f"{model.count_params():,} parameters" in models.unet.__doc__
    assert model.output_shape == (None, 96, 128, 23)
    assert models.unet((4, 8), classes=5).output_shape == (None, 96, 128, 5)
    logits = models.logits_of(model, streets[0][:2])
    assert (np.abs(logits.sum(axis=-1) - 1) > 1e-3).any()
    assert cross_entropy(streets[1][:2], logits).mean() == pytest.approx(np.log(23), abs=0.5)


def test_a_pixel_sees_its_neighbourhood_and_not_only_itself(tiny, streets):
    changed = streets[0][:1].copy()
    changed[0, 40, 60] = 1 - changed[0, 40, 60]
    before, after = models.logits_of(tiny, streets[0][:1]), models.logits_of(tiny, changed)
    reached = np.argwhere(np.abs(after - before)[0].max(axis=-1) > 0)
    assert len(reached) > 9
    assert np.abs(reached - [40, 60]).max() < 40  # and not the whole scene


def test_the_recipe_lowers_the_loss_of_scenes(tiny, streets):
    losses = models.train_scenes(tiny, *streets, epochs=25).history["loss"]
    assert losses[0] == pytest.approx(np.log(23), abs=0.5)
    assert losses[-1] < 2.3


def test_class_weights_multiply_the_loss_of_each_pixel(tiny, streets, monkeypatch):
    passed = {}
    monkeypatch.setattr(type(tiny), "fit", lambda model, *data, **options: passed.update(options))
    models.train_scenes(tiny, *streets, class_weights=np.arange(23) + 0.5)
    np.testing.assert_array_equal(passed["sample_weight"], streets[1] + np.float32(0.5))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x, y: (255 * x, y), "Grey values of 0 to 255? Use images / 255."),
        (lambda x, y: (np.where(x == x.max(), np.nan, x), y), "`images` holds nan at"),
        (lambda x, y: (np.moveaxis(x, -1, 1), y), "Channels first? Use np.moveaxis(images, 1, -1)."),
        (lambda x, y: (np.swapaxes(x, 1, 2), y), "Width first? Use np.swapaxes(images, 1, 2)."),
        (lambda x, y: (x, y + 1), "23 classes have numbers 0 to 22."),
        (lambda x, y: (x, np.where(y > 7, 255, 0)), "A mask saved as black and white, 0 and 255? Use masks // 255."),
        (lambda x, y: (x, y + 0.5), "A mask resized by blending? Resize it with nearest neighbour."),
        (lambda x, y: (x, np.swapaxes(y, 1, 2)), "Height and width are swapped"),
        (lambda x, y: (x, y[:3]), "`masks` holds 3 masks for 16 images"),
    ],
)
def test_scenes_that_cannot_be_trained_on_are_refused(spoil, message, tiny, streets):
    with pytest.raises(ValueError, match=re.escape(message)):
        models.train_scenes(tiny, *spoil(*streets))


def test_the_stored_u_net_is_as_good_as_it_states():
    model = models.unet()
    stated = models.load_weights(model)
    images, masks = street_scenes(200, seed=1)
    counts = confusion(masks, models.logits_of(model, images, batch=20).argmax(-1), 23)
    assert stated["pixel_accuracy"] == pytest.approx(counts.trace() / counts.sum(), abs=2e-4)
    assert stated["mean_iou"] == pytest.approx(iou(counts).mean(), abs=1e-3)


def test_the_stored_losses_of_six_scenes_are_those_of_the_stored_u_net_to_half_a_step():
    folder = models.MODELS / "scenes"
    manifest = json.loads((folder / "manifest.json").read_text())
    model = models.unet()
    models.load_weights(model)
    images, masks = street_scenes(6, seed=2)
    losses = -log_softmax(models.logits_of(model, images))
    assert [entry["file"] for entry in manifest["files"]] == [f"scene_{i}.bin.gz" for i in range(6)]
    for entry, image, mask, loss in zip(manifest["files"], images, masks, losses, strict=True):
        packed = (folder / entry["file"]).read_bytes()
        assert len(packed) < 250_000
        assert hashlib.sha256(packed).hexdigest() == entry["sha256"]
        content = np.frombuffer(gzip.decompress(packed), np.uint8)
        picture, labels, stored = np.split(content, [image.size, image.size + mask.size])
        np.testing.assert_array_equal(picture.reshape(image.shape), np.round(255 * image))
        np.testing.assert_array_equal(labels.reshape(mask.shape), mask)
        error = np.abs(manifest["step"] * stored.reshape(loss.shape) - np.minimum(loss, manifest["cap"]))
        assert error.max() < manifest["step"] / 2 + 1e-3  # 1e-3: another CPU adds in another order
