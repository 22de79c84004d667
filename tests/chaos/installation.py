"""What the chaos run runs: two web hosts and two worker hosts on one database, and what they stand on."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psycopg
import redis

from tests.processes import Up, end, free_port, until
from tests.services import postgresql, private
from tests.services.postgresql import PostgreSQL

STANDING = {
    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
    "PROCESSING_CONCURRENCY": "16",
    "PROCESSING_RETRY_BASE": "0.2",
    "PROCESSING_MAX_RETRIES": "5",
    "PROCESSING_TIMEOUT": "5",
    "LEASE_SECONDS": "3",
    "WORKER_POOL_SIZE": "2",
    "QUEUE_MAX_SIZE": "100000",
    "QUEUE_MAX_PER_USER": "100000",
    "API_RATE": "100000/min",
    "BUDGET_USD_PER_DAY": "1000",
    "SHIPSPEAK_PROVIDERS": "openai",
    "OPENAI_API_KEY": "test",
    "OPENAI_MODEL": "gpt-5-mini",
    "SECRET_KEY": "the same on every host, and long enough to sign with: 0123456789abcdef",
}
"""Settings of every host. No offline provider comes after the service: what completes, it has answered."""
LOCKED_SECONDS = 2.5
REDIS_AWAY_SECONDS = 1.0


@dataclass(slots=True)
class Redis:
    """A private Redis that can be restarted, and forgets everything then.

    Args:
        folder: where it writes its log.
    """

    folder: Path
    port: int = field(default_factory=free_port)
    _running: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Its `REDIS_URL`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts it, and waits until it answers. Raises `private.Missing` when the machine has none."""
        options = {"bind": "127.0.0.1", "port": str(self.port), "save": "", "appendonly": "no"}
        command = [private.program("redis-server")]
        command += [word for name, value in options.items() for word in (f"--{name}", value)]
        log = self._running.enter_context(private.server(command, self.folder))
        until(self._answers, "Redis answers", tell=log.read_text)

    def stop(self) -> None:
        """Ends it."""
        self._running.close()

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False


@dataclass(frozen=True, slots=True)
class Store:
    """The database, and how its connections are broken.

    Args:
        url: its `DATABASE_URL`.
        harm: breaks connections, or holds them up, by a chance; says what it did.
        told: what the server complains of that must not be.
    """

    url: str
    harm: Callable[[Random], str]
    told: Callable[[], list[str]]


@dataclass(slots=True)
class Installation:
    """All hosts, running.

    Args:
        webs: the hosts with a web process.
        workers: the hosts with workers.
        store: their database.
        redis: their Redis, if they have one.
    """

    webs: list[Up]
    workers: list[Up]
    store: Store
    redis: Redis | None

    @property
    def hosts(self) -> list[Up]:
        """All of them."""
        return [*self.webs, *self.workers]

    def said(self) -> str:
        """What all of them said."""
        return "\n".join(f"== {host.data_dir.name}\n{host.output}" for host in self.hosts)


@contextmanager
def running(database: str, folder: Path, settings: Mapping[str, str]) -> Iterator[Installation]:
    """All hosts while inside.

    Args:
        database: "postgres", with Redis; or "sqlite", without. SQLite is one machine's: there the hosts are
            four groups of processes of it, each with a data directory of its own, on one file.
        folder: where everything is kept.
        settings: besides `STANDING`.

    Raises:
        private.Missing: the machine has no PostgreSQL, or no Redis.
    """
    with ExitStack() as stack:
        store, cache = _postgres(stack, folder) if database == "postgres" else (_sqlite(folder), None)
        extra = {**STANDING, **settings, "DATABASE_URL": store.url}
        extra |= {"REDIS_URL": cache.url} if cache else {}
        hosts = [
            _host(folder, name, part, extra)
            for name, part in (
                ("web-1", "--no-workers"),
                ("web-2", "--no-workers"),
                ("workers-1", "--no-web"),
                ("workers-2", "--no-web"),
            )
        ]
        for host in hosts:
            stack.callback(end, host)
        hosts[0].start().ready()  # the first migrates the database
        for host in hosts[1:]:
            host.start()
        for host in hosts[1:]:
            host.ready()
        yield Installation(hosts[:2], hosts[2:], store, cache)


def _host(folder: Path, name: str, part: str, extra: Mapping[str, str]) -> Up:
    (folder / name).mkdir()
    return Up(folder / name, arguments=(part,), extra=extra)


def _postgres(stack: ExitStack, folder: Path) -> tuple[Store, Redis]:
    server = stack.enter_context(postgresql.running())
    (folder / "redis").mkdir()
    cache = Redis(folder / "redis")
    cache.start()
    stack.callback(cache.stop)
    url = server.create("chaos")
    return Store(url, lambda chance: _terminate(server, chance), server.deadlocks), cache


def _terminate(server: PostgreSQL, chance: Random) -> str:
    """Ends about half of the connections."""
    ended = 0
    with psycopg.connect(server.url(), autocommit=True) as admin:
        rows = admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = 'chaos' ORDER BY pid"
        ).fetchall()
        for (pid,) in rows:
            if chance.random() < 0.5:
                ended += admin.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone() == (True,)
    return f"{ended} of {len(rows)} connections"


def _sqlite(folder: Path) -> Store:
    path = folder / "chaos.sqlite3"
    return Store(f"sqlite:///{path}", lambda _: _lock(path), list)


def _lock(path: Path) -> str:
    """Keeps everybody from writing for a while."""
    writer = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED_SECONDS)
        writer.execute("ROLLBACK")
    finally:
        writer.close()
    return f"locked for {LOCKED_SECONDS:g} s"
