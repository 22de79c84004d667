"""Signing in: by password, by a link that works once; and out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from shipspeak.accounts import sign_in_links
from shipspeak.accounts.models import SignInLink, User
from tests.factories import PASSWORD

Browser = Callable[[User], Client]


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_it_signs_in_with_the_right_password_and_leads_on(alice: User, client: Client) -> None:
    answer = client.post("/sign-in/", {"username": "alice", "password": PASSWORD, "next": "/jobs/"})

    assert answer.headers["Location"] == "/jobs/"
    assert signed_in(client)


def test_it_leads_to_no_other_site(alice: User, client: Client) -> None:
    sent = {"username": "alice", "password": PASSWORD, "next": "https://evil.example/"}

    assert client.post("/sign-in/", sent).headers["Location"] == "/"


def test_it_keeps_out_who_has_a_wrong_password(alice: User, client: Client) -> None:
    answer = client.post("/sign-in/", {"username": "alice", "password": "wrong"})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not signed_in(client)


def test_it_signs_out_by_post_only(alice: User, browser_of: Browser) -> None:
    client = browser_of(alice)

    assert client.get("/sign-out/").status_code == 405
    assert signed_in(client)
    assert client.post("/sign-out/").status_code == 200
    assert not signed_in(client)


def test_it_needs_the_forms_token_to_sign_out(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    assert client.post("/sign-out/").status_code == 403
    assert signed_in(client)


def test_it_ends_ones_links_with_the_password_that_they_stood_in_for(
    alice: User, charlie: User, browser_of: Browser, client: Client
) -> None:
    link, anothers = sign_in_links.issue(alice), sign_in_links.issue(charlie)
    new = "a horse of quite another colour"
    sent = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}

    assert browser_of(alice).post("/settings/password/", sent).status_code == 302

    assert client.post(link).status_code == 410
    assert client.post(anothers).status_code == 302


def test_it_is_not_used_up_by_a_preview(alice: User, client: Client) -> None:
    link = sign_in_links.issue(alice)

    for _ in range(3):
        assert client.get(link).status_code == 200
        assert client.head(link).status_code == 200
    assert not signed_in(client)
    assert client.post(link).headers["Location"] == "/"
    assert signed_in(client)


def test_it_works_once(alice: User) -> None:
    link = sign_in_links.issue(alice)
    Client().post(link)
    second = Client()

    assert second.post(link).status_code == 410
    assert second.get(link).status_code == 410
    assert not signed_in(second)


@pytest.mark.parametrize("spoil", ["expired", "closed", "unknown"])
def test_it_says_clearly_that_a_link_can_not_be_used(alice: User, client: Client, spoil: str) -> None:
    link = sign_in_links.issue(alice)
    if spoil == "expired":
        SignInLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif spoil == "closed":
        User.objects.update(is_active=False)
    else:
        link = "/sign-in/once/something/"

    answer = client.post(link)

    assert answer.status_code == 410
    assert "used" in answer.content.decode()
    assert not signed_in(client)


def test_it_keeps_no_link(alice: User) -> None:
    token = sign_in_links.issue(alice).rstrip("/").rpartition("/")[2]

    assert token not in str(SignInLink.objects.values().get())
    assert SignInLink.objects.get().expires_at < timezone.now() + timedelta(hours=24)


def test_it_makes_a_new_link_on_the_command_line(alice: User, client: Client, settings: object) -> None:
    settings.SITE_URL = "https://site.example"  # type: ignore[attr-defined]
    out = StringIO()

    call_command("sign_in_link", "alice", stdout=out)

    address = out.getvalue().strip()
    assert address.startswith("https://site.example/sign-in/once/")
    client.post(address.removeprefix("https://site.example"))
    assert signed_in(client)


@pytest.mark.django_db
def test_it_makes_no_link_for_nobody() -> None:
    with pytest.raises(CommandError, match='There is nobody called "nobody"'):
        call_command("sign_in_link", "nobody")


def test_it_lets_who_came_by_a_link_choose_a_first_password(alice: User, client: Client) -> None:
    alice.set_unusable_password()
    alice.save()
    client.post(sign_in_links.issue(alice))
    chosen = {"new_password1": "a fine new password", "new_password2": "a fine new password"}

    assert client.post("/settings/password/", chosen).status_code == 302

    alice.refresh_from_db()
    assert alice.check_password("a fine new password")
    assert signed_in(client)


def test_it_asks_for_the_old_password_before_it_takes_a_new_one(alice: User, browser_of: Browser) -> None:
    chosen = {"new_password1": "a fine new password", "new_password2": "a fine new password"}

    assert browser_of(alice).post("/settings/password/", chosen).status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)
    browser_of(alice).post("/settings/password/", {**chosen, "old_password": PASSWORD})
    alice.refresh_from_db()
    assert alice.check_password("a fine new password")


@pytest.mark.django_db
def test_it_leads_strangers_to_the_sign_in_page(client: Client) -> None:
    assert client.get("/settings/password/").headers["Location"] == "/sign-in/?next=/settings/password/"
