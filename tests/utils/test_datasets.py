"""The stored data are what data/README.md says, and a file that is not is refused before anything is returned."""

import hashlib
import re
import shutil

import numpy as np
import pytest

from utils.datasets import DATA, FILES, load_mnist, load_shakespeare

LOADERS = {"mnist.npz": load_mnist, "shakespeare.txt.gz": load_shakespeare}
README = (DATA / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def mnist():
    return load_mnist()


@pytest.fixture(scope="module")
def text():
    return load_shakespeare()


def test_mnist_has_its_shapes_dtypes_and_ranges(mnist):
    (x_train, y_train), (x_test, y_test) = mnist
    assert x_train.shape == (60_000, 28, 28)
    assert y_train.shape == (60_000,)
    assert x_test.shape == (10_000, 28, 28)
    assert y_test.shape == (10_000,)
    for array in (x_train, y_train, x_test, y_test):
        assert array.dtype == np.uint8
    for images in (x_train, x_test):
        assert (images.min(), images.max()) == (0, 255)


def test_mnist_has_as_many_of_each_digit_as_published(mnist):
    (_, y_train), (_, y_test) = mnist
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_mnist_shows_ink_on_paper(mnist):
    (x_train, y_train), _ = mnist
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert (x_train[:, 0, 0] == 0).all()  # a corner is paper
    zeros, ones = (x_train[y_train == digit].mean(axis=0)[14, 14] for digit in (0, 1))
    assert zeros < 20 < 200 < ones  # the centre is empty in a 0 and inked in a 1


def test_shakespeare_is_ascii_of_the_known_length(text):
    assert isinstance(text, str)
    assert text.isascii()
    assert len(text) == 5_057_321
    assert f"{len(text):,}" in README
    assert len(set(text)) == 84
    assert "\r" not in text
    assert "\t" not in text
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_shakespeare_is_42_works_in_the_order_of_their_file_names(text):
    titles = re.findall(r"^(.+)\n+by William Shakespeare$", text, flags=re.MULTILINE)
    assert len(titles) == 42
    assert titles[0] == "ALL'S WELL THAT ENDS WELL"
    assert titles[-1] == "THE WINTER'S TALE"
    for line in ("To be, or not to be,--that is the question:--", "  So long as men can breathe, or eyes can see,"):
        assert line in text


def test_shakespeare_lacks_what_the_readme_says(text):
    cymbeline = text[text.index("CYMBELINE\n\nby William") : text.index("HAMLET, PRINCE OF DENMARK\n\nby William")]
    assert re.findall(r"^ACT (\w+)", cymbeline, flags=re.MULTILINE) == ["FIRST", "II", "FIFTH"]
    for line in ("Fear no more the heat", "Even as the sun with purple-colour'd face", "Live with me, and be my love"):
        assert line not in text
    assert "acts III and IV of Cymbeline" in README


def test_the_readme_lists_every_file_with_its_size_and_hash():
    rows = re.findall(r"^\| `(\S+)` \| (\d+) \| `(\w{64})` \|", README, flags=re.MULTILINE)
    assert [name for name, _, _ in rows] == list(FILES)
    for name, size, sha256 in rows:
        content = (DATA / name).read_bytes()
        assert len(content) == int(size)
        assert hashlib.sha256(content).hexdigest() == sha256 == FILES[name]


@pytest.mark.parametrize("name", FILES)
def test_a_copy_elsewhere_loads(name, tmp_path):
    shutil.copy(DATA / name, tmp_path)
    copied, stored = LOADERS[name](str(tmp_path)), LOADERS[name]()
    if name == "mnist.npz":
        for (images, labels), (stored_images, stored_labels) in zip(copied, stored, strict=True):
            np.testing.assert_array_equal(images, stored_images)
            np.testing.assert_array_equal(labels, stored_labels)
    else:
        assert copied == stored


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named_with_its_hash_and_the_way_to_get_it(name, tmp_path):
    message = f"{tmp_path / name} is missing (wanted sha256 {FILES[name]}). Rebuild it with: make data"
    with pytest.raises(FileNotFoundError, match=f"^{re.escape(message)}$"):
        LOADERS[name](tmp_path)


def one_byte_altered(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def truncated(content):
    return content[:-1]


def emptied(content):
    return b""


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("damage", [one_byte_altered, truncated, emptied])
def test_a_damaged_file_is_refused_with_both_hashes(name, damage, tmp_path):
    content = damage((DATA / name).read_bytes())
    (tmp_path / name).write_bytes(content)
    message = (
        f"{tmp_path / name} is not the file that the course was made with: {len(content):,} bytes with sha256 "
        f"{hashlib.sha256(content).hexdigest()}, wanted {FILES[name]}. Rebuild it with: make data"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        LOADERS[name](tmp_path)
