"""A browser, the built site's pages, and a tab that stands before a lab."""

import os

import pytest

from benchmarks.pages import SITE, launched, page_names, served

pytest.register_assert_rewrite("labs")
from labs import DESK, LANDING, PATIENCE, come_near  # noqa: E402 (only now are its assertions explained)


@pytest.fixture(scope="module")
def browser():
    """Return the machine's Chromium. CI must have one; elsewhere the tests that need it are skipped."""
    try:
        with launched() as browser:
            yield browser
    except FileNotFoundError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def pages():
    """Return the names of the built site's pages."""
    names = page_names(SITE)
    if not names:
        pytest.fail("there is no site to read in _build/html: run `make book`")
    return names


@pytest.fixture(scope="module")
def site(pages):
    with served(SITE) as address:
        yield address


@pytest.fixture
def tab(browser):
    """Return a function that opens an empty tab, on a desk unless told otherwise."""
    contexts = []

    def new(**options):
        contexts.append(browser.new_context(**DESK | options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def lab(tab, site):
    """Return a function that opens a page and scrolls to its lab."""

    def visit(name=LANDING, fragment="", **options):
        page = tab(**options)
        page.goto(site + name + fragment)
        come_near(page)
        return page

    return visit
