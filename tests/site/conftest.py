"""A browser and the built site's pages."""

import os

import pytest

from benchmarks.pages import SITE, launched, page_names


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
