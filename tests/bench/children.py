"""Measurements in processes of their own, each on a new, empty database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from tests.bench.timing import Figures
from tests.services import postgresql, private

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    "WORKER_POOL_SIZE": "3",
    "PROCESSING_CONCURRENCY": "100",
    "QUEUE_MAX_PER_USER": "100000",
    "QUEUE_MAX_SIZE": "100000",
    "API_RATE": "100000/min",
    "SHIPSPEAK_PROVIDERS": "local",
}
"""Of the engine: two drains, and one more process for housekeeping."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where both the engine and its peers are measured.

    Args:
        name: for the table.
        create: makes a new database, and gives its `DATABASE_URL`; "" for a file in the data directory.
        peers: modules of the peers that work on it.
    """

    name: str
    create: Callable[[], str]
    peers: tuple[str, ...]

    def ours(self, what: str, **extra: str) -> Figures:
        """A measurement of the engine, see `tests.bench.engine`."""
        return self._figures("engine", what, {**SETTINGS, **extra})

    def of_peer(self, peer: str, what: str) -> Figures:
        """A measurement of a peer, see `tests.bench.peers.queues`."""
        return self._figures(f"peers.{peer}", what, {})

    def _figures(self, module: str, what: str, extra: Mapping[str, str]) -> Figures:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            own = {"DATA_DIR": folder, "DATABASE_URL": self.create()}
            figures = measured(["-m", f"tests.bench.{module}", what], {**own, **extra})
        print(f"{self.name}, {module}, {what}: {figures}", file=sys.stderr, flush=True)
        return figures


@contextmanager
def databases() -> Iterator[list[Database]]:
    """SQLite, and a private PostgreSQL as it comes, where the machine has one; it lives while inside."""
    sqlite = Database("SQLite", lambda: "", ("djangoq",))
    try:
        with postgresql.running(settings={}) as server:
            names = iter(f"bench_{number}" for number in range(10_000))
            peers = ("djangoq", "procrastinating")
            yield [sqlite, Database("PostgreSQL", lambda: server.create(next(names)), peers)]
    except private.Missing as missing:
        print(f"!!! SKIPPED: the benchmarks on PostgreSQL, because {missing} !!!", file=sys.stderr)
        yield [sqlite]


def measured(arguments: list[str], environment: Mapping[str, str]) -> Figures:
    """The figures that a Python process prints as JSON in its last line.

    Raises:
        RuntimeError: it failed; with what it said.
    """
    done = subprocess.run(
        [sys.executable, *arguments], env={**os.environ, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures: Figures = json.loads(done.stdout.strip().splitlines()[-1])
    return figures
