"""The networks have the shapes they state, end in logits, and are as good as their stored weights say."""

import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from utils import nets
from utils.datasets import load_mnist, load_shakespeare
from utils.losses import cross_entropy, log_softmax, softmax
from utils.metrics import calibration_error, confusion, iou
from utils.quiet import keras
from utils.scenes import street_scenes
from utils.strokes import other_hands
from utils.text import apart, encode

layers = keras.layers
ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow

# name: (how to make it, parameters, logits)
NETWORKS = {
    "lab_cnn": (nets.lab_cnn, 187_388, 10),
    "lab_cnn with 20 outputs": (lambda: nets.lab_cnn(outputs=20), 187_388 + 10 * 129, 20),
    "lab_cnn_as_meant": (nets.lab_cnn_as_meant, 124_670, 10),
    "blog_cnn": (nets.blog_cnn, 1_199_882, 10),
    "digit_cnn": (nets.digit_cnn, 29_610, 10),
}


@pytest.fixture(scope="module", params=NETWORKS.values(), ids=NETWORKS)
def network(request):
    make, parameters, outputs = request.param
    keras.utils.set_random_seed(0)
    return make(), parameters, outputs


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
    logits = nets.logits_of(model, digits[0][:32])
    assert (logits < 0).any()
    assert (np.abs(logits.sum(axis=-1) - 1) > 1e-3).all()


def test_a_softmax_behind_the_network_and_the_plain_loss_give_the_same_number(network, digits):
    model, _, outputs = network
    images, labels = digits[0][:32], digits[1][:32]
    with_softmax = keras.Sequential([*model.layers, layers.Softmax()])
    with_softmax.compile(loss=keras.losses.SparseCategoricalCrossentropy())
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    of_probs, of_logits = (m.evaluate(images, labels, verbose=0) for m in (with_softmax, model))
    in_numpy = cross_entropy(labels, nets.logits_of(model, images)).mean()
    assert of_probs == pytest.approx(of_logits, abs=1e-5)
    assert of_logits == pytest.approx(in_numpy, abs=1e-5)
    assert in_numpy == pytest.approx(np.log(outputs), abs=0.5)  # untrained: an even guess


# The stored digit network


def test_the_stored_digit_network_is_as_good_also_for_other_hands_and_as_calibrated_as_it_states():
    _, (images, labels) = load_mnist()
    images = images[..., None] / np.float32(255)
    model = nets.digit_cnn()
    stated = nets.load_weights(model)
    logits = nets.logits_of(model, images)
    right = int((logits.argmax(-1) == labels).sum())
    # Digits on the edge may fall to either side on another CPU.
    assert stated["right_of_10000_test_digits"] == pytest.approx(right, abs=3)
    assert right >= 9_940
    error = calibration_error(softmax(logits / stated["temperature"]), labels)
    assert stated["calibration_error"] == pytest.approx(error, abs=3e-4)
    assert error < 0.003
    shares = {
        name: (nets.logits_of(model, changed[:2000]).argmax(-1) == labels[:2000]).mean()
        for name, changed in other_hands(images).items()
    }
    assert min(shares.values()) > 0.96, shares
    assert shares["moved by up to 4 pixels"] > 0.985


# The street scenes


def test_the_u_net_has_the_parameters_and_shapes_that_it_states(streets):
    keras.utils.set_random_seed(0)
    model = nets.unet()
    assert f"{model.count_params():,} parameters" in nets.unet.__doc__
    assert model.output_shape == (None, 96, 128, 23)
    assert nets.unet((4, 8), classes=5).output_shape == (None, 96, 128, 5)
    logits = nets.logits_of(model, streets[0][:2])
    assert (np.abs(logits.sum(axis=-1) - 1) > 1e-3).any()
    assert cross_entropy(streets[1][:2], logits).mean() == pytest.approx(np.log(23), abs=0.5)


def test_a_pixel_sees_its_neighbourhood_and_not_only_itself(tiny, streets):
    changed = streets[0][:1].copy()
    changed[0, 40, 60] = 1 - changed[0, 40, 60]
    before, after = nets.logits_of(tiny, streets[0][:1]), nets.logits_of(tiny, changed)
    reached = np.argwhere(np.abs(after - before)[0].max(axis=-1) > 0)
    assert len(reached) > 9
    assert np.abs(reached - [40, 60]).max() < 40  # and not the whole scene


def test_the_stored_u_net_is_as_good_as_it_states():
    model = nets.unet()
    stated = nets.load_weights(model)
    images, masks = street_scenes(500, seed=1)
    parts = zip(np.split(images, 5), np.split(masks, 5), strict=True)  # the logits of all are half a gigabyte
    counts = sum(confusion(there, nets.logits_of(model, x, batch=20).argmax(-1), 23) for x, there in parts)
    assert stated["pixel_accuracy"] == pytest.approx(counts.trace() / counts.sum(), abs=2e-4)
    assert stated["mean_iou"] == pytest.approx(iou(counts).mean(), abs=1e-3)
    assert stated["mean_iou"] > 0.66


