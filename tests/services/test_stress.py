"""Two hosts' drains and a crowd on one PostgreSQL: whatever meets whatever, nothing is lost or done twice."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.fake_openai.fixtures import Served
from tests.jobs.drain_process import drain_process
from tests.processes import ROOT, end_with_parent, environment, manage, until
from tests.services.postgresql import PostgreSQL

CROWDS, ACTS = 3, 20
PREPARE = """
from django.core.management import call_command
from tests.jobs.engine import person
from tests.services.crowd import PEOPLE
call_command("migrate", verbosity=0)
for name in PEOPLE:
    person(name)
"""
KEEP_SECONDS = "0.05"
"""How often drains write progress and look after their steps: twenty times as often as usual."""
ENDED_BEFORE_THE_KILL = 15
ENDED = "SELECT count(*) FROM jobs_job WHERE status IN ('completed', 'failed', 'cancelled')"
GOING_ON = "SELECT count(*) FROM jobs_job WHERE status NOT IN ('completed', 'failed', 'cancelled')"
WORKERS = "SELECT count(*) FROM jobs_worker"
HELD = """
    SELECT count(*) FROM jobs_step JOIN jobs_worker ON jobs_step.worker = jobs_worker.id
    WHERE status = 'processing' AND pid = {pid}
"""
NEVER = {
    "a step that goes on in a job that is over": """
        SELECT job_id, name, status FROM jobs_step WHERE status NOT IN ('completed', 'failed', 'cancelled')
            AND NOT (status = 'pending' AND job_id IN (SELECT id FROM jobs_job WHERE status = 'failed'))
    """,
    "an attempt that nobody ended": "SELECT step_id, number FROM jobs_attempt WHERE outcome = 'running'",
    "a step with two attempts that succeeded": """
        SELECT step_id FROM jobs_attempt WHERE outcome = 'succeeded' GROUP BY step_id HAVING count(*) > 1
    """,
    "a completed step that ran again": """
        SELECT later.step_id, later.number FROM jobs_attempt later JOIN jobs_attempt done USING (step_id)
        WHERE done.outcome = 'succeeded' AND later.number > done.number
    """,
    "a completed step without the attempt that did it": """
        SELECT id FROM jobs_step step WHERE status = 'completed' AND NOT EXISTS (
            SELECT FROM jobs_attempt WHERE step_id = step.id AND outcome = 'succeeded')
    """,
    "a completed job without its result": """
        SELECT id FROM jobs_job LEFT JOIN jobs_jobresult ON job_id = id
        WHERE (status = 'completed') <> (job_id IS NOT NULL)
    """,
    "a stream with a gap": """
        SELECT stream.name, stream.seq, count(*) FROM realtime_stream stream JOIN realtime_event event
            ON event.stream_id = stream.id
        GROUP BY stream.id HAVING count(*) <> stream.seq OR max(event.seq) <> stream.seq
    """,
    "a completion that was told twice, or not at all": """
        SELECT step.id, count(event.id) FROM jobs_step step
        LEFT JOIN realtime_event event ON event.name = 'job.step_completed'
            AND event.frame::jsonb #>> '{data,job,id}' = step.job_id::text
            AND event.frame::jsonb #>> '{data,step}' = step.name
        WHERE step.status = 'completed' GROUP BY step.id HAVING count(event.id) <> 1
    """,
    "an answer that was paid twice": """
        SELECT step_id FROM jobs_providercall WHERE answer IS NOT NULL AND NOT rejected
        GROUP BY step_id, fingerprint HAVING count(*) > 1
    """,
    "an attempt that was charged other than its answers cost": """
        SELECT attempt.step_id, attempt.number, attempt.cost_usd, sum(paid.usd) FROM jobs_attempt attempt
        LEFT JOIN (SELECT step_id, attempt, (answer #>> '{usage,cost_usd}')::numeric AS usd
            FROM jobs_providercall) paid ON (paid.step_id, paid.attempt) = (attempt.step_id, number)
        GROUP BY attempt.id HAVING coalesce(cost_usd, 0) <> round(coalesce(sum(paid.usd), 0), 8)
    """,
    "a step that cost other than its attempts": """
        SELECT step.id, step.cost_usd, sum(attempt.cost_usd) FROM jobs_step step
        LEFT JOIN jobs_attempt attempt ON step_id = step.id
        GROUP BY step.id HAVING coalesce(step.cost_usd, 0) <> coalesce(sum(attempt.cost_usd), 0)
    """,
    "a job that cost other than its steps": """
        SELECT job.id, job.cost_usd, sum(step.cost_usd) FROM jobs_job job
        JOIN jobs_step step ON job_id = job.id
        GROUP BY job.id HAVING coalesce(job.cost_usd, 0) <> coalesce(sum(step.cost_usd), 0)
    """,
}
"""What must not be found afterwards."""


@pytest.mark.timeout(240)
def test_it_loses_nothing_and_does_nothing_twice(
    postgres: PostgreSQL, fake_openai: Served, tmp_path: Path
) -> None:
    url = postgres.create("stress")
    extra = {
        "PROCESSING_CONCURRENCY": "8",
        "PROCESSING_RETRY_BASE": "0.05",
        "PROCESSING_MAX_RETRIES": "2",
        "LEASE_SECONDS": "3",
        "WORKER_POOL_SIZE": "2",
        "QUEUE_MAX_PER_USER": "10000",
        "SHIPSPEAK_PROVIDERS": "openai,local",
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": fake_openai.url,
        "OPENAI_MODEL": "gpt-5-mini",
    }
    hosts = [tmp_path / name for name in ("one", "other", "crowd")]
    for host in hosts:
        host.mkdir()
    prepared = manage("shell", "-v", "0", "-c", PREPARE, data_dir=hosts[2], DATABASE_URL=url)
    assert prepared.returncode == 0, prepared.stderr
    with ExitStack() as stack, psycopg.connect(url, autocommit=True) as database:

        def count(query: str) -> int:
            return int(database.execute(query).fetchone()[0])

        def told() -> str:
            return "\n".join(log.read_text() for log in sorted(tmp_path.glob("*/*.log")))

        one = stack.enter_context(drain_process(hosts[0], url, KEEP_SECONDS, **extra))
        stack.enter_context(drain_process(hosts[1], url, KEEP_SECONDS, **extra))
        until(lambda: count(WORKERS) == 2, "both drains are there", 60, told)
        with crowd(hosts[2], {"DATABASE_URL": url, **extra}) as people:
            until(
                lambda: count(ENDED) >= ENDED_BEFORE_THE_KILL and count(HELD.format(pid=one.pid)),
                "some jobs ended, and the drain holds others",
                60,
                told,
            )
            one.kill()
            one.wait()
            stack.enter_context(drain_process(hosts[0], url, KEEP_SECONDS, **extra))
            assert [person.wait(90) for person in people] == [0] * CROWDS, told()
        until(lambda: count(GOING_ON) == 0 and count(WORKERS) == 3, "every job is over", 90, told)
        stack.close()
        found = {what: rows for what, query in NEVER.items() if (rows := database.execute(query).fetchall())}
        assert found == {}
        assert count("SELECT count(DISTINCT worker) FROM jobs_attempt") >= 2
        assert count("SELECT count(*) FROM jobs_worker WHERE ended_at IS NULL") == 0
        assert (
            count("SELECT count(*) FROM jobs_providercall WHERE answer IS NOT NULL")
            <= fake_openai.app.seen.calls
        )
    assert postgres.errors() == []
    assert "Traceback" not in told(), told()


@contextmanager
def crowd(folder: Path, extra: dict[str, str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes full of people who act at random, each by a seed of its own."""
    with (folder / "crowd.log").open("ab") as log:
        people = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.services.crowd", str(seed), str(ACTS)],
                cwd=ROOT,
                env=environment(folder, extra),
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent(),
            )
            for seed in range(CROWDS)
        ]
    try:
        yield people
    finally:
        for person in people:
            person.kill()
            person.wait()
