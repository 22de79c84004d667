"""API keys on the settings page."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from jobs.models import ProviderCall
from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User

BrowserOf = Callable[[User], Client]


@pytest.fixture
def browser(alice: User, browser_of: BrowserOf) -> Client:
    """Alice's browser."""
    return browser_of(alice)


def test_it_shows_a_new_key_once(alice: User, browser: Client) -> None:
    made = browser.post("/settings/keys/", {"name": "Import", "scopes": ["read"]})
    assert (made.status_code, made["Location"]) == (302, "/settings/")
    browser.head("/settings/")
    answer = browser.get("/settings/")

    key = answer.context["new_key"]["key"]
    assert key in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    row = api_keys.find(key)
    assert row is not None
    assert (row.owner, row.name, row.scope_list) == (alice, "Import", ["read"])
    page = browser.get("/settings/").content.decode()
    assert key not in page
    assert row.prefix in page
    assert key not in str(dict(browser.session))
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("asked", [{}, {"name": "x"}, {"scopes": ["read"]}, {"name": "x", "scopes": ["all"]}])
def test_it_makes_no_key_of_half_a_form(asked: dict[str, str], browser: Client) -> None:
    answer = browser.post("/settings/keys/", asked)

    assert answer.status_code == 400
    assert 'class="form__errors"' in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_it_revokes_a_key(alice: User, browser: Client) -> None:
    row, key = api_keys.issue(alice, "Old")

    page = browser.post(f"/settings/keys/{row.pk}/revoke/", follow=True).content.decode()

    assert "The key is revoked." in page
    assert row.prefix not in page
    assert api_keys.find(key) is None


def test_it_lets_nobody_see_or_revoke_anothers_key(alice: User, charlie: User, browser_of: BrowserOf) -> None:
    row, key = api_keys.issue(alice, "Secret name")
    outsider = browser_of(charlie)

    page = outsider.post(f"/settings/keys/{row.pk}/revoke/", follow=True).content.decode()

    assert "There is no such key of yours" in page
    assert "Secret name" not in page
    assert api_keys.find(key) is not None


def test_it_offers_a_password_to_who_has_none(alice: User, browser: Client) -> None:
    assert "Change password" in browser.get("/settings/").content.decode()
    alice.set_unusable_password()
    alice.save()
    fresh = Client()
    fresh.force_login(alice)
    assert "Choose a password" in fresh.get("/settings/").content.decode()


@pytest.mark.parametrize(
    ("spent", "left", "is_used_up"), [("0.50", "$1.50", False), ("2", "$0.00", True), ("3", "$0.00", True)]
)
def test_it_shows_ones_budget_of_today_and_what_is_left(
    alice: User, browser: Client, settings: Any, spent: str, left: str, is_used_up: bool
) -> None:
    settings.BUDGET_USD_PER_USER_PER_DAY = Decimal(2)
    ProviderCall.objects.create(
        attempt=1, owner_id=alice.pk, task="t", fingerprint="f", provider="openai", cost_usd=Decimal(spent)
    )

    page = browser.get("/settings/").content.decode()

    assert "Budget today" in page
    assert f"<dt>Left</dt><dd>{left}</dd>" in page
    assert ("It is used up." in page) == is_used_up


def test_it_shows_no_budget_to_who_has_none(browser: Client) -> None:
    assert "Budget today" not in browser.get("/settings/").content.decode()
