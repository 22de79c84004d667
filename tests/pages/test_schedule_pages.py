"""Pages of repeated jobs, and what pages say of pauses and of results that are used again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from jobs import pausing, schedules
from jobs.actions import Submission
from jobs.models import Job, Schedule
from jobs.schedules import Wish
from shipspeak.accounts.models import User
from tests.jobs.engine import claim, job, settle
from tests.pages.samples import UNTIMED

pytestmark = pytest.mark.django_db
REPEAT = {
    "every": "day",
    "time": "09:30",
    "weekday": "5",
    "day": "31",
    "cron": "",
    "timezone": "Europe/Berlin",
}
REPEAT |= {"missed": "once"}


@pytest.fixture
def browser(alice: User, browser_of: Callable[[User], Client]) -> Client:
    return browser_of(alice)


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.mark.parametrize(
    ("chosen", "cron"),
    [
        ({"every": "hour"}, "30 * * * *"),
        ({"every": "day"}, "30 9 * * *"),
        ({"every": "weekday"}, "30 9 * * 1-5"),
        ({"every": "week"}, "30 9 * * 5"),
        ({"every": "month"}, "30 9 31 * *"),
        ({"every": "own", "cron": "*/5 8-17 * * 1-5"}, "*/5 8-17 * * 1-5"),
    ],
)
def test_a_job_is_repeated_by_a_form(browser: Client, chosen: dict[str, str], cron: str) -> None:
    made = job("slow", input={"seconds": 2}, priority="high")
    assert "Repeat this job" in text(browser.get(f"/jobs/{made.pk}/"))
    answer = browser.post(f"/jobs/{made.pk}/repeat/", {**REPEAT, **chosen}, follow=True)
    assert answer.redirect_chain == [("/schedules/", 302)]
    schedule = Schedule.objects.get()
    assert (schedule.cron, schedule.timezone, schedule.title) == (cron, "Europe/Berlin", made.title)
    assert (schedule.input, schedule.priority, schedule.owner) == (made.input, made.priority, made.owner)
    assert cron in text(answer)
    assert "is repeated from now on" in text(answer)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"every": "own", "cron": "soon"}, "can’t be used|can&#x27;t be used"),
        ({"timezone": "Mars"}, "is no time zone"),
        ({"time": "late"}, "like 09:30"),
        ({"day": "32"}, "31"),
        ({"every": "blue moon"}, "valid choice"),
    ],
)
def test_the_form_says_what_is_wrong(browser: Client, wrong: dict[str, str], says: str) -> None:
    made = job("slow")
    answer = browser.post(f"/jobs/{made.pk}/repeat/", {**REPEAT, **wrong})
    assert answer.status_code == 400
    assert any(word in text(answer) for word in says.split("|"))
    assert '<details class="fold" id="repeat" open>' in text(answer)
    assert not Schedule.objects.exists()


def test_schedules_are_switched_and_deleted(browser: Client, alice: User) -> None:
    made = schedules.create(alice, Wish(Submission("test.slow"), "0 9 * * *", "Asia/Kathmandu", "Numbers"))
    page = text(browser.get("/schedules/"))
    assert "Numbers" in page
    assert page.count(", 09:00") == 3
    assert "At 09:00 every day" in page
    page = text(browser.post(f"/schedules/{made.pk}/switch/", {"on": "0"}, follow=True))
    assert "Switched off" in page
    Schedule.objects.update(last_error="The queue is full.")
    assert "The queue is full." in text(browser.get("/schedules/"))
    browser.post(f"/schedules/{made.pk}/switch/", {"on": "1"})
    made.refresh_from_db()
    assert made.next_at
    Schedule.objects.update(cron="wrong now", enabled=False)
    assert "can&#x27;t be used" in text(
        browser.post(f"/schedules/{made.pk}/switch/", {"on": "1"}, follow=True)
    )
    assert "Its jobs stay" in text(browser.post(f"/schedules/{made.pk}/delete/", follow=True))
    assert "Nothing is repeated" in text(browser.get("/schedules/"))


def test_nobody_sees_or_touches_anothers(
    alice: User, charlie: User, browser_of: Callable[[User], Client]
) -> None:
    made = schedules.create(alice, Wish(Submission("test.slow"), "0 9 * * *", title="Numbers"))
    other, own = browser_of(charlie), job("slow")
    assert "Numbers" not in text(other.get("/schedules/"))
    for address in (
        f"/schedules/{made.pk}/switch/",
        f"/schedules/{made.pk}/delete/",
        f"/jobs/{own.pk}/repeat/",
    ):
        assert other.post(address, REPEAT).status_code == 404
        assert other.get(address).status_code == 405
    assert Schedule.objects.get().enabled
    assert Client().get("/schedules/").status_code == 302


# Pauses


def test_pages_say_that_the_queue_is_paused(browser: Client) -> None:
    made = job("slow")
    new = "/meetings/new/"
    assert "has paused" not in text(browser.get(f"/jobs/{made.pk}/")) + text(browser.get(new))
    assert "not known while" not in text(browser.get(f"/jobs/{made.pk}/"))
    pausing.pause("test.slow")
    assert "has paused “Test: slow”" in text(browser.get(f"/jobs/{made.pk}/"))
    assert "not known while it is paused" in text(browser.get(f"/jobs/{made.pk}/")), "and nothing counts down"
    assert "has paused" not in text(browser.get(new))
    pausing.pause(refuse_new=True)
    assert "has paused the queue" in text(browser.get(f"/jobs/{made.pk}/view/"))
    assert "takes no new jobs" in text(browser.get(new))
    answer = browser.post(new, {"text": UNTIMED})
    assert answer.status_code == 409
    assert Job.objects.count() == 1


# Results that are used again


def test_the_form_for_meetings_uses_an_earlier_analysis_if_wished(browser: Client) -> None:
    assert text(browser.get("/meetings/new/")).count('name="reuse"') == 2
    browser.post("/meetings/new/", {"text": UNTIMED})
    first = Job.objects.get()
    while claimed := claim():
        for one in claimed:
            settle(one)
    again = browser.post("/meetings/new/", {"text": UNTIMED, "reuse": "on"}, follow=True)
    second = Job.objects.exclude(pk=first.pk).get()
    assert (second.status, second.reused_from) == ("completed", first)
    assert f'href="/jobs/{first.pk}/"' in text(again)
    browser.post("/meetings/new/", {"text": UNTIMED})
    assert Job.objects.filter(cached=False).count() == 2
