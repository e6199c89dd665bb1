"""One recipe learns digits, scenes and text, refuses what it cannot train on, and reports what it learned."""

import re

import numpy as np
import pytest

from utils import nets
from utils.losses import cross_entropy, log_softmax
from utils.quiet import keras
from utils.text import windows

layers = keras.layers

pytestmark = pytest.mark.slow


def refused(message, error=ValueError):
    """Expect an error with exactly this message."""
    return pytest.raises(error, match=f"^{re.escape(message)}$")


# rise_and_fall


@pytest.mark.parametrize(
    ("peak", "steps", "more", "climb"), [(0.015, 50, {}, 10), (1.0, 469, {}, 94), (2.0, 40, {"rise": 0.5}, 20)]
)
def test_a_learning_rate_rises_to_its_peak_and_falls_to_0(peak, steps, more, climb):
    schedule = nets.rise_and_fall(peak, steps, **more)
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
    rates = [float(nets.rise_and_fall(0.5, steps)(step)) for step in range(steps)]
    assert rates == pytest.approx([0.02, 0.5][:steps])


# train_digits


def test_what_changes_the_images_is_asked_before_each_pass_and_one_schedule_spans_all(digits):
    images, labels = digits[0][:256], digits[1][:256]
    given = []

    def change(inputs):
        given.append(inputs)
        return np.zeros_like(inputs)

    keras.utils.set_random_seed(0)
    model = nets.digit_cnn()
    history = nets.train_digits(model, images, labels, epochs=3, change=change)
    assert len(given) == 3
    assert all(each is given[0] for each in given)
    assert history.epoch == [2]
    assert int(model.optimizer.iterations) == 6
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-8)
    blank, other = nets.logits_of(model, np.zeros((1, 28, 28, 1))), nets.logits_of(model, images[:1])
    assert np.abs(blank - other).max() > 0  # it has seen only blank images, and can still tell others from them
    assert history.history["loss"][0] == pytest.approx(np.log(10), abs=0.3)


def test_each_pass_may_have_scenes_and_masks_of_its_own(tiny, streets):
    scenes = [tuple(part[start : start + 4] for part in streets) for start in (0, 4, 8)]
    (images, masks), given, passes = scenes[0], [], iter(scenes)

    def change(*first):
        given.append(first)
        return next(passes)

    history = nets.train_scenes(tiny, images, masks, epochs=3, change=change)
    assert len(given) == 3
    assert all(first[1] is given[0][1] for first in given)
    assert int(tiny.optimizer.iterations) == 3
    assert history.epoch == [2]
    with pytest.raises(ValueError, match=r"^`class_weights` belong to the first masks; `change` gives others\.$"):
        nets.train_scenes(tiny, images, masks, class_weights=np.ones(23), change=change)


def test_the_recipe_learns_a_few_hundred_digits_in_silence(digits, capfd):
    images, labels = digits
    train, held_out = slice(0, 640), slice(640, None)
    keras.utils.set_random_seed(0)
    model = nets.digit_cnn()
    history = nets.train_digits(model, images[train], labels[train], epochs=8)
    assert capfd.readouterr() == ("", "")
    losses = history.history["loss"]
    assert len(losses) == 8
    assert losses[-1] < 0.1 < 1 < losses[0]
    assert history.history["accuracy"][-1] > 0.97
    assert int(model.optimizer.iterations) == 8 * 5  # 640 images are 5 batches of 128
    assert float(model.optimizer.learning_rate) == pytest.approx(0, abs=1e-6)
    logits = nets.logits_of(model, images[held_out])
    assert (logits.argmax(-1) == labels[held_out]).mean() > 0.85
    # The loss that it was trained on is the one of the definitions.
    trained_on = model.evaluate(images[held_out], labels[held_out], verbose=0)[0]
    assert trained_on == pytest.approx(cross_entropy(labels[held_out], logits).mean(), abs=1e-5)


def test_a_single_batch_can_be_trained_on(digits):
    history = nets.train_digits(nets.digit_cnn(), digits[0][:20], digits[1][:20])
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
    model = nets.digit_cnn()
    with refused(message):
        nets.train_digits(model, spoil(images), labels)
    with refused(message):
        nets.logits_of(model, spoil(images))
    assert not model.compiled


@pytest.mark.parametrize(("spoil", "message"), BAD_LABELS.values(), ids=BAD_LABELS)
def test_labels_that_are_not_the_digits_of_the_images_are_refused(spoil, message, digits):
    model = nets.digit_cnn()
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        nets.train_digits(model, digits[0][:20], spoil(digits[1][:20].astype(int)))
    assert not model.compiled


# logits_of


def test_logits_are_those_of_inference_whatever_the_batch(digits, capfd):
    images = digits[0][:7]
    model = nets.blog_cnn()  # its dropout would change them
    logits = nets.logits_of(model, images, batch=3)
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, model(images, training=False), atol=1e-5)
    np.testing.assert_allclose(logits, nets.logits_of(model, images), atol=1e-5)
    assert capfd.readouterr() == ("", "")


def test_logits_of_pixels_keep_their_axes():
    model = keras.Sequential([keras.Input((4, 6, 3)), layers.Conv2D(5, 1)])
    assert nets.logits_of(model, np.zeros((2, 4, 6, 3))).shape == (2, 4, 6, 5)
    with refused("`images` has shape (2, 6, 4, 3); wanted (N, 4, 6, 3). Width first? Use np.swapaxes(images, 1, 2)."):
        nets.logits_of(model, np.zeros((2, 6, 4, 3)))


