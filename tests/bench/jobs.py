"""The engine's rows: submit, pickup, no-op jobs a second, slow provider calls."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.table import Row

NOOPS = 2000
PICKUPS = 40
CALLS = 300
SETTINGS = "tests.bench.settings"


def rows() -> list[Row]:
    """Measures all rows of the engine, each in the same run as its peer."""
    return [*submit_rows(), *pickup_rows(), noop_row(), waits_row(), calls_row()]


def submit_rows() -> list[Row]:
    """A submit through the engine while workers are busy, beside the bare enqueueing of a task."""
    ours = _ours("submit")
    peer = _peer("noop", NOOPS // 4)
    return [
        Row(
            metric="submit answered under load, p95",
            unit="ms",
            ours=ours["p95_ms"],
            peer="django-q2 async_task, enqueue alone, mean",
            peer_value=peer["enqueue_ms"],
            budget=50,
        )
    ]


def pickup_rows() -> list[Row]:
    """From submit to the start of the step, warm: a drain waits for the bell."""
    ours, peer = _ours("pickup"), _peer("pickup", PICKUPS)
    return [
        Row(
            metric=f"pickup by an idle system, {name}",
            unit="ms",
            ours=ours[f"{name}_ms"],
            peer="django-q2, ORM broker",
            peer_value=peer[f"{name}_ms"],
            budget=budget,
        )
        for name, budget in (("p50", 5), ("p95", 10))
    ]


def noop_row() -> Row:
    """No-op jobs with all their rows, two drains, beside no-op tasks of django-q2, two workers."""
    ours, peer = _ours("noop"), _peer("noop", NOOPS)
    return Row(
        metric="no-op jobs end to end",
        unit="per second",
        ours=ours["per_second"],
        peer="django-q2 no-op tasks on tuned SQLite, 2 workers",
        peer_value=peer["per_second"],
        budget=peer["per_second"],
    )


def waits_row() -> Row:
    """300 steps that wait half a second, two drains of 100 in flight: what the engine itself adds."""
    ours, peer = _ours("waits"), _peer("sleep", CALLS, workers=16)
    return Row(
        metric="300 steps that wait 0.5 s, 2 × 100 in flight",
        unit="per second",
        ours=ours["per_second"],
        peer="django-q2 with 16 workers, tasks that wait 0.5 s",
        peer_value=peer["per_second"],
        budget=200,
    )


def calls_row() -> Row:
    """The same with real calls, streamed through the SDK over HTTP; beside the SDK with no engine."""
    with fake_service() as url:
        service = {"OPENAI_BASE_URL": url, "OPENAI_API_KEY": "bench", "OPENAI_MODEL": "stall-0.5"}
        ours = _ours("calls", **service, SHIPSPEAK_PROVIDERS="openai")
        peer = _measured(["-m", "tests.bench.peers.sdk", str(CALLS), "200"], {**os.environ, **service})
    return Row(
        metric="300 streamed provider calls of 0.5 s, 2 × 100 in flight",
        unit="per second",
        ours=ours["per_second"],
        peer="the bare SDK, one process, 200 in flight, nothing stored",
        peer_value=peer["per_second"],
    )


def _peer(what: str, count: int, workers: int = 2) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        return _measured(
            ["-m", "tests.bench.peers.djangoq", what, str(count), str(workers), directory], os.environ
        )


def _ours(what: str, **extra: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        environment = {
            **os.environ,
            "DATA_DIR": directory,
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "WORKER_POOL_SIZE": "3",
            "PROCESSING_CONCURRENCY": "100",
            "QUEUE_MAX_PER_USER": "10000",
            "SHIPSPEAK_PROVIDERS": "local",
        }
        return _measured(["-m", "tests.bench.jobs", what], {**environment, **extra})


def _measured(command: list[str], environment: Any) -> dict[str, float]:
    done = subprocess.run([sys.executable, *command], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


@contextmanager
def fake_service() -> Iterator[str]:
    """The suite's OpenAI-speaking server, in a process of its own; its base URL."""
    from tests.fake_openai.process import running

    with running() as url:
        yield url


