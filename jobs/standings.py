"""Where jobs stand in the queue, and when they will be done: `jobs.forecast` over what the rows say.

A look at the whole line takes a few queries whose rows grow with it, about 20 ms for 1,000 jobs. A long
line is therefore kept for `KEPT_SECONDS` in each process, and those who came since are fitted into it by
their ranks.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from jobs import queue, ranking, shapes
from jobs.forecast import (
    NOBODY_COMES,
    Arrivals,
    Expected,
    Load,
    Span,
    Stream,
    effective_slots,
    expected,
    forecast,
)
from jobs.models import Attempt, Job, QueueClock, Share, Step
from jobs.presentation import Place
from jobs.shapes import Shapes
from jobs.states import ACTIVE, TERMINAL, Priority, Status

LATELY_SECONDS = 900.0
"""So far back the jobs are looked at that tell who will come."""
MOST_ARRIVALS = 1000
MOST_STREAMS = 200
LEAST_SECONDS = 60.0
"""Arrivals of a shorter time tell nothing of a rate."""
BUSY_SECONDS = 120.0
"""So far back it is looked at how many steps really run side by side."""
MOST_ATTEMPTS = 1000
LONG = 500
"""A line of so many jobs is long."""
KEPT_SECONDS, KEPT_COSTS = 1.0, 10.0
"""It is kept for a second, or ten times as long as the look took, so that looking never takes a process over
a tenth of its time."""


class Waiting(NamedTuple):
    """A job in the line."""

    rank: float
    first_step: int
    job_id: UUID


@dataclass(frozen=True, slots=True)
class Line:
    """All jobs that have a step in the queue, in order, and what to expect of each.

    Args:
        waiting: the jobs.
        foreseen: of each of them.
        slots: how many steps run side by side.
    """

    waiting: Sequence[Waiting]
    foreseen: Sequence[Expected]
    slots: int
    _index: dict[UUID, int] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        self._index.update({one.job_id: index for index, one in enumerate(self.waiting)})

    def find(self, job_id: UUID, rank: float) -> Expected | None:
        """What is foreseen of a job; None when it was not in the line, or elsewhere."""
        index = self._index.get(job_id)
        return None if index is None or self.waiting[index].rank != rank else self.foreseen[index]

    def fit(self, rank: float, first_step: float, load: Load) -> Expected:
        """What to expect of a job that comes in with this rank: the start of the one that it goes before."""
        ahead = bisect_left(self.waiting, (rank, first_step))
        if not self.foreseen:
            return expected(0, 0.0, 0.0, load.stretched(self.slots))
        near = self.foreseen[min(ahead, len(self.foreseen) - 1)]
        start = near.wait if ahead < len(self.foreseen) else near.wait + load.work / self.slots
        return expected(ahead, start, near.deviation, load.stretched(self.slots))


@dataclass(slots=True)
class _Kept:
    line: Line | None = None
    until: float = -math.inf


_kept = _Kept()


def forget() -> None:
    """Looks at the line anew when it is next asked for."""
    _kept.line, _kept.until = None, -math.inf


def places(
    jobs: Iterable[Job], steps: Mapping[UUID, Sequence[Step]], line: Line | None = None
) -> dict[UUID, Place]:
    """Where each of ``jobs`` that waits in the queue stands.

    A job whose steps were read after it, and say that it has been claimed meanwhile, waits no longer.

    Args:
        jobs: any jobs.
        steps: by job id, the steps of each.
        line: the line, if it is known already.
    """
    wanted = {
        job: queued
        for job in jobs
        if job.status == Status.QUEUED
        and (queued := [step for step in steps[job.pk] if step.status == Status.QUEUED])
    }
    if not wanted:
        return {}
    line, now = line or look(), timezone.now()
    return {
        job.pk: _place(_foreseen(line, job, queued, steps[job.pk], now)) for job, queued in wanted.items()
    }


def place_of(job: Job) -> Place | None:
    """Where ``job`` stands; None when it does not wait in the queue."""
    if job.status != Status.QUEUED:
        return None
    return places([job], Step.objects.of_jobs([job.pk])).get(job.pk)


def whole_line() -> dict[UUID, Place]:
    """Where each job stands that has a step in the queue, in order."""
    line = look()
    return {one.job_id: _place(told) for one, told in zip(line.waiting, line.foreseen, strict=True)}


def line(limit: int) -> list[tuple[Job, Place]]:
    """The first jobs that wait for their first slot, in order, and where they stand.

    Args:
        limit: how many of the line are looked at.
    """
    found = dict(list(whole_line().items())[:limit])
    jobs = Job.objects.filter(status=Status.QUEUED).defer("input").in_bulk(list(found))
    return [(jobs[job_id], place) for job_id, place in found.items() if job_id in jobs]


def place_of_new(owner_id: int, priority: Priority, load: Load, line: Line | None = None) -> Place:
    """Where a job would stand if it were submitted now.

    Args:
        owner_id: whose it would be.
        priority: its priority.
        load: what it would come to.
        line: the line, if it is known already.
    """
    rank = ranking.rank(queue.start_of_new(owner_id), priority)
    return _place((line or look()).fit(rank, math.inf, load))


def look() -> Line:
    """The line as it is, or as it was shortly ago if it is long."""
    began = time.monotonic()
    if _kept.line is None or began >= _kept.until:
        seen, ended = _look(), time.monotonic()
        if len(seen.waiting) < LONG:
            return seen
        _kept.line, _kept.until = seen, ended + max(KEPT_SECONDS, KEPT_COSTS * (ended - began))
    return _kept.line


def line_of(seen: Scene) -> Line:
    """The line of a scene, and what to expect of each in it."""
    return Line(seen.waiting, seen.forecast(), seen.slots)


def _foreseen(line: Line, job: Job, queued: Sequence[Step], steps: Sequence[Step], now: datetime) -> Expected:
    rank, first_step = min((one.rank, one.pk) for one in queued)
    found = line.find(job.pk, rank)
    return found or line.fit(rank, first_step, shapes.of_steps(steps, now))


def _place(foreseen: Expected) -> Place:
    done = foreseen.done
    return Place(foreseen.position, done.p50, wait_seconds=foreseen.wait, p90_seconds=done.p90)


# The look


class _Queued(NamedTuple):
    """A step in the queue, with what is needed of its job."""

    job_id: UUID
    rank: float
    step_id: int
    owner_id: int
    kind: str
    name: str
    predicted_seconds: float
    size: int
    started_at: datetime | None


def _look() -> Line:
    return line_of(scene())


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a forecast is made of.

    Args:
        slots: how many steps run side by side.
        waiting: the jobs in the line, in order.
        loads: what each of these comes to.
        kinds: of which kind each is.
        running: what the jobs that have begun and don't stand in line have left.
        arrivals: who comes meanwhile.
    """

    slots: int
    waiting: Sequence[Waiting] = ()
    loads: Sequence[Load] = ()
    kinds: Sequence[str] = ()
    running: Sequence[Load] = ()
    arrivals: Arrivals = NOBODY_COMES

    def forecast(self) -> list[Expected]:
        """What to expect of each waiting job."""
        return forecast(self.slots, self.running, self.loads, arrivals=self.arrivals)


