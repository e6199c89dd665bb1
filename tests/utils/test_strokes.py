"""A digit moved, turned, slanted, scaled and with other strokes is the one that was asked for; MNIST's are centred."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from utils.datasets import load_mnist
from utils.strokes import by_hand, like_mnist, moved, other_hands, thickened


@pytest.fixture(scope="module")
def digits():
    (images, _), _ = load_mnist()
    return images[:200, ..., None] / np.float32(255)


def middle(image):
    """Return the row and the column of the centre of mass."""
    image = image[..., 0]
    return np.array([(image.sum(axis) * np.arange(28)).sum() for axis in (1, 0)]) / image.sum()


def test_without_a_change_the_images_are_the_same(digits):
    np.testing.assert_array_equal(moved(digits), digits)
    np.testing.assert_array_equal(thickened(digits, 0), digits)
    np.testing.assert_array_equal(by_hand(digits, np.random.default_rng(0), share=0), digits)


@settings(deadline=None)
@given(down=st.integers(-27, 27), right=st.integers(-27, 27))
def test_whole_pixels_move_each_value_and_the_rest_is_paper(down, right):
    images = np.random.default_rng(0).random((2, 28, 28, 1), np.float32)
    wide = np.pad(images, ((0, 0), (28, 28), (28, 28), (0, 0)))
    wanted = wide[:, 28 - down : 56 - down, 28 - right : 56 - right]
    np.testing.assert_allclose(moved(images, down, right), wanted, atol=2e-6)


def test_half_a_pixel_is_the_mean_of_two(digits):
    halves = (digits[:, :-1] + digits[:, 1:]) / 2
    np.testing.assert_allclose(moved(digits, down=0.5)[:, 1:], halves, atol=1e-6)


def test_each_image_has_its_own_change(digits):
    both = moved(digits[:2], down=[1, -2], degrees=[0, 90])
    np.testing.assert_allclose(both[0], moved(digits[:1], down=1)[0], atol=1e-6)
    np.testing.assert_allclose(both[1], moved(digits[1:2], down=-2, degrees=90)[0], atol=1e-6)


def test_a_quarter_turn_is_against_the_clock(digits):
    turned = np.rot90(digits, 1, axes=(1, 2))
    np.testing.assert_allclose(moved(digits, degrees=90), turned, atol=1e-4)


def test_a_slant_moves_the_upper_half_to_the_right_and_a_size_stretches():
    bar = np.zeros((1, 28, 28, 1), np.float32)
    bar[0, 4:24, 13:15] = 1
    columns = (moved(bar, slant=0.5)[0, ..., 0] * np.arange(28)).sum(1)[4:24] / 2
    np.testing.assert_allclose(np.diff(columns), -0.5, atol=0.02)
    high = moved(bar, size=1.2)[0, ..., 0]
    assert high[:, 13].sum() == pytest.approx(24, abs=0.1)
    assert high[13].sum() == pytest.approx(2.4, abs=0.1)


def test_strokes_are_at_most_as_dark_as_their_neighbours_and_mix_in_between(digits):
    thick, thin = thickened(digits, 1), thickened(digits, -1)
    image = digits[0, ..., 0]
    for row, column in ((10, 12), (0, 0), (27, 5)):
        around = image[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        assert thick[0, row, column, 0] == around.max()
    assert thin[0, 10, 12, 0] == pytest.approx(image[10:12, 12:14].min())
    np.testing.assert_allclose(thickened(digits, 0.5), (digits + thick) / 2, atol=1e-6)
    np.testing.assert_allclose(thickened(digits, -0.5), (digits + thin) / 2, atol=1e-6)
    amounts = np.where(np.arange(len(digits)) < 100, 1, -1)
    np.testing.assert_array_equal(thickened(digits, amounts), np.concatenate([thick[:100], thin[100:]]))


def test_by_hand_changes_a_share_within_its_bounds_and_repeats_from_a_seed(digits):
    once = by_hand(digits, np.random.default_rng(3))
    np.testing.assert_array_equal(once, by_hand(digits, np.random.default_rng(3)))
    changed = (once != digits).any(axis=(1, 2, 3))
    assert 0.7 < changed.mean() < 0.9
    assert once.dtype == np.float32
    assert 0 <= once.min() < once.max() <= 1
    paths = np.array([middle(b) - middle(a) for a, b in zip(digits, once, strict=True)])
    assert 3 < np.abs(paths).max() < 6  # a turn about the middle of the image adds to the 4 pixels


def test_other_hands_are_the_changes_that_their_names_say(digits):
    written = other_hands(digits)
    np.testing.assert_array_equal(written["as they are"], digits)
    np.testing.assert_array_equal(written["turned by 15° to the left"], moved(digits, degrees=15))
    np.testing.assert_array_equal(written["turned by 15° to the right"], moved(digits, degrees=-15))
    np.testing.assert_array_equal(written["thinner"], thickened(digits, -1))
    np.testing.assert_array_equal(written["thicker"], thickened(digits, 1))
    pairs = zip(written["moved by up to 4 pixels"], digits, strict=True)
    steps = np.array([middle(there) - middle(here) for there, here in pairs])
    assert set(range(-4, 5)) <= set(np.round(steps).astype(int).ravel()) <= set(range(-5, 6))  # ink may fall off


def test_most_of_mnist_is_centred_as_mnist_and_a_moved_digit_comes_back(digits):
    again = np.array([like_mnist(image[..., 0]) for image in digits])
    same = np.abs(again - digits).max(axis=(1, 2, 3)) < 1e-6
    assert same.mean() > 0.7
    assert np.abs([middle(image) - 14 for image in again]).max() < 0.51
    there = moved(digits[same], down=-3, right=2)
    kept = np.isclose(there.sum(axis=(1, 2, 3)), digits[same].sum(axis=(1, 2, 3)))  # nothing fell off the edge
    back = np.array([like_mnist(image[..., 0]) for image in there[kept]])
    np.testing.assert_allclose(back, digits[same][kept], atol=1e-6)


def test_a_large_picture_becomes_20_pixels_long(digits):
    large = np.asarray(Image.fromarray((255 * digits[0, ..., 0]).astype(np.uint8)).resize((300, 300)))
    wide = np.pad(large, ((10, 200), (90, 0)))
    small = like_mnist(wide)
    assert small.shape == (28, 28, 1)
    ink = small[..., 0] > 0.1
    assert max(np.ptp(np.flatnonzero(ink.any(axis))) + 1 for axis in (0, 1)) in (20, 21)
    assert np.corrcoef(small.ravel(), digits[0].ravel())[0, 1] > 0.9


WRONG = [
    (moved, (np.zeros((2, 28, 28)),), "`images` has shape (2, 28, 28)"),
    (thickened, (np.zeros((2, 28, 28, 1)), 1.5), "`amount` holds 1.5; wanted -1 (thin) to 1 (thick)."),
    (thickened, (np.zeros((2, 28, 28, 1)), np.nan), "`amount` holds nan; wanted -1 (thin) to 1 (thick)."),
    (by_hand, (np.full((1, 28, 28, 1), 255.0), np.random.default_rng(0)), "Grey values of 0 to 255?"),
    (like_mnist, (np.ones((1, 9, 9)),), "`picture` has shape (1, 9, 9); wanted (H, W), the grey values of one digit."),
    (like_mnist, (np.zeros((9, 9)),), "`picture` has no ink: wanted 0 for paper and larger numbers for ink."),
    (like_mnist, (-np.ones((9, 9)),), "`picture` has no ink: wanted 0 for paper and larger numbers for ink."),
    (like_mnist, (255 - np.eye(9),), "`picture` is mostly ink. Black on white? Use 255 - picture."),
]


@pytest.mark.parametrize(("function", "arguments", "message"), WRONG)
def test_what_is_no_digit_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        function(*arguments)
