"""Weights on disk: `save_weights` stores them as float16 with a manifest, `load_weights` reads and verifies them."""

import hashlib
import json
from pathlib import Path

import numpy as np

MODELS = Path(__file__).resolve().parents[2] / "data" / "models"


def save_weights(model, folder=MODELS, **facts):
    """Store the weights of a model as `NAME.bin`, and what is in it as `NAME.json`.

    The first file is every weight in the order of `model.weights`, as little-endian float16, row by row and without
    gaps. The second gives name, shape and offset of each, the sha256 of the first, and the facts.

    Parameters
    ----------
    model : keras.Model
        Its name is the files' name.
    folder : path_like
        Where to store.
    **facts
        What else a reader of the files needs: how they were made, how good they are.

    Raises
    ------
    ValueError
        If a weight is not finite, or too large for float16.
    """
    tensors, content = [], b""
    for weight in model.weights:
        with np.errstate(over="ignore"):  # the check below says it in words
            values = weight.numpy().astype("<f2")
        if not np.isfinite(values).all():
            raise ValueError(f"weight {weight.path} holds a number that float16 cannot: train the model anew.")
        path = weight.path.split("/", 1)[1] if weight.path.startswith(model.name + "/") else weight.path
        tensors.append({"name": path, "shape": list(values.shape), "offset": len(content)})
        content += values.tobytes()
    manifest = {**facts, "dtype": "float16, little-endian", "sha256": hashlib.sha256(content).hexdigest()}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{model.name}.bin").write_bytes(content)
    (folder / f"{model.name}.json").write_text(json.dumps({**manifest, "tensors": tensors}, indent=1) + "\n")


def load_weights(model, folder=MODELS):
    """Give a model the weights that `save_weights` stored under its name, and return the manifest.

    Parameters
    ----------
    model : keras.Model
        Untrained, of the architecture that was stored.
    folder : path_like
        Where the two files are.

    Returns
    -------
    dict
        The manifest: the facts, dtype, sha256 and tensors.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    ValueError
        If the weights are not the ones that the manifest describes, or belong to another architecture.
    """
    folder = Path(folder)
    for path in (folder / f"{model.name}.json", folder / f"{model.name}.bin"):
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing. Make it with: make models MODEL={model.name}")
    manifest = json.loads((folder / f"{model.name}.json").read_text())
    content = (folder / f"{model.name}.bin").read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != manifest["sha256"]:
        raise ValueError(
            f"{model.name}.bin has sha256 {found}, its manifest says {manifest['sha256']}. "
            f"Make both anew with: make models MODEL={model.name}"
        )
    stored = [tuple(tensor["shape"]) for tensor in manifest["tensors"]]
    wanted = [tuple(weight.shape) for weight in model.weights]
    if stored != wanted:
        raise ValueError(f"{model.name} has weights of shapes {wanted}; stored are {stored}.")
    values = np.frombuffer(content, "<f2").astype(np.float32)
    ends = np.cumsum([int(np.prod(shape)) for shape in stored])
    model.set_weights([part.reshape(shape) for part, shape in zip(np.split(values, ends[:-1]), stored, strict=True)])
    return manifest
