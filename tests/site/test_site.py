"""The built site as files: links, words for images, what a page says of itself, and the links that only CI can know."""

import base64
import html
import io
import json
import os
import re
import subprocess
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from fontTools.ttLib import TTFont
from matplotlib.image import imread
from PIL import Image

from benchmarks.pages import SITE, page_names

ROOT = Path(__file__).resolve().parents[2]
CHAPTERS = sorted((ROOT / "chapters").glob("*.ipynb"))


class Page(HTMLParser):
    """Gathers a page's title, ids, links, meta entries, and the images of its main part."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.images, self.title, self.meta = set(), [], [], "", {}
        self.open = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.open.add(tag)
        self.ids.add(attrs.get("id"))
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]
        if tag == "meta":
            self.meta[attrs.get("name") or attrs.get("property")] = attrs.get("content")
        if attrs.get("http-equiv") == "Refresh":
            self.links.append(attrs["content"].partition("url=")[2])
        if tag == "img" and "main" in self.open:
            self.images.append((attrs["src"], attrs.get("alt") or ""))

    def handle_endtag(self, tag):
        self.open.discard(tag)

    def handle_data(self, text):
        if "title" in self.open and not self.title:
            self.title = text.strip()


def broken_links(site):
    """List the links between the site's pages that lead to no file or to no id."""
    parsed = {site / name: Page(site / name) for name in ["index.html", *page_names(site)]}
    broken = []
    for path, page in parsed.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            missing_id = url.fragment and target in parsed and unquote(url.fragment) not in parsed[target].ids
            if not target.is_file() or missing_id:
                broken.append(f"{path.relative_to(site)} -> {link}")
    return broken


def images_without_words(site):
    """List the images whose alt text is empty or is the name of the file, which is what Sphinx writes by default."""
    return [
        f"{name}: {source}, alt text {alt!r}"
        for name in page_names(site)
        for source, alt in Page(site / name).images
        if not alt.strip() or Path(source).stem in alt
    ]


def test_the_site_is_the_table_of_contents(pages):
    files = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    assert set(pages) == {f"{name}.html" for name in [*files, "search"]}


def test_every_page_has_its_own_title(pages):
    titles = [Page(SITE / name).title for name in pages]
    assert all(titles)
    assert len(set(titles)) == len(titles), titles


def test_every_page_describes_itself(pages):
    descriptions = [Page(SITE / name).meta.get("description") or "" for name in pages]
    assert all(len(text) > 50 for text in descriptions), dict(zip(pages, descriptions, strict=True))
    assert len(set(descriptions)) == len(pages)


def test_every_page_that_somebody_may_link_to_has_a_preview(pages):
    for name in set(pages) - {"search.html"}:
        page = Page(SITE / name)
        assert page.meta["og:title"] in page.title
        assert page.meta["og:description"] == page.meta["description"]
        assert page.meta["og:site_name"] == Page(SITE / "chapters/index.html").title
        assert page.meta["twitter:card"] == "summary_large_image"
        height, width, _ = imread(SITE / page.meta["og:image"]).shape
        assert (str(width), str(height)) == (page.meta["og:image:width"], page.meta["og:image:height"])


def test_a_page_has_an_icon(pages):
    for name in pages:
        assert re.search(r'<link rel="icon" href="[./]*_static/favicon.svg"', (SITE / name).read_text()), name


def test_the_notebook_can_be_downloaded_from_its_page():
    for chapter in CHAPTERS:
        links = Page(SITE / "chapters" / f"{chapter.stem}.html").links
        copy = next(link for link in links if link.endswith(f"{chapter.stem}.ipynb"))
        assert (SITE / "chapters" / copy).read_text() == chapter.read_text()


def badge(name):
    """Return the text of the badge of a page, or None where there is none."""
    found = re.search(r'<details class="verified">(.*?)</details>', (SITE / name).read_text(), re.DOTALL)
    return found and re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", found[1]))