# train_scenes


def test_the_recipe_lowers_the_loss_of_scenes(tiny, streets):
    losses = nets.train_scenes(tiny, *streets, epochs=25).history["loss"]
    assert losses[0] == pytest.approx(np.log(23), abs=0.5)
    assert losses[-1] < 2.3


def test_class_weights_multiply_the_loss_of_each_pixel(tiny, streets, monkeypatch):
    passed = {}
    monkeypatch.setattr(type(tiny), "fit", lambda model, *data, **options: passed.update(options))
    nets.train_scenes(tiny, *streets, class_weights=np.arange(23) + 0.5)
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
        nets.train_scenes(tiny, *spoil(*streets))


# train, on text


@pytest.fixture
def reader():
    """Return a narrow character model of 7 tokens."""
    keras.utils.set_random_seed(0)
    body = [layers.Embedding(7, 8), layers.LSTM(24, return_sequences=True), layers.Dense(7)]
    return keras.Sequential([keras.Input((None,), dtype="int32"), *body], name="reader")


def test_the_recipe_lowers_the_loss_of_a_text_in_silence(reader, capfd):
    text = np.resize([0, 1, 2, 3, 4, 5, 6, 5, 4, 3, 2, 1], 1301)  # only its memory says whether it goes up or down
    history = nets.train(reader, *windows(text, 10), 64, 30, 0.015, verbose=0)
    assert capfd.readouterr() == ("", "")
    losses = history.history["loss"]
    assert len(losses) == 30
    assert losses[0] == pytest.approx(np.log(7), abs=0.3)
    assert losses[-1] < 0.6
    assert int(reader.optimizer.iterations) == 30 * 3  # 130 windows are 3 batches of 64
    assert float(reader.optimizer.learning_rate) == pytest.approx(0, abs=1e-6)
    assert nets.bits(reader, text, rows=5) < 0.6 / np.log(2)


def test_the_courses_own_model_learns_a_text_in_a_few_steps():
    keras.utils.set_random_seed(0)
    model = nets.char_lstm(7)
    losses = nets.train(model, *windows(np.arange(1281) % 7, 10), 64, 5, 0.005, verbose=0).history["loss"]
    assert losses[-1] < 0.5 < 1 < losses[0]


# bits


def bigrams(table):
    """Return a model without memory: the row of `table` that belongs to the last character."""
    table = np.asarray(table)
    model = keras.Sequential([keras.Input((None,), dtype="int32"), layers.Embedding(*table.shape)])
    model.set_weights([table])
    return model


def test_an_untrained_model_needs_the_bits_of_an_even_guess(capfd):
    keras.utils.set_random_seed(0)
    ids = np.random.default_rng(0).integers(0, 32, 601)
    assert nets.bits(nets.char_lstm(32), ids, rows=6) == pytest.approx(5, abs=0.3)
    assert nets.bits(bigrams(np.zeros((32, 32))), ids) == pytest.approx(5, abs=1e-6)
    assert capfd.readouterr() == ("", "")


def test_bits_are_the_mean_of_minus_log2_p():
    model = bigrams(np.log([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [1e-3, 1e-3, 0.998]]))
    result = nets.bits(model, [0, 0, 1, 0, 2], rows=1)  # 1, 2, 3 and 2 bits
    assert isinstance(result, float)
    assert result == pytest.approx(2, abs=1e-6)


@pytest.mark.parametrize("rows", [1, 3, 7, 20, 34])
def test_rows_are_read_side_by_side_and_the_model_starts_anew_at_each(rows, reader):
    # Far from untrained, so that a cold start tells.
    reader.set_weights([4 * weight for weight in reader.get_weights()])
    ids = np.random.default_rng(1).integers(0, 7, 101)
    length = 100 // rows
    losses = []
    for row in range(rows):
        part = ids[row * length : (row + 1) * length + 1]
        p = np.exp(log_softmax(reader(part[None, :-1]).numpy()))[0]
        losses += [-np.log2(p[t, part[t + 1]]) for t in range(length)]
    assert len(losses) > 100 - rows  # at most rows - 1 characters are left out
    assert nets.bits(reader, ids, rows) == pytest.approx(np.mean(losses), abs=1e-5)


def test_only_the_cold_starts_make_rows_differ(reader):
    ids = np.random.default_rng(2).integers(0, 7, 101)
    table = np.random.default_rng(2).normal(size=(7, 7))
    assert nets.bits(bigrams(table), ids, rows=10) == pytest.approx(nets.bits(bigrams(table), ids, rows=1))
    reader.set_weights([4 * weight for weight in reader.get_weights()])
    assert nets.bits(reader, ids, rows=10) != pytest.approx(nets.bits(reader, ids, rows=1), abs=1e-3)
    many = np.resize(ids, 501)
    assert nets.bits(reader, many) == pytest.approx(nets.bits(reader, many, rows=50), abs=1e-6)


def test_a_text_that_is_too_short_for_its_rows_is_refused(reader):
    with refused("`length` is 0 and `step` 0; both are at least 1."):
        nets.bits(reader, [1, 2, 3], rows=3)
    with refused("`ids` has shape (3,) and dtype float64; wanted a row of integers: encode(…)."):
        nets.bits(reader, [1.0, 2.0, 3.0], rows=1)
