"""A fault at each database write, at each commit and at each HTTP call in turn: every job recovers by itself.

One job after the other runs in a drain of its own. The first meets the fault at its drain's first write, the
second at the second, and so on, until a drain ends that has no such write any more. What must hold then is in
`tests.jobs.invariants`.
"""

from __future__ import annotations

import asyncio
import gc
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created
from django.utils import timezone

from jobs import actions, gate, rescue
from jobs.ledger import Spent
from jobs.models import Attempt, Job, ProviderCall, Step
from jobs.providers.contract import Answer, Usage, stored
from jobs.worker import Drain
from tests.fake_openai.fixtures import Served
from tests.fake_openai.orders import Order, limited
from tests.jobs.engine import claim, drain_until, job, settle, statuses
from tests.jobs.invariants import broken

pytestmark = pytest.mark.django_db(transaction=True)

WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
DRAINS_AT_MOST = 4
SECONDS_AT_MOST = 20.0
STEPS = {"word": "completed", "number": "completed", "end": "completed"}
CALLS_AT_MOST = 40


class Killed(BaseException):
    """The process has died, as far as its drain can tell: nothing of it reaches the database any more."""


class Fault:
    """What goes wrong at write, or commit, number ``at`` of a drain.

    Args:
        at: its number, from 1.
    """

    def __init__(self, at: int) -> None:
        self.at = at
        self.seen = 0

    @property
    def came(self) -> bool:
        """Whether there were so many."""
        return self.seen >= self.at

    def write(self, write: Callable[[], Any]) -> Any:
        """Lets a statement that writes through, or not."""
        return write()

    def read(self) -> None:
        """Lets any statement through, or not."""

    def commit(self, commit: Callable[[], None]) -> None:
        """Lets a commit through, or not."""
        commit()

    def _is_now(self) -> bool:
        self.seen += 1
        return self.seen == self.at


class Refused(Fault):
    """The database refuses the write, once: it is locked, or the connection broke."""

    def write(self, write: Callable[[], Any]) -> Any:
        if self._is_now():
            raise OperationalError("a fault of the test's")
        return write()


class Unheard(Fault):
    """The commit is done, but the connection breaks before it is heard of."""

    def commit(self, commit: Callable[[], None]) -> None:
        commit()
        if self._is_now():
            raise OperationalError("a fault of the test's")


class Death(Fault):
    """The process dies before the write."""

    def write(self, write: Callable[[], Any]) -> Any:
        self._is_now()
        self.read()
        return write()

    def read(self) -> None:
        if self.came:
            raise Killed


