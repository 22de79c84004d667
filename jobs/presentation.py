"""How a job looks from outside: the job object of the API, of events and of pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jobs.models import Job, Step
from jobs.states import Priority


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job stands in the queue: its position from 1, and the seconds until it is done."""

    position: int
    eta_seconds: float

    def data(self) -> dict[str, Any]:
        """The ``queue`` part of the job object."""
        done_at = timezone.now() + timedelta(seconds=self.eta_seconds)
        return {
            "position": self.position,
            "ahead": self.position - 1,
            "eta_seconds": round(self.eta_seconds, 1),
            "eta_at": moment(done_at),
        }


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
        "steps": [step_data(step) for step in steps],
        "queue": place.data() if place else None,
        "cost_usd": money(job.cost_usd),
        "cost_estimate_usd": money(job.cost_estimate_usd),
        "quality": job.quality,
        "degraded": job.degraded,
        "cached": job.cached,
        "offline": job.offline,
        "error": _error(job, list(job.error_recovery)),
        "tags": job.tag_list,
        "batch": str(job.batch) if job.batch else None,
        "owner": job.owner_id,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "stream": owner_stream(job),
        "seq": seq,
        "links": {"self": api, "result": f"{api}result/", "cancel": f"{api}cancel/", "page": page},
    }


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
