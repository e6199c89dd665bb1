"""The data of the course, verified before anything is returned: `load_mnist`, `load_shakespeare`."""

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent.parent / "data"

# sha256 of each file. data/README.md says where they come from; `make data` rebuilds them.
FILES = {
    "mnist.npz": "06af5dfe73b70e3bc1c36439982b18a8d76803db9b544f6fdf838a37fbb01b64",
    "shakespeare.txt.gz": "814cdba88ce934205502b489fe5ee591f1d0071185be8fdce29c30ee27b7f6ed",
}


def load_mnist(folder=DATA):
    """Return the 70,000 handwritten digits of MNIST as `(x_train, y_train), (x_test, y_test)`.

    Parameters
    ----------
    folder : path_like
        Where mnist.npz lies.

    Returns
    -------
    x_train, x_test : ndarray of uint8, shapes (60000, 28, 28) and (10000, 28, 28)
        Grey values, 0 (paper) to 255 (ink). Divide by 255 before training.
    y_train, y_test : ndarray of uint8, shapes (60000,) and (10000,)
        The digits, 0 to 9.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If its sha256 is not the recorded one.
    """
    with np.load(io.BytesIO(_verified(Path(folder), "mnist.npz")), allow_pickle=False) as arrays:
        return (arrays["x_train"], arrays["y_train"]), (arrays["x_test"], arrays["y_test"])


def load_shakespeare(folder=DATA):
    """Return 37 plays and 5 poems of Shakespeare as one string, in alphabetical order of their file names.

    Parameters
    ----------
    folder : path_like
        Where shakespeare.txt.gz lies.

    Returns
    -------
    str
        5.1 million characters, ASCII only, lines ended by a newline.

    Raises
    ------
    FileNotFoundError
        If the file is missing.
    ValueError
        If its sha256 is not the recorded one.
    """
    return gzip.decompress(_verified(Path(folder), "shakespeare.txt.gz")).decode("utf-8")


def _verified(folder, name):
    """Return the bytes of a data file after comparing their sha256 with the recorded one."""
    path = folder / name
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing (wanted sha256 {FILES[name]}). Rebuild it with: make data")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != FILES[name]:
        raise ValueError(
            f"{path} is not the file that the course was made with: {len(content):,} bytes with sha256 {found}, "
            f"wanted {FILES[name]}. Rebuild it with: make data"
        )
    return content
