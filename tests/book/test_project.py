"""The files around the course: the locks, and the rule of conftest.py that makes nbval strict."""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

pytest_plugins = ["pytester"]

ROOT = Path(__file__).resolve().parents[2]
SOMEBODY_S_PLACE = re.compile(r"(?<![\w.])/(root|home|work|tmp|Users)\b|C:\\|file:")


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def locked():
    """Return the lock's requirements, each with its hashes, as one line without its comments."""
    lines = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", "").splitlines()


def test_the_lock_holds_every_package_that_the_course_asks_for(locked):
    wanted = re.findall(r"^[\w.-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    assert wanted
    assert {canonical(name) for name in wanted} <= {canonical(line.partition("==")[0]) for line in locked}


def test_every_locked_package_has_one_version_and_a_hash(locked):
    assert [line for line in locked if not re.match(r"[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}\b", line)] == []


def test_a_lock_names_no_registry_and_no_folder_of_a_machine(locked):
    assert [line for line in locked if "://" in line or SOMEBODY_S_PLACE.search(line)] == []
    text = (ROOT / "package-lock.json").read_text()
    assert not SOMEBODY_S_PLACE.search(text)
    for name, package in json.loads(text)["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


def test_the_npm_lock_is_made_from_package_json():
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert json.loads((ROOT / "package-lock.json").read_text())["packages"][""]["devDependencies"] == wanted


def test_every_target_of_the_makefile_is_phony_and_has_a_line_of_help():
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split()
    assert sorted(re.findall(r"^([a-z]+):.*  ## \S", makefile, re.MULTILINE)) == sorted(phony)


def test_every_make_command_that_a_text_or_an_error_names_is_a_target():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    rooms = [path for name in ("utils", "benchmarks", "tests") for path in (ROOT / name).rglob("*.py")]
    texts = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md", "benchmarks/RESULTS.md")]
    for path in [*rooms, *texts]:
        named = re.findall(r"(?:`|with: |^)make ([a-z]+)\b", path.read_text(), re.MULTILINE)
        assert set(named) <= targets, path


@pytest.mark.parametrize("text", ["README.md", "CONTRIBUTING.md"])
def test_the_files_and_folders_that_a_text_names_exist(text):
    named = set(re.findall(r"`([\w.]+/[\w./]*)`", (ROOT / text).read_text())) - {"chapters/NN_name.ipynb"}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []
    assert {"chapters/", "utils/exercises/", "tests/book/"} <= named


# ---------------------------------------------------------------------- the comparison of notebooks, on small notebooks


def printing(source, text, **metadata):
    """Return a cell that is stored with a printed text."""
    outputs = [new_output("stream", name="stdout", text=text)] if text else []
    return new_code_cell(source, execution_count=1, outputs=outputs, metadata=metadata)


LINE = '<svg><path d="M 85.203005 197.5 L 155 57.98" style="stroke: #0072b2"/><text>0.9</text></svg>'


def drawing(drawn, stored=LINE):
    """Return a cell that draws an SVG and is stored with another."""
    data = {"text/plain": "<IPython.core.display.SVG object>", "image/svg+xml": stored}
    outputs = [new_output("execute_result", data=data, execution_count=1)]
    return new_code_cell(f"from IPython.display import SVG\nSVG({drawn!r})", execution_count=1, outputs=outputs)


@pytest.fixture
def compare(pytester):
    """Return a function that stores cells as a chapter and lets nbval compare it under the project's rules."""

    def run(*cells, timeout=60):
        pytester.makeini("[pytest]")
        pytester.makeconftest((ROOT / "conftest.py").read_text())
        notebook = new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
        nbformat.write(notebook, pytester.mkdir("chapters") / "small.ipynb")
        return pytester.runpytest_subprocess("--nbval", f"--nbval-cell-timeout={timeout}")

    return run


@pytest.mark.slow
def test_the_same_digits_pass_and_a_changed_digit_a_changed_figure_and_a_skipped_cell_fail(compare):
    result = compare(
        printing("print(0.6590)", "0.659\n"),
        printing("print(0.6590)", "0.658\n"),
        drawing("<svg><text>0.659</text></svg>", stored="<svg><text>0.658</text></svg>"),
        printing("print(1)", "2\n", tags=["nbval-skip"]),
        printing("# NBVAL_SKIP\nprint(1)", "2\n"),
    )
    result.assert_outcomes(passed=1, failed=4)


@pytest.mark.slow
def test_a_figure_may_differ_by_a_hundredth_of_a_pixel_and_in_nothing_else(compare):
    same = [("85.203005", "85.202889"), ("L 155 ", "L 154.999999 "), ("57.98", "57.989")]
    others = [("57.98", "57.995"), (" L 155 57.98", ""), ("b2", "b3"), ("0.9", "0.901"), ("path", "rect")]
    result = compare(*(drawing(LINE.replace(*change)) for change in [*same, *others]))
    result.assert_outcomes(passed=len(same), failed=len(others))


@pytest.mark.slow
def test_cells_are_compared_as_they_were_stored_without_progress_bars(compare, monkeypatch):
    monkeypatch.delenv("COURSE_OUTPUTS")
    compare(printing("import os\nprint(os.environ['COURSE_OUTPUTS'])", "stored\n")).assert_outcomes(passed=1)


@pytest.mark.slow
def test_cells_after_one_that_ran_out_of_time_fail(compare):
    slow = printing("import time; time.sleep(60)", "")
    result = compare(slow, printing("print(1)", "1\n"), printing("print(1)", "2\n"), timeout=2)
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["*this cell was not compared*"])
