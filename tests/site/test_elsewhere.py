"""A chapter away from its repository: the zip at its top, and the first cell that fetches what a notebook lacks."""

import inspect
import io
import json
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest
from coursekit import bundle, settings
from nbclient import NotebookClient
from sphinx.errors import ConfigError

from benchmarks.pages import SITE, served
from utils import datasets, widgets

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
NAME = "02_softmax"  # needs data, helpers and a lab, and trains little


def stored(name=NAME):
    return json.loads((ROOT / f"chapters/{name}.ipynb").read_text())


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def chapter(request):
    return request.param


@pytest.fixture
def archive(chapter):
    """Return the zip that the chapter's page links to."""
    page = (SITE / f"chapters/{chapter.stem}.html").read_text()
    (link, size) = re.search(r'<p class="elsewhere">Run it: <a href="([^"]+)">[^<]*, ([\d.]+) MB</a>', page).groups()
    path = SITE / "chapters" / link
    assert abs(path.stat().st_size / 1e6 - float(size)) <= 0.05
    with zipfile.ZipFile(path) as opened:
        yield opened


# ------------------------------------------------------------------------------------------------------------ the zips


def test_a_zip_unpacks_into_one_folder_with_what_the_chapter_names(chapter, archive):
    names = {name.removeprefix(f"{chapter.stem}/") for name in archive.namelist()}
    assert not [name for name in archive.namelist() if not name.startswith(f"{chapter.stem}/") or ".." in name]
    assert {f"chapters/{chapter.name}", "README.txt", "requirements.txt", "LICENSE", "utils/quiet.py"} <= names
    assert not [name for name in names if "__pycache__" in name]
    code = bundle.code_of(json.loads(chapter.read_text()))
    assert set(re.findall(r'"\.\./([^"]+)"', code)) <= names
    data = {"load_mnist(": "data/mnist.npz", "load_shakespeare(": "data/shakespeare.txt.gz"}
    assert {path for call, path in data.items() if call in code} == {name for name in names if name in data.values()}
    assert archive.testzip() is None
    for name in names & {path.relative_to(ROOT).as_posix() for path in (ROOT / "data").rglob("*")}:
        assert archive.read(f"{chapter.stem}/{name}") == (ROOT / name).read_bytes(), name


def test_the_notebook_of_a_zip_is_the_stored_one_after_a_first_cell(chapter, archive):
    notebook = json.loads(archive.read(f"{chapter.stem}/chapters/{chapter.name}"))
    first, *others = notebook["cells"]
    assert others == json.loads(chapter.read_text())["cells"]
    assert first["metadata"]["tags"] == ["remove-cell"]
    nbformat.validate(notebook)


def test_a_zip_asks_for_the_packages_that_its_chapter_imports_in_the_locked_versions(chapter, archive):
    asked = dict(line.split("==") for line in archive.read(f"{chapter.stem}/requirements.txt").decode().splitlines())
    assert asked.items() <= bundle.locked().items()
    code = bundle.code_of(json.loads(chapter.read_text()))
    known = {"numpy", "tensorflow", "keras", "jax", "optax", "matplotlib"}
    imported = {name for name in known if re.search(rf"^\s*(import|from) {name}\b|\b{name} as ", code, re.MULTILINE)}
    assert imported <= set(asked)
    assert ("anywidget" in asked) == ("widgets." in code)  # the helpers' own packages too


def test_every_loader_and_every_lab_with_a_network_is_known_to_the_zips():
    loaders = [f"{name}(" for name in vars(datasets) if name.startswith("load_")]
    labs = [
        f"widgets.{name}("
        for name, each in vars(widgets).items()
        if inspect.isclass(each) and issubclass(each, widgets.ModelWidget) and each is not widgets.ModelWidget
    ]
    assert len(loaders) == 2
    assert len(labs) >= 3
    for call in [*loaders, *labs, "nets.load_weights("]:
        assert any(re.search(words, call) and "data/" in paths[0] for words, paths in bundle.OPENED_BY.items()), call


