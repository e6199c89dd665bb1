"""The built pages as a reader meets them: in a browser, in both themes, on a desk and on a phone.

The browser reads each page once in each mode and notes what happened; every test then looks at one kind of fact.
"""

import functools
import os
import re
import shutil
import threading
from contextlib import contextmanager
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from matplotlib.image import imread
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
MODES = {
    f"{theme}-{name}": {"color_scheme": theme, **screen}
    for theme in ("light", "dark")
    for name, screen in {"desk": DESK, "phone": PHONE}.items()
}

# Folded parts are opened first: what a reader can unfold must fit and load too. Asking for the height lays them out.
FACTS = r"""async () => {
  document.querySelectorAll("details").forEach((each) => (each.open = true));
  document.body.offsetHeight;
  await document.fonts.ready;
  const all = (selector) => [...document.querySelectorAll(selector)];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let prose = "";
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.parentElement.closest("pre, code, .katex, script, style")) prose += text.data;
  }
  return {
    theme: document.documentElement.dataset.theme,
    width: document.documentElement.scrollWidth,
    cut: all("article *").filter((each) => !each.closest(".katex") && getComputedStyle(each).overflowX === "hidden"
      && each.scrollWidth > each.clientWidth + 4).map((each) => each.textContent.trim().slice(0, 40)),
    raw_formulas: prose.match(/\$|\\[([]/g) ?? [],
    bad_formulas: all(".katex-error").map((each) => each.textContent),
    formulas: all("main .katex-html").map((each) => each.getBoundingClientRect().width),
    fonts: [...document.fonts].filter((each) => each.family.startsWith("KaTeX")).map((each) => each.status),
    found: all("#search-results li").length,
    figures: all("main img").map((each) => ({
      source: each.getAttribute("src"),
      loaded: each.complete && each.naturalWidth > 0,
      background: getComputedStyle(each).backgroundColor,
      filter: getComputedStyle(each).filter,
    })),
  };
}"""


# ---------------------------------------------------------------------------------------------- reading in a browser


class Server(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        """Stay silent; the tests report what went wrong."""


@contextmanager
def served(folder):
    """Serve a folder on a free port and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Server, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    names = ("chromium", "chromium-browser", "google-chrome")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        reason = f"there is no browser to read the pages with (looked for {', '.join(names)})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # The switches keep the browser itself from using the network and from needing a screen or a sandbox.
    switches = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=[*switches, "--disable-sync", "--no-first-run"]
        )
        yield browser
        browser.close()


def read_pages(browser, site, names, mode):
    """Load every page once in one mode and return, for each name, the facts and what the browser complained about."""
    with served(site) as address:
        context = browser.new_context(**MODES[mode])
        visits = {}
        for name in names:
            page = context.new_page()
            notes = SimpleNamespace(name=name, page=page, foreign=[], console=[], failed=[])
            listen(page, notes, address)
            page.goto(address + name, wait_until="commit")
            visits[name] = notes
        # Waiting comes after all have started, so the pages load side by side.
        for notes in visits.values():
            notes.page.wait_for_load_state("networkidle")
            notes.facts = SimpleNamespace(**notes.page.evaluate(FACTS))
        context.close()
    return visits


def listen(page, notes, address):
    """Write down every request to another host, every complaint and every request without an answer."""

    def asked(request):
        if not request.url.startswith((address, "data:", "blob:")):
            notes.foreign.append(request.url)

    def said(message):
        if message.type in ("error", "warning"):
            notes.console.append(f"{message.type}: {message.text}")

    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: notes.console.append(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: notes.failed.append(f"{request.url}: {request.failure}"))
    page.on("response", lambda answer: answer.status >= 400 and notes.failed.append(f"{answer.url}: {answer.status}"))


def built_pages(site):
    """Return the names of all pages; index.html only sends the reader to the first one."""
    names = sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))
    return [name for name in names if not name.startswith("_static/") and name != "index.html"]


@pytest.fixture(scope="module")
def pages():
    names = built_pages(SITE)
    if not names:
        pytest.fail("there is no site to read in _build/html: run `make book`")
    return names


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def visits(browser, pages, mode):
    # The search page is asked something, so that the index and its scripts are loaded too.
    asked = [f"{name}?q=softmax" if name == "search.html" else name for name in pages]
    return read_pages(browser, SITE, asked, mode)


def assert_none(visits, problems):
    """Fail with one line for each problem of a page."""
    lines = [f"{visit.name}: {problem}" for visit in visits.values() for problem in problems(visit)]
    assert not lines, "\n".join(lines)


def has_formula(name):
    """Tell whether the prose from which a page was made holds a formula."""
    source = (ROOT / name).with_suffix(".ipynb")
    if source.exists():
        cells = nbformat.read(source, as_version=4).cells
        return any("$" in cell.source for cell in cells if cell.cell_type == "markdown")
    source = source.with_suffix(".md")
    return source.exists() and "$" in source.read_text()


def wrong_formulas(visit, wanted):
    facts = visit.facts
    yield from (f"KaTeX cannot read {text!r}" for text in facts.bad_formulas)
    yield from (f"the reader sees a raw {text}" for text in set(facts.raw_formulas))
    if wanted and not facts.formulas:
        yield "the source has formulas, the page has none"
    if not all(facts.formulas):
        yield "a formula has no width"
    if facts.formulas and "loaded" not in facts.fonts:
        yield "no KaTeX font is loaded"
    if "error" in facts.fonts:
        yield "a KaTeX font does not load"


def wrong_figures(visit):
    for figure in visit.facts.figures:
        if not figure["loaded"]:
            yield f"{figure['source']} does not load"
        if figure["background"] != "rgba(0, 0, 0, 0)":
            yield f"{figure['source']} stands in a box of {figure['background']}"
        if figure["filter"] != "none":
            yield f"the theme changes the colours of {figure['source']}: {figure['filter']}"


def too_wide(visit, mode):
    # Not innerWidth: on a phone it grows with the page.
    wanted = MODES[mode]["viewport"]["width"]
    if visit.facts.width > wanted:
        yield f"{visit.facts.width} pixels wide on a screen of {wanted}"
    yield from (f"cut off at its right end: {text!r}" for text in visit.facts.cut)


def test_no_page_asks_another_host_for_anything(visits):
    assert_none(visits, lambda visit: visit.foreign)


def test_no_page_writes_an_error_or_a_warning_to_the_console(visits):
    assert_none(visits, lambda visit: visit.console)


def test_every_request_gets_its_file(visits):
    assert_none(visits, lambda visit: visit.failed)


def test_every_page_has_the_theme_that_the_reader_set(visits, mode):
    assert {visit.facts.theme for visit in visits.values()} == {MODES[mode]["color_scheme"]}


def test_no_page_scrolls_sideways_or_cuts_something_off(visits, mode):
    assert_none(visits, lambda visit: too_wide(visit, mode))


def test_formulas_are_shown_in_their_own_fonts(visits):
    assert_none(visits, lambda visit: wrong_formulas(visit, has_formula(visit.name)))


def test_figures_load_and_stand_on_the_page_without_a_box(visits):
    assert_none(visits, wrong_figures)


def test_the_search_finds_the_subject(visits):
    assert visits["search.html?q=softmax"].facts.found > 0


def test_a_figure_follows_the_page_s_own_theme_switch(browser, pages):
    name = next(name for name in pages if Page(SITE / name).images)
    with served(SITE) as address:
        page = browser.new_page(color_scheme="light")
        page.goto(address + name)
        page.locator("button.theme-switch-button").first.click()
        assert page.evaluate("document.documentElement.dataset.theme") == "dark"
        picture = imread(BytesIO(page.locator("main img").first.screenshot()))
        page.close()
    # The dark theme's ink is a light grey; in the light theme's colours no pixel of a figure is as light.
    assert picture[..., :3].min(axis=-1).max() > 0.7


# ------------------------------------------------------------------------------------------------- reading the files


class Page(HTMLParser):
    """Gathers a page's title, ids, links and the images of its main part."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.images, self.title = set(), [], [], ""
        self.open = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.open.add(tag)
        self.ids.add(attrs.get("id"))
        self.links += [attrs[key] for key in ("href", "src") if attrs.get(key)]
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
    parsed = {site / name: Page(site / name) for name in ["index.html", *built_pages(site)]}
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
        for name in built_pages(site)
        for source, alt in Page(site / name).images
        if not alt.strip() or Path(source).stem in alt
    ]


