"""What operators can foresee: demand, failures and what to do about them, each figure with what it rests on.

Pure functions over plain values first, the queries that give these last. Which limit binds, and what raising
it would give, is in `jobs.bottleneck`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Count, Q
from django.utils import timezone

from jobs import bottleneck, standings
from jobs.bottleneck import Bottleneck
from jobs.forecast import Load
from jobs.models import Job, ProviderCall
from jobs.presentation import Place
from jobs.quantiles import Duration
from jobs.standings import Scene
from jobs.states import Priority

DEMAND_DAYS = 14
DAYS_ENOUGH = 3
"""Of fewer days an hour's demand says nothing."""
CALLS_ENOUGH = 20
"""Of fewer calls a failure rate says nothing: its interval would span half of all that is possible."""
Z95 = 1.959963984540054
TOO_FEW = "too few to say"
LATELY = timedelta(hours=1)
BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """The demand of an hour of the day (UTC).

    Args:
        hour: 0 to 23.
        jobs: how many were submitted in it, on all days together.
        days: how many times that hour was observed from its beginning to its end.
    """

    hour: int
    jobs: int
    days: int

    @property
    def usual(self) -> float | None:
        """Jobs on one day, on the average; None when it is too few days to say."""
        return self.jobs / self.days if self.days >= DAYS_ENOUGH else None


