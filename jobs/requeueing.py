"""Putting dead letters back into the queue, many at once."""

from __future__ import annotations

import difflib
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from jobs import actions, errors, needs
from jobs.errors import UnknownError, UnknownKind
from jobs.kinds import registry
from jobs.models import Job
from jobs.states import REQUEUEABLE, Status

AT_ONCE = 100
"""How many jobs are requeued in one transaction, so that the queue goes on meanwhile."""
NEAR = 5
"""How many names are told that something mistyped may have been meant for."""
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


@dataclass(frozen=True, slots=True)
class Outcome:
    """What requeueing comes to.

    Args:
        heaps: what goes back into the queue, by kind and error.
        blocked: how many stay where they are, because a job that they need failed or was cancelled, and is
            not requeued with them.
    """

    heaps: list[Heap]
    blocked: int

    @property
    def count(self) -> int:
        """How many go back into the queue."""
        return sum(heap.count for heap in self.heaps)


def check(chosen: Chosen) -> None:
    """Whether there is such a kind and such an error; what was once installed counts as long as it has jobs.

    Raises:
        UnknownKind, UnknownError: with those there are that it may have been meant for.
    """
    if chosen.kind and chosen.kind not in registry and not Job.objects.filter(kind=chosen.kind).exists():
        kinds = [kind.name for kind in registry]
        message = _unknown("kind", chosen.kind, kinds, kinds)
        raise UnknownKind(message, errors=[{"path": "kind", "message": message}])
    known = errors.codes()
    if chosen.error and chosen.error not in known:
        of_jobs = Job.objects.filter(status=Status.FAILED).order_by("error_code")
        found = list(of_jobs.values_list("error_code", flat=True).distinct())
        if chosen.error not in found:
            message = _unknown("error", chosen.error, {*known, *found}, found)
            raise UnknownError(message, errors=[{"path": "error", "message": message}])


def foresee(jobs: QuerySet[Job]) -> Outcome:
    """What `requeue` would do with ``jobs``. One query; another one where some need jobs that failed."""
    found = jobs.filter(status__in=REQUEUEABLE).annotate(
        waits=Exists(needs.fatal().filter(job=OuterRef("pk")))
    )
    rows = found.order_by("kind", "error_code").values_list("kind", "error_code", "waits")
    counts: Counter[tuple[str, str]] = Counter()
    must_look = False
    for kind, error, waits, count in rows.annotate(Count("pk")):
        counts[kind, error] += count
        must_look = must_look or waits
    blocked = _Order.of(jobs).blocked if must_look else {}
    counts.subtract(blocked.values())
    return Outcome([Heap(*what, count) for what, count in counts.items() if count > 0], len(blocked))


def requeue(jobs: QuerySet[Job], most: int | None = None) -> Iterator[int]:
    """Requeues ``jobs``, `AT_ONCE` in a transaction; after each, how many it was.

    The oldest go first; those that need another one of them go after it. It holds no more than `AT_ONCE`
    under lock. Jobs that fail anew meanwhile are not taken again.

    Args:
        jobs: of which those are taken that failed or were cancelled.
        most: how many are taken.
    """
    began, order = timezone.now(), _Order.of(jobs)
    waiting = jobs.filter(status__in=REQUEUEABLE, finished_at__lt=began)
    left = most
    for ids in itertools.chain(_free(waiting, order), _rounds(waiting, order)):
        taken = ids if left is None else ids[:left]
        if not taken:
            return
        left = None if left is None else left - len(taken)
        yield actions.requeue(taken)


@dataclass(frozen=True, slots=True)
class _Order:
    """What stands in the way of jobs that need others which failed as well.

    Args:
        blocked: those that can't be requeued, with their kind and error.
        rounds: those that can be, once those of the rounds before are; before the first, all others.
    """

    blocked: dict[UUID, tuple[str, str]]
    rounds: list[list[UUID]]

    @classmethod
    def of(cls, jobs: QuerySet[Job]) -> _Order:
        """Of ``jobs`` as they stand. One query."""
        chosen = jobs.filter(status__in=REQUEUEABLE).order_by()
        rows = needs.fatal().filter(job__in=chosen.values("pk")).order_by("job__finished_at", "job_id")
        rows = rows.annotate(comes_too=Exists(chosen.filter(pk=OuterRef("needed_id"))))
        what: dict[UUID, tuple[str, str]] = {}
        after: defaultdict[UUID, set[UUID]] = defaultdict(set)
        blocked: set[UUID] = set()
        fields = ("job_id", "needed_id", "comes_too", "job__kind", "job__error_code")
        for job_id, needed_id, comes_too, kind, error in rows.values_list(*fields):
            what[job_id] = (kind, error)
            after[job_id].add(needed_id)
            if not comes_too:
                blocked.add(job_id)
        while more := {job for job in after.keys() - blocked if after[job] & blocked}:
            blocked |= more
        return cls({job: what[job] for job in what if job in blocked}, _in_rounds(after, blocked))

    @property
    def later(self) -> set[UUID]:
        """Those that are not free to be requeued at once."""
        return {*self.blocked, *itertools.chain.from_iterable(self.rounds)}


def _in_rounds(after: Mapping[UUID, set[UUID]], blocked: set[UUID]) -> list[list[UUID]]:
    rounds: list[list[UUID]] = []
    rest = [job for job in after if job not in blocked]
    while rest:
        waiting = set(rest)
        rounds.append([job for job in rest if not after[job] & waiting])
        rest = [job for job in rest if after[job] & waiting]
    return rounds


def _free(waiting: QuerySet[Job], order: _Order) -> Iterator[list[UUID]]:
    """Those that need no other one of them, the oldest first."""
    later, place = order.later, None
    waiting = waiting.order_by("finished_at", "pk")
    while True:
        rest = waiting if place is None else waiting.filter(_after(*place))
        rows = list(rest.values_list("finished_at", "pk")[:AT_ONCE])
        if not rows:
            return
        place = rows[-1]
        ids = [pk for _, pk in rows if pk not in later]
        if ids:
            yield ids


def _rounds(waiting: QuerySet[Job], order: _Order) -> Iterator[list[UUID]]:
    """Those that go after others of them."""
    for ids in order.rounds:
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            yield list(waiting.filter(pk__in=part).order_by("finished_at", "pk").values_list("pk", flat=True))


def _unknown(what: str, given: str, known: Collection[str], likely: Sequence[str]) -> str:
    near = difflib.get_close_matches(given, sorted(known), NEAR, cutoff=0.5) or likely[:NEAR]
    return f"There is no {what} “{given}”." + (f" Perhaps you mean: {', '.join(near)}." if near else "")


def age(text: str) -> timedelta:
    """How long "30m", "2h" or "3d" is. ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,6})([smhd])", text)
    if not found:
        raise ValueError(f"“{text}” is no time: write a number and s, m, h or d, like 2h.")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def _after(finished_at: object, pk: UUID) -> Q:
    return Q(finished_at__gt=finished_at) | Q(finished_at=finished_at, pk__gt=pk)