def test_the_badge_of_a_chapter_says_what_its_notebook_says():
    for chapter in CHAPTERS:
        notebook = json.loads(chapter.read_text())
        run, text = notebook["metadata"]["course"], badge(f"chapters/{chapter.stem}.html")
        stored = date.fromisoformat(run["stored"])
        day = f"{stored.day} {stored:%B %Y}"
        cells = [cell["metadata"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        reasons = [cell["nbval_reason"] for cell in cells if "nbval_reason" in cell]
        assert f"Verified {day} · Python {run['python']} · TensorFlow {run['tensorflow']} · Keras" in text
        assert f"in {run['seconds']} s on {run['cores']} cores" in text
        assert f"the output of {len(cells) - len(reasons)} of its {len(cells)} code cells" in text
        assert [reason for reason in reasons if reason not in html.unescape(text)] == []


def test_a_page_without_cells_has_no_badge():
    assert badge("chapters/index.html") is None


def test_no_page_loads_the_icon_script_beside_the_icon_font(pages):
    assert not [name for name in pages if "fontawesome.js" in (SITE / name).read_text()]  # 530 KiB each


def test_the_fonts_keep_the_icons_of_the_pages_and_the_letters_of_the_formulas(pages):
    icons = TTFont(SITE / "_static/vendor/fontawesome/webfonts/fa-solid-900.woff2").getBestCmap()
    codes = dict(
        re.findall(
            r'\.fa-([a-z-]+):before\{content:"\\(f[0-9a-f]+)"',
            (SITE / "_static/styles/pydata-sphinx-theme.css").read_text(),
        )
    )
    used = {name for page in pages for name in re.findall(r"fa-([a-z-]+)", (SITE / page).read_text())}
    assert {"bars", "download", "magnifying-glass", "moon"} < used
    assert {name for name in used - {"solid", "lg"} if int(codes[name], 16) not in icons} == set()
    assert len(icons) < 200  # of 2,000
    assert {ord(letter) for letter in "pztKyij"} < set(
        TTFont(SITE / "_static/katex/fonts/KaTeX_Math-Italic.woff2").getBestCmap()
    )


def pictures_in(text):
    """Return the pixels of the pictures that a text holds as data addresses."""
    found = re.findall(r"data:image/\w+;base64,([A-Za-z0-9+/=\s]+)", text)
    return [Image.open(io.BytesIO(base64.b64decode(each))).convert("RGBA").tobytes() for each in found]


def test_the_pictures_in_the_figures_are_those_of_the_notebooks_pixel_by_pixel(pages):
    stored = set()
    for chapter in CHAPTERS:
        for cell in json.loads(chapter.read_text())["cells"]:
            for output in cell.get("outputs", ()):
                stored.update(pictures_in("".join(output.get("data", {}).get("image/svg+xml", ""))))
    shown = [picture for figure in (SITE / "_images").glob("*.svg") for picture in pictures_in(figure.read_text())]
    assert len(shown) > 10
    assert set(shown) <= stored


def test_every_link_leads_to_a_file_and_an_id(pages):
    assert broken_links(SITE) == []


def test_every_image_says_what_it_shows(pages):
    assert images_without_words(SITE) == []


# -------------------------------------------------------------------------------------------------------- for machines


def resource_of(path):
    """Return what a page says of itself in the words of schema.org."""
    (said,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', path.read_text())
    return json.loads(said)


def test_every_page_says_what_it_teaches_in_the_words_of_schema_org():
    for name in page_names(SITE):
        if name != "search.html":
            said = resource_of(SITE / name)
            assert said["@type"] == "LearningResource", name
            assert said["name"] in Page(SITE / name).title, name
            assert len(said["description"]) > 40, name
    for chapter in CHAPTERS:
        if chapter.stem[0].isdecimal():
            said = resource_of(SITE / "chapters" / f"{chapter.stem}.html")
            assert re.fullmatch(r"PT\d+M", said["timeRequired"]), chapter.stem
            assert 3 <= len(said["teaches"]) <= 7, chapter.stem


def test_the_map_for_language_models_names_every_page_and_says_what_it_is():
    lines = (SITE / "llms.txt").read_text().splitlines()
    named = re.findall(r"^- \[.+\]\((.+)\): .{20,}$", "\n".join(lines), re.MULTILINE)
    assert sorted(named) == sorted(name for name in page_names(SITE) if name != "search.html")


# ----------------------------------------------------------------------------------------- what only CI's machine knows

RUNNER = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "somebody/softmax",
    "GITHUB_REF_NAME": "main",
    "BOOK_URL": "https://somebody.github.io/softmax",
}


@pytest.fixture
def small_book(tmp_path):
    """Return a function that builds a book of three pages where the environment says so much about the repository."""

    def build(environment):
        for name in ("_config.yml", "_ext", "_static", "_templates", "node_modules"):
            (tmp_path / name).symlink_to(ROOT / name)
        (tmp_path / "chapters").mkdir()
        (tmp_path / "_toc.yml").write_text(
            "format: jb-book\nroot: chapters/index\nchapters:\n"
            "  - file: chapters/02_softmax\n  - file: chapters/mistakes\n"
        )
        index = "# A title\n\nA first sentence that says what the page is for: `%pip install /path/to/a/clone`.\n"
        (tmp_path / "chapters/index.md").write_text(index)
        (tmp_path / "chapters/mistakes.md").write_text((ROOT / "chapters/mistakes.md").read_text())
        (tmp_path / "chapters/references.bib").symlink_to(ROOT / "chapters/references.bib")
        chapter = (ROOT / "chapters/02_softmax.ipynb").read_text()
        chapter = re.sub(r"\(\w+\.(ipynb|md)(#[\w.-]+)?\)", "(index.md)", chapter)
        (tmp_path / "chapters/02_softmax.ipynb").write_text(re.sub(r" \{cite\}`\w+`", "", chapter))
        command = [ROOT / ".venv/bin/jupyter-book", "build", "-W", "-n", "--keep-going", tmp_path]
        inherited = {key: value for key, value in os.environ.items() if key not in RUNNER}
        subprocess.run(command, env={**inherited, **environment}, check=True, capture_output=True)
        return tmp_path / "_build/html/chapters"

    return build


def test_where_the_repository_is_known_a_page_links_to_its_source_and_to_a_report(small_book):
    folder = small_book(RUNNER)
    page = Page(folder / "02_softmax.html")
    repository = "https://github.com/somebody/softmax"
    assert repository in page.links
    assert f"{repository}/edit/main/chapters/02_softmax.ipynb" in page.links
    assert f"{repository}/blob/main/chapters/02_softmax.ipynb?plain=1" in page.links
    assert any(link.startswith(f"{repository}/issues/new?title=") for link in page.links)
    assert "Open issue" in (folder / "mistakes.html").read_text()
    assert f"git+{repository}<" in (folder / "index.html").read_text()
    assert "does not know its repository" not in (folder / "mistakes.html").read_text()
    assert page.meta["og:url"] == "https://somebody.github.io/softmax/chapters/02_softmax.html"
    image = page.meta["og:image"].removeprefix("https://somebody.github.io/softmax/")
    assert (folder.parent / image).is_file()
    addresses = re.findall("<loc>(.*?)</loc>", (folder.parent / "sitemap.xml").read_text())
    home = "https://somebody.github.io/softmax/chapters"
    assert addresses == [f"{home}/{name}.html" for name in ("index", "02_softmax", "mistakes")]
    assert f"({home}/02_softmax.html): " in (folder.parent / "llms.txt").read_text()
    assert resource_of(folder / "02_softmax.html")["url"] == f"{home}/02_softmax.html"


def test_where_the_book_is_published_a_chapter_opens_in_colab_binder_and_a_codespace(small_book):
    folder = small_book(RUNNER)
    colab = "https://colab.research.google.com/github/somebody/softmax/blob/colab/chapters/02_softmax.ipynb"
    binder = "https://mybinder.org/v2/gh/somebody/softmax/main?urlpath=lab/tree/chapters/02_softmax.ipynb"
    codespace = "https://codespaces.new/somebody/softmax?quickstart=1"
    assert {colab, binder, codespace, "02_softmax.zip"} <= set(Page(folder / "02_softmax.html").links)
    assert "the checks of the exercises hold" in badge(folder / "02_softmax.html")
    copies = folder.parents[1] / "colab"
    assert [path.relative_to(copies).as_posix() for path in copies.rglob("*.ipynb")] == ["chapters/02_softmax.ipynb"]
    first, *others = json.loads((copies / "chapters/02_softmax.ipynb").read_text())["cells"]
    assert "'https://somebody.github.io/softmax/chapters/02_softmax.zip'" in "".join(first["source"])
    assert others == json.loads((ROOT / "chapters/02_softmax.ipynb").read_text())["cells"]


def test_elsewhere_no_page_links_to_a_repository(small_book):
    folder = small_book({})
    links = [link for name in ("02_softmax.html", "mistakes.html") for link in Page(folder / name).links]
    assert not [link for link in links if "issues/new" in link or "/edit/" in link]
    assert "Open issue" not in (folder / "mistakes.html").read_text()
    assert "does not know its repository" in (folder / "mistakes.html").read_text()
    assert not (folder.parent / "sitemap.xml").exists()
    assert "url" not in resource_of(folder / "02_softmax.html")
    assert "02_softmax.zip" in links
    assert not [link for link in links for place in ("colab", "binder", "codespaces") if place in link]
    assert "/path/to/a/clone<" in (folder / "index.html").read_text()
    assert "Colab" not in badge(folder / "02_softmax.html")
    assert not (folder.parents[1] / "colab").exists()


# ------------------------------------------------------------------------------------------- files with every mistake


def test_broken_links_and_images_without_words_are_found(tmp_path):
    (tmp_path / "index.html").write_text('<a href="broken.html#here">fine</a>')
    (tmp_path / "broken.html").write_text(
        """<title>broken</title><main id="here"><a href="nowhere.html">no file</a> <a href="#nowhere">no id</a>
        <img src="missing.svg" alt="missing.svg"> <img src="http://127.0.0.1:9/other-host.png"></main>"""
    )
    assert broken_links(tmp_path) == [f"broken.html -> {link}" for link in ("nowhere.html", "#nowhere", "missing.svg")]
    assert len(images_without_words(tmp_path)) == 2
