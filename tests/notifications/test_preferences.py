from __future__ import annotations

import pytest

from notifications.models import Choice
from notifications.preferences import UnknownChoice, choices_of, choose, switches, transports_for
from notifications.transports import transports
from shipspeak.accounts.models import User


def names(event: str, choices: dict[tuple[str, str], bool]) -> list[str]:
    return [each.name for each in transports_for(event, choices, transports().values())]


@pytest.mark.parametrize(
    ("event", "choices", "expected"),
    [
        ("job.completed", {}, ["in_app", "email"]),
        ("job.failed", {}, ["in_app", "email"]),
        ("job.completed", {("job.completed", "email"): False}, ["in_app"]),
        ("job.completed", {("job.failed", "email"): False}, ["in_app", "email"]),
        ("job.completed", {("job.completed", "in_app"): False}, ["in_app", "email"]),
        ("job.failed", {("job.failed", "email"): True}, ["in_app", "email"]),
        ("something.else", {}, ["in_app"]),
        ("something.else", {("something.else", "email"): True}, ["in_app", "email"]),
    ],
)
def test_it_follows_the_choice_then_the_default(event, choices, expected) -> None:
    assert names(event, choices) == expected


def test_it_offers_nothing_that_is_not_available() -> None:
    assert transports_for("job.completed", {}, []) == []


def test_it_keeps_the_last_choice(alice: User, bob: User) -> None:
    choose(alice, "job.failed", "email", on=False)
    choose(alice, "job.failed", "email", on=True)
    choose(alice, "job.completed", "email", on=False)
    chosen = choices_of([alice.pk, bob.pk])
    assert chosen[alice.pk] == {("job.failed", "email"): True, ("job.completed", "email"): False}
    assert chosen[bob.pk] == {}


@pytest.mark.parametrize(
    ("event", "transport", "field"),
    [
        ("job.exploded", "email", "event"),
        ("job.failed", "pigeon", "transport"),
        ("job.failed", "in_app", "transport"),
    ],
)
def test_it_refuses_a_choice_that_is_none(alice: User, event: str, transport: str, field: str) -> None:
    with pytest.raises(UnknownChoice) as refused:
        choose(alice, event, transport, on=False)
    assert refused.value.field == field
    assert "email" in refused.value.message or "job.failed" in refused.value.message
    assert not Choice.objects.exists()


def test_it_shows_what_stands_in_the_way(alice: User) -> None:
    alice.email = ""
    in_app, email = switches(alice)["job.failed"]
    assert (in_app.on, in_app.fixed, in_app.obstacle) == (True, True, None)
    assert (email.on, email.fixed) == (True, False)
    assert email.obstacle == "The account has no email address."
