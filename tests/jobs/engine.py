"""What tests of the engine share: making jobs, and moving them by hand as a worker would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib.auth import get_user_model

from jobs import claims
from jobs.actions import Submission, submit
from jobs.claims import Claim, Settlement
from jobs.errors import JobError
from jobs.ledger import Spent
from jobs.models import Job, JobResult, ResultContent, Step
from jobs.outcomes import Failed, Outcome, Succeeded
from jobs.worker import Drain
from realtime.models import Event

WORKER = uuid4()


def person(name: str = "alice") -> Any:
    """The account called ``name``, made if need be."""
    return get_user_model().objects.get_or_create(username=name, defaults={"email": f"{name}@example.org"})[0]


def job(kind: str = "noop", owner: str = "alice", **fields: Any) -> Job:
    """A job of test kind ``kind``, freshly submitted."""
    return submit(person(owner), Submission(f"test.{kind}", **fields))


def keep_result(job: Job, data: Any) -> JobResult:
    """A result of ``job``, as if it were completed."""
    return JobResult.objects.create(job=job, content=ResultContent.objects.create(data=data))


def claim(slots: int = 10, worker: Any = WORKER) -> list[Claim]:
    """What a worker with ``slots`` free slots gets now."""
    claims.wake_due()
    return claims.claim(worker, slots, 1)


def settle(claimed: Claim, outcome: Outcome | JobError | None = None, spent: Spent | None = None) -> None:
    """Ends a claim; well, if nothing else is said."""
    if isinstance(outcome, JobError):
        outcome = Failed(outcome)
    claims.settle([Settlement(claimed, outcome or Succeeded({}), spent or Spent())])


def steps(job: Job) -> dict[str, Step]:
    """A job's steps as they stand in the database."""
    return {step.name: step for step in Step.objects.filter(job=job)}


def statuses(job: Job) -> dict[str, str]:
    """The statuses of a job's steps."""
    return {name: step.status for name, step in steps(job).items()}


def news(owner: str = "alice") -> list[str]:
    """Names of the events in a person's stream, in order."""
    stream = f"user:{person(owner).pk}"
    return list(Event.objects.filter(stream__name=stream).order_by("seq").values_list("name", flat=True))


def drain_until(done: Callable[[], bool], seconds: float = 20.0, drain: Drain | None = None) -> None:
    """Runs a drain until ``done()``; fails when that takes longer than ``seconds``."""
    drain = drain or Drain(0)

    async def watch() -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if await asyncio.to_thread(_asked, done):
                drain.stop()
                return True
            await asyncio.sleep(0.02)
        drain.stop()
        return False

    async def both() -> bool:
        _, well = await asyncio.gather(drain.run(), watch())
        return well

    assert asyncio.run(both()), "the drain did not get there in time"


def _asked(done: Callable[[], bool]) -> bool:
    from django.db import connection

    try:
        return done()
    finally:
        connection.close()
