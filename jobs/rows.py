"""Jobs as lists show them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs import standings
from jobs.estimates import remaining_seconds
from jobs.models import Job, Step
from jobs.presentation import Place, job_data
from jobs.states import ACTIVE


@dataclass(frozen=True, slots=True)
class Row:
    """A job object, and the seconds until it is done; None when it is over."""

    job: dict[str, Any]
    eta_seconds: float | None


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
    return Row(job_data(job, steps, place=place), eta_seconds(job, steps, place))


def eta_seconds(job: Job, steps: Sequence[Step], place: Place | None) -> float | None:
    """Seconds until ``job`` is done: by its place in the queue, or by what its steps have left."""
    if job.status not in ACTIVE:
        return None
    return place.eta_seconds if place else remaining_seconds(steps)