def scene() -> Scene:
    """The queue as it is now. Three queries, and four more when jobs wait for slots."""
    now, slots = timezone.now(), _slots()
    line: dict[UUID, list[_Queued]] = defaultdict(list)
    for one in _queued():
        line[one.job_id].append(one)
    if not line:
        return Scene(slots)
    waiting = [Waiting(steps[0].rank, steps[0].step_id, job_id) for job_id, steps in line.items()]
    begun = _begun()
    clock, arrivals = 0.0, NOBODY_COMES
    if len(waiting) > slots:
        clock = QueueClock.objects.values_list("virtual_time", flat=True).first() or 0.0
        arrivals = _coming(now, clock)
        slots = _effective(slots, now)
    known = Shapes()
    return Scene(
        slots=slots,
        waiting=waiting,
        loads=[
            replace(
                _load(known, steps, begun.get(job_id), now), lead=place.rank - clock, owner=steps[0].owner_id
            )
            for place, (job_id, steps) in zip(waiting, line.items(), strict=True)
        ],
        kinds=[steps[0].kind for steps in line.values()],
        running=[shapes.of_steps(steps, now) for job_id, steps in begun.items() if job_id not in line],
        arrivals=arrivals,
    )


def _queued() -> Iterator[_Queued]:
    rows = Step.objects.filter(status=Status.QUEUED).order_by("rank", "id")
    fields = (
        "job_id", "rank", "id", "owner_id", "kind", "name", "predicted_seconds", "job__size",
        "job__started_at",
    )  # fmt: skip
    return (_Queued(*row) for row in rows.values_list(*fields))


