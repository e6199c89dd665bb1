"""The finished site: KaTeX, the palette and the trained networks come in, and what no page uses goes out."""

import html
import re
import subprocess
from pathlib import Path

from fontTools import subset
from sphinx.util.fileutil import copy_asset

from utils import widgets

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"


def finish(app, error):
    """Add KaTeX, the palette and the trained networks to the site, and take out of it what no page uses."""
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    dist = NODE_MODULES / "katex" / "dist"
    copy_asset(dist / "katex.min.css", site / "_static" / "katex")
    copy_asset(dist / "fonts", site / "_static" / "katex" / "fonts", excluded=lambda path: not path.endswith("woff2"))
    copy_asset(widgets.MODELS, site / "_static" / "models")  # a page loads a network when its widget asks for it
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