@pytest.fixture
def _at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits before it is tried again."""
    settings.PROCESSING_RETRY_BASE = 0.0
    monkeypatch.setattr("jobs.worker.AWAY_SECONDS", 0.0)
    monkeypatch.setattr("jobs.worker.KEEP_AGAIN_SECONDS", (0.0,) * 5)


@pytest.fixture
def service(fake_openai: Served, settings: Any, _at_once: None) -> Served:
    """The only provider, whose answers have a price."""
    settings.SHIPSPEAK_PROVIDERS, settings.OPENAI_BASE_URL = "openai", fake_openai.url
    settings.OPENAI_MODEL = "gpt-5-mini"
    return fake_openai


@pytest.fixture
def meet() -> Iterator[Callable[[Fault | None], None]]:
    """Sets what the next drains meet."""
    current: list[Fault | None] = [None]

    def through(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        fault = current[0]
        if fault is None or not _is_a_drains():
            return execute(sql, params, many, context)
        if WRITE.match(sql):
            return fault.write(lambda: execute(sql, params, many, context))
        fault.read()
        return execute(sql, params, many, context)

    def watch(connection: Any, **_: Any) -> None:
        if not _is_a_drains():
            return
        connection.execute_wrappers.append(through)
        commit = connection._commit
        connection._commit = lambda: current[0].commit(commit) if current[0] else commit()

    connection_created.connect(watch)
    try:
        yield lambda fault: current.__setitem__(0, fault)
    finally:
        connection_created.disconnect(watch)


def _is_a_drains() -> bool:
    return threading.current_thread().name.startswith("database")


# A process that has died closes nothing.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("kind", [Refused, Unheard, Death])
def test_it_recovers_from_a_fault_at_each_write(kind: type[Fault], service: Served, meet: Any) -> None:
    number, came = 0, True
    while came:
        number += 1
        service.app.reset()
        made = job("paid_chain", input={"text": f"{kind.__name__} {number}"})
        fault = kind(number)
        run(made, meet, fault)
        came = fault.came
        check(made, f"{kind.__name__} at number {number}")
        lost = ProviderCall.objects.filter(step__job=made, answer__isnull=True).count()
        assert service.app.seen.calls <= 2 + lost, f"number {number}: a stored answer was asked for again"
    gc.collect()  # so that what was left open is noticed here and not in another test
    assert number > 10, "there were no writes for faults to come to"


@pytest.mark.parametrize(
    "order",
    [
        Order(cut=3),
        Order(cut=3, quiet_cut=True),
        Order(status=500),
        Order(body="<html>It works!</html>"),
        Order(stream_error={"message": "overloaded"}),
        Order(wrong=True),
        limited("0.05"),
    ],
    ids=["cut", "quietly cut", "500", "nonsense", "error in the stream", "wrong", "429"],
)
def test_it_recovers_from_a_fault_at_each_call(order: Order, service: Served, meet: Any) -> None:
    for number in range(1, CALLS_AT_MOST):
        service.app.reset()
        made = job("paid_chain", input={"text": f"call {number}"})
        service.order(*[Order()] * (number - 1), order)
        run(made, meet)
        check(made, f"fault at call {number}")
        if service.app.orders:  # it was not reached
            return
    pytest.fail("it never stopped calling")


def run(made: Job, meet: Callable[[Fault | None], None], fault: Fault | None = None) -> None:
    """Drains follow each other, as by their tokens, until the job is over. The first meets the fault."""
    meet(fault)
    for _ in range(DRAINS_AT_MOST):
        with suppress(OperationalError, Killed):
            asyncio.run(_drained(made))
        if fault and fault.came:
            meet(None)
        if is_over(made):
            return
    meet(None)
    raise AssertionError(f"{DRAINS_AT_MOST} drains did not bring it to its end: {statuses(made)}")


async def _drained(made: Job) -> None:
    drain = Drain(0)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # of a process that has died nobody hears
    running = asyncio.ensure_future(drain.run())
    end = loop.time() + SECONDS_AT_MOST
    while not running.done() and loop.time() < end and not await asyncio.to_thread(_looked, made):
        await asyncio.wait([running], timeout=0.01)
    drain.stop()
    await running


def _looked(made: Job) -> bool:
    try:
        return is_over(made)
    finally:
        connection.close()


def is_over(made: Job) -> bool:
    """Whether the job has ended."""
    return Job.objects.filter(pk=made.pk, finished_at__isnull=False).exists()


def check(made: Job, where: str) -> None:
    """The job is completed, and nothing happened twice."""
    made.refresh_from_db()
    assert made.status == "completed", f"{where}: {made.error_code} {made.error_message}"
    assert statuses(made) == STEPS, where
    assert broken() == {}, where
    assert Attempt.objects.filter(step__job=made, outcome="succeeded").count() == len(STEPS), where
    assert made.cost_usd > 0


@pytest.mark.usefixtures("_at_once")
def test_it_charges_an_answer_that_comes_when_its_worker_was_taken_for_dead() -> None:
    made = job("ask", input={"text": "late"})
    [slow] = claim()
    call = ProviderCall(step=slow.step, attempt=1, owner_id=made.owner_id, task="t", fingerprint="f")
    call.provider, call.model, call.endpoint = "openai", "gpt-5-mini", "somewhere"
    call.save()
    Step.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert rescue.rescue_expired() == 1
    answer = Answer("openai", "gpt-5-mini", "so late", Usage(10, 20, Decimal("0.5")))
    gate.leave([gate.Ended(call, answer=answer)])
    spent = Spent()
    spent.add(call)
    for _ in range(2):
        settle(slow, spent=spent)
    [again] = claim()
    assert list(again.answers.values()) == [stored(answer)]
    settle(again)
    assert broken() == {}
    made.refresh_from_db()
    assert (made.status, made.cost_usd) == ("completed", Decimal("0.5"))


@pytest.mark.parametrize("kind", ["ask", "embed"])
def test_it_ends_the_call_of_a_step_that_is_cancelled(kind: str, service: Served) -> None:
    service.app.always = Order(stall=0.7)
    made = job(kind, input={"text": "never mind"})

    def is_cancelled() -> bool:
        if service.app.seen.in_flight and not Job.objects.filter(status="cancelled"):
            actions.cancel(made)
        return not Attempt.objects.filter(outcome="running") and Attempt.objects.exists()

    drain_until(is_cancelled)
    assert broken() == {}