def _begun() -> dict[UUID, list[Step]]:
    """By job, what is left of those that have begun."""
    steps = Step.objects.filter(job__status__in=ACTIVE, job__started_at__isnull=False)
    found: dict[UUID, list[Step]] = defaultdict(list)
    for step in steps.exclude(status__in=TERMINAL).defer("output", "item", "quality", "error_message"):
        found[step.job_id].append(step)
    return found


def _load(known: Shapes, queued: Sequence[_Queued], begun: Sequence[Step] | None, now: datetime) -> Load:
    if begun:
        return shapes.of_steps(begun, now)
    first = queued[0]
    return known.load(first.kind, first.size, tuple([(one.name, one.predicted_seconds) for one in queued]))


def _slots() -> int:
    return max(1, queue.live_workers()) * int(settings.PROCESSING_CONCURRENCY)


def _effective(slots: int, now: datetime) -> int:
    rows = Attempt.objects.filter(started_at__gt=now - timedelta(seconds=LATELY_SECONDS)).order_by(
        "-started_at"
    )
    fields = ("number", "step__attempts", "step__queued_at", "started_at", "finished_at")
    spans = [
        Span(
            queued.timestamp() if queued and number == latest else None,
            started.timestamp(),
            (finished or now).timestamp(),
        )
        for number, latest, queued, started, finished in rows.values_list(*fields)[:MOST_ATTEMPTS]
    ]
    since = now.timestamp() - BUSY_SECONDS
    if len(spans) == MOST_ATTEMPTS:
        since = max(since, spans[-1].started)
    return effective_slots(slots, spans, since)


def _coming(now: datetime, clock: float) -> Arrivals:
    """Who came lately, and where each of them would be put now."""
    since = now - timedelta(seconds=LATELY_SECONDS)
    rows = Job.objects.filter(created_at__gt=since).order_by("-id")
    came = list(rows.values_list("owner_id", "priority", "kind", "size", "created_at")[:MOST_ARRIVALS])
    if not came:
        return NOBODY_COMES
    known = Shapes()
    work: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for owner_id, priority, kind, size, _ in came:
        work[owner_id, priority].append(known.load(kind, size, ()).work)
    shares = Share.objects.filter(user_id__in={owner_id for owner_id, _ in work}).select_related("tier")
    tags = {share.user_id: (share.finish_tag, queue.weight_of(share)) for share in shares}
    return coming(work, tags, clock, (now - came[-1][-1]).total_seconds())


def coming(
    work: Mapping[tuple[int, int], Sequence[float]],
    tags: Mapping[int, tuple[float, float]],
    clock: float,
    seconds: float,
) -> Arrivals:
    """Who will come, if it goes on as it did.

    Args:
        work: by owner and priority, slot-seconds of each job that came.
        tags: by owner, their finish tag and weight.
        clock: virtual time.
        seconds: in how long a time.
    """
    streams = []
    for (owner, priority), loads in work.items():
        load = math.fsum(loads)
        finish, weight = tags.get(owner, (0.0, 1.0))
        start = ranking.tags(virtual_time=clock, last_finish=finish, seconds=0.0).start
        lead = ranking.rank(start, priority) - clock
        streams.append(Stream(owner, load / max(LEAST_SECONDS, seconds), lead, weight))
    return Arrivals(sorted(streams, key=lambda one: -one.rate)[:MOST_STREAMS])
