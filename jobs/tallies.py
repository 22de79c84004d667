"""What is counted for the metrics: from the rows of the engine, once each, and never less than before.

Rows that have ended are gone through in the order in which they did, and their numbers added to
`jobs.models.Tally`; a mark remembers up to when. What is counted in all is that, and what ended after the
mark. So it costs the same however many rows there are, it does not matter when rows are deleted later, and
every process says the same. See docs/decisions/0008-metrics-from-rows.md.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from jobs.models import Attempt, Job, ProviderCall, Tally, TallyMark
from jobs.states import TERMINAL

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Upper bounds of the histograms' buckets, in seconds; after the last comes infinity."""
BOUNDS = (*map(str, BUCKETS), "+Inf")
SETTLED = timedelta(seconds=30)
"""What ended later than this is not gone through yet: a transaction that is still open may add to it."""
AT_ONCE = 25_000
"""How many rows of a table are looked at, at most."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

JOBS = "shipspeak_jobs"
STEPS = "shipspeak_steps"
STEP_SECONDS = "shipspeak_step_seconds"
QUEUE_WAIT = "shipspeak_queue_wait_seconds"
RESCUED = "shipspeak_leases_rescued"
REQUESTS = "shipspeak_provider_requests"
PROVIDER_SECONDS = "shipspeak_provider_seconds"
TOKENS = "shipspeak_tokens"
COST = "shipspeak_cost_usd"
BUCKET, SUM = "_bucket", "_sum"
CALLS = "calls"
"""The source of what is counted of calls."""


class Key(NamedTuple):
    """What is counted: a metric and the values of its labels; for a bucket its bound comes last."""

    metric: str
    labels: tuple[str, ...] = ()


class Ending(NamedTuple):
    """A job of a kind came to an end; a job that is requeued may do so again."""

    kind: str
    status: str
    at: datetime


Counts = dict[Key, float]
Counting = defaultdict[Key, float]


class Source(Protocol):
    """A table whose rows are counted when they end."""

    @property
    def name(self) -> str:
        """What its mark is called."""

    def between(self, mark: int, until: int | None) -> tuple[int, Counts]:
        """Counts what ended after ``mark`` and not after ``until``, and up to when it got.

        Args:
            mark, until: microseconds since 1970; None is the present.
        """


def count() -> Counts:
    """All that was ever counted. Two queries, and one for each source.

    Tallies are read before marks: when somebody adds to them in between, this gives too little once, and
    never too much.
    """
    counts: Counting = defaultdict(float, {_key(row): row.value for row in Tally.objects.all()})
    marks = dict(TallyMark.objects.values_list("source", "upto"))
    for source in SOURCES:
        for key, value in source.between(marks.get(source.name, 0), None)[1].items():
            counts[key] += value
    return counts


def fold() -> None:
    """Adds what changes no more to the tallies. One process at a time; another leaves it to that one."""
    until = _micros(timezone.now() - SETTLED)
    with transaction.atomic():
        for source in SOURCES:
            mark = _locked(source.name)
            if mark is not None and mark.upto < until:
                mark.upto, counts = source.between(mark.upto, until)
                _add(counts)
                mark.save(update_fields=["upto"])


def keep(endings: Sequence[Ending]) -> None:
    """Counts the ends of jobs that are requeued, and so show them no more. In the requeue's transaction."""
    if not endings:
        return
    TallyMark.objects.get_or_create(source=Endings.name)
    mark = TallyMark.objects.select_for_update().get(source=Endings.name)
    taken_back = Counter((one.kind, one.status) for one in endings if _micros(one.at) > mark.upto)
    _add({Key(JOBS, labels): float(count) for labels, count in taken_back.items()})


class Late(NamedTuple):
    """A call that had ended one way, and counted as that, and ends in another: its answer came after all."""

    model: tuple[str, str]
    before: str
    after: str
    at: datetime


def count_once(calls: Sequence[Late]) -> None:
    """Lets these requests count as what they were before, and not once more as what they are. In the
    transaction that writes their new end; what they took is counted from that."""
    if not calls:
        return
    TallyMark.objects.get_or_create(source=CALLS)
    mark = TallyMark.objects.select_for_update().get(source=CALLS)
    counts: Counting = defaultdict(float)
    for one in calls:
        counts[Key(REQUESTS, (*one.model, one.after))] -= 1
        if _micros(one.at) > mark.upto:
            counts[Key(REQUESTS, (*one.model, one.before))] += 1
    _add(counts)


def observe(counts: Counting, name: str, labels: tuple[str, ...], seconds: float) -> None:
    """Enters ``seconds`` into the histogram ``name``; less than none is none."""
    seconds = max(0.0, seconds)
    counts[Key(name + BUCKET, (*labels, BOUNDS[bisect_left(BUCKETS, seconds)]))] += 1
    counts[Key(name + SUM, labels)] += seconds


