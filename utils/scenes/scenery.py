"""What stands in a street, drawn in metres: houses, cars, people, trees, lamps, signs; with classes and colours.

A thing stands at x, z: metres to the right of the middle of the road, and metres ahead of the camera.
"""

import numpy as np

from .camera import FAR, Camera, part

CLASSES = (
    *("unlabelled", "building", "fence", "other", "pedestrian", "pole", "road line", "road", "sidewalk"),
    *("vegetation", "vehicle", "wall", "traffic sign", "sky", "ground", "bridge", "rail track", "guard rail"),
    *("traffic light", "static", "dynamic", "water", "terrain"),
)
# What a mask is shown in: near to nature where the class has a colour of its own, and far from one another (at least 20
# in CIELAB, where 2 can just be seen).
COLOURS = (
    *("#20202c", "#a0583c", "#d9a441", "#f48fb1", "#e0103a", "#4a4e69", "#ffffff", "#7d7d86", "#c3b1cf"),
    *("#2f7d32", "#2457d6", "#cdbb96", "#ffe11a", "#a5d8f3", "#8c6d46", "#7e57a8", "#4a2c20", "#6fa8a8"),
    *("#ff7a00", "#5d6b1f", "#c2189b", "#0b3c78", "#a9c94b"),
)
UNLABELLED, BUILDING, FENCE, OTHER, PEDESTRIAN, POLE, LINE, ROAD, SIDEWALK, VEGETATION, VEHICLE, WALL = range(12)
SIGN, SKY, GROUND, BRIDGE, RAIL, GUARD, LIGHT, STATIC, DYNAMIC, WATER, TERRAIN = range(12, 23)

# Classes share these colours on purpose: what tells wall from building, or road from sidewalk, is shape and place.
MASONRY = ((0.62, 0.56, 0.48), (0.58, 0.36, 0.28), (0.72, 0.69, 0.62), (0.5, 0.5, 0.52), (0.75, 0.62, 0.42))
PAVING = ((0.36, 0.36, 0.38), (0.46, 0.45, 0.44), (0.56, 0.54, 0.51), (0.5, 0.46, 0.4))
GREENS = ((0.26, 0.38, 0.16), (0.36, 0.44, 0.2), (0.2, 0.32, 0.18), (0.48, 0.46, 0.24))
PAINTS = ((0.7, 0.12, 0.1), (0.15, 0.25, 0.55), (0.8, 0.8, 0.8), (0.12, 0.12, 0.14), (0.5, 0.52, 0.55), (0.8, 0.6, 0.1))
SKIES = ((0.35, 0.55, 0.85), (0.6, 0.66, 0.72), (0.5, 0.54, 0.65), (0.75, 0.76, 0.78))
METALS = ((0.42, 0.43, 0.44), (0.25, 0.27, 0.26), (0.62, 0.63, 0.65))
BROWNS = ((0.45, 0.32, 0.25), (0.72, 0.56, 0.45), (0.32, 0.25, 0.2))
GLASS = ((0.12, 0.14, 0.17), (0.3, 0.36, 0.42), (0.2, 0.2, 0.2))
DARK, WHITE, RED, BLUE, AMBER, GREEN = (
    *((0.08, 0.08, 0.09), (0.88, 0.88, 0.85), (0.75, 0.1, 0.1)),
    *((0.1, 0.25, 0.6), (0.85, 0.62, 0.1), (0.2, 0.85, 0.4)),
)

