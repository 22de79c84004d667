"""How fresh the news are, as the page says it: truly, and calmly."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from tests.js.site import Site

STATE = """<connection-state role="status" aria-live="polite"><span data-connection-text></span>
  <a data-sign-in hidden href="/in">Sign in</a></connection-state>"""
PUBLISH = """async ([name, since]) => {
  const { bus } = await import("/static/js/lib/bus.js");
  bus.publish("connection", { name, since, message: "" });
}"""


def opened(site: Site) -> None:
    """A live page whose time stands still until it is told to run."""
    site.page.clock.install()
    site.show(STATE)
    expect(site.page.locator("connection-state")).to_have_attribute("data-state", "live")
    site.page.clock.pause_at(time.time() + 60)


def becomes(site: Site, name: str, since: int | None = None) -> None:
    """The connection's state changes."""
    site.page.evaluate(PUBLISH, [name, since])


def passes(site: Site, milliseconds: int) -> str:
    """Lets time pass, and returns the state that is shown then."""
    site.page.clock.run_for(milliseconds)
    return site.page.locator("connection-state").get_attribute("data-state") or ""


def test_it_says_nothing_of_a_trouble_that_is_over_within_a_second(site: Site) -> None:
    opened(site)
    for name in ("connecting", "catching-up", "connecting"):
        becomes(site, name, 1)
        assert passes(site, 300) == "live"
    becomes(site, "live")
    assert passes(site, 3_000) == "live"


def test_it_tells_a_trouble_that_stays_even_if_it_changes_its_name(site: Site) -> None:
    opened(site)
    becomes(site, "connecting", 1)
    assert passes(site, 600) == "live"
    becomes(site, "offline", 1)
    assert passes(site, 500) == "offline"
    expect(site.page.locator("[data-connection-text]")).to_contain_text("Offline since")


def test_it_lets_what_it_told_stand_for_a_second(site: Site) -> None:
    opened(site)
    becomes(site, "offline", 1)
    assert passes(site, 1_000) == "offline"
    becomes(site, "live")
    assert passes(site, 800) == "offline"
    assert passes(site, 300) == "live"


def test_it_says_at_once_that_nobody_is_signed_in(site: Site) -> None:
    opened(site)
    becomes(site, "signed-out", 1)
    assert passes(site, 0) == "signed-out"
    expect(site.page.get_by_role("link", name="Sign in")).to_be_visible()
