"""A real browser against the real processes. Skipped, loudly, where the machine has no Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests import chromium
from tests.acceptance.person import Person
from tests.processes import Up, up

LINK = re.compile(r"http://127\.0\.0\.1:\d+/sign-in/once/\S+")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; each gets contexts of its own."""
    with chromium.started() as started:
        yield started


@pytest.fixture
def site() -> Iterator[Up]:
    """A freshly started ShipSpeak."""
    with up(PROCESSING_RETRY_BASE="0.1", LEASE_SECONDS="5") as running:
        yield running


@pytest.fixture
def context(browser: Browser, site: Up) -> Iterator[BrowserContext]:
    """A browser profile; it fails the test on any error in the page's console."""
    made = browser.new_context(base_url=site.address)
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """An empty tab."""
    return context.new_page()


@pytest.fixture
def admin(site: Up, page: Page) -> Person:
    """The first administrator, signed in by the link that `up` printed."""
    found = LINK.search(site.output)
    assert found, site.output
    page.goto(found.group())
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    page.wait_for_url(f"{site.address}/")
    return Person(site, page)
