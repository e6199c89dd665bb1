"""The pixel explorer: what each pixel of a street scene pays, and the network that is asked again on the page."""

import gzip
import hashlib
import json

import numpy as np
import traitlets

from ..checks import check_labels, numbers
from ..metrics import edges
from ..scenes import CLASSES, COLOURS
from .base import MODELS, ModelWidget, bar, module, table

SCENES = MODELS / "scenes"
SHAPE = 96, 128
LAYERS = ("photo", "mask", "prediction", "loss", *(f"p{k}" for k in range(len(CLASSES))))
WORKER = "pixel-worker"  # what the page calls the module that runs the network beside it


def scene_facts(mask, losses):
    """Return what stands in place of the explorer where it does not run: a scene's loss, its borders, its classes.

    Parameters
    ----------
    mask : array_like of int, shape (96, 128)
        The class of each pixel.
    losses : array_like, shape (96, 128)
        −log p of that class, in nats.

    Returns
    -------
    dict
        `mean`, the mean loss; `border`, the share of the border pixels in area and in loss; `classes`, the three
        classes with most loss, each as name, share in area and share in loss. Rounded to the digits that are shown.

    Raises
    ------
    ValueError
        If the shapes differ, a class has no name, or the losses are not finite, below 0 or all 0.
    """
    losses = numbers(losses, "losses")
    mask = check_labels(mask, (*losses.shape, len(CLASSES)), "mask")
    if losses.shape != SHAPE or not np.isfinite(losses).all() or losses.min() < 0 or not losses.any():
        raise ValueError(f"`losses` has shape {losses.shape}; wanted {SHAPE} finite losses, 0 or more and not all 0.")
    edge = edges(mask)
    part = np.bincount(mask.ravel(), losses.ravel(), len(CLASSES)) / losses.sum()
    area = np.bincount(mask.ravel(), minlength=len(CLASSES)) / mask.size
    return {
        "mean": round(float(losses.mean()), 2),
        "border": [round(float(edge.mean()), 2), round(float(losses[edge].sum() / losses.sum()), 2)],
        "classes": [[CLASSES[c], round(float(area[c]), 2), round(float(part[c]), 2)] for c in np.argsort(-part)[:3]],
    }


def stored_scene(scene):
    """Return one of the stored scenes: picture (96, 128, 3) and mask (96, 128), uint8, and losses (96, 128, 23).

    The losses, −log p of each class in nats, are stored in steps of 0.05 and at most 12.75; `data/train.py` made them.

    Parameters
    ----------
    scene : int
        Its number, from 0.

    Raises
    ------
    ValueError
        If there is no such scene, or its file is damaged.
    """
    manifest, packed = _files(scene)
    if hashlib.sha256(packed).hexdigest() != manifest["sha256"]:
        raise ValueError(f"`scene` {scene}: {manifest['file']} is damaged: make models MODEL=scene_losses")
    size = SHAPE[0] * SHAPE[1]
    content = np.frombuffer(gzip.decompress(packed), np.uint8)
    picture, mask, losses = np.split(content, [3 * size, 4 * size])
    return picture.reshape(*SHAPE, 3), mask.reshape(SHAPE), losses.reshape(*SHAPE, -1) * manifest["step"]


def _files(scene):
    """Return the manifest of a stored scene, and its file as it is."""
    manifest = json.loads((SCENES / "manifest.json").read_text())
    files = manifest.pop("files")
    if scene not in range(len(files)):
        raise ValueError(f"`scene` is {scene!r}; wanted the number of a stored scene, 0 to {len(files) - 1}.")
    return manifest | files[scene], (SCENES / files[scene]["file"]).read_bytes()


class PixelExplorer(ModelWidget):
    """The loss of a street scene, pixel by pixel: layers and a crosshair, selections, repainting, weights, void pixels.

    Once the reader has loaded the network, the photo too can be painted, and the predictions follow.

    Parameters
    ----------
    facts : dict, optional
        What `scene_facts` returned for the first scene; by default it is asked about the stored losses of `scene`.
    scene : int
        The stored scene that the page begins with, 0 to 5.
    layer : str
        What is shown of it: "photo", "mask", "prediction", "loss", or "p7" for p of class 7.
    at : tuple of int
        Row and column of the crosshair.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "pixel-explorer.mjs"
    STATE = ("facts", "scene", "layer", "at", "names", "colours")
    _esm = module(MODULE)
    facts = traitlets.Dict().tag(sync=True)
    scene = traitlets.Int().tag(sync=True)
    layer = traitlets.Unicode().tag(sync=True)
    at = traitlets.List(traitlets.Int()).tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    colours = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def __init__(self, facts=None, scene=0, layer="photo", at=(48, 64)):
        _, mask, losses = stored_scene(scene)
        if layer not in LAYERS:
            raise ValueError(f"`layer` is {layer!r}; wanted photo, mask, prediction, loss, or p0 to p22.")
        if len(at) != 2 or at[0] not in range(SHAPE[0]) or at[1] not in range(SHAPE[1]):
            raise ValueError(f"`at` is {at}; wanted a row, 0 to {SHAPE[0] - 1}, and a column, 0 to {SHAPE[1] - 1}.")
        if facts is None:
            facts = scene_facts(mask, np.take_along_axis(losses, mask[..., None].astype(int), axis=-1)[..., 0])
        elif not isinstance(facts, dict) or facts.keys() != {"mean", "border", "classes"}:
            raise ValueError(f"`facts` is {facts!r}; wanted what scene_facts returns.")
        at = [int(each) for each in at]
        state = {"facts": facts, "scene": int(scene), "layer": layer, "at": at}
        super().__init__(**state, names=list(CLASSES), colours=list(COLOURS))

    def fallback(self):
        """Return the facts as a table, in area and in loss."""
        rows = [("borders", *self.facts["border"]), *self.facts["classes"]]
        caption = (
            f"A street scene of 96 × 128 pixels: the mean loss is {self.facts['mean']:.2f} nats. Its share of the area "
            "and of the loss, for the borders and the three classes with most loss. With JavaScript each pixel can be "
            "looked at, the mask repainted, and the network asked again."
        )
        shares = [(name, bar(area, f"{area:.0%}"), bar(loss, f"{loss:.0%}")) for name, area, loss in rows]
        return table(caption, ("pixels", "share of the area", "share of the loss"), shares)

    def _answer(self, widget, content, buffers):
        """Send also a stored scene, and the module that the page runs the network in."""
        name = content.get("name") if isinstance(content, dict) and content.get("type") == "weights" else None
        reply = {"type": "weights", "name": name}
        if name == WORKER:
            self.send({**reply, "module": module(f"{WORKER}.mjs")})
        elif name in (scenes := [f"scene_{k}" for k in range(6)]):
            try:
                manifest, packed = _files(scenes.index(name))
            except (OSError, ValueError):
                self.send({**reply, "error": f"The file of {name} cannot be read: make models MODEL=scene_losses"})
                return
            self.send({**reply, "manifest": manifest}, buffers=[packed])
        else:
            super()._answer(widget, content, buffers)
