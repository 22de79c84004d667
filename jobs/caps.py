"""How many jobs may be under way, and when there will be room for one more.

Jobs are counted twice. Before they are added, so that most of what is refused costs little: several
transactions can pass this at the same moment. And when they are written, one transaction at a time, from
`wait_for_turn` to its commit: so what was committed before is seen, and the caps are exact. Counting at the
end, rather than adding under the lock, is why submits hold each other up for their counts and commits alone.
"""

from __future__ import annotations

import math
from inspect import cleandoc

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from jobs import standings
from jobs.errors import QueueFull, SubmitError, TooManyJobs
from jobs.estimates import remaining_seconds
from jobs.models import Job, Share, Step
from jobs.states import ACTIVE, Status

LOOKED_AT = 100
"""So many running jobs are looked at, at most, to tell when the first will be done."""
TURN = 0x5348495053504B01
"""The advisory lock of `wait_for_turn`, in PostgreSQL; any number that nothing else in the database uses."""
LONGEST_SECONDS = 3600
"""Who is refused is never told to wait longer, whatever is expected: other jobs may be cancelled before."""


def check(owner_id: int, count: int) -> None:
    """Whether there seems to be room for ``count`` more jobs of ``owner_id``; `confirm` makes sure.

    Raises:
        QueueFull, TooManyJobs: with the seconds until one of the jobs in their way should be done.
    """
    _keep(owner_id, count, written=0)


def wait_for_turn() -> bool:
    """Waits until no other transaction is between this and its commit; False if none ever is.

    Comes last in a transaction: after all rows are locked, and before nothing but reads. So whoever waits
    here holds up nobody who has got further, and nobody waits in a circle. On SQLite transactions that
    write come one after the other anyway.
    """
    if not connection.features.has_select_for_update:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
    return True


def confirm(owner_id: int, count: int) -> None:
    """Whether there was room for ``count`` jobs of ``owner_id`` that this transaction wrote.

    After `wait_for_turn`.

    Raises:
        QueueFull, TooManyJobs: as `check`.
    """
    _keep(owner_id, count, written=count)


def most_of(owner_id: int) -> int:
    """How many jobs of this person may be under way: as their tier says, or else the settings."""
    by_tier = Share.objects.filter(user_id=owner_id).values_list("tier__max_queued", flat=True).first()
    return settings.QUEUE_MAX_PER_USER if by_tier is None else by_tier


def seconds_until_room(jobs: QuerySet[Job]) -> int:
    """Whole seconds until the first of ``jobs``, which are under way, should be done; 1 at least."""
    return min(LONGEST_SECONDS, max(1, math.ceil(_until_first_end(jobs))))


def _keep(owner_id: int, count: int, *, written: int) -> None:
    """Args: written: how many of the ``count`` jobs are among those under way already."""
    under_way = Job.objects.filter(status__in=ACTIVE)
    own = under_way.filter(owner_id=owner_id)
    _keep_cap(under_way, count, written, settings.QUEUE_MAX_SIZE, QueueFull)
    _keep_cap(own, count, written, most_of(owner_id), TooManyJobs)


def _keep_cap(jobs: QuerySet[Job], count: int, written: int, most: int, refusal: type[SubmitError]) -> None:
    if count > most:
        raise refusal(f"At most {most:,} jobs may be under way here at once, and this asks for {count:,}.")
    if (under_way := jobs.count() - written) + count > most:
        message = f"{cleandoc(refusal.__doc__ or '')} Under way: {under_way:,}, of {most:,} at most."
        raise refusal(message, retry_after=seconds_until_room(jobs))


def _until_first_end(jobs: QuerySet[Job]) -> float:
    """Of those that run, the least that is left; else of the first in the queue; else of those that wait."""
    running = Step.objects.of_jobs(
        jobs.filter(status=Status.PROCESSING).order_by().values_list("pk", flat=True)[:LOOKED_AT]
    )
    if running:
        return min(remaining_seconds(steps) for steps in running.values())
    first = Step.objects.filter(status=Status.QUEUED, job__in=jobs.order_by()).order_by("rank", "id")
    step = first.select_related("job").defer("output", "job__input").first()
    place = standings.place_of(step.job) if step else None
    if place:
        return place.eta_seconds
    waits = Step.objects.filter(job__in=jobs.order_by(), available_at__isnull=False).order_by("available_at")
    due = waits.values_list("available_at", flat=True).first()
    return (due - timezone.now()).total_seconds() if due else 1.0
