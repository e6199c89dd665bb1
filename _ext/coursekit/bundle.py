"""A chapter for elsewhere: its zip with helpers and data, and its copy for Colab, whose first cell finds them.

The stored notebooks have no such cell: it belongs to the copies, and a page or a test never sees it.
"""

import ast
import functools
import io
import json
import re
import sys
import zipfile
from importlib.util import resolve_name
from pathlib import Path
from urllib.parse import quote

from coursekit import settings

ROOT = Path(__file__).resolve().parents[2]
FIRST_CELL = Path(__file__).with_name("first_cell.py")

# What a chapter opens, by the words in its code that open it; beside it, each path that it names from its own folder.
OPENED_BY = {
    r"\bload_mnist\(": ["data/mnist.npz"],
    r"\bload_shakespeare\(": ["data/shakespeare.txt.gz"],
    r"\bnets\.(load_weights|MODELS)\b|\bwidgets\.(DigitCanvas|PixelExplorer|Writer|scene_facts)\b": ["data/models"],
    r"\bwidgets\.": ["_static/widgets"],
}
ALWAYS = ["utils", "LICENSE", "LICENSE-TEXT", "data/README.md"]
MODULE_OF = {"pillow": "PIL"}  # where a package's name is not that of its module

README = """\
{title}

A chapter of a course on softmax and cross-entropy, with the helpers and the data that it needs. To run it, you need
Python 3.11 to 3.13. In this folder, on Linux or macOS:

    python3 -m venv .venv
    .venv/bin/python -m pip install -r requirements.txt
    .venv/bin/python -m jupyterlab chapters/{name}.ipynb

Any other program for notebooks will do, too. The versions are those of the outputs in the notebook: with
others, numbers and messages can differ. Code: LICENSE. Text: LICENSE-TEXT. Data: data/README.md.
"""


def code_of(notebook):
    """Return all code of a notebook as one text."""
    return "\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


# What it needs


def files_of(notebook):
    """Return the files that a chapter needs beside itself, by their paths in the repository."""
    code = code_of(notebook)
    wanted = [*ALWAYS, *re.findall(r"""["']\.\./([\w./-]+)["']""", code)]
    for words, paths in OPENED_BY.items():
        if re.search(words, code):
            wanted += paths
    files = set()
    for path in (ROOT / name for name in wanted):
        if not path.exists():
            raise FileNotFoundError(f"a chapter opens {path.relative_to(ROOT)}, and there is no such file")
        files.update(path.rglob("*") if path.is_dir() else [path])
    return sorted(
        file.relative_to(ROOT).as_posix() for file in files if file.is_file() and "__pycache__" not in file.parts
    )


def imports_of(source, package=""):
    """Return the modules that a program imports, in its functions too; for `from a import b` also a.b."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level + (node.module or "")
            base = resolve_name(dots, package) if node.level else dots
            found.update([base, *(f"{base}.{alias.name}" for alias in node.names)])
    return found


def packages_of(notebook):
    """Return {module: package} for the packages of requirements.in that a chapter or one of its helpers imports."""
    seen, waiting = set(), imports_of(code_of(notebook))
    while waiting:
        module = waiting.pop()
        if module in seen:
            continue
        seen.add(module)
        path = ROOT.joinpath(*module.split("."))
        if module.partition(".")[0] != "utils":
            continue
        if path.with_suffix(".py").is_file():
            waiting |= imports_of(path.with_suffix(".py").read_text(), module.rpartition(".")[0])
        elif path.is_dir():
            waiting |= imports_of((path / "__init__.py").read_text(), module)
    tops = {module.partition(".")[0] for module in seen} - set(sys.stdlib_module_names)
    asked_for = re.findall(r"^[\w.-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    return {MODULE_OF.get(name, name): name for name in asked_for if MODULE_OF.get(name, name) in tops}


@functools.cache
def locked():
    """Return {package: version} of the lock."""
    return dict(re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE))


# What is made of it


def first_cell(name, notebook, address):
    """Return the code of the first cell of a copy; `address` is that of the chapter's zip, None in the zip itself."""
    run = notebook["metadata"]["course"]
    stored_with = {"tensorflow": run["tensorflow"], "keras": run["keras"]}
    given = f"NAME, ZIP, STORED_WITH, NEEDS = (\n    {name!r},\n    {address!r},\n    {stored_with!r},\n"
    given += f"    {packages_of(notebook)!r},\n)"
    return FIRST_CELL.read_text().strip().replace("NAME, ZIP, STORED_WITH, NEEDS = ...", given)


def copy_of(name, notebook, address):
    """Return the text of a copy of a chapter that finds its helpers by itself."""
    cell = {
        "cell_type": "code",
        "id": "find-the-helpers",
        "metadata": {"tags": ["remove-cell"], "cellView": "form"},
        "execution_count": None,
        "outputs": [],
        "source": first_cell(name, notebook, address).splitlines(keepends=True),
    }
    return json.dumps({**notebook, "cells": [cell, *notebook["cells"]]}, ensure_ascii=False, indent=1) + "\n"


def requirements_of(notebook):
    """Return the requirements of a chapter's zip: the packages that it imports, as locked, and JupyterLab."""
    names = [*packages_of(notebook).values(), "jupyterlab"]
    return "".join(f"{name}=={locked()[name]}\n" for name in sorted(names))


def zip_of(name, notebook):
    """Return the zip of a chapter, as bytes that depend on nothing but its files."""
    title = "".join(notebook["cells"][0]["source"]).splitlines()[0].lstrip("# ")
    made = {
        f"chapters/{name}.ipynb": copy_of(name, notebook, None),
        "README.txt": README.format(title=title, name=name),
        "requirements.txt": requirements_of(notebook),
    }
    content = {path: (ROOT / path).read_bytes() for path in files_of(notebook)} | {
        path: text.encode() for path, text in made.items()
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(content):
            entry = zipfile.ZipInfo(f"{name}/{path}", (2020, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            packed = path.endswith((".npz", ".gz"))  # cannot become smaller
            archive.writestr(entry, content[path], zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED, 9)
    return file.getvalue()


def write(app, pagename, notebook):
    """Write the zip of a chapter beside its page and, where the book's address is known, the copy for Colab.

    Returns
    -------
    dict
        For the page's template: `zip`, a link from the page; `size` in MB; and `launch`, a list of (name, address).
    """
    name = pagename.rpartition("/")[2]
    content = zip_of(name, notebook)
    path = Path(app.outdir) / f"{pagename}.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    base = app.config.html_baseurl
    if base and settings.repository_of(app):
        copy = Path(app.outdir).parent / "colab" / f"{pagename}.ipynb"  # publish.yml puts them on a branch
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(copy_of(name, notebook, f"{base}{pagename}.zip"))
    return {"zip": path.name, "size": f"{len(content) / 1e6:.1f}", "launch": launch(app, pagename)}


def launch(app, pagename):
    """Return (name, address) of each place that opens a chapter: none where the repository is not known."""
    server, _, repository = (settings.repository_of(app) or "").partition("github.com/")
    if server != "https://":
        return []
    branch = quote(app.config.html_theme_options["repository_branch"], safe="")
    places = [
        ("Binder", f"https://mybinder.org/v2/gh/{repository}/{branch}?urlpath=lab/tree/{pagename}.ipynb"),
        ("Codespace", f"https://codespaces.new/{repository}?quickstart=1"),
    ]
    if app.config.html_baseurl:
        colab = f"https://colab.research.google.com/github/{repository}/blob/colab/{pagename}.ipynb"
        places.insert(0, ("Colab", colab))
    return places
