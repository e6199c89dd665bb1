"""Street scenes are the same bytes everywhere, hold every class, and cannot be solved by colour alone."""

import hashlib
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from utils.checks import check_images, check_masks
from utils.scenes import CLASSES, COLOURS, street_scenes


@pytest.fixture(scope="module")
def scenes():
    return street_scenes(200, seed=0)


def kind(name):
    return CLASSES.index(name)


def test_the_classes_are_those_of_the_driving_data_in_its_order():
    assert len(CLASSES) == len(set(CLASSES)) == 23
    assert [CLASSES[k] for k in (0, 1, 6, 7, 13, 22)] == [
        *("unlabelled", "building", "road line", "road", "sky", "terrain"),
    ]


def test_the_bytes_are_those_recorded(scenes):
    images, masks = street_scenes(8, seed=0)
    digest = hashlib.sha256(images.tobytes() + masks.tobytes()).hexdigest()
    assert digest == "da4d5d5bf23a25046984718586c511de8aa358923793b1b5b921688031ff4d51"


def test_fewer_scenes_are_the_first_of_more(scenes):
    for few, many in zip(street_scenes(3, seed=0), scenes, strict=True):
        np.testing.assert_array_equal(few, many[:3])


def test_scenes_and_seeds_differ():
    images, masks = street_scenes(4, seed=1)
    others, _ = street_scenes(4, seed=2)
    assert len({image.tobytes() for image in (*images, *others)}) == 8
    assert len({mask.tobytes() for mask in masks}) == 4


def test_shapes_dtypes_and_ranges(scenes):
    images, masks = scenes
    assert (images.shape, images.dtype) == ((200, 96, 128, 3), np.float32)
    assert (masks.shape, masks.dtype) == ((200, 96, 128), np.uint8)
    assert check_images(images, (96, 128, 3)) is images
    check_masks(masks, images.shape[:3], len(CLASSES))
    levels = images[:10] * np.float32(255)
    np.testing.assert_allclose(levels, np.round(levels), rtol=0, atol=1e-4)


def test_every_class_occurs_and_a_few_cover_most(scenes):
    share = np.bincount(scenes[1].ravel(), minlength=23) / scenes[1].size
    assert (share > 0).all()
    assert share[[kind(name) for name in ("road", "sky", "building", "vegetation")]].sum() > 0.5
    assert np.sort(share)[:5].sum() < 0.05
    seen = np.array([np.isin(np.arange(23), mask) for mask in scenes[1]])
    assert seen.mean(axis=0).min() > 0.05  # rare in pixels, but in ten or more of the 200 scenes
    assert seen.sum(axis=1).min() > 8


def test_the_sky_is_above_the_road(scenes):
    rows = np.arange(96)[:, None] + np.zeros(128)
    for mask in scenes[1]:
        assert rows[mask == kind("sky")].mean() < rows[mask == kind("road")].mean()
        assert rows[mask == kind("road")].min() > 34  # the horizon is lower than that


def test_brightness_varies_and_no_scene_is_black_or_white(scenes):
    means = scenes[0].mean(axis=(1, 2, 3))
    assert means.min() > 0.15
    assert means.max() < 0.85
    assert means.std() > 0.04


def test_colour_alone_does_not_give_the_class(scenes):
    images, masks = scenes
    means = np.stack([images[:100][masks[:100] == k].mean(axis=0) for k in range(23)])
    distances = ((images[100:130, ..., None, :] - means) ** 2).sum(axis=-1)
    right = (distances.argmin(axis=-1) == masks[100:130]).mean()
    assert 1 / 23 < right < 0.35  # 0.21 where this was written


def test_place_alone_does_not_give_the_class(scenes):
    masks = scenes[1]
    usual = np.stack([(masks[:100] == k).sum(axis=0) for k in range(23)]).argmax(axis=0)
    assert 0.4 < (usual == masks[100:]).mean() < 0.65  # 0.54 where this was written


@pytest.mark.parametrize("integer", [int, np.int64, np.uint8])
def test_any_integer_will_do(integer):
    assert street_scenes(integer(1), integer(3))[1].tobytes() == street_scenes(1, 3)[1].tobytes()


def test_a_seed_may_be_large():
    assert street_scenes(1, 2**70)[1].tobytes() != street_scenes(1, 2**70 + 1)[1].tobytes()


@pytest.mark.parametrize(
    ("n", "seed", "message"),
    [
        (0, 0, "`n` is 0; wanted an integer, 1 or more: street_scenes(200, seed=0)."),
        (-3, 0, "`n` is -3; wanted an integer, 1 or more: street_scenes(200, seed=0)."),
        (2.0, 0, "`n` is 2.0; wanted an integer, 1 or more: street_scenes(200, seed=0)."),
        (True, 0, "`n` is True; wanted an integer, 1 or more: street_scenes(200, seed=0)."),
        ("2", 0, "`n` is '2'; wanted an integer, 1 or more: street_scenes(200, seed=0)."),
        (2, -1, "`seed` is -1; wanted an integer, 0 or more: street_scenes(200, seed=0)."),
        (2, None, "`seed` is None; wanted an integer, 0 or more: street_scenes(200, seed=0)."),
        (2, 0.5, "`seed` is 0.5; wanted an integer, 0 or more: street_scenes(200, seed=0)."),
    ],
)
def test_numbers_that_are_no_count_or_seed_are_refused(n, seed, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        street_scenes(n, seed)


def cielab(colours):
    """Return RGB of 0 to 1 as CIELAB of D65, where a distance of 2 can just be seen."""
    linear = np.where(colours > 0.04045, ((colours + 0.055) / 1.055) ** 2.4, colours / 12.92)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(linear @ to_xyz.T / [0.9505, 1, 1.089]).T  # no colour here is so dark that the cube root is off
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def test_each_class_has_a_colour_and_no_two_are_near():
    assert len(COLOURS) == len(CLASSES)
    colours = cielab(np.array([to_rgb(colour) for colour in COLOURS]))
    apart = np.linalg.norm(colours[:, None] - colours, axis=-1)
    assert apart[~np.eye(len(apart), dtype=bool)].min() > 20
