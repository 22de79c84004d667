"""People who all act at once, for the stress test: ``python -m tests.services.crowd SEED ACTS``."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import django

THREADS = 3
PEOPLE = ("alice", "bob", "charlie")
PAUSE_SECONDS = 0.06
"""The longest pause between two acts of a thread: so that the drains get somewhere meanwhile."""


def act(seed: int, acts: int) -> None:
    """Submits, cancels, retries, requeues and moves jobs in the queue, ``acts`` times, then lets go."""
    from django.db import connection

    chance = random.Random(seed)
    try:
        for _ in range(acts):
            chance.choices(ACTS, WEIGHTS)[0](chance)
            time.sleep(chance.random() * PAUSE_SECONDS)
    finally:
        connection.close()


def submit(chance: random.Random) -> None:
    from tests.jobs.engine import job

    kind, given = chance.choice(KINDS)(chance)
    job(kind, chance.choice(PEOPLE), input=given)


def submit_batch(chance: random.Random) -> None:
    from jobs.actions import Submission, submit_many
    from tests.jobs.engine import person

    submit_many(person(chance.choice(PEOPLE)), [Submission("test.noop")] * 5)


def cancel(chance: random.Random) -> None:
    from jobs import actions

    _on_some_job(chance, actions.cancel)


def retry(chance: random.Random) -> None:
    from jobs import actions

    _on_some_job(chance, actions.retry)


def hurry(chance: random.Random) -> None:
    from jobs import actions

    _on_some_job(chance, lambda job: actions.reprioritise(job, chance.choice(("low", "high", "urgent"))))


def requeue_all(chance: random.Random) -> None:
    from jobs import actions
    from jobs.models import Job

    actions.requeue(Job.objects.filter(status="failed").values_list("pk", flat=True)[:10])


def _on_some_job(chance: random.Random, do: Callable[[Any], object]) -> None:
    from jobs.errors import NotAllowedNow
    from jobs.models import Job

    ids = list(Job.objects.order_by("-id").values_list("pk", flat=True)[:25])
    if ids:
        with suppress(NotAllowedNow):  # it is over, or not yet: as likely as not
            do(Job.objects.get(pk=chance.choice(ids)))


ACTS = (submit, submit_batch, cancel, retry, hurry, requeue_all)
WEIGHTS = (10, 2, 4, 3, 3, 1)
KINDS: tuple[Callable[[random.Random], tuple[str, dict[str, Any]]], ...] = (
    lambda chance: ("noop", {}),
    lambda chance: ("slow", {"seconds": chance.random() * 0.5, "ticks": 20}),
    lambda chance: ("chain", {"seconds": chance.random() * 0.2}),
    lambda chance: ("diamond", {"failures": chance.randrange(4)}),
    lambda chance: ("optional", {"failures": chance.randrange(4)}),
    lambda chance: ("flaky", {"failures": chance.randrange(5)}),
    lambda chance: ("ask", {"text": f"word {chance.random()}"}),
    lambda chance: ("ask_then_fail", {"text": f"word {chance.random()}"}),
)

if __name__ == "__main__":
    django.setup()
    first, number = int(sys.argv[1]), int(sys.argv[2])
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(act, first * THREADS + one, number) for one in range(THREADS)]:
            done.result()
