from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from jobs import bottleneck
from jobs.bottleneck import ENOUGH, Gate, Situation, find
from jobs.forecast import Load
from jobs.models import Door, KindPolicy, ProviderCall, Share, Step, Tier, Worker
from jobs.providers import chain
from jobs.quantiles import Duration
from jobs.standings import Scene, Waiting
from tests.jobs.engine import claim, job, person


def situation(waiting: int = 20, busy: int = 4, workers: int = 2, **fields) -> Situation:
    loads = [Load(Duration(10, 10), 10, owner=1) for _ in range(waiting)]
    running = [Load(Duration(10, 10), 10) for _ in range(busy)]
    scene = Scene(4, [Waiting(0.0, n, n) for n in range(waiting)], loads, ["test"] * waiting, running)
    return Situation(scene, workers, busy, 2, **fields)


def gate(name: str = "kind", used: int = 1, most: int = 1, waiting: int = 20, **fields) -> Gate:
    values = {"holders": [10.0] * waiting, "servers": most, "step": 1, "remedy": "It is limited."}
    return Gate(name=name, of="", used=used, most=most, **{**values, **fields})


def test_it_finds_nothing_when_nothing_waits_or_nothing_is_used_up():
    assert find(situation(waiting=0)).name == "none"
    assert find(situation(busy=3)).name == "none"
    assert find(situation(busy=3, gates=[gate(used=0)])).name == "none"


def test_it_misses_workers_first():
    found = find(situation(workers=0, busy=0))
    assert found.name == "workers"
    assert found.binding[0].observations == 20


def test_it_says_what_one_more_worker_would_give():
    (slots,) = find(situation()).binding
    assert (slots.name, slots.used, slots.most, slots.raised_to) == ("slots", 4, 4, 6)
    assert slots.wait is not None
    assert slots.wait_raised is not None
    assert slots.wait_raised < 0.8 * slots.wait
    assert f"from about {slots.wait:.0f} s to about {slots.wait_raised:.0f} s" in slots.remedy


def test_it_says_what_one_place_more_would_give_and_names_what_helps_most_first():
    found = find(situation(gates=[gate()]))
    assert [one.name for one in found.binding] == ["kind", "slots"]
    kind = found.binding[0]
    assert (kind.most, kind.raised_to) == (1, 2)
    assert kind.wait == pytest.approx(2 * (kind.wait_raised or 0), rel=0.2)


def test_it_raises_a_rate_by_a_part_of_it():
    rate = gate("provider_requests", used=60, most=60, step=6, servers=1, holders=[20.0] * 20)
    found = find(situation(busy=0, gates=[rate])).binding[0]
    assert (found.raised_to, found.wait) == (66, 190)
    assert found.wait_raised == pytest.approx(190 / 1.1, rel=0.01)


def test_it_does_not_say_what_it_would_give_of_too_few():
    (slots,) = find(situation(waiting=ENOUGH - 1)).binding
    assert (slots.wait, slots.wait_raised) == (None, None)
    assert "too few waiting jobs" in slots.remedy


@pytest.fixture
def worker(db, settings):
    settings.PROCESSING_CONCURRENCY = 2
    return Worker.objects.create(host="here", pid=1, slot=0, concurrency=2)


def names() -> list[str]:
    return [one.name for one in bottleneck.read().binding]


def test_it_reads_that_the_slots_are_busy(worker):
    for n in range(8):
        job("slow", owner=f"person{n}")
    claim(2)
    assert names() == ["slots"]


def test_it_reads_that_a_kind_is_full_or_paused_and_a_person_at_their_limit(worker):
    for _ in range(8):
        job("slow")
    claim(1)
    KindPolicy.objects.create(kind="test.slow", max_running=1)
    tier = Tier.objects.create(name="small", max_running=1)
    Share.objects.update_or_create(user=person(), defaults={"tier": tier})
    assert sorted(names()) == ["kind", "person"]
    KindPolicy.objects.update(paused_at=timezone.now())
    assert names()[0] == "paused"


@pytest.fixture
def service(worker, monkeypatch):
    first = chain.providers()[0]
    monkeypatch.setattr(type(first), "endpoints", ("main",), raising=False)
    for n in range(6):
        job("ask", owner=f"person{n}", input={"text": "hello"})
    return Door.objects.create(provider=first.name, endpoint="main", model=first.model)


def test_it_reads_that_a_provider_takes_no_more_requests(service):
    service.requests_per_minute = 1
    service.save()
    assert names() == []
    step = Step.objects.first()
    ProviderCall.objects.create(
        step=step,
        attempt=1,
        owner_id=1,
        task="t",
        fingerprint="f",
        provider=service.provider,
        endpoint="main",
        model=service.model,
        outcome=ProviderCall.Outcome.SUCCEEDED,
        finished_at=timezone.now(),
        tokens_in=5,
        tokens_out=5,
    )
    assert names() == ["provider_requests"]


def test_it_reads_that_a_door_is_closed(service):
    service.closed_until, service.closed_for = timezone.now() + timedelta(seconds=30), "provider_rate_limited"
    service.save()
    (closed,) = bottleneck.read().binding
    assert closed.name == "door_closed"
    assert "provider_rate_limited" in closed.remedy
    assert closed.observations == 6


def test_it_reads_that_a_budget_is_used_up(service, settings):
    settings.BUDGET_USD_PER_DAY = 0
    spent = bottleneck.read().binding[0]
    assert (spent.name, spent.observations) == ("budget", 6)
