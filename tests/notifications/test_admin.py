from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from notifications.models import Delivery
from notifications.preferences import choose
from shipspeak.accounts.models import User
from tests.notifications.things import email_of, tell

BrowserOf = Callable[[User], Client]


@pytest.mark.parametrize("model", ["notification", "delivery", "choice"])
def test_it_lists_and_shows(alice: User, olivia: User, browser_of: BrowserOf, model: str) -> None:
    notification = tell(alice, subject="Standup is ready")
    choose(alice, "job.failed", "email", on=False)
    browser = browser_of(olivia)
    search = {"notification": "Standup", "delivery": "Standup", "choice": "alice"}[model]
    page = browser.get(f"/admin/notifications/{model}/", {"q": search})
    assert page.status_code == 200
    assert b"alice" in page.content
    if model == "notification":
        assert (
            b"in_app" in browser.get(f"/admin/notifications/notification/{notification.pk}/change/").content
        )


@pytest.mark.parametrize("query", ["status=failed", "transport=email", "q=nothing"])
def test_it_filters_deliveries(alice: User, olivia: User, browser_of: BrowserOf, query: str) -> None:
    tell(alice)
    assert browser_of(olivia).get(f"/admin/notifications/delivery/?{query}").status_code == 200


def test_it_sends_again(alice: User, olivia: User, browser_of: BrowserOf) -> None:
    row = email_of(tell(alice))
    Delivery.objects.filter(pk=row.pk).update(status="failed", attempts=8)
    answer = browser_of(olivia).post(
        "/admin/notifications/delivery/",
        {"action": "send_again", "_selected_action": [row.pk], "index": "0"},
        follow=True,
    )
    assert b"1 will be sent again." in answer.content
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("pending", 0)


@pytest.mark.parametrize("model", ["notification", "delivery", "choice"])
def test_it_lets_nobody_write_by_hand(olivia: User, browser_of: BrowserOf, model: str) -> None:
    assert browser_of(olivia).get(f"/admin/notifications/{model}/add/").status_code == 403
