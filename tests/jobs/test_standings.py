from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import live, shapes, standings
from jobs.live import PlaceTeller, is_news
from jobs.models import Job, Step
from jobs.presentation import Place
from jobs.states import Priority, Status
from tests.jobs.engine import claim, job, person, settle, steps

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_slot(settings):
    settings.PROCESSING_CONCURRENCY = 1


@pytest.fixture
def told(monkeypatch):
    sent = []
    monkeypatch.setattr(live.signals, "send", lambda stream, name, data: sent.append((stream, name, data)))
    return sent


def place(made: Job) -> Place:
    found = standings.place_of(Job.objects.get(pk=made.pk))
    assert found
    return found


def test_it_waits_for_what_runs_and_for_its_later_steps(one_slot):
    job("chain", owner="bob")
    claim(1)
    alone = place(job("slow"))
    assert alone.wait_seconds == pytest.approx(6.6, abs=1.0)
    assert alone.eta_seconds > alone.wait_seconds


def test_it_tells_a_range_only_when_the_time_is_uncertain():
    data = Place(1, 10.0, 0.0, 14.0).data()
    assert (data["eta_seconds"], data["wait_seconds"], data["eta_range_seconds"]) == (10.0, 0.0, None)
    assert Place(1, 10.0, 0.0, 25.0).data()["eta_range_seconds"] == [10.0, 25.0]


def test_a_job_that_was_claimed_after_it_was_read_has_no_place_any_more():
    read = Job.objects.get(pk=job("slow").pk)
    claim(1)
    assert (read.status, standings.place_of(read)) == (Status.QUEUED, None)


def test_it_fits_newcomers_into_a_long_line_without_looking_at_it_again(monkeypatch, one_slot):
    monkeypatch.setattr(standings, "LONG", 3)
    first, *_, last = (job("slow", owner=f"person{n}") for n in range(4))
    standings.forget()
    looked = standings.look()
    later = job("slow", owner="late")
    assert standings.look() is looked
    assert place(first).position == 1
    assert place(later).position == 5
    assert place(later).wait_seconds > place(last).wait_seconds
    standings.forget()
    assert place(later).position == 5


def test_it_puts_a_job_that_moved_where_it_is_now(monkeypatch, one_slot):
    monkeypatch.setattr(standings, "LONG", 2)
    made = [job("slow", owner=f"person{n}") for n in range(4)]
    standings.look()
    Step.objects.filter(job=made[3]).update(rank=-500.0)
    assert place(made[3]).position == 1


def test_it_says_of_a_new_job_what_it_says_once_that_is_submitted(one_slot):
    for n in range(3):
        job("slow", owner=f"person{n}")
    load = shapes.of_steps(list(steps(job("slow", owner="model")).values()), timezone.now())
    foreseen = standings.place_of_new(person("new").pk, Priority.NORMAL, load)
    made = place(job("slow", owner="new"))
    assert foreseen.position == made.position
    assert foreseen.eta_seconds == pytest.approx(made.eta_seconds, rel=0.1)


def test_it_takes_a_step_at_its_word_and_a_silent_one_by_the_clock():
    now = timezone.now()
    step = Step(
        name="only",
        depends_on=[],
        status=Status.PROCESSING,
        started_at=now - timedelta(seconds=30),
        predicted_seconds=10.0,
        predicted_p90=12.0,
        progress=0.9,
    )
    silent = shapes.left(step, now).p50
    step.stage, step.progress = "Reading", 0.5
    half_done = shapes.left(step, now).p50
    assert half_done > 15
    step.progress = 0.99
    assert shapes.left(step, now).p50 < 1
    assert silent > 0


def test_it_counts_items_as_work_side_by_side():
    now = timezone.now()
    common = {"status": Status.PENDING, "predicted_seconds": 5.0, "predicted_p90": 5.0}
    made = [
        Step(name="split", depends_on=[], status=Status.COMPLETED),
        Step(name="score", depends_on=["split"], over="split", **common),
        *(Step(name=f"score[{n}]", depends_on=["split"], part_of="score", **common) for n in range(1, 11)),
    ]
    load = shapes.of_steps(made, now)
    assert load.path.p50 == pytest.approx(5, rel=0.02)
    assert load.work == pytest.approx(50, rel=0.02)


def test_it_tells_everybody_who_waits_where_they_stand_and_then_only_news(told, one_slot):
    waiting = [job("slow", owner=f"person{n}") for n in range(4)]
    teller = PlaceTeller()
    told.clear()
    assert teller.tell() == 4
    assert {data["job"] for _, name, data in told if name == "queue.position"} == {
        str(one.pk) for one in waiting
    }
    assert teller.tell() == 0
    settle(claim(1)[0])
    told.clear()
    assert teller.tell() == 3
    assert [data["position"] for *_, data in told] == [1, 2, 3]


def test_it_tells_so_many_at_a_turn_and_those_first_who_waited_longest_for_it(told, monkeypatch):
    monkeypatch.setattr(live, "TOLD_IN_FRONT", 1)
    monkeypatch.setattr(live, "TOLD_BEHIND", 2)
    for n in range(6):
        job("slow", owner=f"person{n}")
    teller = PlaceTeller()
    told.clear()
    assert [teller.tell() for _ in range(4)] == [3, 2, 1, 0]
    assert len({data["job"] for *_, data in told}) == 6


def test_it_is_news_when_a_place_or_a_time_changed_much():
    known = Place(3, 60.0)
    assert not is_news(known, Place(3, 58.0), seconds=2.0)
    assert not is_news(known, Place(3, 64.0), seconds=0.0)
    assert is_news(known, Place(3, 70.0), seconds=0.0)
    assert is_news(known, Place(2, 60.0), seconds=0.0)
    assert is_news(Place(1, 3.0), Place(1, 6.0), seconds=0.0)
