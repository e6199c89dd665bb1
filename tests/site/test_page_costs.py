"""What a page costs, measured on a small site made by hand and on the book; and the stored figures of the book."""

import gzip
import json
import re
import statistics
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.pages import SITE

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
STORED = json.loads((FOLDER / "results.json").read_text())


# The pages

SITE_BY_HAND = {
    "index.html": '<meta http-equiv="Refresh" content="0; url=good.html">',
    "_static/part.html": "not a page",
    "good.html": """<!doctype html><html lang="en"><title>good</title><link rel="icon" href="data:,"><main><h1>Good</h1>
        <script src="a.js"></script><script src="a.js"></script><div style="height: 9000px"></div>
        <img loading="lazy" src="low.svg" alt="a picture"><div style="height: 9000px"></div></main></html>""",
    "more/bad.html": """<!doctype html><html lang="en"><title>bad</title><link rel="icon" href="data:,"><main>
        <h1>Bad</h1><img src="../low.svg"><script src="http://a.test/lib/b.js"></script><script src="http://a.test/none.js"></script>
        <script>console.log("fine"); console.warn("mind"); console.error("oh no"); undefined.uncaught;</script></main>
        </html>""",
    "a.js": "let twice; // " + 500 * "word ",
    "low.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
}


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def zipped(*names, files=SITE_BY_HAND):
    """Return the KiB on the wire of some text files."""
    return sum(len(gzip.compress(files[name].encode(), 6)) for name in names) / 1024


@pytest.fixture(scope="module")
def site_by_hand(benchmarks, browser, tmp_path_factory):
    """Return what the browser finds on the pages of a small site, by name; one other host has a copy."""
    folder = tmp_path_factory.mktemp("site")
    write(folder, SITE_BY_HAND)
    copies = tmp_path_factory.mktemp("copies")
    write(copies, {"a.test/lib/b.js": "console.warn('copied')"})
    return {row["name"]: row for row in benchmarks.pages.read_site(browser, folder, copies=copies)}


@pytest.fixture(scope="module")
def book(benchmarks, browser, pages):
    """Return what the browser finds on the pages of the book, by name; it scrolls to the end and presses nothing.

    What axe finds on them is in test_pages.py, for all four modes.
    """
    return {row["name"]: row for row in benchmarks.pages.read_site(browser, SITE, pages, barriers=False)}


def books(**figures):
    """Return a measurement of this site and of one other book, with the same figures but for those that are given."""
    names = ("kib", "requests", "foreign", "axe", "console")
    one = {"pages": 3, "measured": "2026-01-02", "tools": "Chromium 1, axe-core 2"}
    one |= {name: {"median": 1.5, "max": 4} for name in names}
    other = {"name": "a book", "commit": "abc123", "date": "2025-03-04", "built": "with `make`"}
    return {"ours": one | figures, "anchors": [one | other]}


def test_the_stored_pages_ask_no_other_host_say_nothing_to_the_console_and_are_lighter_than_two_other_books():
    ours, anchors = STORED["pages"]["ours"], STORED["pages"]["anchors"]
    assert [anchor["name"] for anchor in anchors] == ["numpy-tutorials", "scikit-learn-mooc"]
    assert ours["foreign"]["max"] == ours["console"]["max"] == 0
    for anchor in anchors:
        assert anchor.keys() - ours.keys() == {"name", "commit", "date", "built"}
        assert ours["kib"]["median"] < anchor["kib"]["median"] / 2
        assert ours["axe"]["median"] < anchor["axe"]["median"]


def test_half_of_the_pages_weigh_at_most_125_kib_and_none_more_than_200(book):
    weights = {name: round(row["kib"], 1) for name, row in book.items()}
    assert statistics.median(weights.values()) <= 125, weights
    assert max(weights.values()) <= 200, weights


def test_a_widget_fetches_no_network_and_nothing_that_runs_one_before_it_is_started(book):
    seen = set()
    for name, row in book.items():
        shown = re.findall('data-widget="([^"]+)"', (SITE / name).read_text())
        asked = [url.partition("/_static/")[2] for url in row["asked"]]
        assert {f"widgets/{widget}.mjs" for widget in shown} <= set(asked), name
        assert [file for file in asked if re.match(r"models/|widgets/(forward|weights)\.mjs", file)] == [], name
        seen.update(shown)
    assert seen == {"loss-meaning", "logit-lab", "label-lab", "digit-canvas", "pixel-explorer", "writer"}


def test_pages_are_the_html_files_but_for_parts_and_for_those_that_lead_on(site_by_hand):
    assert list(site_by_hand) == ["good.html", "more/bad.html"]


def test_a_page_weighs_its_files_once_each_and_what_comes_late_too(site_by_hand):
    good = site_by_hand["good.html"]
    assert good["requests"] == 3
    assert good["kib"] == pytest.approx(zipped("good.html", "a.js", "low.svg"))
    assert good["foreign"] == good["axe"] == []
    # The second `let` of the same name is a mistake, and the only one.
    assert [line.partition(":")[0] for line in good["console"]] == ["uncaught"]


