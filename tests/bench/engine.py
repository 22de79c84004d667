"""What is measured of the engine: ``python -m tests.bench.engine WHAT`` prints it as JSON.

Each measurement has its process, a new database, and real workers; `tests.bench.children` says with which
settings. Jobs are submitted as views and commands do it, by `jobs.actions`.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Max, Min  # noqa: E402
from django.http import HttpResponse, JsonResponse  # noqa: E402
from django.test import Client, RequestFactory  # noqa: E402

from jobs import claims, queue  # noqa: E402
from jobs.actions import Submission, submit, submit_many  # noqa: E402
from jobs.claims import Settlement  # noqa: E402
from jobs.ledger import Spent  # noqa: E402
from jobs.models import Job, JobResult  # noqa: E402
from jobs.outcomes import Succeeded  # noqa: E402
from tests.bench import loads, timing  # noqa: E402
from tests.bench.peers.queues import process  # noqa: E402
from tests.bench.timing import Figures  # noqa: E402
from tests.jobs.engine import claim, job, person, settle  # noqa: E402

DRAINS = 2
BATCH = 1000


def noop() -> Figures:
    """No-op jobs a second with all their rows, all submitted before."""
    _fill(loads.NOOPS)
    with workers():
        return timing.per_second(_completed, loads.NOOPS)


def waits() -> Figures:
    """Steps a second that wait as long as a provider's answer takes."""
    return _at_once([Submission("test.silent", {"seconds": loads.CALL_SECONDS})] * loads.CALLS)


def calls() -> Figures:
    """Calls a second of the provider that the environment names."""
    return _at_once([Submission("test.ask", {"text": f"call {number}"}) for number in range(loads.CALLS)])


def pickup() -> Figures:
    """The start of a step by an idle, warm system: a drain waits for the bell."""
    with workers():
        return timing.pickups(_stamp, _data_dir(), loads.PICKUPS)


def pickup_cold() -> Figures:
    """The start of a step right after all drains were told to end: their successors pick it up."""
    found = []
    with workers():
        for number in range(loads.COLD_PICKUPS):
            timing.wait_for(lambda: len(_drains()) == queue.live_workers() == DRAINS)
            for pid in _drains():
                os.kill(pid, signal.SIGTERM)
            found.append(timing.pickup(_stamp, _data_dir() / f"stamp-{number}"))
    return timing.figures_of(found)


def submitting() -> Figures:
    """A submit while the drains are busy."""
    _fill(loads.BACKLOG)
    alice = person()
    with workers():
        return timing.submits(lambda: submit(alice, Submission("test.noop")), _completed)


def posting() -> Figures:
    """The same by the API, with sign-in, middleware and the answer."""
    _fill(loads.BACKLOG)
    client = Client(SERVER_NAME="localhost")
    client.force_login(person())

    def post() -> None:
        answer = client.post("/api/v1/jobs/", {"kind": "test.noop"}, "application/json")
        assert answer.status_code == 202, answer.content

    with workers():
        return timing.submits(post, _completed)


def crowded() -> Figures:
    """Claiming and settling ten steps at a time, with thousands of jobs of ten people waiting."""
    for number in range(loads.WAITING // BATCH):
        submit_many(person(f"person-{number}"), [Submission("test.noop")] * BATCH)
    worker = uuid4()

    def turn() -> None:
        found = claims.claim(worker, 10, 1)
        assert len(found) == 10
        claims.settle([Settlement(one, Succeeded({}), Spent()) for one in found])

    return timing.quantiles(timing.seconds_of(turn, 50))


def statements() -> Figures:
    """Statements in a step's life: submitted by itself, claimed and settled a hundred at a time."""
    count = 0

    def counted(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        return execute(*arguments)

    alice = person()
    job()
    (first,) = claim()
    settle(first)
    with connection.execute_wrapper(counted):
        for _ in range(100):
            submit(alice, Submission("test.noop"))
        submitted = count
        found = claims.claim(uuid4(), 100, 1)
        claims.settle([Settlement(one, Succeeded({}), Spent()) for one in found])
    return {"whole": count / 100, "after_submit": (count - submitted) / 100}


def result() -> Figures:
    """`GET result` as large as a long meeting's; beside a bare view of the same row."""
    made = job()
    (claimed,) = claim()
    settle(claimed, Succeeded({"lines": [f"Line {number}: what was said" for number in range(6_000)]}))
    client = Client(SERVER_NAME="localhost")
    client.force_login(person())
    address, request = f"/api/v1/jobs/{made.pk}/result/", RequestFactory().get("/")

    def bare(request: Any) -> HttpResponse:
        return JsonResponse(JobResult.objects.select_related("content").get(pk=made.pk).data)

    assert client.get(address).status_code == bare(request).status_code == 200
    ours = timing.quantiles(timing.seconds_of(lambda: client.get(address), loads.RESULTS))
    theirs = timing.quantiles(timing.seconds_of(lambda: bare(request), loads.RESULTS))
    return {"p95_ms": ours["p95_ms"], "bare_p95_ms": theirs["p95_ms"]}


@contextmanager
def workers() -> Iterator[None]:
    """A running qcluster on this process's data directory; its drains are ended first, and at once."""
    with process(["manage.py", "qcluster"]):
        try:
            timing.wait_for(lambda: queue.live_workers() == DRAINS)
            yield
        finally:
            for pid in _drains():
                os.kill(pid, signal.SIGTERM)


def _drains() -> list[int]:
    texts = [lock.read_text() for lock in (_data_dir() / "run").glob("drain-*.lock")]
    return [int(text) for text in texts if text.isdigit()]


def _data_dir() -> Path:
    return Path(os.environ["DATA_DIR"])


def _completed() -> int:
    return Job.objects.filter(status="completed").count()


def _fill(count: int) -> None:
    for _ in range(count // BATCH):
        submit_many(person(), [Submission("test.noop")] * BATCH)


def _stamp(path: str) -> None:
    submit(person(), Submission("bench.stamp", {"path": path}))


def _at_once(asked: list[Submission]) -> Figures:
    with workers():
        for _ in range(DRAINS):
            job("ask", input={"text": "warm up"})
        timing.wait_for(lambda: _completed() == DRAINS)
        warm = list(Job.objects.values_list("pk", flat=True))
        submit_many(person(), asked)
        timing.wait_for(lambda: _completed() == len(asked) + DRAINS, timing.COUNT_SECONDS)
    times = Job.objects.exclude(pk__in=warm).aggregate(first=Min("started_at"), last=Max("finished_at"))
    return {"per_second": len(asked) / (times["last"] - times["first"]).total_seconds()}


MEASURED = (noop, waits, calls, pickup, pickup_cold, submitting, posting, crowded, statements, result)

if __name__ == "__main__":
    call_command("migrate", verbosity=0)
    print(json.dumps({one.__name__: one for one in MEASURED}[sys.argv[1]]()))
