"""The digit canvas without a page: its ink against Pillow's, and its Python side against the test digits."""

import html
import re

import numpy as np
import pytest
from digit_given import FITTED, canvas_of_the_page, in_ink, known_digits, random_images
from labs import cells_of
from traitlets import TraitError

from utils import widgets
from utils.losses import cross_entropy, softmax
from utils.strokes import like_mnist
from utils.widgets.digit_canvas import chance, pack_image, power, unpack_image

POWERS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


@pytest.fixture(scope="module")
def digits():
    return known_digits()


@pytest.fixture(scope="module")
def made():
    return canvas_of_the_page()


def test_an_image_is_the_same_text_in_both_languages_and_comes_back(made):
    images = random_images(20)
    texts = [pack_image(image.reshape(28, 28) / 255) for image in images]
    assert in_ink("return given.images.map(ink.packImage);", images=[each.tobytes() for each in images]) == texts
    back = in_ink("return given.texts.map((each) => Array.from(ink.unpackImage(each)));", texts=texts)
    np.testing.assert_array_equal(back, images)
    for text, image in zip(texts, images, strict=True):
        np.testing.assert_array_equal(unpack_image(text), image.reshape(28, 28) / np.float32(255))
    assert max(map(len, texts)) <= 2091
    assert max(len(each["image"]) for each in made.hardest) < 800  # they fit into an address


def test_what_is_no_image_is_refused_in_both_languages():
    rng = np.random.default_rng(1)
    good = pack_image(random_images(1)[2].reshape(28, 28) / 255)
    letters = np.array(list("ABCDwxyz0189-_+/=% é"))
    texts = ["", "A", "AA", "AP8A", good + "A", good + "AAEB", good[:-4], "AA" * 3000, "AAAA", "/wE=", " " + good]
    for _ in range(500):
        damaged = list(good)
        for at in rng.integers(len(good), size=rng.integers(1, 4)):
            damaged[at] = str(rng.choice(letters))
        texts.append("".join(damaged))
    found = in_ink(
        "return given.texts.map((each) => ink.unpackImage(each)).map((each) => each && Array.from(each));", texts=texts
    )
    assert found[:11] == [None] * 11
    assert sum(each is None for each in found) > 300
    for text, image in zip(texts, found, strict=True):
        if image is None:
            with pytest.raises(TraitError, match="wanted what `pack_image` returns"):
                unpack_image(text)
        else:
            np.testing.assert_array_equal(unpack_image(text).ravel() * 255, np.float32(image))
    assert in_ink("return [null, undefined, 7, {}, []].map(ink.unpackImage);") == [None] * 5


def test_small_numbers_are_the_same_text_in_both_languages():
    assert [power(0.000038), power(1e-10), chance(0.0019712), chance(0.6103), chance(0)] == [
        "3.8 · 10⁻⁵", "1.0 · 10⁻¹⁰", "0.0020", "0.610", "0.000",
    ]  # fmt: skip
    probs = [*np.random.default_rng(3).uniform(-14, 0, 300), -3.0, -2.0, 0.0]
    probs = [0.0, *(10**each for each in probs)]
    marks = f'const marks = await import("{(widgets.MODULES / "digit-marks.mjs").as_uri()}");'
    found = in_ink(marks + "return given.probs.map((p) => [marks.chance(p, 3), marks.chance(p, 4)]);", probs=probs)
    assert [each[0] for each in found] == [chance(p) for p in probs]
    for p, (_, text) in zip(probs, found, strict=True):
        number = float(text.replace(" · 10", "e").translate(POWERS))
        assert number == pytest.approx(p, rel=0.051, abs=0)


def test_a_dot_and_a_line_have_the_ink_of_their_areas():
    body = """
      const areas = [[[14, 14], [14, 14]], [[6, 9], [20, 17.5]], [[0, 0], [0, 0]]].map(([from, to]) => {
        const pad = ink.blankPad();
        ink.paint(pad, from, to, 3, 255);
        return ink.imageOf(pad).reduce((a, b) => a + b) / 255;
      });
      const pad = ink.padOf(new Uint8Array(784).fill(255));
      ink.paint(pad, [14, 14], [14, 14], 3, 0);
      return [...areas, 784 - ink.imageOf(pad).reduce((a, b) => a + b) / 255];
    """
    circle, length = np.pi * 9, np.hypot(14, 8.5)
    wanted = [circle, circle + 6 * length, circle / 4, circle]
    np.testing.assert_allclose(in_ink(body), wanted, rtol=0.02)