# Small things in parts: form, left, right, bottom and top in metres, and a colour or what to multiply the thing's by.
BINS = (
    (("box", -0.35, 0.35, 0, 1, 1.0), ("box", -0.42, 0.42, 1, 1.15, 0.6)),  # a bin
    (("box", -0.5, 0.1, 0, 0.6, 0.8), ("box", 0.15, 0.75, 0, 0.6, 1.1), ("box", -0.2, 0.4, 0.6, 1.2, 1.0)),  # boxes
    (("box", -0.8, -0.7, 0, 0.8, DARK), ("box", 0.7, 0.8, 0, 0.8, DARK), ("box", -0.9, 0.9, 0.4, 0.85, 1.0)),  # bench
    (("box", -0.16, 0.16, 0, 0.7, 1.0), ("box", -0.26, 0.26, 0.4, 0.52, 0.9), ("disc", -0.18, 0.18, 0.55, 0.88, 1.0)),
)
MOVERS = (
    (  # a dog
        *(("box", -0.42, -0.3, 0, 0.4, 0.8), ("box", 0.22, 0.34, 0, 0.4, 0.8)),
        *(("disc", -0.5, 0.5, 0.28, 0.68, 1.0), ("disc", 0.3, 0.7, 0.55, 0.88, 1.0)),
    ),
    (  # a pram
        *(("disc", -0.44, -0.12, 0, 0.32, DARK), ("disc", 0.12, 0.44, 0, 0.32, DARK)),
        *(("box", -0.42, 0.4, 0.35, 0.7, 1.0), ("disc", -0.47, 0.17, 0.36, 1.1, 0.8)),
    ),
    (  # a bicycle
        *(("disc", -0.86, -0.18, 0, 0.68, DARK), ("disc", 0.18, 0.86, 0, 0.68, DARK)),
        *(("box", -0.45, 0.4, 0.52, 0.66, 1.0), ("box", -0.3, -0.2, 0.4, 1, 1.0), ("box", 0.35, 0.45, 0.4, 1.1, 1.0)),
    ),
)
ODDITIES = (
    (("box", -0.05, 0.05, 0, 2.1, DARK), ("triangle", -1.4, 1.4, 1.9, 2.8, 1.0)),  # a parasol
    (
        ("box", -0.5, 0.5, 0, 1.1, 1.0),
        ("diamond", -0.35, 0.35, 1, 2.8, 0.7),
        ("disc", -0.2, 0.2, 2.4, 2.8, 0.7),
    ),  # statue
    (("box", -0.05, 0.05, 0, 3.2, DARK), ("box", 0, 1, 1.8, 3.2, 1.0), ("box", 0, 1, 2.2, 2.7, WHITE)),  # a flag
)

# How much a surface varies from pixel to pixel, and between patches of 4 x 4 pixels.
FINE, COARSE = np.full((2, len(CLASSES)), 0.08, np.float32)
FINE[[VEGETATION, TERRAIN, GROUND, RAIL, SKY, VEHICLE]] = 0.5, 0.3, 0.15, 0.3, 0.02, 0.04
COARSE[[VEGETATION, TERRAIN, GROUND, SKY, WATER]] = 0.4, 0.15, 0.15, 0.02, 0.15


