from __future__ import annotations

from uuid import uuid4

import pytest

from jobs.api.answers import ScheduleGiven, SchedulePage
from jobs.models import Schedule
from jobs.uploads import take_in
from tests.jobs.filing import CONTENT

pytestmark = pytest.mark.django_db
SCHEDULES = "/api/v1/schedules/"
DAILY = {"kind": "test.slow", "cron": "30 7 * * 1-5", "timezone": "Europe/Berlin", "input": {"seconds": 2}}


@pytest.fixture
def api(alice, api_of):
    return api_of(alice)


def made(api, **more):
    answer = api.post(SCHEDULES, {**DAILY, **more})
    assert answer.status_code == 201, answer.json()
    return ScheduleGiven.model_validate_json(answer.content)


def test_it_makes_shows_and_lists_one(api):
    given = made(api, title="Numbers", tags=["a"], priority="high", missed="all")
    assert (given.title, given.kind, given.tags, given.priority) == ("Numbers", "test.slow", ["a"], "high")
    assert (given.cron, given.timezone, given.missed) == ("30 7 * * 1-5", "Europe/Berlin", "all")
    assert given.next_at == given.next_times[0]
    assert len(given.next_times) == 3
    assert ScheduleGiven.model_validate_json(api.get(given.links.self).content) == given
    page = SchedulePage.model_validate_json(api.get(SCHEDULES).content)
    assert page.results == [given]


def test_it_lists_in_pages(api):
    for number in range(3):
        made(api, title=f"Number {number}")
    first = api.get(f"{SCHEDULES}?page_size=2").json()
    assert [one["title"] for one in first["results"]] == ["Number 2", "Number 1"]
    assert [one["title"] for one in api.get(first["next"]).json()["results"]] == ["Number 0"]
    assert api.get(f"{SCHEDULES}?page_size=1000").status_code == 400


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"cron": "sometimes"}, "cron"),
        ({"cron": None}, "cron"),
        ({"timezone": "Berlin"}, "timezone"),
        ({"missed": "never"}, "missed"),
        ({"input": {"seconds": -1}}, "input.seconds"),
        ({"upload": str(uuid4())}, "upload"),
        ({"priority": "x"}, "priority"),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_it_says_where_a_request_is_wrong(api, wrong, path):
    answer = api.post(SCHEDULES, {**DAILY, **wrong})
    is_of_schedule = wrong.get("cron") == "sometimes" or "timezone" in wrong
    assert (answer.status_code, answer.json()["code"]) == (
        400,
        "bad_schedule" if is_of_schedule else "bad_input",
    )
    assert [one["path"] for one in answer.json()["errors"]] == [path]
    assert not Schedule.objects.exists()
    assert api.post(SCHEDULES, {"kind": "test.slow"}).json()["errors"][0]["path"] == "cron"
    assert api.post(SCHEDULES, {**DAILY, "kind": "x"}).json()["code"] == "unknown_kind"


def test_it_says_that_there_are_too_many(api, monkeypatch):
    monkeypatch.setattr("jobs.schedules.MOST_OF_ONE_PERSON", 1)
    made(api)
    answer = api.post(SCHEDULES, DAILY)
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_schedules")


def test_it_makes_one_for_each_key(api):
    answers = [api.post(SCHEDULES, DAILY, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[1]["Idempotency-Replayed"] == "true"
    assert answers[0].json() == answers[1].json()
    assert Schedule.objects.count() == 1


def test_it_changes_what_is_given(api):
    given = made(api)
    answer = api.patch(given.links.self, {"enabled": False, "input": {"seconds": 3}})
    changed = ScheduleGiven.model_validate_json(answer.content)
    assert (changed.enabled, changed.next_at, changed.next_times) == (False, None, [])
    assert changed.input["seconds"] == 3
    assert (changed.cron, changed.timezone) == (given.cron, given.timezone)
    again = api.patch(given.links.self, {"enabled": True, "timezone": "UTC"}).json()
    assert again["next_at"].endswith("T07:30:00.000Z")
    wrong = api.patch(given.links.self, {"cron": "x"})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (400, "cron")
    assert api.patch(given.links.self, {"kind": "test.noop"}).status_code == 400
    assert api.patch(given.links.self, {"missed": None}).status_code == 400


def test_it_takes_ones_own_uploads(api, alice, bob):
    from django.core.files.base import ContentFile

    mine, theirs = (take_in(one, ContentFile(CONTENT, "plan.txt")) for one in (alice, bob))
    filing = {"kind": "test.filing", "input": {}}
    given = made(api, **filing, upload=str(mine.pk))
    assert given.upload == mine.pk
    assert api.post(SCHEDULES, {**DAILY, **filing, "upload": str(theirs.pk)}).status_code == 400
    assert api.patch(given.links.self, {"upload": str(theirs.pk)}).json()["errors"][0]["path"] == "upload"
    assert api.patch(given.links.self, {"upload": None}).json()["upload"] is None


def test_it_deletes_one(api):
    given = made(api)
    assert api.delete(given.links.self).status_code == 204
    assert api.get(given.links.self).status_code == 404
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_it_shows_nobody_anothers(api, charlie, api_of, method):
    given = made(api)
    answer = getattr(api_of(charlie), method)(given.links.self)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_such_object")
    assert api_of(charlie).get(SCHEDULES).json()["results"] == []
    assert Schedule.objects.count() == 1