def test_the_stored_losses_of_six_scenes_are_those_of_the_stored_u_net_to_half_a_step():
    folder = nets.MODELS / "scenes"
    manifest = json.loads((folder / "manifest.json").read_text())
    model = nets.unet()
    nets.load_weights(model)
    images, masks = street_scenes(6, seed=2)
    losses = -log_softmax(nets.logits_of(model, images))
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


# The character models

# name: (how to make it, parameters as it stands)
READERS = {"blog_lstm": (nets.blog_lstm, 4_460_800), "char_lstm": (nets.char_lstm, 1_230_164)}
READERS_AT_WORK = pytest.mark.parametrize("make", [nets.blog_lstm, nets.char_lstm])
TEXT = np.random.default_rng(0).integers(0, 7, (5, 12))


def test_the_stored_character_model_needs_the_bits_that_it_states():
    _, title, unseen = apart(load_shakespeare())
    model = nets.char_lstm()
    stated = nets.load_weights(model)
    assert stated["measured_on"] == title == "THE WINTER'S TALE"
    ids = encode(unseen, stated["characters"])
    assert nets.bits(model, ids) == pytest.approx(stated["bits_a_character"], abs=1e-3)
    assert stated["bits_a_character"] < 2.069 - 0.1  # chapter 9: what counting seven characters gives


@pytest.mark.parametrize("name", READERS)
def test_a_character_model_has_the_parameters_name_and_shapes_that_it_states(name):
    make, parameters = READERS[name]
    model = make()
    tokens = {"blog_lstm": 256, "char_lstm": 84}[name]
    assert model.count_params() == parameters
    assert f"{parameters:,} parameters" in " ".join(make.__doc__.split())
    assert model.name == make.__name__ == name
    assert (model.input_shape, model.output_shape) == ((None, None), (None, None, tokens))
    assert not any(layer.stateful for layer in model.layers if isinstance(layer, layers.LSTM))
    side_by_side = make(9, batch=5, stateful=True)
    assert (side_by_side.input_shape, side_by_side.output_shape) == ((5, None), (5, None, 9))
    assert not model.compiled


def test_dropout_is_there_in_training_alone_and_leaves_the_weights_their_places():
    keras.utils.set_random_seed(0)
    model = nets.char_lstm(7, units=16, dropout=0.5)
    assert [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)] == [0.5 / 3, 0.5]
    np.testing.assert_array_equal(model(TEXT), model(TEXT))
    assert np.abs(model(TEXT, training=True) - model(TEXT, training=True)).max() > 0
    plain = nets.char_lstm(7, units=16)
    plain.set_weights(model.get_weights())
    np.testing.assert_array_equal(plain(TEXT), model(TEXT))


@READERS_AT_WORK
def test_a_character_model_gives_logits_after_each_character_of_any_length(make):
    keras.utils.set_random_seed(0)
    model = make(7)
    assert isinstance(model.layers[-1], layers.Dense)
    assert model.layers[-1].activation is keras.activations.linear
    for length in (1, 2, 30):
        logits = model(np.arange(3 * length).reshape(3, length) % 7).numpy()
        assert (logits.shape, logits.dtype) == ((3, length, 7), np.float32)
        assert (logits < 0).any()
        assert (np.abs(logits.sum(axis=-1) - 1) > 1e-3).any()


def test_the_characters_of_the_small_model_differ_from_the_start():
    keras.utils.set_random_seed(0)
    spread = [make(84).layers[1].get_weights()[0].std() for make in (nets.char_lstm, nets.blog_lstm)]
    assert spread == pytest.approx([1, 0.05 / np.sqrt(3)], rel=0.05)  # normal, and Keras' own: even within 0.05


@READERS_AT_WORK
def test_a_logit_depends_on_its_own_row_and_on_no_later_character(make):
    keras.utils.set_random_seed(0)
    model = make(7)
    changed = TEXT.copy()
    changed[2, 4] = (TEXT[2, 4] + 1) % 7
    moved = np.abs(model(changed) - model(TEXT)).max(axis=-1)
    untouched = np.ones(TEXT.shape, bool)
    untouched[2, 4:] = False
    assert moved[untouched].max() < 1e-6
    assert moved[~untouched].min() > 1e-6  # and every character after it remembers


@READERS_AT_WORK
def test_a_stateful_twin_reads_on_where_it_stopped_until_it_is_reset(make):
    keras.utils.set_random_seed(0)
    model, twin = make(7), make(7, batch=5, stateful=True)
    twin.set_weights(model.get_weights())
    whole = model(TEXT).numpy()
    steps = np.concatenate([twin(TEXT[:, t : t + 1]) for t in range(12)], axis=1)
    np.testing.assert_allclose(steps, whole, atol=1e-5)
    assert np.abs(twin(TEXT[:, :1]).numpy() - whole[:, :1]).max() > 1e-3  # it remembers all of the text
    for layer in twin.layers:
        if isinstance(layer, layers.LSTM):
            assert layer.stateful
            layer.reset_state()
    in_parts = np.concatenate([twin(TEXT[:, :1]), twin(TEXT[:, 1:8]), twin(TEXT[:, 8:])], axis=1)
    np.testing.assert_allclose(in_parts, whole, atol=1e-5)
    np.testing.assert_allclose(model(TEXT), whole, atol=1e-6)  # the other one keeps nothing
