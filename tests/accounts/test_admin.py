"""People and keys in the admin."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User

Browser = Callable[[User], Client]


@pytest.mark.parametrize("page", ["user/", "user/add/", "apikey/"])
def test_it_shows_people_and_keys(olivia: User, browser_of: Browser, page: str) -> None:
    api_keys.issue(olivia, "script")

    assert browser_of(olivia).get(f"/admin/accounts/{page}").status_code == 200


def test_it_shows_one_person(olivia: User, alice: User, browser_of: Browser) -> None:
    assert browser_of(olivia).get(f"/admin/accounts/user/{alice.pk}/change/").status_code == 200


def test_it_revokes_keys_but_makes_none(olivia: User, alice: User, browser_of: Browser) -> None:
    row, key = api_keys.issue(alice, "script")
    client = browser_of(olivia)

    client.post("/admin/accounts/apikey/", {"action": "revoke", "_selected_action": [row.pk]})

    assert ApiKey.objects.get().is_revoked
    assert api_keys.find(key) is None
    assert client.get("/admin/accounts/apikey/add/").status_code == 403


def test_it_keeps_others_out(alice: User, browser_of: Browser) -> None:
    assert browser_of(alice).get("/admin/accounts/user/").status_code == 302
