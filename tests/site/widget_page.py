"""A page of the book around one widget, for tests that must not wait until a chapter has it."""

import re

from benchmarks.pages import SITE
from utils import widgets

PAGE = "chapters/04_labels.html"  # any page that has a widget, and so the host


def make_site(folder, widget):
    """Make a site of one page, `chapters/widget.html`, in an empty folder.

    Styles and scripts are the built site's; the widgets and the networks are those of the working tree.
    """
    static = folder / "_static"
    static.mkdir(parents=True)
    for path in (SITE / "_static").iterdir():
        if path.name not in ("widgets", "models"):
            (static / path.name).symlink_to(path)
    (static / "widgets").symlink_to(widgets.MODULES)
    (static / "models").symlink_to(widgets.MODELS)
    (static / "palette.css").unlink()
    (static / "palette.css").write_text(widgets.palette_css())
    cell = (
        '<div class="cell docutils container"><div class="cell_output docutils container">'
        f'<div class="output text_html">{widget.page_html()}</div></div></div>'
    )
    inside = f'<section id="widget"><h1>One widget</h1><p>Above it.</p>{cell}<p>Below it.</p></section>'
    text = (SITE / PAGE).read_text()
    text, count = re.subn(
        r'(<article class="bd-article">).*(</article>)', lambda found: found[1] + inside + found[2], text, flags=re.S
    )
    assert count == 1
    text = re.sub(r"<nav [^>]*page-toc.*?</nav>", "", text, flags=re.S)  # its links led to the page's sections
    (folder / "chapters").mkdir()
    (folder / "chapters" / "widget.html").write_text(text)
    return "chapters/widget.html"
