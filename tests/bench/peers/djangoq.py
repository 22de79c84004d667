"""The peer of the engine: django-q2's own tasks, on SQLite tuned as ours is.

Run as ``python -m tests.bench.peers.djangoq noop|sleep|pickup COUNT WORKERS DIRECTORY``; prints JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings

HERE = "tests.bench.peers.djangoq"


def configure(directory: str, workers: int) -> None:
    """Sets Django up with django-q2 and nothing else."""
    settings.configure(
        SECRET_KEY="bench",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", "django_q"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": f"{directory}/djangoq.sqlite3",
                "CONN_MAX_AGE": None,
                "OPTIONS": {
                    "timeout": 20,
                    "transaction_mode": "IMMEDIATE",
                    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                },
            }
        },
        Q_CLUSTER={
            "name": "peer", "orm": "default", "workers": workers, "timeout": 60, "retry": 120,
            "save_limit": 0, "catch_up": False, "log_level": "ERROR",
        },
    )  # fmt: skip
    django.setup()


def noop(number: int) -> int:
    """The task that does nothing."""
    return number


def sleep(number: int) -> int:
    """The task that waits as long as a provider's answer takes."""
    time.sleep(0.5)
    return number


def stamp(path: str) -> None:
    """The task that notes when it started."""
    Path(path).write_text(repr(time.time()))


def throughput(task: str, count: int, directory: str, workers: int) -> dict[str, float]:
    """Tasks a second, from the cluster's first finished task on, all enqueued before."""
    from django_q.models import Task
    from django_q.tasks import async_task

    began = time.perf_counter()
    for number in range(count):
        async_task(f"{HERE}.{task}", number)
    enqueue_ms = (time.perf_counter() - began) / count * 1e3
    with cluster(directory, workers):
        wait_for(Task.objects.exists)
        first, began = Task.objects.count(), time.perf_counter()
        wait_for(lambda: Task.objects.count() >= count)
        seconds = time.perf_counter() - began
    return {"per_second": (count - first) / seconds, "enqueue_ms": enqueue_ms}


def pickup(count: int, directory: str, workers: int) -> dict[str, float]:
    """Seconds from the enqueueing of a task to its start by an idle, warm cluster."""
    from django_q.tasks import async_task

    waits = []
    with cluster(directory, workers):
        for number in range(count + 1):
            path = Path(directory) / f"stamp-{number}"
            began = time.time()
            async_task(f"{HERE}.stamp", str(path))
            wait_for(lambda path=path: path.exists() and path.read_text())
            waits.append(float(path.read_text()) - began)
    waits = sorted(waits[1:])
    return {"p50_ms": waits[len(waits) // 2] * 1e3, "p95_ms": waits[int(len(waits) * 0.95)] * 1e3}


class cluster:
    """A running qcluster."""

    def __init__(self, directory: str, workers: int) -> None:
        self.command = [sys.executable, "-m", HERE, "cluster", "0", str(workers), directory]

    def __enter__(self) -> None:
        self.process = subprocess.Popen(self.command)

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


def wait_for(done: Callable[[], object], seconds: float = 120.0) -> None:
    """Looks every 5 ms until ``done()``."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.005)


def main(what: str, count: int, workers: int, directory: str) -> None:
    """Does what the command line says."""
    configure(directory, workers)
    from django.core.management import call_command

    if what == "cluster":
        call_command("qcluster")
        return
    call_command("migrate", verbosity=0)
    figures = (
        pickup(count, directory, workers) if what == "pickup" else throughput(what, count, directory, workers)
    )
    print(json.dumps(figures))


if __name__ == "__main__":
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
