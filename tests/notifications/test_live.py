from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection

from notifications import feed
from notifications.actions import mark_read
from realtime import commands, log, snapshots
from realtime.protocol import Command
from shipspeak.accounts.models import User
from tests.notifications.things import events, tell


def command(user: User, data: dict[str, Any], identifier: UUID | None = None) -> dict[str, Any]:
    frame = Command(type="command", id=identifier or uuid4(), name="notification.read", data=data)
    reply: dict[str, Any] = json.loads(commands.carry_out(user, frame))
    return reply


def test_it_gives_a_snapshot_the_count_and_the_latest(alice: User, charlie: User) -> None:
    made = [tell(alice).pk for _ in range(12)]
    _, state = snapshots.take(f"user:{alice.pk}")
    assert state["notifications"]["unread"] == 12
    assert [each["id"] for each in state["notifications"]["latest"]] == made[:1:-1]
    _, state = snapshots.take(f"user:{charlie.pk}")
    assert state["notifications"] == {"unread": 0, "latest": []}


def test_it_tells_in_events_what_a_fresh_snapshot_says(alice: User) -> None:
    begun, state = snapshots.take(f"user:{alice.pk}")
    shown = state["notifications"]
    first = tell(alice)
    tell(alice)
    command(alice, {"id": first.pk})
    run = log.read(f"user:{alice.pk}", begun)
    assert run is not None
    for frame in map(json.loads, run.frames):
        shown["unread"] = frame["data"]["unread"]
        if frame["name"] == "notification.created":
            shown["latest"].insert(0, frame["data"]["notification"])
    ids = [each["id"] for each in shown["latest"]]
    fresh = feed.snapshot(f"user:{alice.pk}")
    assert (shown["unread"], ids) == (fresh["unread"], [each["id"] for each in fresh["latest"]])


def test_it_marks_one_as_read_over_the_socket_once(alice: User) -> None:
    notification, identifier = tell(alice), uuid4()
    tell(alice)
    answers = [command(alice, {"id": notification.pk}, identifier) for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[0]["ok"], answers[0]["data"]) == (True, {"unread": 1})
    assert [name for name, _ in events(alice)].count("notification.read") == 1


def test_it_marks_all_as_read_over_the_socket(alice: User) -> None:
    tell(alice)
    assert command(alice, {"all": True})["data"] == {"unread": 0}


def test_it_refuses_to_read_what_is_anothers(alice: User, charlie: User) -> None:
    answer = command(charlie, {"id": tell(alice).pk})
    assert (answer["ok"], answer["error"]["code"]) == (False, "not_found")


@pytest.mark.parametrize(
    "data",
    [{}, {"id": "1"}, {"id": True}, {"id": None}, {"all": False}, {"id": 1, "all": True}, {"id": 1, "x": 1}],
)
def test_it_refuses_what_it_does_not_understand(alice: User, data: dict[str, Any]) -> None:
    tell(alice)
    assert command(alice, data)["error"]["code"] == "invalid"
    assert feed.unread(alice.pk) == 1


def test_it_knows_no_number_beyond_the_databases(alice: User) -> None:
    assert command(alice, {"id": 2**70})["error"]["code"] == "not_found"


@pytest.mark.django_db(transaction=True)
def test_it_tells_the_right_count_last_however_many_write_at_once() -> None:
    alice = User.objects.create(username="alice", email="alice@example.org")
    old = [tell(alice).pk for _ in range(8)]

    def tell_and_read(notification_id: int) -> None:
        try:
            tell(alice)
            tell(alice)
            mark_read(alice, notification_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(tell_and_read, old))
    told = [data["unread"] for _, data in events(alice)]
    assert told[-1] == feed.unread(alice.pk) == 16
    assert sum(abs(one - other) != 1 for one, other in pairwise(told)) == 0
