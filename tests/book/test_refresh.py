"""The normal form in which `make refresh` stores a notebook, and the progress bars that it leaves out."""

import os
import subprocess
import sys
from copy import deepcopy
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from refresh import digest, edited, normal_form, refresh

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


def as_an_editor_saves_it():
    """Return a notebook with all that must not be stored."""
    streams = [new_output("stream", name="stdout", text=text) for text in ("one\n", "two\n")]
    metadata = {"execution": {"iopub.execute_input": "2026-01-01T00:00:00Z"}, "collapsed": False, "tags": ["hide-cell"]}
    cells = [
        new_markdown_cell("# Title", id="title", metadata={"editable": True}),
        new_code_cell("print('one')", id="first", execution_count=1, outputs=streams, metadata=metadata),
    ]
    kernel = {"name": "my-env", "display_name": "My environment"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel, "toc": {"base_numbering": 1}})


def test_time_stamps_and_an_editor_s_metadata_go_and_tags_stay():
    title, first = normal_form(as_an_editor_saves_it()).cells
    assert title.metadata == {}
    assert first.metadata == {"tags": ["hide-cell"]}


def test_what_the_page_and_the_comparison_need_stays():
    notebook = as_an_editor_saves_it()
    wanted = {"mystnb": {"image": {"alt": "A bar."}}, "nbval_reason": "the clock", "tags": ["nbval-ignore-output"]}
    notebook.cells[1].metadata = nbformat.from_dict({**wanted, "scrolled": True})
    assert normal_form(notebook).cells[1].metadata == wanted


def test_pieces_of_one_stream_are_joined_and_other_outputs_are_kept_in_order():
    notebook = as_an_editor_saves_it()
    notebook.cells[1].outputs += [
        new_output("execute_result", data={"text/plain": "3"}, execution_count=1),
        new_output("stream", name="stdout", text="four\n"),
        new_output("stream", name="stderr", text="oh\n"),
    ]
    outputs = normal_form(notebook).cells[1].outputs
    assert [output.get("text", "3") for output in outputs] == ["one\ntwo\n", "3", "four\n", "oh\n"]


def test_the_kernel_is_the_one_that_every_reader_has():
    metadata = normal_form(as_an_editor_saves_it()).metadata
    assert metadata.kernelspec.name == "python3"
    assert metadata.language_info.name == "python"
    assert "toc" not in metadata


def test_cells_keep_their_ids_counts_and_sources():
    notebook = as_an_editor_saves_it()
    kept = [(cell.id, cell.source, cell.get("execution_count")) for cell in notebook.cells]
    assert [(cell.id, cell.source, cell.get("execution_count")) for cell in normal_form(notebook).cells] == kept


def test_the_normal_form_is_valid_and_its_own_normal_form():
    once = normal_form(as_an_editor_saves_it())
    nbformat.validate(once)
    assert normal_form(once) == once


def test_the_given_notebook_is_not_changed():
    notebook = as_an_editor_saves_it()
    before = deepcopy(notebook)
    normal_form(notebook)
    assert notebook == before


def test_the_state_of_a_live_widget_goes_and_its_html_stays():
    notebook = as_an_editor_saves_it()
    data = {"text/html": "<p>2</p>", "application/vnd.jupyter.widget-view+json": {"model_id": "a1b2"}}
    notebook.cells[1].outputs = [new_output("display_data", data=data)]
    assert normal_form(notebook).cells[1].outputs[0].data == {"text/html": "<p>2</p>"}


# metadata.course, from which the badge of a page is made


@pytest.fixture
def stored(tmp_path):
    """Return the path of a stored notebook: one cell that is compared, and one with another output in each run."""
    exempt = {"tags": ["nbval-ignore-output"], "nbval_reason": "the clock"}
    cells = [new_code_cell("print(1)"), new_code_cell("import time; print(time.time())", metadata=exempt)]
    path = tmp_path / "small.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    refresh(path)
    return path


