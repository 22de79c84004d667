"""Putting dead letters back into the queue, many at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from jobs import actions
from jobs.models import Job
from jobs.states import REQUEUEABLE, Status

AT_ONCE = 100
"""How many jobs are requeued in one transaction, so that the queue goes on meanwhile."""
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which dead letters: failed jobs that fit all that is said, or those named, whatever ended them.

    Args:
        jobs: ids; these may be cancelled jobs as well.
        kind: only of this kind.
        error: only those that failed with this code.
        since: only those that ended no longer ago than this.
    """

    jobs: Sequence[UUID] = ()
    kind: str = ""
    error: str = ""
    since: timedelta | None = None

    def rows(self) -> QuerySet[Job]:
        """Those that fit, now."""
        found = Job.objects.filter(status__in=REQUEUEABLE if self.jobs else [Status.FAILED])
        if self.jobs:
            found = found.filter(pk__in=self.jobs)
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.error:
            found = found.filter(error_code=self.error)
        return found.filter(finished_at__gte=timezone.now() - self.since) if self.since else found


@dataclass(frozen=True, slots=True)
class Heap:
    """So many dead letters of a kind, with the same error; "" for those that were cancelled."""

    kind: str
    error: str
    count: int


def heaps(jobs: QuerySet[Job]) -> list[Heap]:
    """What there is to requeue among ``jobs``, by kind and error. One query."""
    found = jobs.filter(status__in=REQUEUEABLE).order_by("kind", "error_code")
    return [Heap(*row) for row in found.values_list("kind", "error_code").annotate(Count("pk"))]


def requeue(jobs: QuerySet[Job], most: int | None = None) -> Iterator[int]:
    """Requeues ``jobs``, the oldest first, `AT_ONCE` in a transaction; after each, how many it was.

    It holds no more than that in memory and under lock. Jobs that fail anew meanwhile are not taken again.

    Args:
        jobs: of which those are taken that failed or were cancelled.
        most: how many are looked at.
    """
    began, place = timezone.now(), None
    waiting = jobs.filter(status__in=REQUEUEABLE, finished_at__lt=began).order_by("finished_at", "pk")
    while most is None or most > 0:
        rest = waiting if place is None else waiting.filter(_after(*place))
        at_once = AT_ONCE if most is None else min(AT_ONCE, most)
        rows = list(rest.values_list("finished_at", "pk")[:at_once])
        if not rows:
            return
        place = rows[-1]
        most = None if most is None else most - len(rows)
        yield actions.requeue([pk for _, pk in rows])


def age(text: str) -> timedelta:
    """How long "30m", "2h" or "3d" is. ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found:
        raise ValueError(f"“{text}” is no time: write a number and s, m, h or d, like 2h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _after(finished_at: object, pk: UUID) -> Q:
    return Q(finished_at__gt=finished_at) | Q(finished_at=finished_at, pk__gt=pk)
