"""The reader's way through the site: the theme, the search, the copy button, next and previous, no scripts, paper."""

import re
import statistics
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from matplotlib.image import imread
from test_pages import barriers_on

from benchmarks.pages import AXE

ROOT = Path(__file__).resolve().parents[2]

# Characters on each full line of a page's paragraphs; the last line of a paragraph is not full.
LINES = r"""() => [...document.querySelectorAll("article section > p")].flatMap((paragraph) => {
  const texts = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT), range = document.createRange(), lines = {};
  while (texts.nextNode())
    for (let at = 0; at < texts.currentNode.length; at++) {
      range.setStart(texts.currentNode, at);
      range.setEnd(texts.currentNode, at + 1);
      const line = Math.round(range.getBoundingClientRect().bottom / 20);
      lines[line] = (lines[line] ?? 0) + 1;
    }
  return Object.values(lines).slice(0, -1);
})"""


@pytest.fixture
def opened(tab, site):
    """Return a function that opens a page of the site with some settings, such as `color_scheme="dark"`."""

    def open_page(name, **settings):
        page = tab(**settings)
        page.goto(site + name, wait_until="networkidle")
        return page

    return open_page


def test_a_line_of_prose_has_about_seventy_characters(opened):
    lengths = opened("chapters/03_cross_entropy.html").evaluate(LINES)
    assert len(lengths) > 50
    assert 64 <= statistics.median(lengths) <= 76


def test_a_figure_follows_the_page_s_own_theme_switch(opened):
    page = opened("chapters/01_logits.html", color_scheme="light")
    page.locator("button.theme-switch-button").first.click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    picture = imread(BytesIO(page.locator("main img").first.screenshot()))
    # The dark theme's ink is a light grey; in the light theme's colours no pixel of a figure is as light.
    assert picture[..., :3].min(axis=-1).max() > 0.7


def test_the_search_is_asked_for_by_key_and_answers_while_one_types(opened):
    page = opened("chapters/04_labels.html")
    asked = []  # a busy browser asks late for the icon

    def wanted(request):
        if request.resource_type in ("script", "fetch"):
            asked.append(Path(urlsplit(request.url).path).name)

    page.on("request", wanted)
    page.keyboard.press("Control+k")
    assert asked == []
    page.keyboard.type("logits")
    page.locator("#search-results li a").first.wait_for()
    assert asked == ["search.mjs", "minisearch.mjs", "search.json"]
    assert page.locator("#pst-search-dialog input").input_value() == "logits"
    page.evaluate(AXE.read_text())
    quoted = page.locator("#search-results p.context").all_inner_texts()
    assert all(".pdf" not in text for text in quoted), quoted  # a button's text
    results = page.locator("#search-results li").all_inner_texts()
    assert all("logit" in text.lower() for text in results), results
    assert page.locator("#search-results [role=status]").inner_text() == "20 results for “logits”"
    assert barriers_on(page) == []
    page.locator("#search-results li a").first.click()
    page.wait_for_load_state("networkidle")
    assert "chapters/" in page.url
    assert "logits" in page.locator("article").inner_text().lower()


def test_a_search_that_loads_slowly_answers_for_all_that_was_typed_meanwhile(opened):
    page = opened("chapters/04_labels.html")
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    held = []
    page.route("**/search.json", lambda route: held.append(route))  # no answer yet
    page.keyboard.press("Control+k")
    for part in ("perp", "lexity"):
        page.keyboard.type(part)
        page.wait_for_timeout(600)  # the theme asks once nobody has typed for 300 ms
    assert len(held) == 1
    held[0].continue_()
    page.locator("#search-results li a").first.wait_for()
    assert "perplexity" in page.locator("#search-results span.highlighted").first.inner_text().lower()
    assert complaints == []


def test_what_is_pasted_with_the_mouse_is_searched_for(opened):
    page = opened("chapters/04_labels.html")
    page.keyboard.press("Control+k")
    paste = """(text) => {
      const field = document.querySelector("#pst-search-dialog input");
      field.value = text;
      field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertFromPaste" }));
    }"""
    page.evaluate(paste, "Only axis=-1 is currently supported. Received: axis=1")
    page.locator("#search-results li a").first.wait_for()


def test_enter_leads_to_a_page_with_the_same_results_and_without_a_match_it_says_so(opened):
    page = opened("chapters/04_labels.html")
    page.keyboard.press("Control+k")
    page.keyboard.type("perplexity")
    page.locator("#search-results li a").first.wait_for()
    while_typing = page.locator("#search-results li a").all_inner_texts()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=perplexity")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li a").all_inner_texts() == while_typing
    page.goto(page.url.replace("perplexity", "xyzzy"))
    page.locator("#search-results [role=status]").wait_for()
    assert page.locator("#search-results").inner_text() == "Nothing was found for “xyzzy”."
    assert page.locator(".bd-search-container input").input_value() == "xyzzy"


def test_a_button_copies_the_code_of_a_cell(opened):
    page = opened("chapters/01_logits.html", permissions=["clipboard-read", "clipboard-write"])
    cell = page.locator("div.cell_input").nth(1)
    cell.hover()
    cell.locator("button.copybtn").click()
    page.locator("button.copybtn.success").wait_for()
    assert page.evaluate("navigator.clipboard.readText()").strip() == cell.locator("pre").inner_text().strip()


def test_next_leads_from_the_first_page_to_the_last_and_previous_back(opened):
    page = opened("chapters/index.html")
    way = [page.url]
    while page.locator("a.right-next").count():
        page.goto(page.locator("a.right-next").evaluate("link => link.href"))
        way.append(page.url)
    contents = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    assert [url.partition("/chapters/")[2] for url in way] == [f"{Path(name).name}.html" for name in contents]
    assert page.locator("a.left-prev").evaluate("link => link.href") == way[-2]


def test_without_scripts_a_chapter_has_its_formulas_figures_and_text(opened):
    page = opened("chapters/03_cross_entropy.html", java_script_enabled=False)
    assert page.locator("main .katex-html").first.bounding_box()["width"] > 0
    assert page.locator("main img").first.bounding_box()["width"] > 300
    assert page.locator(".course-widget table").is_visible()
    assert not page.locator("button.search-button-field").is_visible()  # it would do nothing


def test_on_paper_a_page_is_light_unfolded_and_without_what_is_for_the_screen(opened):
    page = opened("chapters/01_logits.html", color_scheme="dark")
    answer = page.locator("details.sd-dropdown p").last
    assert not answer.is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert answer.bounding_box()["height"] > 0
    for screen_only in ("#pst-primary-sidebar", "#pst-secondary-sidebar", ".bd-header-article", ".prev-next-footer"):
        assert not page.locator(screen_only).is_visible(), screen_only
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
