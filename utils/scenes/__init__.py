"""Street views drawn by code: `street_scenes(n, seed)`, the names of their classes, and their colours in a mask."""

from .scenery import CLASSES, COLOURS
from .street import street_scenes

__all__ = ["CLASSES", "COLOURS", "street_scenes"]
