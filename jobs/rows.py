"""Jobs as lists show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs import standings
from jobs.models import Job, Step
from jobs.presentation import Place, eta_range, job_data
from jobs.shapes import remaining
from jobs.states import ACTIVE, Status


@dataclass(frozen=True, slots=True)
class Row:
    """A job object, and the seconds until it is done; None when it is over.

    ``eta_range`` is what that is better told as while it is uncertain: likely, and at most.
    """

    job: dict[str, Any]
    eta_seconds: float | None
    eta_range: list[float] | None


def rows(jobs: Iterable[Job]) -> list[Row]:
    """``jobs`` as rows; at most four queries, and none when all are over."""
    jobs = list(jobs)
    steps = Step.objects.of_jobs(job.pk for job in jobs if job.status in ACTIVE)
    places = standings.places(jobs, steps)
    return [row(job, steps.get(job.pk, ()), places.get(job.pk)) for job in jobs]


def row(job: Job, steps: Sequence[Step], place: Place | None) -> Row:
    """``job`` as a row.

    Args:
        job: the job.
        steps: its steps in order of position; needed while it goes on.
        place: where it stands in the queue, if it waits there.
    """
    return Row(job_data(job, steps, place=place), *eta(job, steps, place))


def eta(
    job: Job, steps: Sequence[Step], place: Place | None
) -> tuple[float, list[float] | None] | tuple[None, None]:
    """Seconds until ``job`` is done, by its place or by what its steps have left, and the range."""
    if job.status not in ACTIVE or job.status == Status.PENDING:
        return None, None
    if place:
        return place.eta_seconds, place.eta_range
    left = remaining(steps)
    return left.p50, eta_range(left.p50, left.p90)