@contextmanager
def workers() -> Iterator[None]:
    """A running qcluster on this process's data directory."""
    process = subprocess.Popen([sys.executable, "manage.py", "qcluster"])
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        for lock in Path(os.environ["DATA_DIR"]).glob("run/drain-*.lock"):
            if lock.read_text().isdigit():
                os.kill(int(lock.read_text()), signal.SIGTERM)
        process.wait(30)


def measure(what: str) -> dict[str, float]:
    """Runs one of the measurements in this process, against a fresh database and real workers."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    return MEASUREMENTS[what]()


def _noop() -> dict[str, float]:
    from jobs.actions import Submission, submit_many
    from jobs.models import Job
    from tests.jobs.engine import person

    for _ in range(NOOPS // 1000):
        submit_many(person(), [Submission("test.noop")] * 1000)
    with workers():
        return _rate(Job.objects.filter(status="completed"), NOOPS)


def _waits() -> dict[str, float]:
    return _at_once([("test.silent", {"seconds": 0.5})] * CALLS)


def _calls() -> dict[str, float]:
    return _at_once([("test.ask", {"text": f"call {number}"}) for number in range(CALLS)])


def _at_once(asked: list[tuple[str, dict[str, Any]]]) -> dict[str, float]:
    from django.db.models import Max, Min

    from jobs import queue
    from jobs.actions import Submission, submit_many
    from jobs.models import Job
    from tests.jobs.engine import job, person

    with workers():
        _wait_for(lambda: queue.live_workers() == 2)
        job("ask", input={"text": "warm up"})
        job("ask", input={"text": "warm up"})
        done = Job.objects.filter(status="completed")
        _wait_for(lambda: done.count() == 2)
        warm = list(done.values_list("pk", flat=True))
        submit_many(person(), [Submission(kind, input=given) for kind, given in asked])
        _wait_for(lambda: done.count() == len(asked) + 2)
    times = done.exclude(pk__in=warm).aggregate(first=Min("started_at"), last=Max("finished_at"))
    return {"per_second": len(asked) / (times["last"] - times["first"]).total_seconds()}


def _rate(done: Any, count: int) -> dict[str, float]:
    """Jobs a second, from the first that is done to the last."""
    _wait_for(done.exists)
    first, began = done.count(), time.perf_counter()
    _wait_for(lambda: done.count() >= count)
    return {"per_second": (count - first) / (time.perf_counter() - began)}


def _pickup() -> dict[str, float]:
    from jobs.models import Attempt
    from tests.jobs.engine import job

    waits = []
    with workers():
        for _ in range(PICKUPS + 1):
            time.sleep(0.05)
            began = time.time()
            made = job()
            _wait_for(Attempt.objects.filter(step__job=made).exists)
            waits.append(Attempt.objects.get(step__job=made).started_at.timestamp() - began)
    return _quantiles(waits[1:])


def _submit() -> dict[str, float]:
    from jobs.actions import Submission, submit_many
    from tests.jobs.engine import job, person

    submit_many(person(), [Submission("test.noop")] * 1000)
    with workers():
        waits = []
        for _ in range(300):
            began = time.perf_counter()
            job()
            waits.append(time.perf_counter() - began)
    return _quantiles(waits)


def _quantiles(seconds: list[float]) -> dict[str, float]:
    seconds.sort()
    return {
        "p50_ms": seconds[len(seconds) // 2] * 1e3,
        "p95_ms": seconds[int(len(seconds) * 0.95)] * 1e3,
    }


def _wait_for(done: Any, seconds: float = 180.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.005)


MEASUREMENTS = {"noop": _noop, "pickup": _pickup, "submit": _submit, "waits": _waits, "calls": _calls}

if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
