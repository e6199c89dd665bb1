"""The finished site: KaTeX, the palette, the search and the networks come in, and what no page uses goes out."""

import base64
import io
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from fontTools import subset
from PIL import Image
from sphinx.util.fileutil import copy_asset

from coursekit import search
from utils import widgets

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"


def finish(app, error):
    """Add KaTeX, the palette, the search and the networks to the site, and make it as light as its readers need it."""
    if error is not None or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    dist = NODE_MODULES / "katex" / "dist"
    copy_asset(dist / "katex.min.css", static / "katex")
    copy_asset(dist / "fonts", static / "katex" / "fonts", excluded=lambda path: not path.endswith("woff2"))
    copy_asset(widgets.MODELS, static / "models")  # a page loads a network when its widget asks for it
    (static / "palette.css").write_text(widgets.palette_css())
    references = site / "chapters" / "references.html"
    if references.is_file():  # docutils writes a role that ARIA has given up
        references.write_text(references.read_text().replace('role="doc-biblioentry"', 'role="listitem"'))
    search.write(site)
    write_maps(app, site)
    copy_asset(NODE_MODULES / "minisearch" / "dist" / "es" / "index.js", static)
    (static / "index.js").rename(static / "minisearch.mjs")
    for unused in ("searchtools.js", "language_data.js"):  # Sphinx's search
        (static / unused).unlink()
    # Before the style sheets are purged: it has all names of icons. _templates/static/webpack-macros.html says why.
    (static / "scripts" / "fontawesome.js").unlink()
    purge_styles(site)
    subset_fonts(site)
    for figure in (site / "_images").glob("*.svg"):
        figure.write_text(packed_figure(figure.read_text()))
    minify(static)


# For machines


def write_maps(app, site):
    """Write llms.txt, the book's pages with a sentence each, and sitemap.xml where the book's address is known."""
    base = app.config.html_baseurl
    pages = [page for page in app.env.toctree_includes.get(app.config.root_doc, []) if page in app.env.titles]
    described = {entry["url"]: entry["text"] for entry in json.loads((site / "search.json").read_text())}
    lines = [f"# {app.config.html_title}", ""]
    for page in [app.config.root_doc, *pages]:
        sentence = re.split(r"(?<=[.?!]) ", described.get(f"{page}.html", ""))[0]
        lines.append(f"- [{app.env.titles[page].astext()}]({base}{page}.html): {sentence}")
    (site / "llms.txt").write_text("\n".join(lines) + "\n")
    if base:
        addresses = "".join(f"<url><loc>{base}{page}.html</loc></url>" for page in [app.config.root_doc, *pages])
        head = '<?xml version="1.0" encoding="utf-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        (site / "sitemap.xml").write_text(f"{head}{addresses}</urlset>\n")


# Scripts and style sheets


def purge_styles(site):
    """Delete from other people's style sheets every rule and variable for which no page, script or sheet has a name."""
    program = """
      const [purgecss, variables, ...css] = process.argv.slice(1);
      const { PurgeCSS } = await import(purgecss);
      const { writeFileSync } = await import("node:fs");
      const content = ["**/*.html", "**/*.js", "**/*.mjs"];
      const safelist = { variables: JSON.parse(variables) };
      const purged = await new PurgeCSS().purge({ content, css, variables: true, safelist });
      for (const { file, css } of purged) writeFileSync(file, css);
    """
    static = site / "_static"
    own = [static / "course.css", static / "palette.css"]
    sheets = [sheet for sheet in static.rglob("*.css") if sheet not in own]
    # PurgeCSS knows the variables that the purged sheets use; the course's own sheets and widgets use others too.
    texts = "".join(path.read_text() for path in [*own, *(static / "widgets").glob("*.mjs")])
    variables = json.dumps(sorted(set(re.findall(r"--[\w-]+", texts))))
    run_node(program, NODE_MODULES / "purgecss" / "lib" / "purgecss.js", variables, *sheets, cwd=site)


