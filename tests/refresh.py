"""Re-run chapters from a fresh kernel and store their outputs in a normal form: `make refresh [CHAPTER=02_softmax]`."""

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CHAPTERS = Path(__file__).resolve().parent.parent / "chapters"


def normal_form(notebook):
    """Return the notebook with only what a reader needs: nothing in it depends on the run, the machine or the editor.

    Cells keep their ids. Time stamps and an editor's metadata go; stream outputs of one cell are joined.
    """
    notebook = nbformat.from_dict(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python", "file_extension": ".py", "pygments_lexer": "ipython3"},
        }
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        kept = ("tags", "mystnb", "nbval_reason")
        cell.metadata = nbformat.from_dict({key: cell.metadata[key] for key in kept if key in cell.metadata})
        outputs = []
        for output in cell.get("outputs", []):
            output.pop("transient", None)
            previous = outputs[-1] if outputs else {}
            if output.output_type == "stream" and previous.get("name") == output.name:
                previous.text += output.text
            else:
                outputs.append(output)
        if cell.cell_type == "code":
            cell.outputs = outputs
    return notebook


def refresh(path):
    """Execute one notebook in its folder and write it back."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    os.environ["COURSE_OUTPUTS"] = "stored"  # no progress bars; utils/quiet.py reads it
    client.execute()
    nbformat.write(normal_form(notebook), path)


def main(names):
    """Refresh the named chapters, or all of them."""
    paths = [CHAPTERS / f"{name}.ipynb" for name in names] or sorted(CHAPTERS.glob("*.ipynb"))
    for path in paths:
        if not path.is_file():
            sys.exit(
                f"no chapter {path.stem}; there are: {', '.join(p.stem for p in sorted(CHAPTERS.glob('*.ipynb')))}"
            )
        print(f"running {path.stem}", flush=True)
        refresh(path)


if __name__ == "__main__":
    main(sys.argv[1:])
