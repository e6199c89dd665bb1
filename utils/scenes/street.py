"""Street views drawn by code, with the class of every pixel: pictures to train on of which nothing is stored.

`street_scenes` is the way in, and `_Street` the plan of one view: chance decides what each side of the road is like
and what stands there. `scenery` draws those things in metres, and `camera` turns metres into pixels.
"""

import numpy as np

from .camera import FAR, FOCAL, HEIGHT, WIDTH
from .scenery import (
    BROWNS,
    BUILDING,
    COARSE,
    DARK,
    FENCE,
    FINE,
    GREENS,
    GROUND,
    GUARD,
    LINE,
    MASONRY,
    METALS,
    PAINTS,
    PAVING,
    POLE,
    RAIL,
    ROAD,
    SIDEWALK,
    SKIES,
    SKY,
    TERRAIN,
    UNLABELLED,
    VEGETATION,
    WALL,
    WATER,
    WHITE,
    Scenery,
    courses,
    pickets,
    ribs,
)


def street_scenes(n, seed):
    """Draw street views and their masks; scene i depends on `seed` and i alone.

    Parameters
    ----------
    n : int
        How many, 1 or more.
    seed : int
        0 or more. `street_scenes(10, seed)` are the first ten of `street_scenes(100, seed)`.

    Returns
    -------
    images : ndarray of float32, shape (n, 96, 128, 3)
        RGB, 0 to 1 in steps of 1/255.
    masks : ndarray of uint8, shape (n, 96, 128)
        The class of each pixel, an index of `CLASSES`, 0 to 22.

    Raises
    ------
    ValueError
        If `n` is not a positive integer or `seed` is not an integer of 0 or more.
    """
    for name, value, least in (("n", n, 1), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"`{name}` is {value!r}; wanted an integer, {least} or more: street_scenes(200, seed=0).")
    images = np.empty((n, HEIGHT, WIDTH, 3), np.float32)
    masks = np.empty((n, HEIGHT, WIDTH), np.uint8)
    for i in range(n):
        street = _Street(np.random.Generator(np.random.PCG64(np.random.SeedSequence(int(seed), spawn_key=(i,)))), SKY)
        images[i] = street.build() / np.float32(255)
        masks[i] = street.mask
    return images, masks


