"""The peer of the engine: django-q2's own tasks, with its ORM broker.

Run as ``python -m tests.bench.peers.djangoq noop|waits|pickup|submit``; reads `DATA_DIR` and `DATABASE_URL`
and prints JSON.
"""

from __future__ import annotations

import sys
import time

from tests.bench import loads
from tests.bench.peers.queues import Queue, configure, report
from tests.bench.timing import leave_stamp

HERE = "tests.bench.peers.djangoq"


def noop() -> None:
    """The task that does nothing."""


def sleep() -> None:
    """The task that waits as long as a provider's answer takes."""
    time.sleep(loads.CALL_SECONDS)


def stamp(path: str) -> None:
    """The task that tells when it started."""
    leave_stamp(path)


def _enqueue(task: str, *arguments: str) -> None:
    from django_q.tasks import async_task

    async_task(f"{HERE}.{task}", *arguments)


def _done() -> int:
    from django_q.models import Task

    return int(Task.objects.filter(success=True).count())


def main(what: str, workers: int = 2) -> None:
    """Does what the command line says."""
    configure(
        ["django_q"],
        Q_CLUSTER={
            "name": "peer", "orm": "default", "workers": workers, "timeout": 60, "retry": 120,
            "save_limit": 0, "catch_up": False, "log_level": "ERROR",
        },
    )  # fmt: skip
    if what == "work":
        from django.core.management import call_command

        call_command("qcluster")
    else:
        report(Queue(_enqueue, _done, HERE), what)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