class Scenery(Camera):
    """The things that a street is furnished with; each method draws one where it is told to, in a look of its own."""

    sun = 1  # the side that the light comes from

    def house(self, side, x, near, far, high):
        """Draw a building: the face along the road, the face towards the camera, windows and perhaps a roof."""
        stone, glass, deep = self.tone(MASONRY, 0.1), self.tone(GLASS), self.between(6, 12)
        panes = windows(self.between(1.6, 3.4), self.between(2.7, 3.6), self.between(0.4, 0.75), glass)
        lit, dim = stone, stone * np.float32(self.between(0.6, 0.85))
        if self.sun == side:
            lit, dim = dim, lit
        front = sorted((side * x, side * (x + deep)))
        if high < 7 and self.chance(0.8):
            roof = self.tone((*BROWNS, *METALS))
            self.plane(BUILDING, side * (x + 0.8), near, far, high, high + 1.8, roof)
            self.blob(BUILDING, *front, high - 2.4, high + 2.4, near, dim, "triangle")
        self.plane(BUILDING, side * x, near, far, 0, high, lit, panes)
        self.box(BUILDING, *front, 0, high, near, dim, panes)

    def bridge(self, z, half):
        """Draw a bridge across a road that is 2 * half metres wide, on two piers."""
        stone, low, high = self.tone((*MASONRY, *METALS)), self.between(4.2, 5.6), self.between(6, 7.6)
        for x in (-half - 1.5, half + 0.5):
            self.box(BRIDGE, x, x + 1, 0, low, z, stone * np.float32(0.8), courses)
        self.box(BRIDGE, -FAR, FAR, low, high, z, stone, courses)
        self.box(BRIDGE, -FAR, FAR, high, high + 0.25, z, stone * np.float32(0.7))

    def assemble(self, kind, parts, x, z, colour):
        """Draw a small thing from its parts, now and then mirrored."""
        turn = self.pick((-1, 1))
        self.shade(x - 0.4, x + 0.4, z - 0.2, z + 0.3)
        for form, left, right, bottom, top, ink in parts:
            ink = colour * np.float32(ink) if isinstance(ink, float) else ink
            ends = sorted((x + turn * left, x + turn * right))
            if form == "box":
                self.box(kind, *ends, bottom, top, z, ink)
            else:
                self.blob(kind, *ends, bottom, top, z, np.asarray(ink, np.float32), form)

    def bin(self, x, z):
        """Draw what stands still: a bin, boxes, a bench or a hydrant."""
        self.assemble(STATIC, self.pick(BINS), x, z, self.tone((*MASONRY, *METALS, *GREENS)))

    def mover(self, x, z):
        """Draw what can move and is neither person nor vehicle: a dog, a pram or a bicycle."""
        self.assemble(DYNAMIC, self.pick(MOVERS), x, z, self.tone((*PAINTS, *BROWNS)))

    def oddity(self, x, z):
        """Draw what has no class of its own: a parasol, a statue or a flag."""
        self.assemble(OTHER, self.pick(ODDITIES), x, z, self.tone((*PAINTS, *MASONRY)))

    def person(self, x, z):
        """Draw a child or a grown-up."""
        size, step = self.between(0.62, 1.08), self.between(0.02, 0.2)
        coat, legs = self.tone((*PAINTS, *BROWNS)), self.tone((*PAINTS, *BROWNS)) * np.float32(0.7)
        parts = (
            *(("box", -step - 0.08, -step + 0.08, 0, 0.85, legs), ("box", step - 0.08, step + 0.08, 0, 0.85, legs)),
            *(("box", -0.24, 0.24, 0.8, 1.47, coat), ("disc", -0.14, 0.14, 1.43, 1.77, self.tone(BROWNS))),
        )
        self.assemble(PEDESTRIAN, [(form, *(size * a for a in where), ink) for form, *where, ink in parts], x, z, coat)

    def lamp(self, x, z):
        """Draw a street lamp, its arm over the road."""
        high, arm, colour = self.between(5, 7), (-1 if x > 0 else 1) * self.between(0.8, 1.6), self.tone(METALS)
        self.box(POLE, x - 0.07, x + 0.07, 0, high, z, colour)
        self.box(POLE, min(x, x + arm), max(x, x + arm), high - 0.12, high, z, colour)

    def light(self, x, z):
        """Draw a traffic light, with a second one above the road if it has an arm."""
        colour, lit, heads = self.tone(METALS), self.pick((0, 0, 1, 2)), [(x, 2.9)]
        if self.chance(0.4):
            heads.append((x * self.between(0.2, 0.6), 4.8))
            self.box(POLE, min(x, heads[1][0]), max(x, heads[1][0]), 5, 5.15, z, colour)
        self.box(POLE, x - 0.08, x + 0.08, 0, 5.1 if len(heads) > 1 else 2.4, z, colour)
        for x, y in heads:
            self.box(LIGHT, x - 0.25, x + 0.25, y - 0.65, y + 0.65, z, DARK)
            for k, lamp in enumerate((RED, AMBER, GREEN)):
                lamp, y1 = np.array(lamp, np.float32) * np.float32(1.1 if k == lit else 0.3), y + 0.6 - 0.4 * k
                self.blob(LIGHT, x - 0.17, x + 0.17, y1 - 0.36, y1, z, lamp)

    def sign(self, x, z):
        """Draw a traffic sign on its pole."""
        y, size = self.between(2, 2.8), self.between(0.26, 0.42)
        rim, face = self.pick(((RED, WHITE), (BLUE, (0.2, 0.35, 0.7)), (WHITE, AMBER), (METALS[0], WHITE)))
        form = self.pick(("disc", "diamond", "triangle", "disc"))
        self.box(POLE, x - 0.05, x + 0.05, 0, y, z, self.tone(METALS))
        for colour, r in ((rim, size), (face, 0.6 * size)):
            self.blob(SIGN, x - r, x + r, y - r, y + r, z, np.array(colour, np.float32), form)

    def tree(self, x, z):
        """Draw a tree with a crown of three clumps, or a fir."""
        high, wide, colour = self.between(3.5, 8), self.between(1.1, 2.4), self.tone(GREENS)
        self.box(VEGETATION, x - 0.14, x + 0.14, 0, high / 2, z, self.tone(BROWNS) * np.float32(0.8))
        if self.chance(0.25):
            self.blob(VEGETATION, x - wide, x + wide, 0.15 * high, high, z, colour, "triangle", 0.5)
            return
        for _ in range(3):
            middle, y = x + self.between(-0.5, 0.5) * wide, self.between(0.55, 0.8) * high
            self.blob(VEGETATION, middle - wide, middle + wide, y - wide, y + wide, z, colour, rough=0.5)
            colour = colour * np.float32(self.between(0.85, 1.2))

    def bush(self, x, z):
        """Draw a bush."""
        size = self.between(0.5, 1.3)
        self.blob(VEGETATION, x - size, x + size, -0.3, 1.3 * size, z, self.tone(GREENS), rough=0.4)

    def car(self, x, z):
        """Draw a car, or a van, lorry or bus: its flank, then the end that the camera sees."""
        paint, glass, lamp = self.tone(PAINTS), self.tone(GLASS), self.pick((RED, RED, WHITE))
        half, high, long = self.between(0.8, 0.95), self.between(1.35, 1.8), self.between(3.2, 4.6)
        if self.chance(0.18):
            half, high, long = self.between(1, 1.25), self.between(2.2, 3.3), self.between(5, 9)
        waist, shade = 0.55 * high, paint * np.float32(0.75)
        flank = x - half if x > self.aside else x + half
        self.shade(x - half, x + half, z - 0.4, z + long)
        self.plane(VEHICLE, flank, z, z + long, 0.2, waist, shade)
        self.plane(VEHICLE, flank, z + 0.1, z + 0.85 * long, waist, high, shade, windows(1.4, 1.2 * high, 0.8, glass))
        for wheel in (z + 0.1 * long, z + 0.75 * long):
            self.plane(VEHICLE, flank, wheel, wheel + 0.15 * long, 0, 0.6, np.array(DARK, np.float32))
        for left in (x - half, x + half - 0.25):
            self.box(VEHICLE, left, left + 0.25, 0, 0.4, z, DARK)
        self.box(VEHICLE, x - half, x + half, 0.22, waist, z, paint)
        self.box(VEHICLE, x - 0.86 * half, x + 0.86 * half, waist, high, z, paint)
        self.box(VEHICLE, x - 0.72 * half, x + 0.72 * half, waist + 0.05, high - 0.15, z, glass)
        for left in (x - half + 0.05, x + half - 0.3):
            self.box(VEHICLE, left, left + 0.25, waist - 0.28, waist - 0.08, z, lamp)


# Patterns: the colour of each pixel of a wall, from its place along the wall and its height in metres, the wall's own
# colour, and the colours that were there before.


def windows(wide, high, share, glass):
    """Return a pattern of panes `share` of `wide` metres wide, one row for each `high` metres."""

    def pattern(along, y, colour, behind):
        pane = (part(along / wide) < share) & (part(y / high) > 0.3) & (part(y / high) < 0.8)
        return np.where(pane[..., None], glass, colour)

    return pattern


def courses(along, y, colour, behind):
    """Return stones: every second course is darker."""
    course = np.float32(1) - np.float32(0.2) * (part(y / 0.5) < 0.5)
    return colour * (course + np.float32(0.08) * (part(along / 1.2) < 0.5))[..., None]


def pickets(along, y, colour, behind):
    """Return rails and pickets; between them shows what is behind, and still has the class of the fence."""
    solid = (part(along / 0.5) < 0.45) | (part(y / 0.8) > 0.8)
    return np.where(solid[..., None], colour, behind * np.float32(0.9))


def ribs(along, y, colour, behind):
    """Return the two waves of a guard rail, lit from above."""
    light = np.where(part(y / 0.19) < 0.5, np.float32(1), np.float32(0.7))
    return colour * light[..., None]
