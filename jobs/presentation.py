"""How a job looks from outside: the job object of the API, of events and of pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jobs import fan_out
from jobs.forecast import is_uncertain
from jobs.models import Job, Step
from jobs.states import Priority


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands in the queue.

    Args:
        position: from 1.
        eta_seconds: seconds until it is done, as likely too few as too many.
        wait_seconds: seconds until it starts.
        p90_seconds: seconds within which it is done nine times in ten; None when that is not known.
    """

    position: int
    eta_seconds: float
    wait_seconds: float = 0.0
    p90_seconds: float | None = None

    @property
    def eta_range(self) -> list[float] | None:
        """What the time until it is done is better told as, when it is uncertain: likely, and at most."""
        return eta_range(self.eta_seconds, self.p90_seconds)

    def data(self) -> dict[str, Any]:
        """The ``queue`` part of the job object."""
        done_at = timezone.now() + timedelta(seconds=self.eta_seconds)
        return {
            "position": self.position,
            "ahead": self.position - 1,
            "eta_seconds": round(self.eta_seconds, 1),
            "eta_at": moment(done_at),
            "wait_seconds": round(self.wait_seconds, 1),
            "eta_range_seconds": self.eta_range,
        }


def eta_range(p50: float, p90: float | None) -> list[float] | None:
    """A median and a 90 % quantile as a range; None when they are so near that one number will do."""
    if p90 is None or not is_uncertain(p50, p90):
        return None
    return [round(p50, 1), round(p90, 1)]


def moment(value: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC, to the millisecond."""
    return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def money(value: Decimal | None) -> str | None:
    """USD as a decimal string without needless zeros; None stays None: unknown is not free."""
    return None if value is None else format(value.normalize() + 0, "f")


def owner_stream(job: Job) -> str:
    """The stream on which the job's owner hears of it."""
    return f"user:{job.owner_id}"


def job_data(
    job: Job,
    steps: Sequence[Step],
    *,
    place: Place | None = None,
    seq: int | None = None,
) -> dict[str, Any]:
    """The job object of the contract.

    Args:
        job: the job.
        steps: its steps in order of position.
        place: where it stands in the queue, if it waits there.
        seq: position of the owner's stream, read before the job was.
    """
    page = f"/jobs/{job.id}/"
    api = f"/api/v1/jobs/{job.id}/"
    return {
        "id": str(job.id),
        "kind": job.kind,
        "title": job.title,
        "status": job.status,
        "priority": Priority(job.priority).label,
        "progress": round(job.progress, 4),
        "stage": job.stage,
        "steps": _steps_data(steps),
        "queue": place.data() if place else None,
        "cost_usd": money(job.cost_usd),
        "cost_estimate_usd": money(job.cost_estimate_usd),
        "quality": job.quality,
        "degraded": job.degraded,
        "cached": job.cached,
        "reused_from": str(job.reused_from_id) if job.reused_from_id else None,
        "offline": job.offline,
        "error": _error(job, list(job.error_recovery)),
        "tags": job.tag_list,
        "depends_on": job.depends_on,
        "run_at": moment(job.run_at),
        "batch": str(job.batch) if job.batch else None,
        "owner": job.owner_id,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "stream": owner_stream(job),
        "seq": seq,
        "links": {"self": api, "result": f"{api}result/", "cancel": f"{api}cancel/", "page": page},
    }


def _steps_data(steps: Sequence[Step]) -> list[dict[str, Any]]:
    """The steps of a job; of items only how many there are, so that a frame holds it."""
    items = fan_out.by_parent(steps)
    return [
        {**step_data(step), **_items_data(step, items.get(step.name, ()))}
        for step in steps
        if not step.part_of
    ]


def _items_data(step: Step, items: Sequence[Step]) -> dict[str, Any]:
    """What a step is by its items; nothing when it has none."""
    if not items:
        return {}
    asked = next((item for item in items if item.provider), step)
    started = [item.started_at for item in items if item.started_at]
    return {
        "status": fan_out.status(step, items),
        "progress": round(fan_out.progress(step, items), 4),
        "items": fan_out.Items.of(items).data(),
        "provider": asked.provider or None,
        "model": asked.model or None,
        "tokens_in": _sum(item.tokens_in for item in items),
        "tokens_out": _sum(item.tokens_out for item in items),
        "cost_usd": money(fan_out.cost(items)),
        "quality": {**fan_out.quality(items), **step.quality},
        "started_at": moment(min(started, default=step.started_at)),
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    told = [count for count in counts if count is not None]
    return sum(told) if told else None


def step_data(step: Step) -> dict[str, Any]:
    """A step as it stands in the job object."""
    return {
        "name": step.name,
        "title": step.title,
        "status": step.status,
        "progress": round(step.progress, 4),
        "stage": step.stage,
        "attempts": step.attempts,
        "depends_on": step.depends_on,
        "optional": step.optional,
        "items": None,
        "provider": step.provider or None,
        "model": step.model or None,
        "tokens_in": step.tokens_in,
        "tokens_out": step.tokens_out,
        "cost_usd": money(step.cost_usd),
        "quality": step.quality,
        "started_at": moment(step.started_at),
        "finished_at": moment(step.finished_at),
        "error": _error(step),
    }


def _error(row: Job | Step, recovery: list[str] | None = None) -> dict[str, Any] | None:
    if not row.error_code:
        return None
    error: dict[str, Any] = {
        "code": row.error_code,
        "message": row.error_message,
        "retryable": row.error_retryable,
    }
    return error if recovery is None else {**error, "recovery": recovery}