def test_a_page_with_every_mistake_shows_each_of_them(site_by_hand):
    bad = site_by_hand["more/bad.html"]
    assert bad["foreign"] == ["http://a.test/lib/b.js", "http://a.test/none.js"]
    assert bad["requests"] == 4
    assert bad["axe"] == ["image-alt: img"]
    assert bad["console"][:3] == ["warning: copied", "warning: mind", "error: oh no"]
    assert [line.partition(":")[0] for line in bad["console"][3:]] == ["uncaught"]


def test_files_of_other_hosts_weigh_and_an_address_without_a_copy_has_no_bytes(site_by_hand):
    library = zipped("b.js", files={"b.js": "console.warn('copied')"})
    assert site_by_hand["more/bad.html"]["kib"] == pytest.approx(zipped("more/bad.html", "low.svg") + library)


@pytest.mark.parametrize("ending", ["html", "css", "js?v=1", "mjs", "svg#part", "json", "txt"])
def test_text_is_weighed_as_gzip_sends_it(ending, benchmarks):
    assert benchmarks.pages.wire_size(f"http://a.test/b.{ending}", 1000 * b"a") < 50


@pytest.mark.parametrize("name", ["b.png", "b.woff2", "b", "js", "b.png?as=x.js"])
def test_other_files_are_weighed_as_they_are(name, benchmarks):
    assert benchmarks.pages.wire_size(f"http://a.test/{name}", 1000 * b"a") == 1000


def test_an_empty_file_weighs_nothing(benchmarks):
    assert benchmarks.pages.wire_size("http://a.test/b.js", b"") == 0


def test_a_page_that_never_stops_loading_is_an_error_that_names_what_it_waits_for(benchmarks):
    page = SimpleNamespace(url="http://a.test/", wait_for_timeout=lambda time: None)
    with pytest.raises(TimeoutError, match=r"^http://a\.test/ still loads after a minute: \['slow\.js'\]$"):
        benchmarks.pages.settle(page, {"slow.js": None, "fast.js": None}, {"fast.js"})


def test_a_summary_has_the_median_and_the_maximum_and_lists_count_by_their_length(benchmarks):
    rows = [
        {"kib": kib, "requests": requests, "foreign": ["a"] * foreign, "axe": ["b"] * axe, "console": []}
        for kib, requests, foreign, axe in ((1.5, 9, 0, 4), (9.0, 7, 5, 1), (2.5, 8, 0, 2))
    ]
    assert benchmarks.pages.summary(rows) == {
        "pages": 3,
        "kib": {"median": 2.5, "max": 9.0},
        "requests": {"median": 8, "max": 9},
        "foreign": {"median": 0, "max": 5},
        "axe": {"median": 2, "max": 4},
        "console": {"median": 0, "max": 0},
    }


def test_without_a_site_the_program_says_how_to_make_one(benchmarks, monkeypatch, tmp_path):
    monkeypatch.setattr(benchmarks.pages, "SITE", tmp_path / "html")
    with pytest.raises(SystemExit, match=r"^there is no site to read in _build/html: run `make book`$"):
        benchmarks.pages.measure()


def test_without_a_browser_the_error_says_what_was_looked_for(benchmarks, monkeypatch):
    monkeypatch.setattr(benchmarks.pages.shutil, "which", lambda name: None)
    with (
        pytest.raises(FileNotFoundError, match=r"looked for chromium, chromium-browser, google-chrome"),
        benchmarks.pages.launched(),
    ):
        pass


def test_a_new_measurement_keeps_the_other_books(benchmarks, elsewhere, monkeypatch, tmp_path):
    write(tmp_path, {"html/a.html": ""})
    monkeypatch.setattr(benchmarks.pages, "SITE", tmp_path / "html")
    monkeypatch.setattr(benchmarks.pages, "measure_site", lambda site: {"pages": 7, "site": site})
    assert benchmarks.pages.measure()["anchors"] == []
    benchmarks.harness.record("pages", **books())
    assert benchmarks.pages.measure() == {
        "ours": {"pages": 7, "site": tmp_path / "html"},
        "anchors": books()["anchors"],
    }


def test_another_site_is_measured_by_name_and_printed_as_json(benchmarks, monkeypatch, capsys):
    monkeypatch.setattr(benchmarks.pages, "measure_site", lambda **given: {key: str(given[key]) for key in given})
    benchmarks.pages.main(["site", "a.html", "--copies", "cdn"])
    assert json.loads(capsys.readouterr().out) == {"site": "site", "names": "['a.html']", "copies": "cdn"}


def test_the_page_of_the_pages_holds_each_book_with_its_medians_and_how_it_was_built(benchmarks):
    page = benchmarks.pages.page(books(kib={"median": 1234.4, "max": 4891.7}, requests={"median": 26.0, "max": 35}))
    assert "| this course | 3 | 1,234 (4,892) | 26 (35) | 1.5 (4) | 1.5 (4) | 1.5 (4) |\n" in page
    assert "| a book | 3 | 2 (4) | 1.5 (4) | 1.5 (4) | 1.5 (4) | 1.5 (4) |\n" in page
    assert "measured\n2026-01-02 with Chromium 1, axe-core 2.\n" in page
    assert "- a book, commit abc123 (2025-03-04): with `make`. Measured 2026-01-02 with Chromium 1," in page
    assert "floors" in page
