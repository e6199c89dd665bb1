"""Street views drawn by code: `street_scenes(n, seed)` and the names of their classes. The rest is scenery."""

from utils.scenes.scenery import CLASSES
from utils.scenes.street import street_scenes

__all__ = ["CLASSES", "street_scenes"]
