"""The peer of the engine on PostgreSQL: Procrastinate with its Django integration.

Two worker processes. However many workers are asked for, each process has the 50 coroutines that served it
best: its tasks run on an event loop. Run like `tests.bench.peers.djangoq`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from procrastinate.contrib.django import app
from procrastinate.tasks import Task

from tests.bench import loads
from tests.bench.peers.queues import Queue, configure, report
from tests.bench.timing import leave_stamp

HERE = "tests.bench.peers.procrastinating"
PROCESSES = 2
CONCURRENCY = "50"


@app.task(name="noop")
async def noop() -> None:
    """The task that does nothing."""


@app.task(name="sleep")
async def sleep() -> None:
    """The task that waits as long as a provider's answer takes."""
    await asyncio.sleep(loads.CALL_SECONDS)


@app.task(name="stamp")
async def stamp(path: str) -> None:
    """The task that tells when it started."""
    leave_stamp(path)


def _enqueue(task: str, *arguments: str) -> None:
    tasks: dict[str, Task[Any, Any, Any]] = {"noop": noop, "sleep": sleep, "stamp": stamp}
    tasks[task].defer(**dict(zip(("path",), arguments, strict=False)))


def _done() -> int:
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.filter(status="succeeded").count()


def main(what: str) -> None:
    """Does what the command line says."""
    configure(["procrastinate.contrib.django"])
    if what == "work":
        from django.core.management import call_command

        call_command("procrastinate", "worker", "--concurrency", CONCURRENCY)
    else:
        report(Queue(_enqueue, _done, HERE, PROCESSES), what)


if __name__ == "__main__":
    main(sys.argv[1])
