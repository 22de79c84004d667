from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import actions, cron, schedules
from jobs.actions import Submission
from jobs.cron import BadExpression
from jobs.errors import SubmitError, TooManySchedules
from jobs.kinds import registry
from jobs.models import Job, Schedule
from jobs.schedules import Wish
from tests.jobs.engine import drain_until, job, news, person

pytestmark = pytest.mark.django_db
BERLIN = "Europe/Berlin"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def schedule(kind: str = "noop", *, owner: str = "alice", cron: str = "0 * * * *", **fields: Any) -> Schedule:
    wish = {name: fields.pop(name) for name in ("zone", "title", "missed", "enabled") if name in fields}
    return schedules.create(person(owner), Wish(Submission(f"test.{kind}", **fields), cron, **wish))


def due(made: Schedule, **ago: float) -> Schedule:
    """``made``, whose next time came some time ``ago``."""
    made.next_at = timezone.now().replace(second=0, microsecond=0) - timedelta(**ago)
    made.save(update_fields=["next_at"])
    return made


# When it comes


@pytest.mark.parametrize(
    ("expression", "after", "times"),
    [
        # Clocks go forward at 01:00 UTC: 02:30 does not exist, and comes right after the gap.
        ("30 2 * * *", "2026-03-29T00:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("0 2,3 * * *", "2026-03-29T00:00", ["2026-03-29T01:00", "2026-03-30T00:00"]),
        ("0 * * * *", "2026-03-29T00:30", ["2026-03-29T01:00", "2026-03-29T02:00"]),
        ("0 9 * * *", "2026-03-28T00:00", ["2026-03-28T08:00", "2026-03-29T07:00"]),
        # Clocks go back at 01:00 UTC: 02:30 exists twice, and comes once.
        ("30 2 * * *", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("30 2 * * *", "2026-10-25T01:10", ["2026-10-26T01:30", "2026-10-27T01:30"]),
        ("0 * * * *", "2026-10-25T00:30", ["2026-10-25T01:00", "2026-10-25T02:00"]),
        ("*/30 2 * * *", "2026-10-25T00:00", ["2026-10-25T00:30", "2026-10-25T01:00"]),
    ],
)
def test_it_keeps_the_time_of_day_where_the_clocks_change(expression, after, times):
    assert cron.next_times(expression, BERLIN, at(after), 2) == [at(one) for one in times]


@pytest.mark.parametrize(
    "zone", ["Africa/Cairo", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu"]
)
@pytest.mark.parametrize("expression", ["0 0 * * *", "30 1,2 * * *", "*/20 * * * *", "15 2 * * 0"])
@settings(max_examples=20, deadline=None)
@given(days=st.integers(0, 365), minutes=st.integers(0, 1439), span=st.integers(60, 3000))
def test_it_finds_the_same_times_forward_and_back(zone, expression, days, minutes, span):
    since = at("2026-01-01T00:00") + timedelta(days=days, minutes=minutes)
    until = since + timedelta(minutes=span)
    forward, moment = [], cron.next_time(expression, zone, since)
    while moment <= until:
        forward.append(moment)
        moment = cron.next_time(expression, zone, moment)
    assert forward == sorted(set(forward))
    back = cron.last_times(expression, zone, since + timedelta(microseconds=1), until, 10_000)
    assert back == forward
    assert cron.last_times(expression, zone, since + timedelta(microseconds=1), until, 3) == forward[-3:]


@settings(deadline=None)
@given(st.text(alphabet="0123456789*/,-#LWMON ²", max_size=30))
def test_it_understands_or_refuses_whatever_is_written(expression):
    after = at("2026-01-01T00:00")
    with suppress(BadExpression):
        assert cron.next_time(expression, "UTC", after) > after
        cron.check(expression, "UTC", after)


@pytest.mark.parametrize(
    "expression",
    ["*/99 * * * *", "*/60 * * * *", "0 */24 * * *", "0 0 */31 * *", "0 0 1 */12 *", "0 0 * * */7",
     "10-20/15 * * * *", "0,30/40 * * * *"],
)  # fmt: skip
def test_it_refuses_a_step_that_leads_past_the_end(expression):
    with pytest.raises(BadExpression, match="step"):
        cron.check(expression, "UTC", at("2026-01-01T00:00"))


@pytest.mark.parametrize(
    "expression",
    ["*/59 * * * *", "5/15 * * * *", "0 */12 * * MON-FRI/2", "0 0 L * *", "0 0 1 JAN-JUN/3 *", "*/1 * * * *",
     "0 9 * * 5#2", "0 0 * * 5L"],
)  # fmt: skip
def test_it_takes_a_step_that_leads_somewhere(expression):
    cron.check(expression, "UTC", at("2026-01-01T00:00"))


@pytest.mark.parametrize("zone", ["", "Nowhere/Land", "../../etc/passwd", "\0"])
def test_it_knows_only_real_zones(zone):
    with pytest.raises(BadExpression):
        cron.next_time("0 * * * *", zone, at("2026-01-01T00:00"))


# What people wish


def test_it_makes_a_schedule_that_comes_at_its_next_time():
    made = schedule(
        cron="  30   2 * * 1-5 ", zone=BERLIN, title=" Numbers ", priority="high", tags=["a", "b"]
    )
    assert made.next_at == cron.next_time("30 2 * * 1-5", BERLIN, timezone.now())
    assert (made.cron, made.title, made.priority, made.tags) == ("30 2 * * 1-5", "Numbers", 2, "|a|b|")
    assert len(schedules.next_times(made, 3)) == 3
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"cron": "every day"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": "0 0 0 * * *"}, "cron"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"cron": "*/99 * * * *"}, "cron"),
        ({"cron": "0 " * 200}, "cron"),
        ({"zone": "Berlin"}, "timezone"),
        ({"title": "x" * 201}, "title"),
        ({"missed": "never"}, "missed"),
        ({"kind": "slow", "input": {"seconds": "soon"}}, "input.seconds"),
        ({"priority": "highest"}, "priority"),
    ],
)
def test_it_says_what_is_wrong_and_makes_nothing(fields, path):
    with pytest.raises(SubmitError) as refused:
        schedule(**fields)
    assert [one["path"] for one in refused.value.errors] == [path]
    assert refused.value.message
    assert not Schedule.objects.exists()


def test_it_refuses_more_than_one_person_may_have(monkeypatch):
    monkeypatch.setattr(schedules, "MOST_OF_ONE_PERSON", 1)
    schedule()
    schedule(owner="bob")
    with pytest.raises(TooManySchedules):
        schedule()


def test_it_counts_from_now_when_it_is_changed_or_switched_on():
    made = due(schedule(), days=3)
    off = schedules.change(made, enabled=False)
    assert (off.next_at, schedules.next_times(off, 3)) == (None, [])
    assert schedules.run_due() == 0
    on = schedules.change(off, enabled=True)
    assert on.next_at > timezone.now()
    due(on, days=3)
    assert schedules.change(on, cron="5 * * * *").next_at > timezone.now()
    assert schedules.run_due() == 0


def test_it_leaves_the_next_time_alone_when_something_else_is_changed():
    made = schedule("slow")
    changed = schedules.change(made, title="Other", input={"seconds": 2}, missed="skip")
    assert (changed.next_at, changed.title, changed.input["seconds"]) == (made.next_at, "Other", 2)
    with pytest.raises(SubmitError):
        schedules.change(made, input={"seconds": "x"})
    with pytest.raises(SubmitError):
        schedules.change(made, zone="Mars/Base")


# What is due


def test_it_submits_what_is_due_once():
    made = due(schedule("slow", input={"seconds": 3}, priority="high", tags=["daily"]), seconds=0)
    schedule(owner="bob")
    assert schedules.run_due() == 1
    assert schedules.run_due() == 0
    submitted = Job.objects.get()
    assert (submitted.kind, submitted.input["seconds"], submitted.priority) == ("test.slow", 3, 2)
    assert (submitted.owner, submitted.tag_list, submitted.schedule) == (made.owner, ["daily"], made)
    ran = Schedule.objects.get(pk=made.pk)
    assert (ran.last_at, ran.last_error) == (made.next_at, "")
    assert ran.next_at == cron.next_time("0 * * * *", "UTC", timezone.now())
    assert news() == ["job.queued"]


@pytest.mark.parametrize(("missed", "count"), [("skip", 0), ("once", 1), ("all", 30)])
def test_it_treats_missed_times_as_was_wished(missed, count):
    made = due(schedule(cron="*/10 * * * *", missed=missed))
    now = made.next_at + timedelta(minutes=10 * 29, seconds=90) - timedelta(minutes=made.next_at.minute % 10)
    made.next_at -= timedelta(minutes=made.next_at.minute % 10)
    made.save()
    assert schedules.run_due(now) == count
    assert Job.objects.count() == count
    ran = Schedule.objects.get()
    assert ran.next_at > now
    assert bool(ran.last_error) == (missed == "skip")


def test_it_skips_only_what_was_missed():
    made = schedule(cron="* * * * *", missed="skip")
    due(made, minutes=30)
    assert schedules.run_due(timezone.now().replace(second=5)) == 1


def test_it_catches_up_with_the_last_of_very_many(monkeypatch):
    made = due(schedule(cron="* * * * *", missed="all"), days=400)
    assert schedules.run_due() == schedules.MOST_MISSED
    ran = Schedule.objects.get(pk=made.pk)
    assert f"More than {schedules.MOST_MISSED}" in ran.last_error
    assert timezone.now() - ran.last_at < timedelta(minutes=2)


def test_it_keeps_the_reason_and_goes_on_when_a_job_is_refused(settings):
    settings.QUEUE_MAX_PER_USER = 1
    job()
    made = due(schedule(), seconds=0)
    other = due(schedule(owner="bob"), seconds=0)
    assert schedules.run_due() == 1
    assert Job.objects.get(schedule__isnull=False).owner == other.owner
    ran = Schedule.objects.get(pk=made.pk)
    assert "as many jobs" in ran.last_error
    assert (ran.last_at, ran.enabled) == (None, True)
    assert ran.next_at > timezone.now()
    settings.QUEUE_MAX_PER_USER = 10
    assert schedules.run_due(ran.next_at) == 2
    assert Schedule.objects.get(pk=made.pk).last_error == ""


def test_it_goes_on_when_a_kind_is_gone(monkeypatch):
    made = due(schedule(), seconds=0)
    Schedule.objects.update(kind="test.gone")
    assert schedules.run_due() == 0
    ran = Schedule.objects.get(pk=made.pk)
    assert "test.gone" in ran.last_error
    assert ran.next_at > timezone.now()


def test_it_goes_on_when_something_unforeseen_happens(monkeypatch):
    made, other = due(schedule(), minutes=2), due(schedule(owner="bob"), minutes=1)
    submit_many = actions.submit_many

    def fail_for_alice(owner, *arguments, **named):
        if owner == made.owner:
            raise RuntimeError("a bug")
        return submit_many(owner, *arguments, **named)

    monkeypatch.setattr(actions, "submit_many", fail_for_alice)
    assert schedules.run_due() == 1
    assert Job.objects.get().owner == other.owner
    ran = Schedule.objects.get(pk=made.pk)
    assert "inside ShipSpeak" in ran.last_error
    assert ran.next_at > timezone.now()


def test_it_submits_nothing_for_an_account_that_is_switched_off():
    made = due(schedule(), seconds=0)
    made.owner.is_active = False
    made.owner.save()
    assert schedules.run_due() == 0
    assert "switched off" in Schedule.objects.get().last_error


def test_it_switches_off_what_can_no_longer_be_told():
    due(schedule(), seconds=0)
    Schedule.objects.update(timezone="Gone/Zone")
    schedules.run_due()
    ran = Schedule.objects.get()
    assert (ran.enabled, ran.next_at) == (False, None)
    assert "switched off" in ran.last_error


def test_it_costs_one_query_when_nothing_is_due(django_assert_num_queries):
    schedule()
    with django_assert_num_queries(1):
        assert schedules.run_due() == 0


def test_it_does_what_it_is_told_now_and_not_when_it_was_seen(monkeypatch):
    made = due(schedule("slow", input={"seconds": 1}), seconds=0)
    seen = Schedule.objects.get()
    schedules.change(made, input={"seconds": 2})
    assert schedules._run(seen, timezone.now()) == 1
    assert Job.objects.get().input["seconds"] == 2
    assert schedules._run(seen, timezone.now()) == 0


@pytest.mark.django_db(transaction=True)
def test_it_submits_once_however_many_workers_look():
    for name in ("alice", "bob", "charlie"):
        due(schedule(owner=name), seconds=0)
    together, counts = threading.Barrier(4), []

    def look() -> None:
        together.wait()
        try:
            counts.append(schedules.run_due())
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(counts), Job.objects.count()) == (3, 3)


@pytest.mark.django_db(transaction=True)
def test_a_worker_submits_and_runs_it():
    made = due(schedule(), seconds=0)
    drain_until(lambda: Job.objects.filter(schedule=made, status="completed").exists())
    assert "test.noop" in registry


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Factory", "Nowhere/City"])
def test_a_zone_must_be_the_same_on_every_host(zone):
    assert zone not in cron.zones()
