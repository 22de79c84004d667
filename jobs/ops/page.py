"""What the operations page shows, as values; a look at the engine takes nine queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from jobs import budgets, doorways, overview, requeueing
from jobs.doorways import Doorway
from jobs.kinds import registry
from jobs.models import KindPolicy, Step, Worker
from jobs.requeueing import Chosen, Heap
from jobs.states import UNDER_WAY, Priority, Status

SPENDERS = 5
HEAPS = 12
"""How many heaps of failed jobs are listed, the largest first."""
ALIVE_BEATS = 2.5
"""Who has missed more heartbeats is not counted as working; it is still listed until it is buried."""


@dataclass(frozen=True, slots=True)
class Share:
    """So much of so much, and how wide a bar that is (percent)."""

    used: float
    most: float | None

    @property
    def width(self) -> float:
        """0 to 100."""
        return min(100.0, 100.0 * self.used / self.most) if self.most else 0.0

    @property
    def is_full(self) -> bool:
        """Whether nothing more goes in."""
        return self.most is not None and self.used >= self.most


@dataclass(frozen=True, slots=True)
class Cell:
    """How many steps of a priority wait, and how wide that is of the longest row (percent)."""

    priority: str
    steps: int
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """A kind's steps in the queue, urgent ones first; ``paused`` when none of them is claimed."""

    title: str
    steps: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue now.

    Args:
        queued, retrying: steps.
        slots: busy and all.
        wait: seconds, median and 95th percentile; None when none was observed.
        waits: from how many attempts.
        per_minute: steps that ended.
        attempts: from how many that is.
        rows: by kind, the longest first.
    """

    queued: int
    retrying: int
    slots: Share
    wait: Mapping[str, float | None]
    waits: int
    per_minute: float
    attempts: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Beat:
    """A worker process: its number, what it has in flight, and how long ago it was seen."""

    slot: int
    slots: Share
    seconds: float
    is_late: bool


@dataclass(frozen=True, slots=True)
class Host:
    """A host and its workers."""

    name: str
    beats: Sequence[Beat]


@dataclass(frozen=True, slots=True)
class Pause:
    """Something that is paused: a kind's name and title, "" for the whole queue; since when, and how."""

    kind: str
    title: str
    since: datetime
    stop_running: bool
    refuse_new: bool


@dataclass(frozen=True, slots=True)
class Pile:
    """Failed jobs of a kind with the same error, with the address of their list in the admin."""

    heap: Heap
    url: str
    choice: str


@dataclass(frozen=True, slots=True)
class ErrorCount:
    """An error of attempts lately, with the address of the list of jobs that failed by it."""

    code: str
    count: int
    url: str


@dataclass(frozen=True, slots=True)
class Spender:
    """What a person's calls cost today, with what those under way may still cost; USD."""

    name: str
    usd: Decimal
    width: float


@dataclass(frozen=True, slots=True)
class Money:
    """Money today (UTC).

    Args:
        spent: what was paid.
        reserved: what calls under way, and those whose end nobody knows, may cost at most.
        limit: of the installation; None without one.
        calls: from how many calls it comes.
        unpriced: how many of these have no known price, and are in no sum.
        spenders: who spent most.
        renews_at: when the next day begins.
    """

    spent: Decimal
    reserved: Decimal
    limit: Decimal | None
    calls: int
    unpriced: int
    spenders: Sequence[Spender]
    renews_at: datetime

    @property
    def left(self) -> Decimal | None:
        """Of the installation's budget."""
        return None if self.limit is None else max(Decimal(0), self.limit - self.spent - self.reserved)

    @property
    def used(self) -> Share:
        """Of the installation's budget."""
        return Share(float(self.spent + self.reserved), None if self.limit is None else float(self.limit))


@dataclass(frozen=True, slots=True)
class Now:
    """The engine as it is."""

    at: datetime
    queue: Queue
    hosts: Sequence[Host]
    workers: int
    pauses: Sequence[Pause]
    doors: Sequence[Doorway]
    errors: Sequence[ErrorCount]
    piles: Sequence[Pile]
    failed: int
    money: Money

    @property
    def is_paused(self) -> bool:
        """Whether the whole queue is."""
        return any(not one.kind for one in self.pauses)


def look() -> Now:
    """One look at it. Nine queries."""
    now = timezone.now()
    attempts = overview.latest_attempts()
    hosts, workers = _hosts(now)
    heaps = sorted(requeueing.foresee(Chosen().rows()).heaps, key=lambda heap: -heap.count)
    return Now(
        at=now,
        queue=_queue(attempts, workers),
        hosts=hosts,
        workers=workers,
        pauses=_pauses(),
        doors=doorways.read(now),
        errors=_errors(attempts),
        piles=[_pile(heap) for heap in heaps[:HEAPS]],
        failed=sum(heap.count for heap in heaps),
        money=_money(now),
    )