def test_an_edge_is_grey():
    line = "const pad = ink.blankPad(); ink.paint(pad, [5, 14.5], [23, 14.5], 1, 255);"
    body = line + "return Array.from(ink.imageOf(pad));"
    image = np.reshape(in_ink(body), (28, 28))
    assert image[13:16, 14].tolist() == [128, 255, 128]
    assert image[12, 14] == image[16, 14] == 0


def test_a_pad_made_of_an_image_has_that_image_and_moves_by_whole_pixels():
    images = random_images(3)
    body = """
      const pads = given.images.map(ink.padOf);
      const move = (down, right) => (pad) => ink.nudged(pad, down, right);
      return [(pad) => pad, move(2, 0), move(-1, 3), move(0, -27),
        ink.inverted].map((change) => pads.map((pad) => Array.from(ink.imageOf(change(pad)))));
    """
    same, down, away, left, inverse = np.reshape(
        in_ink(body, images=[each.tobytes() for each in images]), (5, -1, 28, 28)
    )
    images = images.reshape(-1, 28, 28)
    padded = np.pad(images, ((0, 0), (30, 30), (30, 30)))
    np.testing.assert_array_equal(same, images)
    np.testing.assert_array_equal(down, padded[:, 28:56, 30:58])
    np.testing.assert_array_equal(away, padded[:, 31:59, 27:55])
    np.testing.assert_array_equal(left, padded[:, 30:58, 57:85])
    np.testing.assert_array_equal(inverse, 255 - images)


def random_strokes(rng):
    """Return a few lines [from, to, radius, grey], anywhere on the pad."""
    low, size = rng.uniform(0, 16, 2), rng.uniform(2, 26)
    points = (low + rng.uniform(0, size, (rng.integers(2, 7), 2))).clip(0, 27)
    return [
        [*pair, float(rng.uniform(0.3, 2)), int(rng.choice([255, 255, 200, 120]))]
        for pair in zip(points[:-1].tolist(), points[1:].tolist(), strict=True)
    ]


def test_centring_is_that_of_chapter_7(digits):
    rng = np.random.default_rng(2)
    drawings = [random_strokes(rng) for _ in range(60)]
    images = [np.round(255 * image).astype(np.uint8).tobytes() for image in digits[0][:20]]
    body = """
      const drawn = given.drawings.map((strokes) => {
        const pad = ink.blankPad();
        for (const [from, to, radius, value] of strokes) ink.paint(pad, from, to, radius, value);
        return pad;
      });
      const pads = [...drawn, ...given.images.map(ink.padOf)];
      return pads.map((pad) => [Buffer.from(pad).toString("hex"), Array.from(ink.likeMnist(pad))]);
    """
    found = in_ink(body, drawings=drawings, images=images)
    assert len(found) == 80
    for pad, image in found:
        picture = np.frombuffer(bytes.fromhex(pad), np.uint8).reshape(224, 224)
        np.testing.assert_allclose(np.reshape(image, (28, 28)), 255 * like_mnist(picture)[..., 0], rtol=0, atol=0.501)


def test_what_cannot_be_centred_is_named():
    body = """
      return [ink.blankPad(), ink.inverted(ink.blankPad())].map((pad) => {
        try { return ink.likeMnist(pad); } catch (error) { return error.message; }
      });
    """
    assert in_ink(body) == [
        "There is no ink to centre.",
        "The pad is mostly ink: MNIST is white on black. Press Invert.",
    ]


# The test digits


def test_the_hardest_digits_are_those_of_chapter_7(made, digits):
    images, logits, labels = digits
    losses = cross_entropy(labels, logits)
    order = np.argsort(-losses)[:12]
    assert [each["position"] for each in made.hardest] == order.tolist()
    assert [each["label"] for each in made.hardest] == labels[order].tolist()
    np.testing.assert_allclose([each["loss"] for each in made.hardest], losses[order], rtol=0, atol=0.0051)
    for each in made.hardest:
        np.testing.assert_array_equal(unpack_image(each["image"]), images[each["position"], ..., 0])
    assert (made.image, made.label) == (made.hardest[0]["image"], made.hardest[0]["label"])


