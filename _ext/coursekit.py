"""What _config.yml cannot say: pages that load nothing from other hosts, and formulas made at build time."""

from pathlib import Path

from sphinx.util.fileutil import copy_asset

KATEX = Path(__file__).resolve().parent.parent / "node_modules" / "katex" / "dist"


def configure(app, config):
    """Set the options that Jupyter Book would overwrite if they stood in _config.yml."""
    options = config.html_theme_options
    # The theme's header bar repeats the sidebar's search button.
    options.update(navbar_start=[], navbar_center=[], navbar_end=[], navbar_persistent=[], back_to_top_button=False)
    # Without a default the theme writes an error to the console of every page.
    config.html_context.setdefault("default_mode", "auto")

    config.html_math_renderer = "katex"
    config.katex_prerender = True
    config.katex_css_path = "katex/katex.min.css"
    config.myst_update_mathjax = False

    # No widget state is stored, so require.js and the widget manager (both from a CDN) are not wanted.
    config.nb_ipywidgets_js = {}
    # sphinx-thebe, which Jupyter Book always loads, names a CDN in every page. It offers no way to switch it off.
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            each for each in listeners if not each.handler.__module__.startswith("sphinx_thebe")
        ]
    app.registry.css_files = [css for css in app.registry.css_files if "thebe" not in str(css)]


def copy_katex(app, error):
    """Copy KaTeX's style sheet and its woff2 fonts, from the locked npm package, into the site."""
    if error is None and app.builder.format == "html":
        target = Path(app.outdir) / "_static" / "katex"
        copy_asset(KATEX / "katex.min.css", target)
        copy_asset(KATEX / "fonts", target / "fonts", excluded=lambda path: not path.endswith("woff2"))


def setup(app):
    """Register the extension with Sphinx."""
    app.setup_extension("sphinxcontrib.katex")
    app.connect("config-inited", configure, priority=10)
    app.connect("build-finished", copy_katex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
