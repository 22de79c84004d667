"""Housekeeping goes on however busy the drains are: one worker process is kept free for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.processes import Up, manage, until, up

pytestmark = [pytest.mark.processes, pytest.mark.timeout(180)]

SUBMIT = "from tests.jobs.engine import job; [job('computing', input={'seconds': 600}) for _ in range(4)]"
MARK = "from tests.processes import leave_mark; leave_mark({path!r})"


def running(site: Up) -> list[tuple[str, int]]:
    """Worker and attempt of every step that runs."""
    with closing(sqlite3.connect(site.data_dir / "shipspeak.sqlite3")) as database:
        return database.execute(
            "SELECT worker, attempts FROM jobs_step WHERE status = 'processing' ORDER BY id"
        ).fetchall()


def shell(site: Up, code: str) -> None:
    done = manage("shell", "-v", "0", "-c", code, data_dir=site.data_dir)
    assert done.returncode == 0, done.stderr


def test_it_runs_housekeeping_while_every_drain_is_full():
    with up("--no-web", "--workers", "3", PROCESSING_CONCURRENCY="2", QUEUE_MAX_PER_USER="100") as site:
        shell(site, SUBMIT)
        site.until(lambda: len(running(site)) == 4, "two drains hold two computing steps each")
        before = running(site)
        assert len({worker for worker, _ in before}) == 2
        marks = [site.data_dir / f"mark-{number}" for number in range(3)]
        for mark in marks:
            shell(site, MARK.format(path=str(mark)))
        until(lambda: all(mark.exists() for mark in marks), "housekeeping ran", tell=lambda: site.output)
        assert running(site) == before, "a drain gave way: housekeeping had waited for it"
