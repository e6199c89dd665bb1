"""What _config.yml cannot say: pages that load nothing from other hosts, little from their own, and say what was run.

In the order of a build: settings, the widget directive, what is added to a page, the finished site.
"""

import html
import json
import logging
import os
import re
import subprocess
from datetime import date
from pathlib import Path

from docutils import nodes
from fontTools import subset
from myst_nb.sphinx_ import HideCodeCellNode, depart_HideCellInput, visit_HideCellInput
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset
from sphinxcontrib import katex

from utils import widgets
from utils.plots import PALETTE

ROOT = Path(__file__).resolve().parent.parent
NODE_MODULES = ROOT / "node_modules"

# ---------------------------------------------------------------------------------------------------------- settings


def configure(app, config):
    """Set the options that Jupyter Book would overwrite if they stood in _config.yml."""
    options = config.html_theme_options
    # The theme's header bar repeats the sidebar's search button.
    options.update(navbar_start=[], navbar_center=[], navbar_end=[], navbar_persistent=[], back_to_top_button=False)
    options.update(search_as_you_type=True, use_fullscreen_button=False)
    # Without a default the theme writes an error to the console of every page.
    config.html_context.setdefault("default_mode", "auto")

    config.html_math_renderer = "katex"
    config.katex_prerender = True
    config.katex_css_path = "katex/katex.min.css"
    config.myst_update_mathjax = False
    # On a busy machine the extension's socket can refuse the first call (the file is there before the server listens);
    # its way over a port, meant for Windows, calls again.
    katex.KaTeXServer.start_server_process = katex.KaTeXServer.start_network_socket
    katex.STARTUP_TIMEOUT = katex.RENDER_TIMEOUT = 60

    # No widget state is stored, so require.js and the widget manager (both from a CDN) are not wanted.
    config.nb_ipywidgets_js = {}
    # sphinx-thebe, which Jupyter Book always loads, names a CDN in every page. It offers no way to switch it off.
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")
        ]
    app.registry.css_files = [css for css in app.registry.css_files if "thebe" not in str(css)]

    # The preview that is shown where somebody links to a page.
    config.ogp_site_name = config.html_title
    logging.getLogger("matplotlib.font_manager").setLevel("ERROR")  # the previews' font has no bold weight, and says so
    config.ogp_social_cards = {"image_mini": "_static/mark.png", "line_color": PALETTE["blue"][0]}

    # GitHub's runners say where the repository is and where the book will be; elsewhere there are no such links.
    if "GITHUB_REPOSITORY" in os.environ:
        options.update(
            repository_url=f"{os.environ['GITHUB_SERVER_URL']}/{os.environ['GITHUB_REPOSITORY']}",
            repository_branch=os.environ["GITHUB_REF_NAME"],
            path_to_docs="",
        )
        app.tags.add("repository")  # for {only} in chapters/mistakes.md
        for button in ("repository", "source", "edit_page", "issues"):
            options[f"use_{button}_button"] = True
    if os.environ.get("BOOK_URL"):
        config.ogp_site_url = config.html_baseurl = os.environ["BOOK_URL"].rstrip("/") + "/"


# -------------------------------------------------------------------------------------------------- widgets in Markdown


class WidgetDirective(SphinxDirective):
    """A widget on a page without code: ```{widget} LogitLab, and its arguments as JSON in the body."""

    required_arguments = 1
    has_content = True

    def run(self):
        """Return the HTML that a notebook would have stored."""
        widget = getattr(widgets, self.arguments[0])(**json.loads("\n".join(self.content)))
        return [nodes.raw("", widget.page_html(), format="html")]


# ------------------------------------------------------------------------------------------------- what a page is given


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
    """Add the badge to a chapter, and the widgets' host to a page that has one."""
    source = ROOT / f"{pagename}.ipynb"
    if source.is_file():
        context["verified"] = verified(source)
    if "data-widget=" in context.get("body", ""):
        app.add_js_file("widgets/host.mjs", type="module")


# --------------------------------------------------------------------------------------------------- the finished site


def finish(app, error):
    """Add KaTeX and the palette to the site, and take out of it what no page uses."""
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    dist = NODE_MODULES / "katex" / "dist"
    copy_asset(dist / "katex.min.css", site / "_static" / "katex")
    copy_asset(dist / "fonts", site / "_static" / "katex" / "fonts", excluded=lambda path: not path.endswith("woff2"))
    (site / "_static" / "palette.css").write_text(widgets.palette_css())
    purge_styles(site)
    characters = used_characters(site)
    for font in (site / "_static").rglob("*.woff2"):
        subset_font(font, characters)
    (site / "_static" / "scripts" / "fontawesome.js").unlink()  # _templates/static/webpack-macros.html says why


def purge_styles(site):
    """Delete from other people's style sheets every rule for which no page and no script has a name."""
    program = """
      const [purgecss, ...sheets] = process.argv.slice(1);
      const { PurgeCSS } = await import(purgecss);
      const { writeFileSync } = await import("node:fs");
      const content = ["**/*.html", "**/*.js", "**/*.mjs"];
      for (const { file, css } of await new PurgeCSS().purge({ content, css: sheets })) writeFileSync(file, css);
    """
    purgecss = (NODE_MODULES / "purgecss" / "lib" / "purgecss.js").as_uri()
    own = site / "_static" / "course.css"
    sheets = [sheet for sheet in (site / "_static").rglob("*.css") if sheet != own]
    subprocess.run(["node", "--input-type=module", "--eval", program, purgecss, *sheets], cwd=site, check=True)


def used_characters(site):
    """Return the code points that the pages' text and the style sheets' icons need."""
    text = "".join(html.unescape(page.read_text()) for page in site.rglob("*.html"))
    icons = re.findall(r"\\([0-9a-f]{2,5})", "".join(sheet.read_text() for sheet in site.rglob("*.css")))
    return {ord(character) for character in text} | {int(icon, 16) for icon in icons}


def subset_font(path, characters):
    """Cut a woff2 font down to `characters`, a set of code points."""
    options = subset.Options(flavor="woff2", notdef_outline=True, hinting=False)
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    subset.save_font(font, path, options)


def setup(app):
    """Register the extension with Sphinx."""
    app.setup_extension("sphinxcontrib.katex")
    app.setup_extension("sphinxext.opengraph")
    app.add_directive("widget", WidgetDirective)
    app.add_css_file("palette.css")
    app.add_node(HideCodeCellNode, override=True, html=(open_fold, depart_HideCellInput))
    app.connect("config-inited", configure, priority=10)
    app.connect("html-page-context", complete_page)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
