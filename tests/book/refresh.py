"""Re-run chapters from a fresh kernel and store their outputs in a normal form: `make refresh [CHAPTER=02_softmax]`."""

import copy
import hashlib
import os
import platform
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CHAPTERS = Path(__file__).resolve().parents[2] / "chapters"


def digest(cell):
    """Return 16 hexadecimal digits that change with a cell's source."""
    return hashlib.sha256(cell.source.encode()).hexdigest()[:16]


def edited(cell):
    """Tell whether a code cell is another one than that of which the outputs are stored."""
    return cell.cell_type == "code" and cell.metadata.get("course", {}).get("source") != digest(cell)


def normal_form(notebook):
    """Return the notebook with only what a reader needs: nothing in it depends on the run, the machine or the editor.

    Cells keep their ids, and the notebook what `refresh` says of its run. Time stamps, an editor's metadata and the
    state of live widgets go; stream outputs of one cell are joined.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
            **{key: value for key, value in notebook.metadata.items() if key == "course"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        kept = ("course", "tags", "mystnb", "messages", "nbval_reason")
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in kept if key in cell.metadata})
        outputs = []
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
            previous = outputs[-1] if outputs else {}
            if output.output_type == "stream" and previous.get("name") == output.name:
                previous.text += output.text
            else:
                outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs
    return notebook


def compared(notebook):
    """Return the cells without the outputs that the tests do not compare."""
    return [
        {**cell, "outputs": []} if "nbval-ignore-output" in cell.metadata.get("tags", ()) else cell
        for cell in notebook.cells
    ]


def refresh(path):
    """Execute one notebook in its folder and write it back, with what the page's badge says of the run.

    Where neither the versions nor a source nor anything that the tests compare has changed, the stored outputs and the
    date stay; and the time, unless it is a third shorter: then it was measured on a busy machine. Each code cell keeps
    a digest of the source that was run, so an edit is seen whatever it prints.
    """
    notebook = normal_form(nbformat.read(path, as_version=4))
    before = copy.deepcopy(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.course = {"source": digest(cell)}
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    os.environ["COURSE_OUTPUTS"] = "stored"  # no progress bars; utils/quiet.py reads it
    start = time.monotonic()
    client.execute()
    seconds = round(time.monotonic() - start)
    notebook = normal_form(notebook)
    versions = {
        "python": ".".join(platform.python_version_tuple()[:2]),
        "tensorflow": version("tensorflow"),
        "keras": version("keras"),
    }
    run = {"stored": f"{datetime.now(UTC):%Y-%m-%d}", **versions, "seconds": seconds, "cores": os.cpu_count()}
    same_versions = versions.items() <= before.metadata.get("course", {}).items()
    if not same_versions or any(map(edited, before.cells)) or compared(notebook) != compared(before):
        notebook.metadata.course = run
    else:
        notebook = before  # in normal form, whatever an editor has left in the file
        if seconds < before.metadata.course["seconds"] * 2 / 3:
            notebook.metadata.course.update(seconds=seconds, cores=os.cpu_count())
    nbformat.write(notebook, path)


def main(names):
    """Refresh the named chapters and the doctor's page, `doctor`; or all of them."""
    if not names or "doctor" in names:
        print("running the programs of the doctor's page", flush=True)
        os.environ["COURSE_OUTPUTS"] = "stored"
        sys.path[:0] = [str(CHAPTERS.parent / "_ext"), str(CHAPTERS.parent)]
        from coursekit import doctor

        doctor.store()
    if names == ["doctor"]:
        return
    names = [name for name in names if name != "doctor"]
    paths = [CHAPTERS / f"{name}.ipynb" for name in names] or sorted(CHAPTERS.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            sys.exit(
                f"no notebook {path.stem}; there are: {', '.join(p.stem for p in sorted(CHAPTERS.glob('*.ipynb')))}"
            )
        print(f"running {path.stem}", flush=True)
        refresh(path)


if __name__ == "__main__":
    main(sys.argv[1:])
