"""The queue at a glance: a person's part of it, and all of it for operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from jobs import bottleneck, budgets, doorways, queue, standings
from jobs.models import Attempt, Job, Step
from jobs.presentation import moment, money
from jobs.standings import Line, Scene
from jobs.states import UNDER_WAY, Priority, Status

LATELY = timedelta(minutes=15)
LOOKED_AT = 1000
"""How many of the latest attempts are looked at, at most; so that it costs the same on a big site."""
SHOWN = 100
"""How many of one's waiting jobs are listed."""


def mine(user: Any, line: Line | None = None) -> dict[str, Any]:
    """How many of the person's jobs wait and run, where the waiting ones stand, and until when.

    Args:
        user: the person.
        line: the line, if it is known already.
    """
    own = Job.objects.filter(owner_id=user.pk)
    counts = dict(own.filter(status__in=WAITING_OR_RUNNING).values_list("status").annotate(Count("pk")))
    waiting = list(own.filter(status=Status.QUEUED).order_by("created_at").only("pk", "status")[:SHOWN])
    steps: dict[Any, list[Step]] = {job.pk: [] for job in waiting}
    for step in Step.objects.filter(job_id__in=steps).defer("output"):
        steps[step.job_id].append(step)
    places = standings.places(waiting, steps, line)
    jobs = [
        {"job": str(job_id), "position": place.position, "eta_seconds": round(place.eta_seconds, 1)}
        for job_id, place in sorted(places.items(), key=lambda item: item[1].position)
    ]
    return {
        "queued": counts.get(Status.QUEUED, 0),
        "processing": counts.get(Status.PROCESSING, 0),
        "eta_seconds": max((round(place.eta_seconds, 1) for place in places.values()), default=None),
        "jobs": jobs,
        "budget": budget(user.pk),
    }


def site(scene: Scene | None = None) -> dict[str, Any]:
    """The whole queue: depth, workers, waits, throughput, errors, limits, doors and the budget now.

    Args:
        scene: what waits and runs, if it is known already.
    """
    now, workers, attempts = timezone.now(), queue.live_workers(), latest_attempts()
    found = bottleneck.read(now, scene)
    counts, waiting = _under_way()
    slots = {
        "total": workers * int(settings.PROCESSING_CONCURRENCY),
        "busy": counts[Status.PROCESSING],
    }
    return {
        "queued": counts[Status.QUEUED],
        "processing": slots["busy"],
        "retrying": counts[Status.RETRYING],
        "workers": workers,
        "slots": slots,
        "depth": waiting,
        "wait_seconds": quantiles(waited(attempts)),
        "steps_per_minute": throughput(attempts),
        "errors": dict(Counter(one["error_code"] for one in attempts if one["error_code"]).most_common(20)),
        "bottleneck": found.name,
        "limits": [asdict(one) for one in found.binding],
        "doors": [doorways.data(one) for one in doorways.read(now)],
        "budget": budget(budgets.SITE),
    }


def budget(payer: int) -> dict[str, Any] | None:
    """What a person, or the installation, may spend today and what is left of it; None without a limit."""
    found = budgets.of_site() if payer == budgets.SITE else budgets.budget_of(payer)
    if found is None:
        return None
    return {
        "limit_usd": money(found.limit),
        "spent_usd": money(found.spent),
        "left_usd": money(found.left),
        "renews_at": moment(budgets.renews_at(timezone.now())),
    }


def depth() -> list[dict[str, Any]]:
    """How many steps are queued, by kind and priority. One query."""
    return _under_way()[1]


def _under_way() -> tuple[Counter[str], list[dict[str, Any]]]:
    """How many steps there are of each status, and of those queued by kind and priority."""
    rows = Step.objects.filter(status__in=UNDER_WAY).values_list("status", "kind", "priority")
    counts: Counter[str] = Counter()
    waiting = []
    for status, kind, priority, count in rows.annotate(Count("pk")).order_by("kind", "-priority"):
        counts[status] += count
        if status == Status.QUEUED:
            waiting.append({"kind": kind, "priority": Priority(priority).label, "steps": count})
    return counts, waiting


WAITING_OR_RUNNING = (Status.QUEUED, Status.PROCESSING)


def latest_attempts() -> list[dict[str, Any]]:
    """The attempts of `LATELY`, the newest first; no more than `LOOKED_AT`. One query."""
    since = timezone.now() - LATELY
    rows = Attempt.objects.order_by("-id").values("queued_at", "started_at", "finished_at", "error_code")
    return [dict(row) for row in rows[:LOOKED_AT] if row["started_at"] > since]


def waited(attempts: Sequence[dict[str, Any]]) -> list[float]:
    """How long each of ``attempts`` was in the queue, in seconds; the shortest first."""
    return sorted(
        max(0.0, (one["started_at"] - one["queued_at"]).total_seconds())
        for one in attempts
        if one["queued_at"]
    )


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
    """Median and 95th percentile of sorted ``values``; None without any."""
    return {"p50": _quantile(values, 0.5), "p95": _quantile(values, 0.95)}


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of ``values`` do not exceed (nearest rank)."""
    return round(values[max(0, ceil(share * len(values)) - 1)], 3) if values else None


def throughput(attempts: Sequence[dict[str, Any]]) -> float:
    """Steps that ended a minute, over the time that the attempts looked at cover."""
    ended = [one for one in attempts if one["finished_at"]]
    if not ended:
        return 0.0
    since: datetime = min(one["started_at"] for one in attempts)
    seconds = (timezone.now() - since).total_seconds()
    return round(60 * len(ended) / max(1.0, seconds), 1)
