"""What the book's Markdown can say besides MyST: a widget on a page without code."""

import json

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from utils import widgets


class WidgetDirective(SphinxDirective):
    """A widget on a page without code: ```{widget} LogitLab, and its arguments as JSON in the body."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the HTML that a notebook would have stored."""
        widget = getattr(widgets, self.arguments[0])(**json.loads("\n".join(self.content)))
        return [nodes.raw("", widget.page_html(), format="html")]
