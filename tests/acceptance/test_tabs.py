"""All tabs of a browser share one connection, and all of them are right, whatever happens to it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.person import WITHOUT_WORKERS, Person
from tests.acceptance.test_recovery import shell
from tests.processes import Up, until, up
from tests.proxy import proxied

NAME, PASSWORD = "alice", "correct-horse-9"
COUNT = re.compile(r"^shipspeak_ws_connections (\S+)$", re.MULTILINE)
SHARED, ELECTED = "", WITHOUT_WORKERS
RECORD = """async () => {
  const app = document.querySelector("script[type=module]").src;
  const { bus } = await import(app.replace("app.js", "lib/bus.js"));
  globalThis.seqs = [];
  bus.subscribe("event", ({ seq }) => globalThis.seqs.push(seq));
  bus.subscribe("snapshot", ({ seq }) => globalThis.seqs.push(`snapshot ${seq}`));
}"""
LAST = (
    "from realtime.models import Event; print(Event.objects.filter(stream__name__startswith='user:').count())"
)

variants = pytest.mark.parametrize("script", [SHARED, ELECTED], ids=["shared-worker", "elected-leader"])


@pytest.fixture(scope="module")
def site() -> Iterator[Up]:
    """One ShipSpeak for all of these, which is killed and goes on."""
    account = {"DJANGO_SUPERUSER_USERNAME": NAME, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    with up(PROCESSING_RETRY_BASE="0.1", LEASE_SECONDS="5", **account) as running:
        yield running


@contextmanager
def signed_in(browser: Browser, site: Up, script: str = SHARED, address: str = "") -> Iterator[Person]:
    """Somebody in a new browser profile, whose pages run a script before their own."""
    address = address or site.address
    context = browser.new_context(base_url=address)
    context.set_default_timeout(15_000)
    if script:
        context.add_init_script(script)
    page = context.new_page()
    page.goto("/sign-in/")
    page.fill("input[name=username]", NAME)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    yield Person(site, page)
    context.close()


def tabs(person: Person, count: int, path: str) -> list[Page]:
    """The person's tab and more, all on ``path`` and live."""
    opened = [person.page, *(person.page.context.new_page() for _ in range(count - 1))]
    for page in opened:
        page.goto(path)
    for page in opened:
        person.sees_live(page)
    return opened


def connections(site: Up) -> int:
    """How many sockets the server has."""
    with urllib.request.urlopen(f"{site.address}/metrics", timeout=5) as answer:
        found = COUNT.search(answer.read().decode())
    assert found
    return int(float(found.group(1)))


def has_one_connection(site: Up) -> None:
    until(lambda: connections(site) == 1, "there is one connection", 5, lambda: str(connections(site)))


@variants
def test_they_share_one_connection_and_outlive_the_first_of_them(
    browser: Browser, site: Up, script: str
) -> None:
    with signed_in(browser, site, script) as alice:
        job = alice.submits("test.slow", seconds=60, ticks=60)
        first, *others = tabs(alice, 5, f"/jobs/{job['id']}/")
        has_one_connection(site)
        alice.page = others[0]
        first.close()
        assert alice.post(f"/api/v1/jobs/{job['id']}/cancel/", {}).status == 200
        for page in others:
            alice.sees_status(job["id"], "cancelled", 5, page)
            alice.sees_live(page)
        has_one_connection(site)


@variants
def test_they_are_all_signed_out_by_one_of_them(browser: Browser, site: Up, script: str) -> None:
    with signed_in(browser, site, script) as alice:
        first, *others = tabs(alice, 3, "/")
        others[0].set_viewport_size({"width": 390, "height": 700})
        first.bring_to_front()
        first.locator("summary.menu__face").click()
        first.get_by_role("button", name="Sign out").click()
        for page in others:
            state = page.locator("connection-state")
            expect(state).to_have_attribute("data-state", "signed-out", timeout=5_000)
            expect(state.get_by_role("link", name="Sign in")).to_be_in_viewport()
        until(lambda: connections(site) == 0, "nobody is connected", 5)


@variants
def test_they_go_on_after_the_server_was_killed_and_miss_nothing(
    browser: Browser, site: Up, script: str
) -> None:
    with signed_in(browser, site, script) as alice:
        job = alice.submits("test.chain", seconds=3, ticks=20)
        pages = tabs(alice, 3, f"/jobs/{job['id']}/")
        for page in pages:
            page.evaluate(RECORD)
        killed = site.pid("daphne")
        site.kill(killed)
        site.until(lambda: site.pid("daphne") not in (0, killed) and site.status() == 200, "it is back")
        for page in pages:
            expect(page.locator("connection-state")).to_have_attribute("data-state", "live", timeout=5_000)
        for page in pages:
            alice.sees_status(job["id"], "completed", page=page)
        last = int(shell(alice, LAST))
        for page in pages:
            seqs = page.evaluate("seqs")
            assert seqs == list(range(seqs[0], last + 1))
        has_one_connection(site)


def test_they_poll_where_sockets_do_not_come_through_and_return_to_one(browser: Browser, site: Up) -> None:
    with proxied(site.port) as proxy, signed_in(browser, site, address=proxy.address) as alice:
        job = alice.submits("test.slow", seconds=60, ticks=60)
        pages = tabs(alice, 2, f"/jobs/{job['id']}/")
        proxy.refuse_sockets()
        for page in pages:
            expect(page.locator("connection-state")).to_have_attribute("data-state", "polling")
        assert alice.post(f"/api/v1/jobs/{job['id']}/cancel/", {}).status == 200
        for page in pages:
            alice.sees_status(job["id"], "cancelled", 5, page)
        proxy.allow_sockets()
        for page in pages:
            expect(page.locator("connection-state")).to_have_attribute("data-state", "live", timeout=30_000)
        has_one_connection(site)
