"""Limits on what waits, while many ask at the same moment: each with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from jobs import actions, queue, schedules
from jobs.actions import Submission, submit_many
from jobs.errors import BudgetExceeded, JobError, NotAllowedNow, QueueFull, TooManyJobs, TooManySchedules
from jobs.kinds import Estimate
from jobs.models import Job, QueueClock, Schedule, Share
from jobs.states import ACTIVE
from tests.jobs.engine import job, person

pytestmark = pytest.mark.django_db(transaction=True)

NOOP = Submission("test.noop")
AT_ONCE = 6


def at_once(*works: Callable[[], object]) -> list[JobError | None]:
    """What each of ``works`` was refused with, None for one that was not; they begin together."""
    together, ends = threading.Barrier(len(works)), {}

    def run(number: int, work: Callable[[], object]) -> None:
        together.wait()
        try:
            work()
            ends[number] = None
        except JobError as refused:
            ends[number] = refused
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == len(works), "every one of them ended, and not by a deadlock"
    return [ends[number] for number in range(len(works))]


def refusals(ends: Sequence[JobError | None]) -> set[type[JobError]]:
    return {type(end) for end in ends if end}


def submitting(owner: str, count: int) -> Callable[[], object]:
    account = person(owner)
    return lambda: submit_many(account, [NOOP] * count)


def under_way() -> int:
    return Job.objects.filter(status__in=ACTIVE).count()


def test_the_whole_queue_takes_no_more_of_different_people(settings):
    settings.QUEUE_MAX_SIZE = 15
    ends = at_once(*[submitting(f"person-{number}", 10) for number in range(AT_ONCE)])
    assert (ends.count(None), under_way()) == (1, 10)
    assert refusals(ends) == {QueueFull}
    assert {end.message for end in ends if end} == {f"{QueueFull.__doc__} Under way: 10, of 15 at most."}
    assert all(end.retry_after >= 1 for end in ends if end)


def test_a_person_gets_no_more_than_their_cap_and_others_are_not_held_up(settings):
    settings.QUEUE_MAX_PER_USER = 15
    ends = at_once(*[submitting("alice", 10) for _ in range(AT_ONCE)], submitting("bob", 10))
    assert (ends[:AT_ONCE].count(None), ends[AT_ONCE]) == (1, None)
    assert refusals(ends) == {TooManyJobs}
    assert under_way() == 20


def test_a_person_gets_no_more_by_trying_again(settings):
    settings.QUEUE_MAX_PER_USER = 2
    failed = [actions.cancel(job()) for _ in range(AT_ONCE)]
    ends = at_once(*[lambda one=one: actions.retry(one) for one in failed])
    assert (ends.count(None), under_way()) == (2, 2)
    assert refusals(ends) == {TooManyJobs}


def test_one_job_is_tried_again_once(settings):
    settings.QUEUE_MAX_PER_USER = 5
    failed = actions.cancel(job())
    ends = at_once(*[lambda: actions.retry(failed) for _ in range(AT_ONCE)])
    assert (ends.count(None), refusals(ends)) == (1, {NotAllowedNow})


@pytest.mark.parametrize("whose", ["BUDGET_USD_PER_USER_PER_DAY", "BUDGET_USD_PER_DAY"])
def test_a_budget_is_promised_once(whose, settings, monkeypatch):
    monkeypatch.setattr(actions, "estimate", lambda *_: Estimate(Decimal("0.10"), 10, 1.0))
    setattr(settings, whose, Decimal("0.35"))
    people = ["alice"] * AT_ONCE if "USER" in whose else [f"person-{number}" for number in range(AT_ONCE)]
    ends = at_once(*[submitting(name, 2) for name in people])
    assert (ends.count(None), under_way()) == (1, 2)
    assert refusals(ends) == {BudgetExceeded}
    assert {end.extra["left_usd"] for end in ends if end} == {"0.15"}


def test_a_person_gets_no_more_schedules_than_one_may_have(monkeypatch):
    monkeypatch.setattr(schedules, "MOST_OF_ONE_PERSON", 2)
    alice, bob = person("alice"), person("bob")
    wish = schedules.Wish(NOOP, "* * * * *")
    ends = at_once(
        *[lambda: schedules.create(alice, wish) for _ in range(AT_ONCE)], lambda: schedules.create(bob, wish)
    )
    assert (ends[:AT_ONCE].count(None), ends[AT_ONCE]) == (2, None)
    assert refusals(ends) == {TooManySchedules}
    assert Schedule.objects.filter(owner=alice).count() == 2


def test_a_submit_and_a_job_that_enters_the_queue_can_not_wait_for_each_other(monkeypatch):
    """On an idle queue both move its clock on, and then charge the same person's share."""
    cancelled = actions.cancel(job())
    QueueClock.objects.update_or_create(pk=1, defaults={"virtual_time": 0.0})
    Share.objects.update(finish_tag=5.0)
    clock_is_held, submit_is_on, enter = threading.Event(), threading.Event(), queue.enter
    if not connection.features.has_select_for_update:
        submit_is_on.set()  # one transaction writes at a time: the other can't get on meanwhile

    def requeue() -> None:
        with transaction.atomic():
            QueueClock.objects.select_for_update().get()
            clock_is_held.set()
            assert submit_is_on.wait(5)
            actions.requeue([cancelled.pk])

    def submit() -> None:
        assert clock_is_held.wait(5)
        submit_many(cancelled.owner, [NOOP])

    def entering(jobs: Any) -> None:
        submit_is_on.set()
        enter(jobs)

    monkeypatch.setattr(queue, "enter", entering)
    assert at_once(requeue, submit) == [None, None]
