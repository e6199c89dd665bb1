"""The settings that Jupyter Book would overwrite if they stood in _config.yml."""

import logging
import os
import re

from sphinx.errors import ConfigError
from sphinxcontrib import katex

from utils.plots import PALETTE


def configure(app, config):
    """Set the options, before the book reads them."""
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

    # The book has a search of its own, on the page that Sphinx's would have: coursekit.search says why.
    config.html_additional_pages = {"search": "search.html"}

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

    check_addresses(os.environ)
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


def check_addresses(environment):
    """Refuse a repository or a book's address that no link could be made of."""
    repository, book = environment.get("GITHUB_REPOSITORY", "a/b"), environment.get("BOOK_URL") or "https://a.b"
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ConfigError(f"GITHUB_REPOSITORY is {repository!r}; wanted owner/name, or no such variable.")
    if not re.fullmatch(r"https?://[\w.:-]+(/[\w./~%-]*)?", book):
        raise ConfigError(f"BOOK_URL is {book!r}; wanted the book's address, https://…, or no such variable.")


def repository_of(app):
    """Return the address of the repository, or None where it is not known: the theme has Jupyter Book's own then."""
    return app.config.html_theme_options["repository_url"] if app.tags.has("repository") else None


def use_own_search(app):
    """Write no index for Sphinx's search."""
    app.builder.search = False
