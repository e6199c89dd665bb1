"""What the tests of the benchmarks share, those of the results and those of what a page costs."""

import importlib
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="module")
def benchmarks():
    """Return the modules. They come after utils.quiet: TensorFlow reads once whether oneDNN is on."""
    importlib.import_module("utils.quiet")
    names = ("harness", "digits", "scenes", "text", "pages", "browser")
    modules = {name: importlib.import_module(f"benchmarks.{name}") for name in names}
    return SimpleNamespace(program=importlib.import_module("benchmarks.__main__"), **modules)


@pytest.fixture
def elsewhere(benchmarks, monkeypatch, tmp_path):
    """Let the benchmarks write to an empty folder, and return it."""
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")  # main() sets it, and the other tests must not inherit that
    monkeypatch.setattr(benchmarks.harness, "FOLDER", tmp_path)
    monkeypatch.setattr(benchmarks.harness, "RESULTS", tmp_path / "results.json")
    return tmp_path
