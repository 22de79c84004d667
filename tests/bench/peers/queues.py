"""What is measured of every peer that is a queue, the same way as of the engine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import transaction

from shipspeak.database import database_settings
from tests.bench import loads, timing
from tests.bench.timing import Figures


@dataclass(frozen=True, slots=True)
class Queue:
    """A peer.

    Args:
        enqueue: has one of its tasks done: "noop", "sleep", or "stamp" with a path.
        done: how many tasks it tells to be done.
        module: run with "work" and a number, it is as many workers as that.
        commands: how many such processes it has.
    """

    enqueue: Callable[..., object]
    done: Callable[[], int]
    module: str
    commands: int = 1

    def noop(self) -> Figures:
        """No-op tasks a second, two workers, all enqueued before."""
        self._fill(loads.NOOPS)
        with self.working(2):
            return timing.per_second(self.done, loads.NOOPS)

    def waits(self) -> Figures:
        """Waiting tasks a second, with as many workers as it can use."""
        with self.working(16):
            self.enqueue("noop")
            timing.wait_for(self.done)
            return timing.rate_of_burst(lambda: self.enqueue("sleep"), self.done, loads.CALLS)

    def pickup(self) -> Figures:
        """The start of a task by idle workers."""
        with self.working(2):
            return timing.pickups(
                lambda path: self.enqueue("stamp", path), Path(os.environ["DATA_DIR"]), loads.PICKUPS
            )

    def submit(self) -> Figures:
        """Enqueueing while the workers are busy."""
        self._fill(loads.BACKLOG)
        with self.working(2):
            return timing.submits(lambda: self.enqueue("noop"), self.done)

    def _fill(self, count: int) -> None:
        """Enqueues no-op tasks in one transaction, which is not timed."""
        with transaction.atomic():
            for _ in range(count):
                self.enqueue("noop")

    @contextmanager
    def working(self, workers: int) -> Iterator[None]:
        """Its workers run while inside."""
        with ExitStack() as running:
            for _ in range(self.commands):
                running.enter_context(process(["-m", self.module, "work", str(workers)]))
            yield


@contextmanager
def process(arguments: Sequence[str]) -> Iterator[None]:
    """A Python process that is asked to end afterwards."""
    started = subprocess.Popen([sys.executable, *arguments])
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(30)


def configure(apps: Sequence[str], **extra: Any) -> None:
    """Sets Django up with a peer and nothing else, on a database tuned as the engine's is."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)
    settings.configure(
        SECRET_KEY="bench",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=["django.contrib.contenttypes", *apps],
        DATABASES={"default": database_settings(os.environ["DATABASE_URL"], Path(os.environ["DATA_DIR"]))},
        **extra,
    )
    django.setup()


def report(queue: Queue, what: str) -> None:
    """Makes the tables, measures, and prints the figures."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    measurements = {"noop": queue.noop, "waits": queue.waits, "pickup": queue.pickup, "submit": queue.submit}
    print(json.dumps(measurements[what]()))
