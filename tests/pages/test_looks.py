"""Every page in a real browser: accessible (axe), in both themes, and no wider than the window.

The pages are drawn first, by the test client, and then given to the browser from memory: no server runs.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, Route

from jobs.states import Status
from notifications.dispatch import Notice, notify_many
from shipspeak.accounts import api_keys, sign_in_links
from shipspeak.accounts.models import User
from tests import chromium
from tests.factories import make_user
from tests.jobs.engine import job as submitted
from tests.jobs.ops.samples import busy_site, past_demand
from tests.pages.samples import UNTIMED, failed_meeting, finished_meeting, make_job

SITE = "http://shipspeak.test"
STATIC = Path(__file__).parents[2] / "static"
WIDTHS = (360, 768, 1440)
pytestmark = pytest.mark.browser

Drawn = dict[str, str]


@pytest.fixture
def drawn(alice: User, browser_of: Callable[[User], Client], client: Client) -> Drawn:
    """Each page's HTML by a name for it."""
    mine = browser_of(alice)
    api_keys.issue(alice, "Nightly import")
    jobs = {
        "waiting": submitted("slow"),
        "working": make_job(alice, status=Status.PROCESSING, stage="Counting", quality={"coverage": 0.5}),
        "done": finished_meeting(alice),
        "untimed": finished_meeting(alice, UNTIMED),
        "failed": failed_meeting(alice),
    }
    notify_many([Notice(alice.pk, "job.completed", "It is ready", "Read it.", "/jobs/", "success")])
    mine_at = {
        "dashboard": "/",
        "jobs": "/jobs/",
        "no jobs": "/jobs/?q=nothing",
        "meetings": "/meetings/",
        "new": "/meetings/new/",
        "settings": "/settings/",
        "password": "/settings/password/",
        "notifications": "/notifications/",
        "preferences": "/notifications/preferences/",
        **{name: f"/jobs/{job.pk}/" for name, job in jobs.items()},
    }
    pages = {name: mine.get(path) for name, path in mine_at.items()}
    past_demand()
    busy_site()
    operator = browser_of(make_user("olivia", is_staff=True, is_superuser=True))
    ops_at = {"outlook": "/ops/outlook/", "operations": "/ops/", "requeue": "/ops/requeue/?kind=test.broken"}
    pages |= {name: operator.get(path) for name, path in ops_at.items()}
    pages["refused"] = mine.post("/meetings/new/", {"text": ""})
    pages["new key"] = mine.post("/settings/keys/", {"name": "x", "scopes": ["read"]}, follow=True)
    pages["sign in"] = client.get("/sign-in/")
    pages["wrong password"] = client.post("/sign-in/", {"username": "alice", "password": "wrong"})
    pages["one-time link"] = client.get(sign_in_links.issue(alice))
    pages["used link"] = client.get("/sign-in/once/used/")
    pages["nothing there"] = client.get("/nothing/")
    return {name: answer.content.decode() for name, answer in pages.items()}


@pytest.fixture
def browser(drawn: Drawn) -> Iterator[Browser]:
    """Chromium; started after all use of the database, which its event loop would forbid."""
    with chromium.started() as started:
        yield started


def shown(browser: Browser, drawn: Drawn, **options: Any) -> Page:
    """A tab that finds every page at its name, and the static files."""

    def answer(route: Route) -> None:
        path = urlsplit(route.request.url).path
        static = STATIC / path.removeprefix(settings.STATIC_URL)
        if path.removeprefix("/") in names:
            route.fulfill(body=names[path.removeprefix("/")], content_type="text/html; charset=utf-8")
        elif path.startswith(settings.STATIC_URL) and static.is_file():
            media_type = mimetypes.guess_type(static.name)[0] or "text/plain"
            route.fulfill(body=static.read_bytes(), content_type=media_type)
        else:
            route.abort()

    names = {name.replace(" ", "-"): html for name, html in drawn.items()}
    page = browser.new_context(reduced_motion="reduce", **options).new_page()
    page.route("**/*", answer)
    page.route_web_socket("**/*", lambda socket: socket.close(code=4500))
    return page


@pytest.mark.parametrize(
    ("theme", "rules"), [("light", {}), ("dark", {"runOnly": ["color-contrast"]})], ids=["light", "dark"]
)
def test_it_is_accessible(theme: str, rules: dict[str, Any], drawn: Drawn, browser: Browser) -> None:
    page = shown(browser, drawn, color_scheme=theme, viewport={"width": 1280, "height": 900})
    found = {}
    for name in drawn:
        page.goto(f"{SITE}/{name.replace(' ', '-')}")
        page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
        results = Axe().run(page, options=rules)
        if results.violations_count:
            found[name] = results.generate_report()
    assert not found, "\n".join(f"{name}: {report}" for name, report in found.items())


@pytest.mark.parametrize("width", WIDTHS)
def test_it_never_scrolls_sideways(width: int, drawn: Drawn, browser: Browser) -> None:
    page = shown(browser, drawn, viewport={"width": width, "height": 800})
    too_wide = []
    for name in drawn:
        page.goto(f"{SITE}/{name.replace(' ', '-')}")
        if page.evaluate("document.documentElement.scrollWidth") > width:
            too_wide.append(name)
    assert not too_wide


def test_it_lets_one_go_everywhere_by_keyboard(drawn: Drawn, browser: Browser) -> None:
    page = shown(browser, drawn, viewport={"width": 1280, "height": 900})
    page.goto(f"{SITE}/dashboard")

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.type") == "file"


def test_it_draws_bars_of_the_right_length_without_scripts(drawn: Drawn, browser: Browser) -> None:
    page = shown(browser, drawn, java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page.goto(f"{SITE}/working")

    bar = page.locator(".progress .bar")
    whole, filled = bar.bounding_box(), bar.locator("rect").bounding_box()
    assert whole is not None
    assert filled is not None
    assert abs(filled["width"] / whole["width"] - 0.4) < 0.01
