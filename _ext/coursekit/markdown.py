"""What the book's Markdown can say besides MyST: a widget on a page without code, a link to a cell or a term."""

import json
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import desc_signature
from sphinx.util.docutils import SphinxDirective

from coursekit import settings
from utils import widgets


class WidgetDirective(SphinxDirective):
    """A widget on a page without code: ```{widget} LogitLab, and its arguments as JSON in the body."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the HTML that a notebook would have stored."""
        widget = getattr(widgets, self.arguments[0])(**json.loads("\n".join(self.content)))
        return [nodes.raw("", widget.page_html(), format="html")]


def name_repository(app, docname, source):
    """Write the repository's address into the lines that name it, where it is known."""
    if address := settings.repository_of(app):
        source[0] = source[0].replace("%pip install /path/to/a/clone", f"%pip install git+{address}")


def give_addresses(app, doctree):
    """Let Markdown link to a cell by its id, `(04_labels.ipynb#cell-1fb36398)`, to a section, a term and a helper.

    A link to a cell that is gone is a warning of the build, as one to a heading is.
    """
    source = Path(app.env.doc2path(app.env.docname))
    kinds = (nodes.section, nodes.term, desc_signature)
    addresses = [name for node in doctree.findall(lambda node: isinstance(node, kinds)) for name in node["ids"]]
    if source.suffix == ".ipynb":
        cells = json.loads(source.read_text())["cells"]
        for node in doctree.findall(nodes.container):
            if node.get("nb_element") == "cell_code":
                node["ids"].append(f"cell-{cells[node['cell_index']]['id']}")
                addresses.append(node["ids"][-1])
    known = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    known.update({name: (0, name, name) for name in addresses})
