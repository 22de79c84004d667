"""Watching a job from outside of the web site: what one sees of it, look by look, until it is over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from jobs import queue, standings
from jobs.models import Job, Step
from jobs.presentation import Place, money
from jobs.shapes import remaining
from jobs.states import TERMINAL, Status

INTERVAL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Sight:
    """What one look at a job shows.

    Args:
        job: the job, without its input.
        eta_seconds: until it is done; None when nothing works on it.
        place: where it stands in the queue, if it waits there.
        has_workers: whether any worker lives.
    """

    job: Job
    eta_seconds: float | None
    place: Place | None
    has_workers: bool

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to see."""
        return self.job.status in TERMINAL

    @property
    def doing(self) -> str:
        """What goes on, in a few words."""
        if self.job.status == Status.PROCESSING:
            return self.job.stage or "Processing"
        if self.job.status == Status.QUEUED and not self.has_workers:
            return "Queued, but no worker is running"
        if self.place:
            return f"Queued, number {self.place.position}"
        return Status(self.job.status).label

    @property
    def cost(self) -> str:
        """What it cost so far, in dollars."""
        known = money(self.job.cost_usd)
        return "$?" if known is None else f"${known}"


def look(job_id: UUID) -> Sight:
    """The job as it is now. Raises Job.DoesNotExist when it was deleted."""
    job = Job.objects.defer("input", "options").get(pk=job_id)
    if job.status in TERMINAL:
        return Sight(job, None, None, has_workers=True)
    place = standings.place_of(job)
    has_workers = queue.live_workers() > 0
    seconds = place.eta_seconds if place else _seconds_left(job)
    return Sight(job, seconds if has_workers else None, place, has_workers)


def follow(job_id: UUID, interval: float = INTERVAL_SECONDS) -> Iterator[Sight]:
    """A look at the job every ``interval`` seconds; the last one when it is over."""
    while True:
        sight = look(job_id)
        yield sight
        if sight.is_over:
            return
        time.sleep(interval)


def _seconds_left(job: Job) -> float:
    return remaining(list(Step.objects.defer("output", "item").filter(job_id=job.pk))).p50