def test_the_site_is_the_table_of_contents(pages):
    files = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    assert set(pages) == {f"{name}.html" for name in [*files, "search", "genindex"]}


def test_every_page_has_its_own_title(pages):
    titles = [Page(SITE / name).title for name in pages]
    assert all(titles)
    assert len(set(titles)) == len(titles), titles


def test_no_page_loads_the_icon_script_beside_the_icon_font(pages):
    assert not [name for name in pages if "fontawesome.js" in (SITE / name).read_text()]  # 530 KiB each


def test_every_link_leads_to_a_file_and_an_id(pages):
    assert broken_links(SITE) == []


def test_every_image_says_what_it_shows(pages):
    assert images_without_words(SITE) == []


# ------------------------------------------------------------------------------------------ a page with every mistake

BROKEN = """<!doctype html><html data-theme="light"><head><title>broken</title>
<link rel="icon" href="data:,">
<style>
  @font-face { font-family: KaTeX_Main; src: url(missing.woff2); }
  .katex { font-family: KaTeX_Main; }
  img { background: white; filter: brightness(0.8); }
</style></head><body><main><article>
<p>a formula left as $x$ <span class="katex"><span class="katex-html">x</span></span>
<span class="katex-error">\\frac{</span></p>
<div style="width: 2000px">wide</div> <div style="width: 50px; overflow: hidden"><pre>cut off</pre></div>
<a href="nowhere.html">no file</a> <a href="#nowhere">no id</a>
<img src="missing.svg" alt="missing.svg"> <img src="http://127.0.0.1:9/other-host.png">
<script>console.warn("mind"); console.error("oh no"); undefined.uncaught;</script>
</article></main></body></html>"""


def test_a_page_with_every_mistake_fails_every_check(browser, tmp_path):
    for name in ("index.html", "broken.html"):
        (tmp_path / name).write_text(BROKEN)
    visit = read_pages(browser, tmp_path, ["broken.html"], "dark-phone")["broken.html"]

    assert visit.foreign == ["http://127.0.0.1:9/other-host.png"]
    assert {"warning: mind", "error: oh no"} < set(visit.console)
    assert any("uncaught" in line for line in visit.console)
    assert {Path(line.split(": ")[0]).name for line in visit.failed} == {
        "missing.woff2",
        "missing.svg",
        "other-host.png",
    }
    assert visit.facts.theme != "dark"
    assert list(too_wide(visit, "dark-phone")) == [
        f"{visit.facts.width} pixels wide on a screen of 390",
        "cut off at its right end: 'cut off'",
    ]
    assert len(list(wrong_formulas(visit, wanted=True))) == 4
    assert len(list(wrong_figures(visit))) == 6
    assert broken_links(tmp_path)[-3:] == [
        f"broken.html -> {link}" for link in ("nowhere.html", "#nowhere", "missing.svg")
    ]
    assert len(images_without_words(tmp_path)) == 2
