"""What _config.yml cannot say: pages that load nothing from other hosts, little from their own, and say what was run.

A module for each stage of a build: settings, what Markdown can say, what a page is given, the finished site.
"""

from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput

from coursekit import doctor, markdown, messages, page, settings, site


def setup(app):
    """Register the extension with Sphinx."""
    app.setup_extension("sphinxcontrib.katex")
    app.setup_extension("sphinxext.opengraph")
    app.add_directive("widget", markdown.WidgetDirective)
    app.add_directive("messages", messages.MessagesDirective)
    app.add_directive("doctor", doctor.DoctorDirective)
    app.add_css_file("palette.css")
    app.add_node(HideCodeCellNode, override=True, html=(page.open_fold, depart_HideCellInput))
    app.connect("config-inited", settings.configure, priority=10)
    app.connect("builder-inited", settings.use_own_search)
    app.connect("source-read", markdown.name_repository)
    app.connect("doctree-read", markdown.give_addresses)
    app.connect("html-page-context", page.complete_page)
    app.connect("build-finished", site.finish, priority=900)  # after the theme has written its last style sheet
    return {"parallel_read_safe": True, "parallel_write_safe": True}
