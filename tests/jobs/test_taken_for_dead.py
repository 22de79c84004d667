"""Workers that were taken for dead: they were asleep, or held up for longer than a lease, and go on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from jobs import actions, gate, rescue, slots
from jobs.claims import Claim
from jobs.errors import WorkerLost
from jobs.gate import Ended, Wanted
from jobs.ledger import Spent
from jobs.models import Attempt, Job, ProviderCall, Step, Worker
from jobs.outcomes import Released
from jobs.providers.contract import Answer, Usage
from jobs.worker import Drain
from realtime.models import Event
from tests.jobs.engine import claim, drain_until, job, news, settle
from tests.jobs.invariants import broken

pytestmark = pytest.mark.django_db(transaction=True)


def call_of(claimed: Claim) -> ProviderCall:
    return ProviderCall(
        step=claimed.step, attempt=claimed.attempt.number, owner_id=claimed.job.owner_id, task="t",
        fingerprint="f", provider="openai", model="m", tokens_reserved=100, usd_reserved=Decimal("0.01"),
    )  # fmt: skip


def wanted(claimed: Claim) -> Wanted:
    return Wanted(call_of(claimed), ("host:1",), 0.0, True)


def worker_of(host: str = "here") -> Worker:
    return Worker.objects.create(host=host, pid=1, slot=0, concurrency=1)


def lose_leases() -> None:
    Step.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert rescue.rescue_expired() == 1


def test_it_pays_for_nothing_more_once_its_step_was_taken_back() -> None:
    job("ask", input={"text": "whose?"})
    [slow] = claim()
    lose_leases()
    assert isinstance(gate.enter([wanted(slow)])[0], WorkerLost)
    [second] = claim(worker=uuid4())
    refused, let_through = gate.enter([wanted(slow), wanted(second)])
    assert isinstance(refused, WorkerLost)
    assert isinstance(let_through, ProviderCall)
    assert list(ProviderCall.objects.values_list("attempt", flat=True)) == [2]


def test_it_pays_for_nothing_more_once_its_step_was_cancelled() -> None:
    made = job("ask", input={"text": "never mind"})
    [claimed] = claim()
    actions.cancel(made)
    assert isinstance(gate.enter([wanted(claimed)])[0], WorkerLost)


def test_it_is_charged_for_an_answer_that_it_stored_late_even_if_it_dies_then() -> None:
    dead = worker_of()
    made = job("ask", input={"text": "late"})
    [slow] = claim(worker=dead.pk)
    [call] = gate.enter([wanted(slow)])
    assert isinstance(call, ProviderCall)
    lose_leases()
    gate.leave([Ended(call, answer=Answer("openai", "m", "late", Usage(10, 20, Decimal("0.5"))))])
    [again] = claim(worker=uuid4())
    settle(again)
    for _ in range(2):
        Worker.objects.update(ended_at=None)
        rescue.bury("here", 0, uuid4())
    made.refresh_from_db()
    assert (made.status, made.cost_usd) == ("completed", Decimal("0.5"))
    assert Attempt.objects.get(number=1).cost_usd == Decimal("0.5")
    assert broken() == {}


def test_its_call_ends_when_the_answer_is_stored_however_long_the_database_was_locked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unlocked = []

    @contextmanager
    def held_up() -> Iterator[None]:
        with transaction.atomic():
            time.sleep(0.05)
            unlocked.append(timezone.now())
            yield

    job("ask", input={"text": "late"})
    [call] = gate.enter([wanted(claim()[0])])
    assert isinstance(call, ProviderCall)
    monkeypatch.setattr("jobs.gate.transaction", SimpleNamespace(atomic=held_up))
    gate.leave([Ended(call, answer=Answer("openai", "m", "yes", Usage(10, 20, Decimal("0.5"))))])
    call.refresh_from_db()
    assert call.finished_at is not None
    assert call.finished_at >= unlocked[0]


def test_it_tells_what_a_job_cost_when_that_is_known_after_its_end_only() -> None:
    made = job("slow")
    [claimed] = claim()
    actions.cancel(made)
    settle(claimed, Released(), Spent("openai", "m", 10, 5, Decimal("0.25")))
    assert news()[-2:] == ["job.cancelled", "job.cost_changed"]
    last = json.loads(Event.objects.latest("seq").frame)
    assert Decimal(last["data"]["job"]["cost_usd"]) == Job.objects.get().cost_usd == Decimal("0.25")


def test_it_tells_no_cost_again_that_is_known_at_the_end() -> None:
    job("slow")
    [claimed] = claim()
    settle(claimed, None, Spent("openai", "m", 10, 5, Decimal("0.25")))
    assert "job.completed" in news()
    assert "job.cost_changed" not in news()


def test_it_does_not_take_others_for_dead_that_slept_as_long_as_itself() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    sleeper = worker_of("elsewhere")
    Worker.objects.update(seen_at=long_ago)
    drain = Drain(0)
    drain.worker.save(force_insert=True)
    drain._kept_at = time.time() - 3600
    drain._beat()
    sleeper.refresh_from_db()
    assert sleeper.ended_at is None
    drain._kept_at = time.time()
    drain._beat()
    sleeper.refresh_from_db()
    assert sleeper.ended_at is not None


def test_it_counts_again_as_soon_as_it_beats(settings: Any) -> None:
    settings.WORKER_HEARTBEAT_INTERVAL = 0.1
    buried: list[int] = []

    def is_back() -> bool:
        mine = Worker.objects.filter(host=slots.host())
        if mine and not buried:
            buried.append(mine.update(ended_at=timezone.now()))
        return bool(buried) and mine.filter(ended_at=None).exists()

    drain_until(is_back)
    assert buried == [1]
