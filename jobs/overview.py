"""The queue at a glance: a person's part of it, and all of it for operators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.utils import timezone

from jobs import queue, standings
from jobs.models import Attempt, Job, Step
from jobs.states import Priority, Status

LATELY = timedelta(minutes=15)
LOOKED_AT = 1000
"""How many of the latest attempts are looked at, at most; so that it costs the same on a big site."""
SHOWN = 100
"""How many of one's waiting jobs are listed."""


def mine(user: Any) -> dict[str, Any]:
    """How many of the person's jobs wait and run, where the waiting ones stand, and until when."""
    own = Job.objects.filter(owner_id=user.pk)
    counts = dict(own.filter(status__in=WAITING_OR_RUNNING).values_list("status").annotate(Count("pk")))
    waiting = list(own.filter(status=Status.QUEUED).order_by("created_at").only("pk", "status")[:SHOWN])
    steps: dict[Any, list[Step]] = {job.pk: [] for job in waiting}
    for step in Step.objects.filter(job_id__in=steps).defer("output"):
        steps[step.job_id].append(step)
    places = standings.places(waiting, steps)
    jobs = [
        {"job": str(job_id), "position": place.position, "eta_seconds": round(place.eta_seconds, 1)}
        for job_id, place in sorted(places.items(), key=lambda item: item[1].position)
    ]
    return {
        "queued": counts.get(Status.QUEUED, 0),
        "processing": counts.get(Status.PROCESSING, 0),
        "eta_seconds": max((round(place.eta_seconds, 1) for place in places.values()), default=None),
        "jobs": jobs,
    }


def site() -> dict[str, Any]:
    """The whole queue: depth, workers, waits, throughput and errors now."""
    counts = dict(Step.objects.filter(status__in=UNDER_WAY).values_list("status").annotate(Count("pk")))
    workers, attempts = queue.live_workers(), _latest_attempts()
    slots = {
        "total": workers * int(settings.PROCESSING_CONCURRENCY),
        "busy": counts.get(Status.PROCESSING, 0),
    }
    return {
        "queued": counts.get(Status.QUEUED, 0),
        "processing": slots["busy"],
        "retrying": counts.get(Status.RETRYING, 0),
        "workers": workers,
        "slots": slots,
        "depth": depth(),
        "wait_seconds": _waits(attempts),
        "steps_per_minute": _throughput(attempts),
        "errors": dict(Counter(one["error_code"] for one in attempts if one["error_code"]).most_common(20)),
        "bottleneck": _bottleneck(counts.get(Status.QUEUED, 0), workers, slots),
    }


def depth() -> list[dict[str, Any]]:
    """How many steps are queued, by kind and priority."""
    rows = Step.objects.filter(status=Status.QUEUED).values_list("kind", "priority").annotate(Count("pk"))
    return [
        {"kind": kind, "priority": Priority(priority).label, "steps": count}
        for kind, priority, count in rows.order_by("kind", "-priority")
    ]


WAITING_OR_RUNNING = (Status.QUEUED, Status.PROCESSING)
UNDER_WAY = (Status.QUEUED, Status.PROCESSING, Status.RETRYING)


def _latest_attempts() -> list[dict[str, Any]]:
    since = timezone.now() - LATELY
    rows = Attempt.objects.order_by("-id").values(
        "number", "started_at", "finished_at", "error_code", "step__attempts", "step__queued_at"
    )
    return [dict(row) for row in rows[:LOOKED_AT] if row["started_at"] > since]


def _waits(attempts: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Median and 95th percentile of how long steps waited before their last attempt, in seconds."""
    waits = sorted(
        max(0.0, (one["started_at"] - one["step__queued_at"]).total_seconds())
        for one in attempts
        if one["number"] == one["step__attempts"] and _was_queued(one)
    )
    return {"p50": _quantile(waits, 0.5), "p95": _quantile(waits, 0.95)}


def _was_queued(attempt: dict[str, Any]) -> bool:
    queued_at: datetime | None = attempt["step__queued_at"]
    return queued_at is not None and queued_at <= attempt["started_at"]


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least ``share`` of ``values`` do not exceed (nearest rank)."""
    return round(values[max(0, ceil(share * len(values)) - 1)], 3) if values else None


def _throughput(attempts: Sequence[dict[str, Any]]) -> float:
    """Steps that ended a minute, over the time that the attempts looked at cover."""
    ended = [one for one in attempts if one["finished_at"]]
    if not ended:
        return 0.0
    since: datetime = min(one["started_at"] for one in attempts)
    seconds = (timezone.now() - since).total_seconds()
    return round(60 * len(ended) / max(1.0, seconds), 1)


def _bottleneck(queued: int, workers: int, slots: dict[str, int]) -> str:
    """What keeps queued steps from being claimed."""
    if not queued:
        return "none"
    if not workers:
        return "workers"
    return "slots" if slots["busy"] >= slots["total"] else "none"
