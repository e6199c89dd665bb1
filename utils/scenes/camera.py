"""A camera for scenes drawn by code: metres become pixels, each with a class, a colour and a distance.

x runs to the right of the middle of the road, y up from it, z ahead of the camera. Paint from far to near, and the
near hide the far. A pixel belongs to what covers its centre: there are no soft edges in a mask.

The same random numbers give the same bytes on every x86-64 CPU. NumPy picks its loops for exp, sin, power and sums
by CPU, and their last bits differ. So this file keeps to + - * / floor and comparisons, which IEEE 754 defines to
the last bit, and to random() and integers() of the generator; and a picture ends in 8-bit levels.
"""

import numpy as np

HEIGHT, WIDTH = 96, 128  # pixels
FOCAL = 105.0  # pixels: what is 1 m wide and 105 m away is 1 pixel wide
EYE = 2.0  # metres of the camera above the road
FAR = 70.0  # metres to the backdrop


def part(values):
    """Return what is left of each number above its floor, 0 to 1: the place within a pattern that repeats."""
    return values - np.floor(values)


def span(low, high, size):
    """Return the whole pixels from `low` to `high`, cut at 0 and `size`; a pixel counts if its centre is inside."""
    return int(min(max(low + 0.5, 0), size)), int(min(max(high + 0.5, 0), size))


