"""What the events and signals of the streams tell, by name: for the AsyncAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from jobs.api.answers import JobGiven, PlaceGiven, UploadGiven


class Told(BaseModel):
    """What is told has these fields and no others."""

    model_config = ConfigDict(extra="forbid")


class OfJob(Told):
    """A job, as it is after the event."""

    job: JobGiven


class OfStep(OfJob):
    """A job, and the step of it that moved."""

    step: str = Field(description="The step's name.")


class StepStarted(OfStep):
    """A worker has begun a step."""

    attempt: int = Field(ge=1)


class Reason(Told):
    """Why an attempt failed."""

    code: str
    message: str


class StepRetrying(OfStep):
    """A step did not get through, and is tried again by itself."""

    in_seconds: float = Field(ge=0)
    error: Reason


class JobQueued(OfJob):
    """A job is in the queue; or a step of it is, again."""

    step: str | None = None


class UploadCompleted(Told):
    """A file is here."""

    upload: UploadGiven


class NotificationTold(Told):
    """A notification."""

    id: int
    event: str
    level: str
    subject: str
    body: str
    link: str
    job: UUID | None
    created_at: datetime
    read_at: datetime | None


class NotificationCreated(Told):
    """There is something new in the bell."""

    notification: NotificationTold
    unread: int


class NotificationRead(Told):
    """One notification was read, or all up to one."""

    id: int | None = None
    up_to: int | None = None
    unread: int


class StatusChanged(Told):
    """The queue, or a kind of job, was paused or goes on. In the stream ``system``."""

    component: Literal["queue"]
    kind: str | None = Field(description="Null for the whole queue.")
    paused: bool
    since: datetime | None
    stop_running: bool
    refuse_new: bool


class JobProgress(Told):
    """How far a step is, and its job with it."""

    job: UUID
    step: str
    attempt: int
    progress: float = Field(ge=0, le=1)
    step_progress: float = Field(ge=0, le=1)
    stage: str
    cost_usd: str | None
    tokens_out: int | None
    eta_seconds: float
    eta_range_seconds: list[float] | None
    quality: dict[str, float]


class JobText(Told):
    """What a step has written since it last told."""

    job: UUID
    step: str
    offset: int = Field(ge=0, description="Characters that came before.")
    text: str


class QueuePosition(PlaceGiven):
    """A job's place in the queue has changed."""

    job: UUID


class UploadProgress(Told):
    """How far a file is that comes in parts."""

    upload: UUID = Field(description="The id of the upload in parts.")
    filename: str
    size: int
    sent: int
    is_over: bool


EVENTS: Mapping[str, type[BaseModel]] = {
    "job.queued": JobQueued,
    "job.started": OfJob,
    "job.step_started": StepStarted,
    "job.step_completed": OfStep,
    "job.step_retrying": StepRetrying,
    "job.step_failed": OfStep,
    "job.completed": OfJob,
    "job.failed": OfJob,
    "job.cancelled": OfJob,
    "job.requeued": OfJob,
    "job.priority_changed": OfJob,
    "job.cost_changed": OfJob,
    "upload.completed": UploadCompleted,
    "notification.created": NotificationCreated,
    "notification.read": NotificationRead,
    "status.changed": StatusChanged,
}
"""The data of each event."""
SIGNALS: Mapping[str, type[BaseModel]] = {
    "job.progress": JobProgress,
    "job.text": JobText,
    "queue.position": QueuePosition,
    "upload.progress": UploadProgress,
}
"""The data of each signal."""
