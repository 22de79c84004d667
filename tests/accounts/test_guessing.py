"""Guessing passwords by trying many."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from shipspeak.accounts import guessing, sign_in_links
from shipspeak.accounts.models import User
from tests.factories import PASSWORD


def tried(client: Client, password: str, username: str = "alice", address: str = "203.0.113.1") -> Any:
    sent = {"username": username, "password": password}
    return client.post("/sign-in/", sent, REMOTE_ADDR=address)


def guessed(client: Client, times: int, **how: str) -> None:
    for number in range(times):
        assert tried(client, f"wrong {number}", **how).status_code == 200


def test_it_takes_no_password_after_many_wrong_ones(alice: User, client: Client) -> None:
    guessed(client, guessing.HERE.tries)

    answer = tried(client, PASSWORD)

    assert answer.status_code == 200
    assert "too many wrong passwords" in answer.content.decode()


def test_it_takes_the_right_one_as_the_last_try_and_begins_anew(alice: User, client: Client) -> None:
    for _ in range(2):
        guessed(Client(), guessing.HERE.tries - 1)
        assert tried(client, PASSWORD).status_code == 302
        client.logout()


def test_it_lets_the_owner_in_from_elsewhere(alice: User, client: Client) -> None:
    guessed(client, guessing.HERE.tries + 5)

    assert tried(Client(), PASSWORD, address="203.0.113.2").status_code == 302


def test_it_counts_a_name_at_all_addresses_too(
    alice: User, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guessing, "ANYWHERE", guessing.Limit(3, 60))
    for number in range(3):
        guessed(client, 1, address=f"203.0.113.{number}")

    assert tried(Client(), PASSWORD, address="203.0.113.9").status_code == 200


def test_it_says_of_a_name_that_nobody_has_what_it_says_of_others(alice: User, client: Client) -> None:
    guessed(client, guessing.HERE.tries + 1, username="nobody")

    assert "too many wrong passwords" in tried(client, "x", username="nobody").content.decode()
    assert tried(client, PASSWORD).status_code == 302


def test_it_guards_the_admins_door_as_well(olivia: User, client: Client) -> None:
    for number in range(guessing.HERE.tries):
        client.post("/admin/login/", {"username": "olivia", "password": f"wrong {number}"})

    assert client.post("/admin/login/", {"username": "olivia", "password": PASSWORD}).status_code == 200


def test_it_keeps_nobody_out_who_has_a_link(alice: User, client: Client) -> None:
    guessed(client, guessing.HERE.tries + 1)

    assert client.post(sign_in_links.issue(alice)).status_code == 302