def change(path, edit):
    """Edit a stored notebook by hand, and date its run back; it took no time, so that no later run is shorter."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.course.update(stored="2020-02-20", seconds=0)
    edit(notebook)
    nbformat.write(notebook, path)


def course(path):
    return nbformat.read(path, as_version=4).metadata.course


def test_a_refreshed_notebook_says_when_and_on_what_it_was_run(stored):
    run = course(stored)
    assert run.pop("seconds") in range(1, 60)
    assert run == {
        "stored": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
        "cores": os.cpu_count(),
    }


def test_a_second_refresh_changes_nothing_not_even_what_is_not_compared(stored):
    change(stored, lambda notebook: None)
    before = stored.read_text()
    refresh(stored)
    assert stored.read_text() == before


def test_a_refresh_takes_out_what_an_editor_left_where_no_output_has_changed(stored):
    change(stored, lambda notebook: None)
    before = stored.read_text()
    change(stored, lambda notebook: notebook.metadata.update(toc={"base_numbering": 1}))
    assert stored.read_text() != before
    refresh(stored)
    assert stored.read_text() == before


@pytest.mark.parametrize(
    "edit",
    [
        lambda notebook: notebook.cells[0].outputs[0].update(text="2\n"),
        lambda notebook: notebook.metadata.course.update(keras="3.0"),
        lambda notebook: notebook.metadata.course.update(tensorflow="2.16"),
        lambda notebook: notebook.metadata.course.update(python="3.9"),
        lambda notebook: notebook.cells[0].update(source="print(2 - 1)"),
    ],
    ids=["output", "Keras", "TensorFlow", "Python", "source"],
)
def test_the_date_moves_with_an_output_with_a_version_and_with_a_source(stored, edit):
    change(stored, edit)
    refresh(stored)
    assert course(stored).stored == f"{datetime.now(UTC):%Y-%m-%d}"
    assert course(stored).keras == version("keras")


def test_an_edited_cell_that_is_not_compared_loses_its_stored_output(stored):
    before = nbformat.read(stored, as_version=4).cells[1].outputs
    change(stored, lambda notebook: notebook.cells[1].update(source="print('another clock')"))
    refresh(stored)
    assert before[0].text != "another clock\n"
    assert [output.text for output in nbformat.read(stored, as_version=4).cells[1].outputs] == ["another clock\n"]


@pytest.mark.parametrize(("before", "measured_anew"), [(1000, True), (0, False)])
def test_a_time_that_was_measured_on_a_busy_machine_is_measured_anew(stored, before, measured_anew):
    change(stored, lambda notebook: notebook.metadata.course.update(seconds=before))
    refresh(stored)
    assert (course(stored).seconds != before) == measured_anew
    assert course(stored).stored == "2020-02-20"


def test_words_between_the_cells_may_change_without_a_new_date(stored):
    change(stored, lambda notebook: notebook.cells.insert(0, new_markdown_cell("# A title", id="title")))
    refresh(stored)
    assert course(stored).stored == "2020-02-20"
    assert nbformat.read(stored, as_version=4).cells[0].source == "# A title"


def test_a_code_cell_is_edited_until_it_is_refreshed(stored):
    cell = nbformat.read(stored, as_version=4).cells[0]
    assert cell.metadata.course == {"source": digest(cell)}
    assert not edited(cell)
    cell.source += "  # a word"
    assert edited(cell)
    assert not edited(new_markdown_cell("words"))
    assert edited(new_code_cell("print(1)"))


# VERBOSE of utils/quiet.py, with which the chapters train

TRAINING = """
import numpy as np
from utils.quiet import VERBOSE, keras
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile(loss="mse")
history = model.fit(np.zeros((8, 2)), np.zeros((8, 1)), verbose=VERBOSE)
"""


def test_a_person_who_trains_sees_progress():
    environment = {name: value for name, value in os.environ.items() if name != "COURSE_OUTPUTS"}
    seen = subprocess.run([sys.executable, "-c", TRAINING], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert (seen.returncode, seen.stderr) == (0, "")
    assert "1/1" in seen.stdout
    assert "loss: " in seen.stdout


def test_a_refreshed_notebook_that_trains_stores_no_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_OUTPUTS", "as at somebody's desk")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path = tmp_path / "small.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(TRAINING), new_code_cell("print(VERBOSE)")]), path)
    refresh(path)
    training, value = nbformat.read(path, as_version=4).cells
    assert (training.execution_count, training.outputs) == (1, [])
    assert value.outputs == [new_output("stream", name="stdout", text="0\n")]
