"""The built pages as a reader meets them: in a browser, in both themes, on a desk and on a phone.

The browser reads each page once in each mode and notes what happened; every test then looks at one kind of fact.
"""

from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from labs import DESK, PHONE

from benchmarks.pages import AXE, SITE, VIOLATIONS, served
from utils.plots import PALETTE

ROOT = Path(__file__).resolve().parents[2]

MODES = {
    f"{theme}-{name}": {"color_scheme": theme, **screen}
    for theme in ("light", "dark")
    for name, screen in {"desk": DESK, "phone": PHONE}.items()
}

# Folded parts are opened and widgets started first: what a reader can unfold must fit and load too. Asking for the
# height lays them out.
UNFOLD = r"""async () => {
  document.querySelectorAll("details").forEach((each) => (each.open = true));
  for (const place of document.querySelectorAll("[data-widget]")) {
    place.scrollIntoView();
    while (!place.querySelector(".lab")) await new Promise((done) => setTimeout(done, 20));
  }
  document.body.offsetHeight;
  await document.fonts.ready;
}"""

# What fades in has too little contrast on its way. A transition that is cut short, as when a panel closes while it
# opens, rejects its promise with an AbortError; and while one ends another may start.
STILL = """async () => {
  for (let moving; (moving = document.getAnimations().filter((each) => each.playState === "running")).length; )
    await Promise.allSettled(moving.map((each) => each.finished));
}"""

FACTS = r"""() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let prose = "";
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.parentElement.closest("pre, code, .katex, script, style")) prose += text.data;
  }
  function contentsEnd() {  // with every part unfolded, as each is while one reads it
    const lists = all(".page-toc ul");
    lists.forEach((each) => (each.style.display = "block"));
    const ends = all(".page-toc a").map((each) => each.getBoundingClientRect().right);
    lists.forEach((each) => (each.style.display = ""));
    return Math.max(0, ...ends);
  }
  return {
    theme: document.documentElement.dataset.theme,
    blue: getComputedStyle(document.documentElement).getPropertyValue("--blue").trim(),
    width: document.documentElement.scrollWidth,
    contents: contentsEnd(),
    cut: all("article *").filter((each) => !each.closest(".katex, .hidden")
      && getComputedStyle(each).overflowX === "hidden"
      && each.scrollWidth > each.clientWidth + 4).map((each) => each.textContent.trim().slice(0, 40)),
    raw_formulas: prose.match(/\$|\\[([]/g) ?? [],
    bad_formulas: all(".katex-error").map((each) => each.textContent),
    formulas: all("main .katex-html").map((each) => each.getBoundingClientRect().width),
    fonts: [...document.fonts].filter((each) => each.family.startsWith("KaTeX")).map((each) => each.status),
    found: all("#search-results li").map((each) => each.textContent),
    figures: all("main img").map((each) => ({
      source: each.getAttribute("src"),
      loaded: each.complete && each.naturalWidth > 0,
      scale: each.clientWidth / each.naturalWidth,
      background: getComputedStyle(each).backgroundColor,
      filter: getComputedStyle(each).filter,
    })),
  };
}"""

# What a reader can open on a page. Search and sidebar are the same on all of them, and axe weighs the whole page each
# time: one page of each kind has it look at them, the first page, a chapter and a look-up page.
SEARCH, SIDEBAR = "the search", "the sidebar"
OPENED = ("chapters/index.html", "chapters/04_labels.html", "chapters/messages.html")