def test_how_many_losses_are_larger_is_nearly_right(made, digits):
    _, logits, labels = digits
    for powers, temperature in zip(made.powers, (1, FITTED), strict=True):
        losses = cross_entropy(labels, logits / temperature)
        ordered = np.sort(losses)[::-1]
        asked = [*ordered[:7000:7], *np.geomspace(ordered[6999] * 1.1, 8, 200)]
        body = "return given.asked.map((loss) => ink.countLarger(loss, given.ranks, given.powers));"
        found = np.array(in_ink(body, asked=np.array(asked).tolist(), ranks=made.ranks, powers=powers), float)
        real = np.array([(losses > loss).sum() for loss in asked])
        assert np.isnan(found[-1:]).sum() == 0
        known = ~np.isnan(found)  # at the very last rank rounding may put it beyond
        assert known.mean() > 0.99
        assert (np.abs(found - real)[known] <= 1 + 0.12 * real[known]).all()
    body = "return [9, 1e-9, 0].map((loss) => ink.countLarger(loss, given.ranks, given.powers));"
    assert in_ink(body, ranks=made.ranks, powers=made.powers[1]) == [0, None, None]


GOOD = {"images": np.zeros((3, 28, 28, 1)), "logits": np.eye(3, 10) * 5, "labels": [0, 1, 2], "temperature": 2}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"images": np.zeros((3, 28, 28))}, "images"),
        ({"images": np.full((3, 28, 28, 1), 255)}, "images"),
        ({"images": np.zeros((0, 28, 28, 1))}, "images"),
        ({"logits": np.zeros((2, 10))}, "logits"),
        ({"logits": np.zeros((3, 11))}, "logits"),
        ({"logits": np.full((3, 10), np.nan)}, "logits"),
        ({"logits": np.where(np.eye(3, 10), -np.inf, 0)}, "logits"),
        ({"labels": [0, 1]}, "labels"),
        ({"labels": [0, 1, 10]}, "labels"),
        ({"labels": [0.0, 1.0, 2.0]}, "labels"),
        ({"temperature": 0.2}, "temperature"),
        ({"temperature": np.nan}, "temperature"),
        ({"start": 3}, "start"),
        ({"start": -1}, "start"),
        ({"hardest": 0}, "hardest"),
        ({"hardest": 25}, "hardest"),
    ],
    ids=lambda each: next(iter(each)) if isinstance(each, dict) else "",
)
def test_an_argument_that_the_canvas_cannot_show_is_refused_by_name(change, named):
    widgets.DigitCanvas(**GOOD)
    with pytest.raises(ValueError, match=f"^`{named}` .*(want|holds)"):
        widgets.DigitCanvas(**GOOD | change)


def test_the_pixels_are_what_the_network_takes(digits):
    images, logits, labels = digits
    canvas = widgets.DigitCanvas(images[:50], logits[:50], labels[:50], FITTED, start=7)
    np.testing.assert_array_equal(canvas.pixels, images[7])
    for trait, value in [("image", "no image"), ("label", 10), ("temperature", 0.1)]:
        with pytest.raises(TraitError):
            setattr(canvas, trait, value)


def test_without_javascript_a_digit_stands_there_with_its_loss(made, digits):
    images, logits, labels = digits
    caption, rows = cells_of(made.page_html())
    first = made.hardest[0]["position"]
    probs = softmax(logits[first])
    assert [row[0] for row in rows] == list("0123456789")
    np.testing.assert_allclose([float(row[1].replace("−", "-")) for row in rows], logits[first], rtol=0, atol=0.0061)
    shown = [float(row[2].replace(" · 10", "e").translate(POWERS)) for row in rows]
    np.testing.assert_allclose(shown, probs, rtol=0.06, atol=0)
    assert rows[6][2] == "0.0020"  # of which −log is the loss
    loss = float(re.search(r"loss −log p = (\S+) nats", caption)[1])
    assert loss == pytest.approx(cross_entropy(labels[first], logits[first]), abs=0.0061)
    assert f"read as {probs.argmax()} with p" in caption
    drawing = re.search(r"<svg viewBox.*?</svg>", made.fallback())[0]
    drawn = np.zeros((28, 28))
    for grey, squares in re.findall(r"fill='#(.)..' d='(.*?)'", drawing):
        for x, y in re.findall(r"M(\d+) (\d+)h", squares):
            drawn[int(y), int(x)] = int(grey, 16)
    np.testing.assert_allclose(drawn / 15, images[first, ..., 0], atol=0.034)
    assert made.page_html() == widgets.DigitCanvas(*digits, FITTED).page_html()


def test_the_fallback_says_where_there_is_no_label_and_where_nobody_knows_the_logits():
    canvas = widgets.DigitCanvas(**GOOD)
    canvas.label = None
    assert "Nobody has said what it means, so it has no loss." in canvas.fallback()
    canvas.label, canvas.logits = 0, [20.0, *[0.0] * 9]
    assert "the loss −log p = 1.9 · 10⁻⁸ nats" in canvas.fallback()
    canvas.label, canvas.logits = None, None
    assert "<table>" not in canvas.fallback()
    assert "None" not in html.unescape(canvas.fallback())