class Camera:
    """A picture under way, with the chance and the brushes to go on with it.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where all chance comes from.
    kind : int
        The class of the empty picture, the sky.
    """

    def __init__(self, rng, kind):
        self.rng = rng
        self.horizon, self.vanish = self.between(36, 50), self.between(46, 82)  # its row and column, pixels
        self.aside = 0.0  # metres of the camera from the middle of the road
        self.bend = self.between(-1, 1) * self.between(0, 0.004)  # the middle of the road is at bend * z * z
        self.mask = np.full((HEIGHT, WIDTH), kind, np.uint8)
        self.colour = np.zeros((HEIGHT, WIDTH, 3), np.float32)
        self.distance = np.zeros((HEIGHT, WIDTH), np.float32)

    def between(self, low, high):
        """Return a number from `low` to `high`."""
        return low + (high - low) * self.rng.random()

    def chance(self, p):
        """Return True with probability `p`."""
        return self.rng.random() < p

    def pick(self, options):
        """Return one of `options`."""
        return options[int(self.rng.random() * len(options))]

    def tone(self, palette, spread=0.07):
        """Return a colour near one of the palette's, RGB from 0 to 1."""
        shift = self.between(-spread, spread)
        return np.array([c + shift + self.between(-spread, spread) / 2 for c in self.pick(palette)], np.float32)

    def column(self, x, z):
        """Return where x at distance z is in the picture, pixels from its left border."""
        return self.vanish + FOCAL * ((x - self.aside) / z + self.bend * z)

    def row(self, y, z):
        """Return where height y at distance z is in the picture, pixels from its top."""
        return self.horizon + FOCAL * (EYE - y) / z

    def frame(self, x0, x1, y0, y1, z):
        """Return the slices of a rectangle that faces the camera, at least one pixel wide and high."""
        top, left = self.row(y1, z), self.column(x0, z)
        bottom, right = max(self.row(y0, z), top + 1), max(self.column(x1, z), left + 1)
        return slice(*span(top, bottom, HEIGHT)), slice(*span(left, right, WIDTH))

    def paint(self, area, inside, kind, colour, z):
        """Give the pixels of `area`, two slices, that are `inside` a class, a colour and a distance."""
        np.copyto(self.mask[area], np.uint8(kind), where=inside)
        np.copyto(self.colour[area], colour, where=inside[..., None], casting="same_kind")
        np.copyto(self.distance[area], z, where=inside, casting="same_kind")

    def box(self, kind, x0, x1, y0, y1, z, colour, pattern=None):
        """Paint a rectangle that faces the camera; `pattern(x, y, colour, behind)` may give each pixel its colour."""
        area = self.frame(x0, x1, y0, y1, z)
        if pattern:
            rows, columns = (np.arange(cut.start, cut.stop) + 0.5 for cut in area)
            x, y = (columns - self.column(0, z)) * z / FOCAL, EYE - (rows[:, None] - self.horizon) * z / FOCAL
            colour = pattern(x, y, colour, self.colour[area])
        self.mask[area], self.colour[area], self.distance[area] = kind, colour, z

    def blob(self, kind, x0, x1, y0, y1, z, colour, form="disc", rough=0.0):
        """Paint a disc, diamond or triangle that fills a rectangle; `rough`, 0 to 1, frays its edge like leaves."""
        area = self.frame(x0, x1, y0, y1, z)
        rows, columns = (np.arange(cut.start, cut.stop) + 0.5 for cut in area)
        down = (rows[:, None] - self.row((y0 + y1) / 2, z)) * z / (FOCAL * (y1 - y0) / 2)  # -1 at the top, 1 below
        side = np.abs(columns - self.column((x0 + x1) / 2, z)) * z / (FOCAL * (x1 - x0) / 2)
        if form == "disc":
            reach = side * side + down * down
        else:
            reach = side + np.abs(down) if form == "diamond" else 2 * side - down
        edge = 1 - rough * self.rng.random(reach.shape) if rough else 1
        self.paint(area, reach < edge, kind, colour, z)

    def plane(self, kind, x, near, far, bottom, top, colour, pattern=None):
        """Paint a wall that runs along the road; `pattern(z, y, colour, behind)` may give each pixel its colour."""
        start, end = self.column(x, near), self.column(x, far)
        left, right = span(min(start, end), max(start, end), WIDTH)
        if left == right:
            return
        # Along a straight wall it is 1/z, not z, that is linear in the column.
        inverse = 1 / near + (np.arange(left, right) + 0.5 - start) / (end - start) * (1 / far - 1 / near)
        upper, lower = (self.horizon + FOCAL * (EYE - y) * inverse for y in (top, bottom))
        first, last = span(upper.min(), lower.max(), HEIGHT)
        rows = np.arange(first, last)[:, None] + 0.5
        area = slice(first, last), slice(left, right)
        if pattern:
            y = EYE - (rows - self.horizon) / FOCAL / inverse
            colour = pattern(1 / inverse, y, colour, self.colour[area])
        self.paint(area, (rows >= upper) & (rows < lower), kind, colour, 1 / inverse)

    def ground(self, z0, z1):
        """Return the rows of the ground from z0 to z1, two slices, and x and z of their pixels."""
        top, bottom = span(self.row(0, z1), self.row(0, z0) if z0 else HEIGHT, HEIGHT)
        z = FOCAL * EYE / (np.arange(top, bottom)[:, None] + 0.5 - self.horizon)
        across = (np.arange(WIDTH) + 0.5 - self.vanish) / FOCAL
        x = (across - self.bend * np.minimum(z, FAR)) * z + self.aside
        return (slice(top, bottom), slice(None)), x, z

    def lay(self, kind, colour, x0, x1, z0=0.0, z1=1000.0, dash=0.0):
        """Cover the ground between x0 and x1; a strip thinner than a pixel is widened, dashes are `dash` m long."""
        area, x, z = self.ground(z0, z1)
        grow = np.maximum(0.45 * z / FOCAL - (x1 - x0) / 2, 0)
        inside = (x >= x0 - grow) & (x < x1 + grow)
        if dash:
            inside &= part(z / dash / 2) < 0.5
        self.paint(area, inside, kind, colour, np.minimum(z, FAR))

    def shade(self, x0, x1, z0, z1, strength=0.5):
        """Darken the ground in a rectangle, and whatever shows there."""
        area, x, _ = self.ground(z0, z1)
        inside = (x >= x0) & (x < x1)
        np.multiply(self.colour[area], np.float32(strength), out=self.colour[area], where=inside[..., None])

    def photograph(self, fine, coarse, haze):
        """Return the picture as 8-bit levels: with texture, fog, light, soft focus and noise.

        Parameters
        ----------
        fine, coarse : ndarray of float32, shape (K,)
            How much each class varies from pixel to pixel, and between patches of 4 x 4 pixels; 0 is flat.
        haze : ndarray of float32, shape (3,)
            The colour that distance fades to.

        Returns
        -------
        ndarray of uint8, shape (96, 128, 3)
        """
        dots = self.rng.integers(0, 256, (HEIGHT, WIDTH), np.uint8).astype(np.float32) / 255 - np.float32(0.5)
        patches = self.rng.integers(0, 256, (HEIGHT // 4, WIDTH // 4), np.uint8).repeat(4, 0).repeat(4, 1)
        dots = 1 + fine[self.mask] * dots + coarse[self.mask] * (patches.astype(np.float32) / 255 - np.float32(0.5))
        picture = self.colour * dots[..., None]
        # Fog is exp(-z/sight) in nature; z/(z + sight) looks the same and is exact.
        picture += (haze - picture) * (self.distance / (self.distance + self.between(60, 400)))[..., None]
        light = self.between(0.78, 1.15)
        picture *= np.array([light * self.between(0.92, 1.08) for _ in range(3)], np.float32)
        for ahead, middle, back in (
            (picture[2:], picture[1:-1], picture[:-2]),
            (picture[:, 2:], picture[:, 1:-1], picture[:, :-2]),
        ):
            middle += (ahead + back - 2 * middle) * np.float32(0.15)
        # The sum of two even draws is a triangle, near enough to a bell.
        noise = self.rng.integers(0, 256, (2, HEIGHT, WIDTH, 3), np.uint8).astype(np.float32)
        picture = picture * 255 + (noise[0] - noise[1]) * np.float32(self.between(0.02, 0.07))
        return np.clip(picture + np.float32(0.5), 0, 255).astype(np.uint8)
