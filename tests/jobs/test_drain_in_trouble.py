"""Drains in which something goes wrong beside the steps: what runs, and what was paid, must not suffer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError

from jobs import needs
from jobs.models import Attempt, Job, ProviderCall, Worker
from jobs.worker import Drain
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order
from tests.jobs.engine import drain_until, job
from tests.jobs.invariants import broken

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service(fake_openai: Served, settings: Any) -> Served:
    """The only provider."""
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai", fake_openai.url
    settings.OPENAI_MODEL, settings.WORKER_HEARTBEAT_INTERVAL = "some-model", 0.05
    return fake_openai


def is_over() -> bool:
    return Job.objects.exclude(finished_at=None).exists()


def fails(*_: object, **__: object) -> None:
    raise ValueError("a bug")


def fails_while(condition: Callable[[], bool], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    def work(*arguments: Any) -> Any:
        if condition():
            raise ValueError("a bug")
        return otherwise(*arguments)

    return work


def run_until_it_breaks(drain: Drain) -> None:
    with pytest.raises(ValueError, match="a bug"):
        asyncio.run(asyncio.wait_for(drain.run(), 20))


def is_asking() -> bool:
    return ProviderCall.objects.filter(outcome=ProviderCall.Outcome.RUNNING).exists()


@pytest.mark.parametrize(("kind", "outcome"), [("ask", "cancelled"), ("embed", "succeeded")])
def test_it_ends_calls_and_gives_steps_back_when_it_breaks(service, monkeypatch, kind, outcome):
    """A request for embeddings serves others as well, and is waited for."""
    service.app.always = Order(stall=1.0)
    job(kind, input={"text": "hello"})
    drain = Drain(0)
    monkeypatch.setattr(drain, "_beat", fails_while(is_asking, drain._beat))
    run_until_it_breaks(drain)
    assert [call.outcome for call in ProviderCall.objects.all()] == [outcome]
    assert Attempt.objects.get().outcome == "released"
    assert Worker.objects.get().ended_at
    assert broken() == {}


def test_it_stores_an_answer_that_comes_in_just_when_it_breaks(service, monkeypatch):
    """The answer is on its way to the database when the drain goes down."""
    job("ask_then_wait", input={"text": "hello"})
    drain = Drain(0)
    honest, arrived = drain._gate.leave, []

    async def slowly(ended: Any) -> None:
        arrived.append(ended)
        await asyncio.sleep(0.5)
        await honest(ended)

    monkeypatch.setattr(drain._gate, "leave", slowly)
    monkeypatch.setattr(drain, "_beat", fails_while(lambda: bool(arrived), drain._beat))
    run_until_it_breaks(drain)
    assert ProviderCall.objects.get().answer
    assert Attempt.objects.get().outcome == "released"
    assert Worker.objects.get().ended_at


@pytest.mark.parametrize(
    "chore",
    [
        "jobs.live.tell_progress",
        "jobs.live.keep_progress",
        "jobs.live.refresh",
        "jobs.live.PlaceTeller.tell",
        "jobs.needs.left_behind",
        "jobs.pausing.to_stop",
        "jobs.rescue.bury_unseen",
        "jobs.rescue.rescue_expired",
        "jobs.schedules.run_due",
        "jobs.tallies.fold",
        "jobs.tokens.want_all_drains",
    ],
)
def test_a_chore_that_fails_harms_no_step(chore, monkeypatch, settings, caplog):
    settings.WORKER_HEARTBEAT_INTERVAL = 0.1
    monkeypatch.setattr("jobs.worker.KEEP_SECONDS", 0.1)
    monkeypatch.setattr("jobs.worker.LOOK_SECONDS", 0.1)
    monkeypatch.setattr(chore, fails)
    job("slow", input={"seconds": 0.5})
    drain_until(is_over)
    assert Job.objects.get().status == "completed"
    assert [one.outcome for one in Attempt.objects.all()] == ["succeeded"]
    assert "the drain goes on" in caplog.text
    assert Worker.objects.get().ended_at


def test_a_claim_that_fails_harms_no_running_step(monkeypatch, caplog):
    made = job("slow", input={"seconds": 0.5})
    failed: list[bool] = []

    def failing(*_: object) -> None:
        failed.append(True)
        raise ValueError("a bug")

    def begins_to_fail() -> bool:
        if Attempt.objects.exists() and not failed:
            monkeypatch.setattr("jobs.queue.has_work", failing)
        return Job.objects.filter(pk=made.pk).exclude(finished_at=None).exists() and bool(failed)

    drain_until(begins_to_fail)
    assert [one.outcome for one in Attempt.objects.all()] == ["succeeded"]


def test_hiccups_between_claim_and_start_bring_no_job_to_its_end(monkeypatch, settings, caplog):
    settings.PROCESSING_MAX_RETRIES, settings.PROCESSING_RETRY_BASE = 1, 0.0
    monkeypatch.setattr("jobs.worker.AWAY_SECONDS", 0.0)
    monkeypatch.setattr("jobs.worker.KEEP_SECONDS", 0.0)
    made = job("noop")
    left = [OperationalError("the connection broke")] * 4
    honest = needs.results

    def hiccup(*arguments: Any) -> Any:
        if left:
            raise left.pop()
        return honest(*arguments)

    monkeypatch.setattr("jobs.needs.results", hiccup)
    drain_until(is_over)
    made.refresh_from_db()
    assert (made.status, left) == ("completed", [])
    assert [one.outcome for one in Attempt.objects.order_by("number")] == ["released"] * 4 + ["succeeded"]
    assert broken() == {}
