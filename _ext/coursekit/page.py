"""What a page is given besides its text: the badge of a chapter, names for folded cells, the scripts that it needs."""

import json
import re
from datetime import date
from pathlib import Path

from myst_nb.sphinx_ import visit_HideCellInput

ROOT = Path(__file__).resolve().parents[2]

# What extensions give to every page, and what in a page's HTML needs it.
TOGGLES = r'class="[^"]*(\btoggle\b|admonition[^"]*dropdown|dropdown[^"]*admonition)'
NEEDED_BY = {
    "sphinx-design.min.css": r'class="[^"]*\bsd-',
    "design-tabs.js": r'class="[^"]*\bsd-tab-set',
    "togglebutton.css": TOGGLES,
    "togglebutton.js": TOGGLES,
}


def open_fold(translator, node):
    """Start a folded cell under the name that a reader sees; myst-nb calls each one "Toggle hidden content" instead."""
    start = len(translator.body)
    visit_HideCellInput(translator, node)
    parts = translator.body[start:]
    translator.body[start:] = [part.replace(' aria-label="Toggle hidden content"', "") for part in parts]


def verified(path):
    """Return what a notebook says of its own outputs, for the badge of its page.

    Returns
    -------
    dict
        `stored` (a date), `python`, `tensorflow`, `keras`, `seconds`, `cores`; `compared`, the number of code cells
        that the tests compare; `exempt`, the reasons of those that they only run.
    """
    notebook = json.loads(path.read_text())
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    exempt = [cell["metadata"] for cell in cells if "nbval-ignore-output" in cell["metadata"].get("tags", ())]
    run = notebook["metadata"]["course"]
    return {
        **run,
        "stored": f"{date.fromisoformat(run['stored']):%-d %B %Y}",
        "compared": len(cells) - len(exempt),
        "exempt": [metadata["nbval_reason"] for metadata in exempt],
    }


def complete_page(app, pagename, templatename, context, doctree):
    """Add the badge to a chapter, the widgets' host to a page that has one, and leave out what a page does not need."""
    source = ROOT / f"{pagename}.ipynb"
    if source.is_file():
        context["verified"] = verified(source)
    body = context.get("body", "")
    if "data-widget=" in body:
        app.add_js_file("widgets/host.mjs", type="module")
    unused = {f"_static/{name}" for name, pattern in NEEDED_BY.items() if not re.search(pattern, body)}
    for files in ("script_files", "css_files"):
        # In place: what comes after adds its own to the same list.
        context[files][:] = [each for each in context[files] if str(each.filename) not in unused]
