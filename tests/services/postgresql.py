"""A private PostgreSQL: its own data, its own port, gone afterwards; for tests as fast as unsafe."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.processes import free_port, until
from tests.services import private

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
SETTINGS = {"listen_addresses": "127.0.0.1", "max_connections": "100", "lc_messages": "C"}
"""Of every server; whatever else is not said is as PostgreSQL comes, and so survives a loss of power."""
FOR_TESTS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum_naptime": "5s",
    "deadlock_timeout": "200ms",
    "log_lock_waits": "on",
}


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running private server.

    Args:
        port: on 127.0.0.1; everybody who reaches it is its superuser ``postgres``.
        log: what the server writes.
    """

    port: int
    log: Path

    def url(self, database: str = "postgres") -> str:
        """The `DATABASE_URL` of one of its databases."""
        return f"postgres://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> str:
        """Makes an empty database, and gives its `DATABASE_URL`."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def errors(self) -> list[str]:
        """The errors that the server told in its log, deadlocks among them."""
        words = ("ERROR:", "FATAL:", "PANIC:")
        return [line for line in self.log.read_text().splitlines() if any(word in line for word in words)]

    def deadlocks(self) -> list[str]:
        """The deadlocks that the server had to break."""
        return [line for line in self.errors() if "deadlock detected" in line]


@contextmanager
def running(settings: Mapping[str, str] = FOR_TESTS) -> Iterator[PostgreSQL]:
    """A server while inside.

    Args:
        settings: what it is told besides `SETTINGS`; with nothing, each commit is on the disk.

    Raises:
        private.Missing: the machine has no PostgreSQL, or no account for it.
    """
    initdb, postgres = (private.program(name, *PLACES) for name in ("initdb", "postgres"))
    account = private.unprivileged()
    with private.folder_of(account) as folder:
        _make_cluster(initdb, folder, account)
        port = free_port()
        options = {**SETTINGS, **settings, "port": str(port), "unix_socket_directories": str(folder)}
        command = [postgres, "-D", str(folder / "data"), *(f"--{name}={options[name]}" for name in options)]
        with private.server(command, folder, account) as log:
            started = PostgreSQL(port, log)
            until(started.answers, "PostgreSQL answers", tell=log.read_text)
            yield started


def _make_cluster(initdb: str, folder: Path, account: str | None) -> None:
    options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(
        [initdb, "-D", str(folder / "data"), *options],
        cwd=folder,
        check=True,
        capture_output=True,
        **private.run_as(account),
    )