def demand(submitted: Mapping[datetime, int], since: datetime, now: datetime) -> list[Hour]:
    """The demand by hour of the day.

    Args:
        submitted: how many jobs were submitted, by the beginning of the hour (UTC).
        since: from when on jobs were looked at, or when the first one ever came, if that is later.
        now: the present; the hour that goes on is left out.
    """
    first, last = _hour(since + timedelta(hours=1) - timedelta(microseconds=1)), _hour(now)
    whole = max(0, int((last - first).total_seconds() // 3600))
    seen = [first + timedelta(hours=index) for index in range(whole)]
    days = Counter(hour.hour for hour in seen)
    jobs: Counter[int] = Counter()
    for hour in seen:
        jobs[hour.hour] += submitted.get(hour, 0)
    return [Hour(hour, jobs[hour], days[hour]) for hour in range(24)]


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of ``count`` observations, and the interval in which the true one lies 19 times in 20."""

    hits: int
    count: int

    @property
    def share(self) -> float | None:
        """None when there are too few observations to say."""
        return self.hits / self.count if self.count >= CALLS_ENOUGH else None

    @property
    def interval(self) -> tuple[float, float]:
        """See `wilson`."""
        return wilson(self.hits, self.count)


def wilson(hits: int, count: int, z: float = Z95) -> tuple[float, float]:
    """The interval of a proportion that holds for few observations and near 0 and 1 as well.

    E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927.

    Args:
        hits: of ``count`` observations; without any, the interval is all of 0..1.
        z: quantile of the normal distribution; 1.96 for 95 %.
    """
    if not count:
        return 0.0, 1.0
    share, square = hits / count, z * z
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = z * math.sqrt(share * (1 - share) / count + square / (4 * count**2)) / (1 + square / count)
    low = 0.0 if hits == 0 else max(0.0, middle - half)
    return low, 1.0 if hits == count else min(1.0, middle + half)


class Trend(StrEnum):
    """How the last hour compares with the day before."""

    WORSE = "worse"
    BETTER = "better"
    STEADY = "steady"
    UNKNOWN = TOO_FEW


@dataclass(frozen=True, slots=True)
class Failures:
    """How often calls to a provider failed: in the last hour, and in the day before that."""

    provider: str
    lately: Rate
    before: Rate

    @property
    def trend(self) -> Trend:
        """Worse or better only where the intervals don't overlap, which errs on the side of steady.

        N. Schenker, J. F. Gentleman, "On Judging the Significance of Differences by Examining the Overlap
        Between Confidence Intervals", The American Statistician 55, 2001.
        """
        if self.lately.share is None or self.before.share is None:
            return Trend.UNKNOWN
        (low, high), (low_before, high_before) = self.lately.interval, self.before.interval
        if low > high_before:
            return Trend.WORSE
        return Trend.BETTER if high < low_before else Trend.STEADY


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a short job would wait now.

    Args:
        newcomer: seconds for somebody who has none in the queue.
        last: seconds for one behind all that wait.
        ahead: jobs in the line; that is what the figures rest on.
    """

    newcomer: float
    last: float
    ahead: int


@dataclass(frozen=True, slots=True)
class Advice:
    """Something to do or to know, in words, and on how many observations it rests."""

    text: str
    observations: int


@dataclass(frozen=True, slots=True)
class Foresight:
    """All of it, as of now."""

    at: datetime
    demand: Sequence[Hour]
    waits: Waits
    bottleneck: Bottleneck
    failures: Sequence[Failures]
    advice: Sequence[Advice]


def advise(
    hours: Sequence[Hour], waits: Waits, found: Bottleneck, failures: Sequence[Failures], hour: int
) -> list[Advice]:
    """What follows from the figures, in words; nothing where they are too few.

    Args:
        hours: demand by hour.
        waits: how long jobs wait now.
        found: what binds.
        failures: by provider.
        hour: of the day, now (UTC).
    """
    return [*_on_limits(found), *_on_failures(failures), *_on_demand(hours, waits, hour)]


def _on_limits(found: Bottleneck) -> Iterable[Advice]:
    for one in found.binding:
        if one.remedy:
            yield Advice(one.remedy, one.observations)


def _on_failures(failures: Sequence[Failures]) -> Iterable[Advice]:
    for one in failures:
        if one.trend is Trend.WORSE and one.lately.share is not None and one.before.share is not None:
            yield Advice(
                f"{one.provider} fails more than it did: {one.lately.share:.0%} of its calls in the "
                f"last hour, {one.before.share:.0%} in the day before. Look at its errors, or put another "
                "provider behind it in SHIPSPEAK_PROVIDERS.",
                one.lately.count + one.before.count,
            )


def _on_demand(hours: Sequence[Hour], waits: Waits, hour: int) -> Iterable[Advice]:
    known = [one for one in hours if one.usual is not None]
    busiest = max(known, key=lambda one: one.usual or 0.0, default=None)
    if busiest is None or not busiest.usual:
        return
    now = next((one.usual for one in known if one.hour == hour), None)
    if now is not None and busiest.usual > 2 * now and busiest.hour != hour:
        yield Advice(
            f"Most jobs come at {busiest.hour}:00 UTC, about {busiest.usual:.0f} in that hour; now it "
            f"is about {now:.0f}. Have enough workers by then.",
            busiest.days,
        )


# What they are made of


def foresee() -> Foresight:
    """The figures as of now."""
    now = timezone.now()
    hours, failures = read_demand(now), read_failures(now)
    scene = standings.scene()
    waits, found = read_waits(scene), bottleneck.read(now, scene)
    return Foresight(now, hours, waits, found, failures, advise(hours, waits, found, failures, now.hour))


def read_demand(now: datetime) -> list[Hour]:
    """The demand of the last `DEMAND_DAYS`, from the jobs that were submitted. Two queries."""
    since = now - timedelta(days=DEMAND_DAYS)
    first = Job.objects.order_by("id").values_list("created_at", flat=True).first()
    submitted: Counter[datetime] = Counter()
    moments = Job.objects.filter(created_at__gt=since).order_by().values_list("created_at", flat=True)
    for moment in moments.iterator(chunk_size=5000):
        submitted[_hour(moment)] += 1
    return demand(submitted, max(since, first or now), now)


def read_failures(now: datetime) -> list[Failures]:
    """How often calls that have ended failed, by provider. One query over a day and an hour."""
    lately = Q(started_at__gt=now - LATELY)
    failed = Q(outcome=ProviderCall.Outcome.FAILED)
    rows = (
        ProviderCall.objects.filter(
            started_at__gt=now - LATELY - BEFORE,
            outcome__in=(ProviderCall.Outcome.SUCCEEDED, ProviderCall.Outcome.FAILED),
        )
        .order_by("provider")
        .values("provider")
        .annotate(
            calls=Count("pk", filter=lately),
            failed=Count("pk", filter=lately & failed),
            calls_before=Count("pk", filter=~lately),
            failed_before=Count("pk", filter=~lately & failed),
        )
    )
    return [
        Failures(
            row["provider"],
            Rate(row["failed"], row["calls"]),
            Rate(row["failed_before"], row["calls_before"]),
        )
        for row in rows
    ]


def read_waits(scene: Scene) -> Waits:
    """How long a short job would wait now, by the forecast. Three queries at most."""
    line = standings.line_of(scene)
    moment = Load.of_one(Duration(0.001, 0.001))
    newcomer: Place = standings.place_of_new(0, Priority.NORMAL, moment, line)
    last = line.fit(math.inf, math.inf, moment)
    return Waits(newcomer.wait_seconds, last.wait, len(line.waiting))


def _hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)