def read_pages(browser, site, names, mode):
    """Load every page once in one mode, open on some the search and, on a phone, the sidebar; return what was found.

    Each visit has `foreign`, `console` and `failed`, requests and messages; `axe`, the violated rules by what was open;
    and `facts`, what FACTS asks for.
    """
    visits = {}
    with served(site) as address:
        for name in names:
            context = browser.new_context(**MODES[mode])
            context.set_default_timeout(120_000)  # a busy machine is not a broken page
            page = context.new_page()
            visit = SimpleNamespace(name=name, foreign=[], console=[], failed=[], axe={})
            listen(page, visit, address)
            page.goto(address + name)
            page.evaluate(UNFOLD)
            page.wait_for_load_state("networkidle")
            visit.facts = SimpleNamespace(**page.evaluate(FACTS))
            page.evaluate(AXE.read_text())  # defines `axe` without a request
            visit.axe["the page"] = barriers_on(page)
            if name in OPENED:
                open_and_look(page, visit, mode)
            context.close()
            visits[name] = visit
    return visits


def barriers_on(page, part=None):
    """Return the rules of axe that the page or a part of it violates, once nothing moves; the page has loaded axe."""
    page.evaluate(STILL)
    return page.evaluate(VIOLATIONS, part)


def open_and_look(page, visit, mode):
    """Open what a reader can open on the page, and let axe look at it; the page behind it is the same as before."""
    page.keyboard.press("Control+k")
    page.locator("#pst-search-dialog[open]").wait_for()
    visit.axe[SEARCH] = barriers_on(page, "#pst-search-dialog")
    page.keyboard.press("Escape")
    if mode.endswith("phone"):
        page.locator(".primary-toggle").click()
        page.locator("#pst-primary-sidebar-modal[open]").wait_for()
        visit.axe[SIDEBAR] = barriers_on(page, "#pst-primary-sidebar-modal")