def minify(static):
    """Take comments and needless space out of the scripts, modules and style sheets that come as people write them."""
    program = """
      const [esbuild, ...files] = process.argv.slice(1);
      const { transformSync } = (await import(esbuild)).default;
      const { readFileSync, writeFileSync } = await import("node:fs");
      for (const file of files) {
        // A comment that names its authors stays: esbuild keeps those that begin with an exclamation mark.
        const text = readFileSync(file, "utf8").replace(/\\/\\*(?=[^/]*copyright)/gi, "/*!");
        writeFileSync(file, transformSync(text, { loader: file.endsWith("css") ? "css" : "js", minify: true }).code);
      }
    """
    files = [*static.glob("*.*js"), *static.glob("*.css"), *(static / "widgets").glob("*.mjs")]
    run_node(
        program, NODE_MODULES / "esbuild" / "lib" / "main.js", *(file for file in files if ".min." not in file.name)
    )


def run_node(program, module, *arguments, cwd=None):
    """Run a program in JavaScript, which is given the address of a module and the other arguments."""
    command = ["node", "--input-type=module", "--eval", program, module.as_uri(), *arguments]
    subprocess.run(command, cwd=cwd, check=True)


# Fonts

# Whose letters KaTeX takes from a font of their own, by the class of a span; any other font may have the other letters.
FONTS = {"mathnormal": "KaTeX_Math-Italic", "mathtt": "KaTeX_Typewriter-Regular", "texttt": "KaTeX_Typewriter-Regular"}


class Formulas(HTMLParser):
    """Gathers the characters of a page's formulas, by the name of the font if it is one of FONTS."""

    def __init__(self):
        super().__init__()
        self.characters = {font: set() for font in [*FONTS.values(), "other"]}
        self.spans = []  # the classes of the open ones, from that of a whole formula

    def handle_starttag(self, tag, attrs):
        """Note a span that is a formula or a part of one."""
        classes = (dict(attrs).get("class") or "").split()
        if tag == "span" and (self.spans or "katex-html" in classes):
            self.spans.append(classes)

    def handle_endtag(self, tag):
        """Forget a span that ends."""
        if tag == "span" and self.spans:
            self.spans.pop()

    def handle_data(self, data):
        """Note what stands in a formula."""
        if self.spans:
            fonts = [FONTS[name] for classes in self.spans for name in classes if name in FONTS]
            self.characters[fonts[-1] if fonts else "other"].update(data)


def subset_fonts(site):
    """Cut the formulas' fonts down to the characters of formulas, and the icons' to those that a style sheet names."""
    formulas = Formulas()
    for page in site.rglob("*.html"):
        formulas.feed(page.read_text())
    sheets = "".join(sheet.read_text() for sheet in site.rglob("*.css"))
    icons = {chr(int(code, 16)) for code in re.findall(r"\\([0-9a-f]{2,5})", sheets)}
    for path in (site / "_static").rglob("*.woff2"):
        characters = formulas.characters.get(path.stem, formulas.characters["other"])
        subset_font(path, characters if path.stem.startswith("KaTeX") else icons)


def subset_font(path, characters):
    """Cut a woff2 font down to a set of characters."""
    options = subset.Options(flavor="woff2", notdef_outline=True, hinting=False)
    font = subset.load_font(path, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=map(ord, characters))
    subsetter.subset(font)
    subset.save_font(font, path, options)


# Figures


def packed_figure(svg):
    """Return a figure without its comments and the space between its tags, and with its pictures as lossless WebP."""
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r">\s+<", "><", svg)
    return re.sub(r"data:image/png;base64,([^\"]+)", packed_picture, svg)


def packed_picture(match):
    """Return the data address of a PNG anew: as WebP, pixel by pixel the same, where that is smaller."""
    picture = Image.open(io.BytesIO(base64.b64decode(match[1])))
    file = io.BytesIO()
    picture.convert("RGBA").save(file, "webp", lossless=True, exact=True, quality=100, method=6)
    webp = f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
    return min(match[0], webp, key=len)