def admin_list(**chosen: str) -> str:
    """The address of the admin's list of jobs, filtered."""
    return f"{reverse('admin:jobs_job_changelist')}?{urlencode(chosen)}"


def title_of(kind: str) -> str:
    """What people call a kind; its name when it is no longer installed."""
    return registry.get(kind).title if kind in registry else kind


def _queue(attempts: Sequence[dict[str, Any]], workers: int) -> Queue:
    rows = Step.objects.filter(status__in=UNDER_WAY).order_by()
    counts = list(rows.values_list("status", "kind", "priority").annotate(Count("pk")))
    by_status: Counter[str] = Counter()
    waiting: dict[str, Counter[int]] = {}
    for status, kind, priority, count in counts:
        by_status[status] += count
        if status == Status.QUEUED:
            waiting.setdefault(kind, Counter())[priority] += count
    waits = overview.waited(attempts)
    return Queue(
        queued=by_status[Status.QUEUED],
        retrying=by_status[Status.RETRYING],
        slots=Share(by_status[Status.PROCESSING], workers * int(settings.PROCESSING_CONCURRENCY)),
        wait=overview.quantiles(waits),
        waits=len(waits),
        per_minute=overview.throughput(attempts),
        attempts=sum(one["finished_at"] is not None for one in attempts),
        rows=_rows(waiting),
    )


def _rows(waiting: Mapping[str, Counter[int]]) -> list[Row]:
    longest = max((counts.total() for counts in waiting.values()), default=0) or 1
    rows = [
        Row(
            title_of(kind),
            counts.total(),
            [
                Cell(str(Priority(priority).label), counts[priority], 100 * counts[priority] / longest)
                for priority in sorted(counts, reverse=True)
            ],
        )
        for kind, counts in waiting.items()
    ]
    return sorted(rows, key=lambda row: (-row.steps, row.title))


def _hosts(now: datetime) -> tuple[list[Host], int]:
    """The workers by host, and how many of them beat lately."""
    late = timedelta(seconds=ALIVE_BEATS * settings.WORKER_HEARTBEAT_INTERVAL)
    found: dict[str, list[Beat]] = {}
    for worker in Worker.objects.filter(ended_at=None).order_by("host", "slot"):
        age = now - worker.seen_at
        found.setdefault(worker.host, []).append(
            Beat(
                worker.slot + 1,
                Share(worker.in_flight, worker.concurrency),
                max(0.0, age.total_seconds()),
                age > late,
            )
        )
    hosts = [Host(name.partition("/")[0], beats) for name, beats in found.items()]
    return hosts, sum(not beat.is_late for host in hosts for beat in host.beats)


def _pauses() -> list[Pause]:
    policies = KindPolicy.objects.filter(paused_at__isnull=False).order_by("kind")
    return [
        Pause(
            one.kind, title_of(one.kind) if one.kind else "", one.paused_at, one.stop_running, one.refuse_new
        )
        for one in policies
        if one.paused_at
    ]


def _errors(attempts: Sequence[dict[str, Any]]) -> list[ErrorCount]:
    counts = Counter(one["error_code"] for one in attempts if one["error_code"])
    return [ErrorCount(code, count, admin_list(error=code)) for code, count in counts.most_common(8)]


def _pile(heap: Heap) -> Pile:
    chosen = {"kind": heap.kind, "error": heap.error}
    return Pile(heap, admin_list(status=Status.FAILED, **chosen), urlencode(chosen))


def _money(now: datetime) -> Money:
    """What was spent today, by person. One query, over the day's calls."""
    user = get_user_model()
    name = user._default_manager.filter(pk=OuterRef("owner_id")).values(user.USERNAME_FIELD)[:1]
    rows = list(budgets.by_owner(now).annotate(name=Subquery(name)))
    total = sum((row["spent"] + row["reserved"] for row in rows), Decimal(0)) or Decimal(1)
    rows.sort(key=lambda row: row["spent"] + row["reserved"], reverse=True)
    return Money(
        spent=sum((row["spent"] for row in rows), Decimal(0)),
        reserved=sum((row["reserved"] for row in rows), Decimal(0)),
        limit=settings.BUDGET_USD_PER_DAY,
        calls=sum(row["calls"] for row in rows),
        unpriced=sum(row["unpriced"] for row in rows),
        spenders=[
            Spender(
                row["name"] or "a deleted account",
                row["spent"] + row["reserved"],
                float(100 * (row["spent"] + row["reserved"]) / total),
            )
            for row in rows[:SPENDERS]
            if row["spent"] + row["reserved"] > 0
        ],
        renews_at=budgets.renews_at(now),
    )