class _Street(Scenery):
    """One view: the ground, and the plan of what stands where."""

    def build(self):
        """Draw the whole view from far to near and return its picture; the mask is then in `mask`."""
        self.sun = self.pick((-1, 1))  # the side that the light comes from
        self.road = self.between(2.8, 5.4)  # half its width
        self.aside = self.between(-0.7, 0.7) * self.road
        self.things = []  # (z, method, arguments)
        self.crossing = self.between(9, 30) if self.chance(0.35) else None  # where a side street begins
        haze = self.sky()
        self.lay(ROAD, self.tone(PAVING), -FAR, FAR)
        for side in (-1, 1):
            self.roadside(side)
        self.markings()
        self.traffic()
        for _, draw, arguments in sorted(self.things, key=lambda thing: -thing[0]):
            draw(*arguments)
        self.border()
        return self.photograph(FINE, COARSE, haze)

    def sky(self):
        """Draw sky, clouds and skyline; return the colour of the haze."""
        top, haze = self.tone(SKIES), self.tone(SKIES[1:], 0.1) + np.float32(0.08)
        down = (np.arange(HEIGHT, dtype=np.float32) / np.float32(self.horizon)).clip(0, 1)[:, None, None]
        self.colour[:] = top + (haze - top) * down
        for _ in range(int(self.between(0, 7))):
            x, y, wide = self.between(-50, 50), self.between(8, 32), self.between(6, 22)
            self.blob(SKY, x - wide, x + wide, y - wide / 6, y + wide / 6, FAR, self.tone(SKIES[2:], 0.12), rough=0.3)
        left = -FAR * FAR * self.bend - FAR * self.vanish / FOCAL  # the x of column 0
        while self.column(left, FAR) < WIDTH:
            wide, high = self.between(3, 16), self.between(2, 9)
            if self.chance(0.4):
                self.box(BUILDING, left, left + wide, -1, 1.4 * high, FAR, self.tone(MASONRY))
            elif self.chance(0.8):
                self.blob(VEGETATION, left - 3, left + wide + 3, -high, high, FAR, self.tone(GREENS), rough=0.3)
            else:
                self.blob(TERRAIN, left - 12, left + wide + 12, -high, high, FAR, self.tone(GREENS))
            left += 0.7 * wide
        return haze

    def roadside(self, side):
        """Lay the ground beside the road and plan what stands on it: a town, a suburb or the country."""
        place = self.pick(("town", "town", "suburb", "suburb", "country"))
        walk = {"town": self.between(1.8, 4), "suburb": self.between(1.2, 2.4), "country": 0.0}[place]
        soil = {"town": GROUND, "suburb": TERRAIN, "country": self.pick((TERRAIN, TERRAIN, GROUND))}[place]
        self.strip(side, soil, self.tone(PAVING if soil == GROUND else GREENS), self.road, FAR)
        edge = self.road + walk
        if walk:
            self.strip(side, SIDEWALK, self.tone(PAVING), self.road, edge)
            self.strip(side, SIDEWALK, self.tone(PAVING) + np.float32(0.12), self.road, self.road + 0.2)  # the kerb
            self.street_furniture(side, edge, place)
        elif self.chance(0.7):
            self.barrier(side, self.road + 0.5, GUARD)
        line = (
            edge + {"town": self.between(0, 2.5), "suburb": self.between(4, 8), "country": self.between(9, 22)}[place]
        )
        if place != "town" and self.chance(0.4):
            line = max(line, edge + 4) + 5
            self.rails(side, edge + 0.8) if self.chance(0.45) else self.water(side, edge + 0.8)
        if place == "suburb" or self.chance(0.25):
            self.barrier(side, edge + 0.1, self.pick((FENCE, FENCE, WALL, WALL, VEGETATION)))
        self.houses(side, line, place)
        for _ in range({"town": 2, "suburb": 6, "country": 9}[place]):
            x, z = side * self.between(edge + 0.8, line + 3 if place != "country" else 26), self.between(6, 60)
            self.things.append((z, self.pick((self.tree, self.tree, self.bush)), (x, z)))

    def strip(self, side, kind, colour, inner, outer, **where):
        """Lay a strip along one side of the road, `inner` to `outer` metres from its middle."""
        self.lay(kind, colour, *((inner, outer) if side > 0 else (-outer, -inner)), **where)

    def rails(self, side, inner):
        """Lay a railway: gravel, sleepers and two rails."""
        self.strip(side, RAIL, self.tone(BROWNS), inner, inner + 2.6)
        self.strip(side, RAIL, self.tone(PAVING), inner + 0.4, inner + 2.2, dash=0.5)
        for rail in (inner + 0.6, inner + 1.9):
            self.strip(side, RAIL, self.tone(METALS) + np.float32(0.15), rail, rail + 0.1, z1=40.0)

    def water(self, side, inner):
        """Lay a canal or a pond."""
        where = {} if self.chance(0.6) else {"z0": self.between(5, 9), "z1": self.between(14, 40)}
        tone = self.tone(((0.3, 0.38, 0.45), (0.4, 0.44, 0.42), (0.5, 0.56, 0.6)))
        self.strip(side, WATER, tone, inner, inner + self.between(5, 14), **where)
        self.strip(side, WATER, tone + np.float32(0.1), inner + 1, inner + 2.5, **where, dash=0.6)

    def barrier(self, side, x, kind):
        """Plan a fence, wall, hedge or guard rail along the road, with gaps."""
        high, z = {FENCE: self.between(1, 2), WALL: self.between(0.8, 2.6)}.get(kind, self.between(0.7, 1.6)), 2.0
        colour = self.tone({FENCE: (*METALS, *BROWNS), WALL: MASONRY, GUARD: METALS}.get(kind, GREENS))
        while z < 50:
            far = z + self.between(5, 16)
            if kind == GUARD:
                self.things += [(z, self.box, (POLE, side * x - 0.06, side * x + 0.06, 0, 0.5, z, colour))]
                self.things += [(far, self.plane, (GUARD, side * x, z, far, 0.42, 0.8, colour, ribs))]
            else:
                pattern = {FENCE: pickets, WALL: courses}.get(kind)
                self.things += [(far, self.plane, (kind, side * x, z, far, 0, high, colour, pattern))]
            z = far if self.chance(0.75) else far + self.between(2, 6)

    def houses(self, side, x, place):
        """Plan buildings along the road, far to near, and leave a side street free."""
        z = self.between(1.5, 8)
        while z < 62:
            far = z + (self.between(6, 18) if place == "town" else self.between(5, 11))
            high = self.between(7, 24) if place == "town" else self.between(3, 6.5)
            free = self.crossing and z < self.crossing + 7 and far > self.crossing - 2
            if free and z < self.crossing - 5:
                far, free = self.crossing - 2, False
            if not free and self.chance({"town": 0.94, "suburb": 0.75, "country": 0.3}[place]):
                self.things.append((far, self.house, (side, x + self.between(0, 0.8), z, far, high)))
            z = far + {"town": self.between(-0.1, 0.6), "suburb": self.between(2, 6), "country": 9}[place]

    def street_furniture(self, side, edge, place):
        """Plan what stands on a pavement: lamps, signs, lights, trees, people, bins and the rest."""
        kerb, z = side * (self.road + 0.45), self.between(4, 12)
        while z < 60:
            self.things.append((z, self.lamp, (kerb, z)))
            z += self.between(9, 18)
        busy = 1.6 if place == "town" else 0.8
        for draw, most in (
            *((self.sign, 3), (self.person, 5.5), (self.tree, 3), (self.bush, 1)),
            *((self.bin, 3.2), (self.mover, 2.4), (self.oddity, 1.2)),
        ):
            at_kerb = draw in (self.sign, self.tree)
            for _ in range(int(self.between(0, busy * most))):
                x = kerb if at_kerb else side * self.between(self.road + 0.5, edge - 0.3)
                z = self.ahead()
                self.things.append((z, draw, (x, z)))
        if self.crossing or self.chance(0.4):
            z = self.crossing - 1 if self.crossing else self.ahead()
            self.things.append((z, self.light, (kerb, z)))

    def ahead(self):
        """Return a distance in metres, more often near than far."""
        return 5.5 + 38 * self.rng.random() * self.rng.random()

    def markings(self):
        """Paint the lines of the road, lay the side street, and let a shadow fall on it."""
        white = self.tone((WHITE, WHITE, (0.75, 0.68, 0.35))) * np.float32(0.92)
        if self.chance(0.85):
            self.lay(LINE, white, -0.09, 0.09, z1=45.0, dash=self.pick((0.0, 2.0, 3.0)))
        if self.road > 4.6:
            for x in (-self.road / 2, self.road / 2):
                self.lay(LINE, white, x - 0.07, x + 0.07, z1=40.0, dash=2.5)
        if self.chance(0.5):
            for side in (-1, 1):
                self.strip(side, LINE, white, self.road - 0.4, self.road - 0.25, z1=45.0)
        if self.crossing:
            self.lay(ROAD, self.tone(PAVING), -FAR, FAR, self.crossing, self.crossing + 5)
        if self.crossing or self.chance(0.2):
            z = self.crossing - 4 if self.crossing else self.between(7, 20)
            for k in range(int(2 * self.road)):  # a zebra crossing
                self.lay(LINE, white, k - self.road + 0.25, k - self.road + 0.75, z, z + 2.6)
        for _ in range(int(self.between(0, 4))):  # patches and shadows: other greys, the same road
            x, z = self.between(-self.road, self.road - 2), self.between(3.2, 25)
            self.shade(x, x + self.between(1, 4), z, z + self.between(0.5, 4), self.between(0.65, 1.2))
        if self.chance(0.4):
            self.shade(*((self.road / 4, FAR) if self.sun > 0 else (-FAR, -self.road / 4)), 2.0, FAR, 0.65)

    def traffic(self):
        """Plan parked and driving vehicles, people and bicycles on the road, and now and then a bridge over it."""
        for side in (-1, 1):
            if self.chance(0.4):
                z = self.between(6, 14)
                while z < 45:
                    if self.chance(0.6):
                        self.things.append((z, self.car, (side * (self.road - 1.1), z)))
                    z += 6.5
            for _ in range(int(self.between(0, 2.6))):
                z = self.between(8, 50)
                self.things.append((z, self.car, (side * self.road * self.between(0.3, 0.55), z)))
        for draw, most in ((self.person, 2.2), (self.mover, 1.7)):
            for _ in range(int(self.between(0, most))):
                x, z = self.between(-self.road, self.road), self.ahead() + 1
                self.things.append((z, draw, (x, z)))
        if self.chance(0.14):
            z = self.between(16, 42)
            self.things.append((z, self.bridge, (z, self.road)))

    def border(self):
        """Cover what the camera sees of its own car, or the black edge of a frame: unlabelled."""
        if self.chance(0.5):
            high, middle = self.between(3, 12), self.between(54, 74)
            rows, columns = np.arange(HEIGHT)[:, None], np.arange(WIDTH)
            inside = rows > HEIGHT - high + (columns - middle) * (columns - middle) / 500
            self.paint((slice(None), slice(None)), inside, UNLABELLED, self.tone(PAINTS), 0)
        elif self.chance(0.3):
            wide = int(self.between(1, 6))
            for edge in (slice(0, wide), slice(WIDTH - wide, None)):
                self.mask[:, edge], self.colour[:, edge], self.distance[:, edge] = UNLABELLED, DARK, 0
