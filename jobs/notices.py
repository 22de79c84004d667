"""What a person is told about a job of theirs."""

from __future__ import annotations

from jobs.kinds import registry
from jobs.models import Job
from jobs.states import Status
from notifications.dispatch import Notice

SUBJECT = {Status.COMPLETED: "{title} is ready", Status.FAILED: "{title} could not be finished"}


def notice(job: Job) -> Notice | None:
    """The notice that ``job`` ended; None when its kind is one that ends quietly."""
    if job.status not in SUBJECT or job.kind not in registry or not registry.get(job.kind).notify:
        return None
    well = job.status == Status.COMPLETED
    return Notice(
        user_id=job.owner_id,
        event=f"job.{job.status}",
        subject=SUBJECT[Status(job.status)].format(title=job.title),
        body="The result is ready to read." if well else job.error_message,
        link=f"/jobs/{job.id}/",
        level="success" if well else "error",
        job_id=str(job.id),
    )
