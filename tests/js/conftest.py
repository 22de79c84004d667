"""A browser for the components. Skipped, loudly, where the machine has no Chromium."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests import chromium
from tests.js.site import Site


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; each gets a context of its own."""
    with chromium.started() as started:
        yield started


@pytest.fixture
def site(browser: Browser) -> Iterator[Site]:
    """A site of one page, made of the real scripts; it fails the test on an error in the console."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC")
    made = Site(context.new_page())
    yield made
    context.close()
    assert made.errors == []