# The tables


@dataclass(frozen=True, slots=True)
class Rows:
    """A table of which each row ends once.

    Args:
        name: of the source.
        model: the table.
        fields: what is read of a row.
        enter: adds a row to the counts.
    """

    name: str
    model: Any
    fields: tuple[str, ...]
    enter: Callable[[Counting, Any], None]

    def between(self, mark: int, until: int | None) -> tuple[int, Counts]:
        """See `Source`. Of more than `AT_ONCE` rows the last, with what ended with it, comes later."""
        ended = _ended(self.model.objects.all(), mark, until).order_by("finished_at")
        rows = list(ended.values_list(*FIELDS, *self.fields, named=True)[:AT_ONCE])
        upto = _micros(timezone.now()) if until is None else until
        if len(rows) == AT_ONCE:
            last = rows[-1].finished_at
            rows = [row for row in rows if row.finished_at < last]
            upto = _micros(rows[-1].finished_at) if rows else mark
        counts: Counting = defaultdict(float)
        for row in rows:
            self.enter(counts, row)
        return upto, counts


def _attempt(counts: Counting, row: Any) -> None:
    step = (row.kind, row.name)
    counts[Key(STEPS, (*step, row.outcome))] += 1
    counts[Key(RESCUED)] += row.outcome == Attempt.Outcome.LOST
    if row.queued_at:
        observe(counts, QUEUE_WAIT, (), (row.started_at - row.queued_at).total_seconds())
    if row.outcome == Attempt.Outcome.SUCCEEDED:
        observe(counts, STEP_SECONDS, step, (row.finished_at - row.started_at).total_seconds())


def _call(counts: Counting, row: Any) -> None:
    model = (row.provider, row.model)
    if not row.shared:
        counts[Key(REQUESTS, (*model, row.outcome))] += 1
        if row.outcome == ProviderCall.Outcome.SUCCEEDED:
            observe(counts, PROVIDER_SECONDS, model, (row.finished_at - row.started_at).total_seconds())
    counts[Key(TOKENS, (*model, "in"))] += row.tokens_in or 0
    counts[Key(TOKENS, (*model, "out"))] += row.tokens_out or 0
    if row.cost_usd is not None:
        counts[Key(COST, model)] += float(row.cost_usd)


@dataclass(frozen=True, slots=True)
class Endings:
    """The ends of jobs. One that is requeued may end again; `keep` counts the end that this takes back."""

    name = "jobs"

    def between(self, mark: int, until: int | None) -> tuple[int, Counts]:
        """See `Source`."""
        ended = _ended(Job.objects.filter(status__in=TERMINAL), mark, until).order_by()
        rows = ended.values_list("kind", "status").annotate(Count("pk"))
        counts = {Key(JOBS, (kind, status)): float(count) for kind, status, count in rows}
        return _micros(timezone.now()) if until is None else until, counts


def _ended(rows: QuerySet[Any], after: int, until: int | None) -> QuerySet[Any]:
    ended = rows.filter(finished_at__gt=_moment(after))
    return ended if until is None else ended.filter(finished_at__lte=_moment(until))


FIELDS = ("outcome", "started_at", "finished_at")
SOURCES: tuple[Source, ...] = (
    Rows("attempts", Attempt, ("kind", "name", "queued_at"), _attempt),
    Rows(
        CALLS,
        ProviderCall,
        ("provider", "model", "shared", "tokens_in", "tokens_out", "cost_usd"),
        _call,
    ),
    Endings(),
)


# Tallies and marks


def _add(counts: Counts) -> None:
    """Adds ``counts`` to the tallies; the caller holds the mark of where they come from."""
    wanted = {(key.metric, _as_text(key.labels)): value for key, value in counts.items() if value}
    if not wanted:
        return
    Tally.objects.bulk_create(
        [Tally(metric=metric, labels=labels) for metric, labels in sorted(wanted)], ignore_conflicts=True
    )
    metrics = {metric for metric, _ in wanted}
    rows = Tally.objects.select_for_update().filter(metric__in=metrics).order_by("metric", "labels")
    changed = [row for row in rows if (row.metric, row.labels) in wanted]
    for row in changed:
        row.value += wanted[row.metric, row.labels]
    Tally.objects.bulk_update(changed, ["value"])


def _as_text(labels: tuple[str, ...]) -> str:
    return json.dumps(labels, ensure_ascii=False)


def _key(row: Tally) -> Key:
    return Key(row.metric, tuple(json.loads(row.labels)))


def _locked(source: str) -> TallyMark | None:
    """The mark, made if need be; None while another process holds it."""
    TallyMark.objects.get_or_create(source=source)
    return TallyMark.objects.select_for_update(skip_locked=True).filter(source=source).first()


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
