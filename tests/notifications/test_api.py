from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from notifications.models import Choice
from shipspeak.accounts import api_keys
from shipspeak.accounts.models import User
from tests.notifications.things import events, tell

LIST = "/api/v1/notifications/"
ApiOf = Callable[[User], APIClient]


def test_it_lists_ones_own_newest_first(alice: User, charlie: User, api_of: ApiOf) -> None:
    first, second = tell(alice), tell(alice, subject="Retro is ready")
    tell(charlie)
    page = api_of(alice).get(LIST).json()
    assert set(page) == {"results", "next", "previous"}
    assert [each["id"] for each in page["results"]] == [second.pk, first.pk]
    assert page["results"][0] == events(alice)[1][1]["notification"], "the same object as in the event"


def test_it_lists_in_pages(alice: User, api_of: ApiOf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notifications.api.views.Newest.page_size", 2)
    made = [tell(alice).pk for _ in range(3)]
    first = api_of(alice).get(LIST).json()
    second = api_of(alice).get(first["next"]).json()
    assert [each["id"] for each in first["results"] + second["results"]] == made[::-1]
    assert second["next"] is None


@pytest.mark.parametrize("position", ["x", "%00", "1e400", "-1", "1.5", "9" * 30])
def test_it_refuses_a_cursor_of_somebodys_own_making(alice: User, api_of: ApiOf, position: str) -> None:
    cursor = b64encode(f"p={position}".encode()).decode()
    assert api_of(alice).get(LIST, {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize(("unread", "expected"), [("true", [1]), ("false", [0]), ("", [1, 0])])
def test_it_lists_only_unread_ones_if_asked(
    alice: User, api_of: ApiOf, unread: str, expected: list[int]
) -> None:
    rows = [tell(alice), tell(alice)]
    api_of(alice).post(f"{LIST}{rows[0].pk}/read/")
    query = {"unread": unread} if unread else {}
    listed = [each["id"] for each in api_of(alice).get(LIST, query).json()["results"]]
    assert listed == [rows[each].pk for each in expected]


def test_it_refuses_a_question_that_it_does_not_understand(alice: User, api_of: ApiOf) -> None:
    assert api_of(alice).get(LIST, {"unread": "perhaps"}).status_code == 400


def test_it_marks_one_as_read_twice_as_once(alice: User, api_of: ApiOf) -> None:
    address = f"{LIST}{tell(alice).pk}/read/"
    once, twice = api_of(alice).post(address), api_of(alice).post(address)
    assert once.status_code == twice.status_code == 200
    assert once.json() == twice.json()
    assert once.json()["read_at"].endswith("Z")
    assert len(events(alice)) == 2


def test_it_hides_what_is_anothers(alice: User, charlie: User, olivia: User, api_of: ApiOf) -> None:
    address = f"{LIST}{tell(alice).pk}/read/"
    assert api_of(charlie).post(address).status_code == 404
    assert api_of(olivia).post(address).status_code == 404
    assert api_of(charlie).get(LIST).json()["results"] == []


def test_it_marks_all_as_read(alice: User, api_of: ApiOf) -> None:
    tell(alice)
    tell(alice)
    assert api_of(alice).post(f"{LIST}read-all/").json() == {"read": 2, "unread": 0}
    assert api_of(alice).post(f"{LIST}read-all/").json() == {"read": 0, "unread": 0}


@pytest.mark.parametrize("path", ["", "1/read/", "read-all/", "preferences/"])
def test_it_asks_strangers_who_they_are(db: None, path: str) -> None:
    client = APIClient()
    answer = client.post(LIST + path) if "read" in path else client.get(LIST + path)
    assert answer.status_code == 401


def test_it_lets_a_key_for_reading_only_read(alice: User) -> None:
    tell(alice)
    _, key = api_keys.issue(alice, scopes=["read"])
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {key}")
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}read-all/").status_code == 403


def test_it_shows_and_keeps_preferences(alice: User, api_of: ApiOf) -> None:
    address = f"{LIST}preferences/"
    shown = api_of(alice).get(address).json()
    assert [topic["event"] for topic in shown] == ["job.completed", "job.failed"]
    assert shown[0]["transports"][0] == {
        "transport": "in_app", "title": "In the app", "on": True, "fixed": True, "obstacle": None,
    }  # fmt: skip
    choice = {"event": "job.failed", "transport": "email", "on": False}
    kept = api_of(alice).post(address, choice)
    assert kept.status_code == 200
    assert [topic["transports"][1]["on"] for topic in kept.json()] == [True, False]
    assert api_of(alice).get(address).json() == kept.json()


@pytest.mark.parametrize(
    "choice",
    [
        {},
        {"event": "job.failed", "transport": "in_app", "on": False},
        {"event": "job.failed", "transport": "pigeon", "on": True},
        {"event": "job.exploded", "transport": "email", "on": True},
        {"event": "job.failed", "transport": "email", "on": "maybe"},
    ],
)
def test_it_refuses_a_choice_that_is_none(alice: User, api_of: ApiOf, choice: dict[str, object]) -> None:
    assert api_of(alice).post(f"{LIST}preferences/", choice).status_code == 400
    assert not Choice.objects.exists()
