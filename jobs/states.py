"""The seven words for the status of a job and of a step, and the one table of moves between them."""

from __future__ import annotations

from django.db import models


class Status(models.TextChoices):
    """Where a job or a step stands. Both use the same words and the same table of moves."""

    PENDING = "pending", "Pending"
    QUEUED = "queued", "Queued"
    PROCESSING = "processing", "Processing"
    RETRYING = "retrying", "Retrying"
    COMPLETED = "completed", "Completed"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"


MEANING: dict[Status, str] = {
    Status.PENDING: "Waits for what it depends on, or for its time.",
    Status.QUEUED: "Waits for a free slot; it has a place in the queue.",
    Status.PROCESSING: "A worker holds a lease on it and works.",
    Status.RETRYING: "An attempt failed; it waits for its next one.",
    Status.COMPLETED: "Done. It never runs again.",
    Status.FAILED: "Given up (dead letter): kept, explained, requeueable.",
    Status.CANCELLED: "Stopped by a person; requeueable.",
}

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.QUEUED, Status.CANCELLED, Status.FAILED, Status.COMPLETED}),
    Status.QUEUED: frozenset({Status.PROCESSING, Status.CANCELLED, Status.FAILED}),
    Status.PROCESSING: frozenset(
        {Status.COMPLETED, Status.FAILED, Status.RETRYING, Status.QUEUED, Status.CANCELLED}
    ),
    Status.RETRYING: frozenset({Status.QUEUED, Status.CANCELLED, Status.FAILED}),
    Status.COMPLETED: frozenset(),
    Status.FAILED: frozenset({Status.QUEUED, Status.PENDING}),
    Status.CANCELLED: frozenset({Status.QUEUED, Status.PENDING}),
}
"""From each status, the statuses it may move to. Requeueing is the only way out of a terminal one. What is
pending completes at once when its result is known from an earlier job."""

TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
ACTIVE = frozenset(Status) - TERMINAL
UNDER_WAY = frozenset({Status.QUEUED, Status.PROCESSING, Status.RETRYING})
REQUEUEABLE = frozenset({Status.FAILED, Status.CANCELLED})

COLOURS: dict[Status, str] = {
    Status.PENDING: "slate",
    Status.QUEUED: "sky",
    Status.PROCESSING: "indigo",
    Status.RETRYING: "amber",
    Status.COMPLETED: "green",
    Status.FAILED: "red",
    Status.CANCELLED: "stone",
}
"""The colour word of each status, for the admin, the pages and the docs."""


def allowed(current: str, wanted: str) -> bool:
    """Whether the table lets ``current`` become ``wanted``."""
    return Status(wanted) in TRANSITIONS[Status(current)]


class Priority(models.IntegerChoices):
    """The four priority classes. A higher one is a head start in the queue, not a monopoly."""

    LOW = 0, "low"
    NORMAL = 1, "normal"
    HIGH = 2, "high"
    URGENT = 3, "urgent"