def test_a_chapter_that_opens_a_file_that_is_not_there_stops_the_build():
    notebook = {"cells": [{"cell_type": "code", "source": ['Path("../data/nothing.npz")']}]}
    with pytest.raises(FileNotFoundError, match=r"a chapter opens data/nothing\.npz, and there is no such file"):
        bundle.files_of(notebook)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    """Return the name of a kernel that has this environment's packages, and not the repository that it names."""
    paths = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    spec = {
        "argv": [sys.executable, "-S", "-m", "ipykernel_launcher", "-f", "{connection_file}"],  # -S: no .pth file
        "display_name": "alone",
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join(paths), "COURSE_OUTPUTS": "stored"},
    }
    (tmp_path / "jupyter/kernels/alone").mkdir(parents=True)
    (tmp_path / "jupyter/kernels/alone/kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return "alone"


def run(path, kernel):
    """Run a notebook in its folder, and return it with a last cell that prints where its helpers are."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("import utils\nprint(utils.__file__)"))
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=600, kernel_name=kernel, resources=resources).execute()
    return notebook


def verdicts(notebook):
    """Return what the exercises' checks print."""
    cells = [cell for cell in notebook.cells if "exercises.check" in cell.source]
    return ["".join(output.get("text", "") for output in cell.get("outputs", ())) for cell in cells]


@pytest.mark.slow
def test_a_zip_unpacked_in_an_empty_folder_runs_to_its_end(tmp_path, kernel):
    (tmp_path / "empty").mkdir()
    with zipfile.ZipFile(SITE / f"chapters/{NAME}.zip") as archive:
        archive.extractall(tmp_path / "empty")
    notebook = run(tmp_path / f"empty/{NAME}/chapters/{NAME}.ipynb", kernel)
    assert notebook.cells[-1].outputs[0].text == f"{tmp_path}/empty/{NAME}/utils/__init__.py\n"
    assert notebook.cells[0].outputs == []
    assert verdicts(notebook) == verdicts(nbformat.read(ROOT / f"chapters/{NAME}.ipynb", as_version=4)) != []


# ------------------------------------------------------------------------------------------------ the first cell, alone


@pytest.fixture
def alone(tmp_path):
    """Return a function that runs the first cell of a copy, and code after it, as a program in an empty folder."""
    folder = tmp_path / "content"
    folder.mkdir()

    def run(address, after="", notebook=None, paths=True, **changes):
        cell = bundle.first_cell(NAME, notebook or stored(), address)
        for old, new in changes.items():
            assert old in cell
            cell = cell.replace(old, new)
        packages = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
        return subprocess.run(
            [sys.executable, "-S", "-c", f"{cell}\n{after}"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(packages)},
            capture_output=True,
            text=True,
            check=False,
        )

    run.folder = folder
    return run


def sentence(ran):
    """Return the last line of an error."""
    assert ran.returncode == 1, ran.stdout
    return ran.stderr.splitlines()[-1]


@pytest.mark.slow
def test_a_lone_notebook_fetches_its_zip_once_and_finds_helpers_and_data(alone):
    after = "from utils.datasets import load_mnist\nimport utils\nprint(utils.__file__, load_mnist()[0][0].shape)"
    there = alone.folder / NAME
    with served(SITE) as address:
        first = alone(f"{address}chapters/{NAME}.zip", after)
    assert first.stdout == f"{there}/utils/__init__.py (60000, 28, 28)\n", first.stderr
    assert [path.name for path in alone.folder.iterdir()] == [NAME]
    again = alone(f"{address}chapters/{NAME}.zip", f"{after}\nprint(Path('../utils').is_dir())")  # nobody serves it now
    assert again.stdout == f"{first.stdout}True\n", again.stderr


@pytest.mark.slow
def test_an_address_that_gives_no_zip_is_answered_by_a_sentence_and_leaves_nothing(alone, tmp_path):
    (tmp_path / "site").mkdir()
    whole = (SITE / f"chapters/{NAME}.zip").read_bytes()
    (tmp_path / "site/cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "site/page.zip").write_text("<html>an error page</html>")
    wrong = io.BytesIO()
    with zipfile.ZipFile(wrong, "w") as archive:
        archive.writestr("another/README.txt", "another chapter's")
    (tmp_path / "site/wrong.zip").write_bytes(wrong.getvalue())
    with served(tmp_path / "site") as address:
        for file in ("missing.zip", "cut.zip", "page.zip", "wrong.zip"):
            said = sentence(alone(f"{address}{file}"))
            assert said.startswith(f"RuntimeError: The chapter's helpers did not come from {address}{file} ("), said
            assert list(alone.folder.iterdir()) == [], file
    said = sentence(alone(f"{address}{NAME}.zip"))  # no server any more
    assert "Connection refused" in said
    assert list(alone.folder.iterdir()) == []


@pytest.mark.slow
def test_a_notebook_taken_out_of_its_zip_says_what_it_lacks(alone):
    wanted = f"utils is not beside this notebook: unpack all of {NAME}.zip, and open the notebook in it."
    assert sentence(alone(None)) == f"RuntimeError: {wanted}"
    assert list(alone.folder.iterdir()) == []


@pytest.mark.slow
def test_other_versions_are_said_and_missing_packages_named_or_installed(alone):
    for folder in ("utils/exercises", "chapters"):
        (alone.folder / folder).mkdir(parents=True)
    other = stored()
    other["metadata"]["course"] = {**other["metadata"]["course"], "keras": "3.0.0"}
    said = alone(None, notebook=other).stdout
    assert re.match(r"The outputs on the page are of tensorflow \S+, keras 3\.0\.0; here is tensorflow ", said)
    assert "The exercises' checks hold all the same." in said
    lacking = {"'anywidget': ": "'no_such_module': "}
    assert sentence(alone(None, **lacking)) == (
        "RuntimeError: Missing here: anywidget. README.txt beside utils says how to install them."
    )
    installs = {**lacking, '"-m", "pip"': '"-c", "import sys; print(sys.argv[1:])"'}
    assert "['install', '--quiet', 'anywidget']" in alone("https://a.test/", **installs).stdout
    fails = {**lacking, '"-m", "pip"': '"-c", "raise SystemExit(1)"'}
    assert sentence(alone("https://a.test/", **fails)) == (
        "RuntimeError: anywidget could not be installed; the lines above say why."
    )


def test_the_first_cell_holds_an_address_as_a_text_whatever_is_in_it():
    compile(bundle.first_cell(NAME, stored(), "https://a.test/'\"\\\n.zip"), "cell", "exec")


# ---------------------------------------------------------------------------------------- where the repository is known


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({"GITHUB_REPOSITORY": "softmax"}, "GITHUB_REPOSITORY is 'softmax'; wanted owner/name, or no such variable"),
        ({"GITHUB_REPOSITORY": "a/b' + 'c"}, "wanted owner/name"),
        ({"BOOK_URL": "somebody.github.io"}, "BOOK_URL is 'somebody.github.io'; wanted the book's address, https://"),
        ({"BOOK_URL": "https://a.test/<x>"}, "wanted the book's address"),
    ],
)
def test_an_address_of_which_no_link_can_be_made_stops_the_build_with_a_sentence(environment, wanted):
    with pytest.raises(ConfigError) as raised:
        settings.check_addresses(environment)
    assert wanted in str(raised.value)


def test_addresses_as_github_gives_them_and_none_are_taken():
    settings.check_addresses({})
    settings.check_addresses({"GITHUB_REPOSITORY": "some-body/soft.max_2", "BOOK_URL": ""})
    settings.check_addresses({"BOOK_URL": "https://somebody.github.io/softmax"})
    settings.check_addresses({"BOOK_URL": "http://127.0.0.1:8000/"})
