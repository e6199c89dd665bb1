"""What a hand does to a digit: moved, turned, slanted, thinner or thicker strokes; and centred as MNIST is.

NumPy, and Pillow to scale. Images are grey values of 0, the paper, to 1, the ink.
"""

import numpy as np
from PIL import Image

from .checks import check_images

SIDE = 28


def moved(images, down=0.0, right=0.0, degrees=0.0, size=1.0, slant=0.0):
    """Return images after they were slanted, scaled and turned about their middle, and then moved.

    Parameters
    ----------
    images : array_like, shape (N, 28, 28, 1)
        Grey values, 0 to 1.
    down, right : float or array_like, shape (N,)
        Pixels.
    degrees : float or array_like, shape (N,)
        Against the clock.
    size : float or array_like, shape (N,)
        1 leaves the size.
    slant : float or array_like, shape (N,)
        Pixels to the right for each pixel up.

    Returns
    -------
    ndarray of float32, shape (N, 28, 28, 1)
        Between pixels the values are interpolated in a line; beyond the edge there is paper.

    Raises
    ------
    ValueError
        If the images are not of that form.
    """
    images = check_images(images, (SIDE, SIDE, 1))[..., 0]
    down, right, degrees, size, slant = (
        np.broadcast_to(np.asarray(each, np.float32), len(images))[:, None, None]
        for each in (down, right, degrees, size, slant)
    )
    # Where does the value of each pixel come from? The same steps backwards, from the middle of the image.
    middle = (SIDE - 1) / 2
    row, column = np.mgrid[:SIDE, :SIDE].astype(np.float32) - middle
    row, column = row - down, column - right
    cosine, sine = np.cos(np.radians(degrees)) / size, np.sin(np.radians(degrees)) / size
    row, column = cosine * row + sine * column, cosine * column - sine * row
    column = column + slant * row
    # One pixel of paper around the image stands for all the paper beyond.
    row, column = (np.clip(each + middle + 1, 0, SIDE + 1) for each in (row, column))
    top, left = (np.minimum(each.astype(np.int32), SIDE) for each in (row, column))
    below, beside = (row - top).astype(np.float32), (column - left).astype(np.float32)
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1))).reshape(len(images), -1)
    place = top * (SIDE + 2) + left

    def at(step):
        return np.take_along_axis(padded, (place + step).reshape(len(images), -1), 1).reshape(place.shape)

    upper = at(0) * (1 - beside) + at(1) * beside
    lower = at(SIDE + 2) * (1 - beside) + at(SIDE + 3) * beside
    return (upper * (1 - below) + lower * below).clip(0, 1)[..., None]  # rounding can give 1.0000001


def thickened(images, amount):
    """Return images with thicker or thinner strokes.

    Parameters
    ----------
    images : array_like, shape (N, 28, 28, 1)
        Grey values, 0 to 1.
    amount : float or array_like, shape (N,)
        1 gives each pixel the darkest of the nine around it, -1 the lightest of the four of which it is the upper
        left one; between them a mixture with the image.

    Returns
    -------
    ndarray of float32, shape (N, 28, 28, 1)

    Raises
    ------
    ValueError
        If the images are not of that form, or an amount is not -1 to 1.
    """
    images = check_images(images, (SIDE, SIDE, 1))
    amount = np.broadcast_to(np.asarray(amount, np.float32), len(images))[:, None, None, None]
    if not (np.abs(amount) <= 1).all():
        raise ValueError(f"`amount` holds {amount[~(np.abs(amount) <= 1)][0]}; wanted -1 (thin) to 1 (thick).")
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    shifted = {(i, j): padded[:, i : i + SIDE, j : j + SIDE] for i in range(3) for j in range(3)}
    thick, thin = images.copy(), images.copy()
    for (i, j), each in shifted.items():
        np.maximum(thick, each, out=thick)
        if i and j:
            np.minimum(thin, each, out=thin)
    return (images + np.maximum(amount, 0) * (thick - images) + np.minimum(amount, 0) * (images - thin)).clip(0, 1)


def by_hand(images, rng, share=0.8):
    """Return images as other hands might have written them: each with its own place, slant, size, turn and stroke.

    Up to 4 pixels in each direction, 16 degrees, an eighth of the size, a slant of 0.2, and strokes up to 0.8.

    Parameters
    ----------
    images : array_like, shape (N, 28, 28, 1)
        Grey values, 0 to 1.
    rng : numpy.random.Generator
        The chance.
    share : float
        Share of the images that change, so that the network also sees some as they are.

    Returns
    -------
    ndarray of float32, shape (N, 28, 28, 1)

    Raises
    ------
    ValueError
        If the images are not of that form.
    """
    changed = rng.random(len(images)) < share
    stroke, down, right, turn, size, slant = changed * rng.uniform(-1, 1, (6, len(images)))
    images = thickened(images, 0.8 * stroke)
    return moved(images, 4 * down, 4 * right, 16 * turn, 1 + size / 8, slant / 5)


def other_hands(images):
    """Return images as they are and changed in five ways, the same each time: what a network is asked after training.

    Parameters
    ----------
    images : array_like, shape (N, 28, 28, 1)
        Grey values, 0 to 1.

    Returns
    -------
    dict of str to ndarray of float32, shape (N, 28, 28, 1)

    Raises
    ------
    ValueError
        If the images are not of that form.
    """
    down, right = np.random.default_rng(0).integers(-4, 5, (2, len(images)))
    return {
        "as they are": check_images(images, (SIDE, SIDE, 1)),
        "moved by up to 4 pixels": moved(images, down, right),
        "turned by 15° to the left": moved(images, degrees=15),
        "turned by 15° to the right": moved(images, degrees=-15),
        "thinner": thickened(images, -1),
        "thicker": thickened(images, 1),
    }


def like_mnist(picture):
    """Return a picture of one digit as MNIST's authors prepared theirs: 20 pixels long, its weight in the middle.

    Source: the description on MNIST's page, http://yann.lecun.com/exdb/mnist/.

    Parameters
    ----------
    picture : array_like, shape (H, W)
        Grey values: 0 is paper, the largest value is ink.

    Returns
    -------
    ndarray of float32, shape (28, 28, 1)
        Grey values, 0 to 1.

    Raises
    ------
    ValueError
        If the picture has no ink, no paper, or is not of that form.
    """
    picture = np.asarray(picture, np.float32)
    if picture.ndim != 2:
        raise ValueError(f"`picture` has shape {picture.shape}; wanted (H, W), the grey values of one digit.")
    if not (np.isfinite(picture).all() and picture.min() >= 0 and picture.max() > 0):
        raise ValueError("`picture` has no ink: wanted 0 for paper and larger numbers for ink.")
    if np.median(picture) > 0.5 * picture.max():
        raise ValueError("`picture` is mostly ink. Black on white? Use 255 - picture.")
    ink = picture > 0.1 * picture.max()
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    digit = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] / picture.max()
    height, width = (max(1, round(20 * side / max(digit.shape))) for side in digit.shape)
    digit = np.asarray(Image.fromarray(digit).resize((width, height), Image.Resampling.BOX))
    image = np.zeros((SIDE, SIDE), np.float32)
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    image[top : top + height, left : left + width] = digit
    row, column = (float((image.sum(axis) * np.arange(SIDE)).sum() / image.sum()) for axis in (1, 0))
    # By whole pixels, which leaves the grey values as they are.
    return moved(image[None, ..., None], down=round(SIDE / 2 - row), right=round(SIDE / 2 - column))[0]