def listen(page, visit, address):
    """Note every complaint, every request to another host and every one without an answer."""

    def wanted(request):
        if not request.url.startswith((address, "data:", "blob:")):
            visit.foreign.append(request.url)

    def said(message):
        if message.type in ("error", "warning"):
            visit.console.append(f"{message.type}: {message.text}")

    page.on("request", wanted)
    page.on("console", said)
    page.on("pageerror", lambda error: visit.console.append(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: visit.failed.append(f"{request.url}: {request.failure}"))
    page.on("response", lambda answer: answer.status >= 400 and visit.failed.append(f"{answer.url}: {answer.status}"))


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
        elif 16 * figure["scale"] < 11:  # the figures' text is drawn at 16 pixels
            yield f"the text of {figure['source']} is {16 * figure['scale']:.1f} pixels high"
        if figure["background"] != "rgba(0, 0, 0, 0)":
            yield f"{figure['source']} stands in a box of {figure['background']}"
        if figure["filter"] != "none":
            yield f"the theme changes the colours of {figure['source']}: {figure['filter']}"


def too_wide(visit, mode):
    # Not innerWidth: on a phone it grows with the page.
    wanted = MODES[mode]["viewport"]["width"]
    if visit.facts.width > wanted:
        yield f"{visit.facts.width} pixels wide on a screen of {wanted}"
    if mode.endswith("desk") and visit.facts.contents > wanted:  # on a phone they wait beside the screen
        yield f"its contents end at {visit.facts.contents:.0f} on a screen of {wanted}"
    yield from (f"cut off at its right end: {text!r}" for text in visit.facts.cut)


def barriers(visit):
    return [f"with {what} open, {rule}" for what, rules in visit.axe.items() for rule in rules]


# ------------------------------------------------------------------------------------------------------ on every page


def test_no_page_asks_another_host_for_anything(visits):
    assert_none(visits, lambda visit: visit.foreign)


def test_no_page_writes_an_error_or_a_warning_to_the_console(visits):
    assert_none(visits, lambda visit: visit.console)


def test_every_request_gets_its_file(visits):
    assert_none(visits, lambda visit: visit.failed)


def test_axe_finds_no_barrier_on_a_page_in_its_search_or_in_its_sidebar(visits, mode):
    assert_none(visits, barriers)
    looked_at = {what for visit in visits.values() for what in visit.axe}
    assert looked_at == {"the page", SEARCH, SIDEBAR} - ({SIDEBAR} if mode.endswith("desk") else set())


def test_every_page_has_the_theme_that_the_reader_set_and_the_figures_palette(visits, mode):
    theme = MODES[mode]["color_scheme"]
    blue = PALETTE["blue"][theme == "dark"]
    assert {(visit.facts.theme, visit.facts.blue) for visit in visits.values()} == {(theme, blue)}


def test_no_page_scrolls_sideways_or_cuts_something_off(visits, mode):
    assert_none(visits, lambda visit: too_wide(visit, mode))


def test_formulas_are_shown_in_their_own_fonts(visits):
    assert_none(visits, lambda visit: wrong_formulas(visit, has_formula(visit.name)))


def test_figures_load_with_legible_text_and_stand_on_the_page_without_a_box(visits):
    assert_none(visits, wrong_figures)


def test_the_search_page_finds_the_subject(visits):
    found = visits["search.html?q=softmax"].facts.found
    assert len(found) > 5
    assert all("softmax" in text.lower() and ".ipynb" not in text for text in found), found


# ------------------------------------------------------------------------------------------ a page with every mistake

BROKEN = """<!doctype html><html data-theme="dark"><head><title>broken</title>
<link rel="icon" href="data:,">
<style>
  @font-face { font-family: KaTeX_Main; src: url(missing.woff2); }
  .katex { font-family: KaTeX_Main; }
  img { background: white; filter: brightness(0.8); }
</style></head><body><main><article>
<p>a formula left as $x$ <span class="katex"><span class="katex-html">x</span></span>
<span class="katex-error">\\frac{</span></p>
<div style="width: 2000px">wide</div> <div style="width: 50px; overflow: hidden"><pre>cut off</pre></div>
<img src="missing.svg" alt="missing.svg"> <img src="http://127.0.0.1:9/other-host.png">
<img src="small.svg" alt="text too small to read" width="100">
<p style="color: #bbb; background: #fff">pale</p>
<script>console.warn("mind"); console.error("oh no"); undefined.uncaught;</script>
</article></main></body></html>"""


def test_what_moves_is_waited_for_also_where_it_is_cut_short(browser):
    page = browser.new_page()
    page.set_content("<p>text</p>")
    page.evaluate("""() => {
      const p = document.querySelector("p"), fade = { opacity: [0, 1] };
      const first = p.animate(fade, 600_000);
      setTimeout(() => { first.cancel(); p.animate(fade, { duration: 300, fill: "forwards" }); }, 200);
    }""")
    page.evaluate(STILL)
    assert page.evaluate("getComputedStyle(document.querySelector('p')).opacity") == "1"
    page.close()


def test_a_page_with_every_mistake_fails_every_check(browser, tmp_path):
    (tmp_path / "broken.html").write_text(BROKEN)
    (tmp_path / "small.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="500" height="9"></svg>')
    visit = read_pages(browser, tmp_path, ["broken.html"], "light-phone")["broken.html"]

    assert visit.foreign == ["http://127.0.0.1:9/other-host.png"]
    assert {"warning: mind", "error: oh no"} < set(visit.console)
    assert any("uncaught" in line for line in visit.console)
    assert {Path(line.split(": ")[0]).name for line in visit.failed} == {
        "missing.woff2",
        "missing.svg",
        "other-host.png",
    }
    assert {line.split(", ")[1].partition(":")[0] for line in barriers(visit)} > {
        "html-has-lang",
        "image-alt",
        "color-contrast",
    }
    assert visit.facts.theme != "light"
    assert list(too_wide(visit, "light-phone")) == [
        f"{visit.facts.width} pixels wide on a screen of 390",
        "cut off at its right end: 'cut off'",
    ]
    assert len(list(wrong_formulas(visit, wanted=True))) == 4
    problems = list(wrong_figures(visit))
    assert len(problems) == 9
    assert "the text of small.svg is 3.2 pixels high" in problems
