"""Weights on disk: `save_weights` stores 16 or 8 bits for each, with a manifest; `load_weights` verifies and reads."""

import hashlib
import json
from pathlib import Path

import numpy as np

MODELS = Path(__file__).resolve().parents[2] / "data" / "models"


def save_weights(model, folder=MODELS, dtype="float16", **facts):
    """Store the weights of a model as `NAME.bin`, and what is in it as `NAME.json`.

    The first file is every weight in the order of `model.weights`, row by row, little-endian and without gaps. The
    second gives name, shape, dtype and offset of each, the sha256 of the first, and the facts.

    Parameters
    ----------
    model : keras.Model
        Its name is the files' name.
    folder : path_like
        Where to store.
    dtype : str
        "float16", two bytes a number; or "int8", one byte for each number of a matrix. Then a matrix is followed by
        the scales of its columns, float16: a weight is its integer, -127 to 127, times the scale of its column. What
        has one axis stays float16.
    **facts
        What else a reader of the files needs: how they were made, how good they are.

    Raises
    ------
    ValueError
        If a weight is not finite, or too large for float16, or `dtype` is another.
    """
    if dtype not in ("float16", "int8"):
        raise ValueError(f"`dtype` is {dtype!r}; wanted 'float16' or 'int8'.")
    tensors, content = [], b""
    for weight in model.weights:
        with np.errstate(over="ignore"):  # the check below says it in words
            values = weight.numpy().astype("<f2")
        if not np.isfinite(values).all():
            raise ValueError(f"weight {weight.path} holds a number that float16 cannot: train the model anew.")
        path = weight.path.split("/", 1)[1] if weight.path.startswith(model.name + "/") else weight.path
        stored = dtype if values.ndim > 1 else "float16"
        tensors.append({"name": path, "shape": list(values.shape), "dtype": stored, "offset": len(content)})
        content += _in_bytes(weight.numpy()) if stored == "int8" else values.tobytes()
    manifest = {**facts, "sha256": hashlib.sha256(content).hexdigest(), "tensors": tensors}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{model.name}.bin").write_bytes(content)
    (folder / f"{model.name}.json").write_text(json.dumps(manifest, indent=1) + "\n")


def _in_bytes(matrix):
    """Return a matrix as int8, and the scale of each column as float16, as bytes."""
    # Rounded up: the largest number of a column must not need 128. At least the smallest number above 0.
    scales = np.maximum(np.abs(matrix).reshape(-1, matrix.shape[-1]).max(axis=0) / 127 * (1 + 2**-10), 2.0**-24)
    scales = scales.astype("<f2")
    return np.round(matrix / scales.astype(np.float32)).astype(np.int8).tobytes() + scales.tobytes()


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
        The manifest: the facts, sha256 and tensors.

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
    model.set_weights([_tensor(content, tensor) for tensor in manifest["tensors"]])
    return manifest


def _tensor(content, tensor):
    """Return one weight of a file as float32, given its entry in the manifest."""
    size, eight = int(np.prod(tensor["shape"])), tensor["dtype"] == "int8"
    values = np.frombuffer(content, np.int8 if eight else "<f2", size, tensor["offset"])
    values = values.reshape(tensor["shape"]).astype(np.float32)
    if eight:
        values *= np.frombuffer(content, "<f2", tensor["shape"][-1], tensor["offset"] + size)
    return values
