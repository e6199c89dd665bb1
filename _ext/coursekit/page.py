"""What a page is given besides its text: a chapter's badge, what machines read of it, the scripts that it needs."""

import json
import re
from datetime import date
from pathlib import Path

from docutils import nodes
from myst_nb.sphinx_ import visit_HideCellInput

from coursekit import bundle

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


def verified(notebook):
    """Return what a notebook says of its own outputs, for the badge of its page.

    Returns
    -------
    dict
        `stored` (a date), `python`, `tensorflow`, `keras`, `seconds`, `cores`; `compared`, the number of code cells
        that the tests compare; `exempt`, the reasons of those that they only run.
    """
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    exempt = [cell["metadata"] for cell in cells if "nbval-ignore-output" in cell["metadata"].get("tags", ())]
    run = notebook["metadata"]["course"]
    return {
        **run,
        "stored": f"{date.fromisoformat(run['stored']):%-d %B %Y}",
        "compared": len(cells) - len(exempt),
        "exempt": [metadata["nbval_reason"] for metadata in exempt],
    }


def learning_resource(app, pagename, doctree):
    """Return what schema.org calls a LearningResource: what a page teaches, how long it takes, its licence."""
    paragraphs = [each.astext() for each in doctree.findall(nodes.paragraph) if type(each.parent) is nodes.section]
    bullets = next(doctree.findall(nodes.bullet_list), None)
    minutes = next(filter(None, (re.search(r"Reading time (\d+)", text) for text in paragraphs)), None)
    base = app.config.html_baseurl
    said = {
        "@context": "https://schema.org",
        "@type": "LearningResource",
        "name": app.env.titles[pagename].astext(),
        "description": " ".join(paragraphs[0].split()) if paragraphs else None,
        "learningResourceType": "chapter with executable code" if minutes else "reference",
        "teaches": [item.astext().rstrip(";.") for item in bullets] if minutes and bullets else None,
        "timeRequired": f"PT{minutes[1]}M" if minutes else None,
        "educationalLevel": "intermediate",
        "about": ["softmax", "logits", "cross-entropy", "TensorFlow", "Keras"],
        "inLanguage": "en",
        "isAccessibleForFree": True,
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "isPartOf": {"@type": "Book", "name": app.config.html_title},
        "url": f"{base}{pagename}.html" if base else None,
    }
    return json.dumps({key: value for key, value in said.items() if value is not None}, ensure_ascii=False)


def complete_page(app, pagename, templatename, context, doctree):
    """Add badge and zip to a chapter, the widgets' host to a page that has one, and leave out what it does not need."""
    source = ROOT / f"{pagename}.ipynb"
    if source.is_file():
        notebook = json.loads(source.read_text())
        context["verified"] = verified(notebook)
        context["elsewhere"] = bundle.write(app, pagename, notebook)
    if doctree is not None:
        # No "</script>" of a title may end the script that holds it.
        context["learning_resource"] = learning_resource(app, pagename, doctree).replace("<", "\\u003c")
    body = context.get("body", "")
    if "data-widget=" in body:
        app.add_js_file("widgets/host.mjs", type="module")
    unused = {f"_static/{name}" for name, pattern in NEEDED_BY.items() if not re.search(pattern, body)}
    for files in ("script_files", "css_files"):
        # In place: what comes after adds its own to the same list.
        context[files][:] = [each for each in context[files] if str(each.filename) not in unused]
