"""Two hosts on one PostgreSQL and one Redis: each runs the web and workers, and either may go."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from tests.processes import Up, manage, until, up
from tests.services.postgresql import PostgreSQL

JOBS = 12
ISSUE = "from tests.jobs.engine import person; from shipspeak.accounts import api_keys; "
ISSUE += "alice = person(); print(alice.pk, api_keys.issue(alice)[1])"


class Hosts:
    """Both hosts, the database that they share, and Alice's way into either of them."""

    def __init__(self, one: Up, other: Up, database: psycopg.Connection[Any], stream: str, key: str) -> None:
        self.one, self.other, self.stream = one, other, stream
        self.database = database
        self._key = key

    def call(self, host: Up, path: str, body: Any = None) -> Any:
        """What the API of ``host`` answers to Alice."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        request = urllib.request.Request(host.address + path, data, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def submit(self, host: Up, seconds: float) -> str:
        """The id of a new job that takes ``seconds``."""
        job = {"kind": "test.slow", "input": {"seconds": seconds}}
        return str(self.call(host, "/api/v1/jobs/", job)["id"])

    def status(self, host: Up, job: str) -> str:
        """The status of a job as ``host`` shows it."""
        return str(self.call(host, f"/api/v1/jobs/{job}/")["status"])

    def news(self, host: Up, **query: str | float) -> Any:
        """What ``host`` tells of Alice's stream, by long-poll."""
        return self.call(host, f"/api/v1/streams/{self.stream}/events/?{urlencode(query)}")

    def hosts_with_steps(self) -> set[str]:
        """The names of the hosts that run steps now."""
        rows = self.database.execute(
            "SELECT DISTINCT host FROM jobs_step JOIN jobs_worker ON jobs_step.worker = jobs_worker.id"
            " WHERE status = 'processing'"
        )
        return {name for (name,) in rows.fetchall()}

    def said(self) -> str:
        """What both said so far."""
        return self.one.output + self.other.output


@pytest.fixture
def hosts(postgres: PostgreSQL, redis_url: str, tmp_path: Path) -> Iterator[Hosts]:
    url = postgres.create("hosts")
    shared = {
        "DATABASE_URL": url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "the same on every host, and long enough to sign with: 0123456789abcdef",
        "PROCESSING_CONCURRENCY": "4",
        "LEASE_SECONDS": "3",
    }
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with ExitStack() as stack:
        started = [stack.enter_context(up("--workers", "2", data_dir=folder, **shared)) for folder in folders]
        issued = manage("shell", "-v", "0", "-c", ISSUE, data_dir=folders[0], **shared)
        assert issued.returncode == 0, issued.stderr
        person, key = issued.stdout.split()
        database = stack.enter_context(psycopg.connect(url, autocommit=True))
        yield Hosts(started[0], started[1], database, f"user:{person}", key)


@pytest.mark.timeout(180)
def test_it_shares_work_and_news_and_goes_on_when_one_host_is_gone(hosts: Hosts) -> None:
    before = hosts.news(hosts.other)
    first = hosts.submit(hosts.one, 600)
    told = hosts.news(hosts.other, epoch=before["epoch"], since=before["seq"], wait=30)
    assert first in {event["data"]["job"]["id"] for event in told["events"]}
    hosts.call(hosts.other, f"/api/v1/jobs/{first}/cancel/", {})
    assert hosts.status(hosts.one, first) == "cancelled"

    jobs = [hosts.submit(host, 4) for _ in range(JOBS // 2) for host in (hosts.one, hosts.other)]
    until(lambda: len(hosts.hosts_with_steps()) == 2, "both hosts run steps", tell=hosts.said)
    assert hosts.one.process is not None
    hosts.one.kill(hosts.one.process.pid)
    for job in jobs:
        until(lambda job=job: hosts.status(hosts.other, job) == "completed", "it goes on", 60, hosts.said)
    lost = hosts.database.execute("SELECT count(*) FROM jobs_attempt WHERE outcome = 'lost'").fetchone()
    assert lost > (0,), "the host that was killed had nothing to lose"
