"""The cast of the tests, and a summary that does not hide what was skipped.

Alice has what a test is about; Bob is in her team; Charlie is an outsider, who must see none of it; and
Olivia operates the site.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client
from rest_framework.test import APIClient

from jobs import predictions, standings
from shipspeak.accounts.models import User
from tests.factories import make_team, make_user

NOTHING_SKIPPED = os.environ.get("SHIPSPEAK_TESTS_REQUIRE") == "all"


@pytest.fixture
def alice(db: None) -> User:
    """Whose things a test is about."""
    return make_user("alice")


@pytest.fixture
def bob(alice: User) -> User:
    """Alice's teammate."""
    bob = make_user("bob")
    make_team("alice and bob", alice, bob)
    return bob


@pytest.fixture
def charlie(db: None) -> User:
    """An outsider."""
    return make_user("charlie")


@pytest.fixture
def olivia(db: None) -> User:
    """The operator: staff, and a superuser."""
    return make_user("olivia", is_staff=True, is_superuser=True)


@pytest.fixture
def browser_of() -> Callable[[User], Client]:
    """A browser in which somebody is signed in: ``browser_of(alice).get("/")``."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def api_of() -> Callable[[User], APIClient]:
    """The API as somebody calls it: ``api_of(alice).get("/api/v1/jobs/")``."""

    def make(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return make


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Counts of requests and the like end with the test that made them, and so does what was learned."""
    cache.clear()
    predictions.history.forget()
    standings.forget()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly what was skipped: a green run that tested half is not green."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        verdict = (
            "which SHIPSPEAK_TESTS_REQUIRE=all forbids" if NOTHING_SKIPPED else "so they prove nothing here"
        )
        terminalreporter.section("SKIPPED", sep="!", red=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} tests were skipped, {verdict}; the reasons are above.", red=True
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fails the run in which something was skipped where nothing may be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if NOTHING_SKIPPED and reporter and reporter.stats.get("skipped") and session.exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
