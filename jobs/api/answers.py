"""What the API gives, for the OpenAPI document; a test holds the answers to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from jobs.api.requests import ONE_OF_PRIORITIES
from jobs.states import Status

Money = str | None
State = Literal["ok", "degraded", "down"]


class Given(BaseModel):
    """Part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class StepTitle(Given):
    """A step of a kind."""

    name: str
    title: str
    depends_on: list[str]
    optional: bool


class KindGiven(Given):
    """A kind of job."""

    name: str
    title: str
    description: str
    accepts: list[str] = Field(description="Media types of uploads that it takes.")
    input_schema: dict[str, Any]
    options_schema: dict[str, Any]
    steps: list[StepTitle]


class KindsGiven(RootModel[list[KindGiven]]):
    """All kinds of job there are."""


class UploadGiven(Given):
    """A file that was handed in."""

    id: UUID
    filename: str
    size: int = Field(description="Bytes.")
    media_type: str
    sha256: str
    created_at: datetime


class Fault(Given):
    """Why a step failed."""

    code: str
    message: str
    retryable: bool


class JobFault(Fault):
    """Why a job failed, and what can be done about it."""

    recovery: list[str]


class StepGiven(Given):
    """A step of a job."""

    name: str
    title: str
    status: Status
    progress: float = Field(ge=0, le=1)
    stage: str
    attempts: int
    depends_on: list[str]
    optional: bool
    provider: str | None
    model: str | None
    tokens_in: int | None
    tokens_out: int | None
    cost_usd: Money
    quality: dict[str, float]
    started_at: datetime | None
    finished_at: datetime | None
    error: Fault | None


class PlaceGiven(Given):
    """Where a job stands in the queue."""

    position: int = Field(ge=1)
    ahead: int
    eta_seconds: float
    eta_at: datetime


class Links(Given):
    """Where to go from a job."""

    self: str
    result: str
    cancel: str
    page: str


class JobGiven(Given):
    """A job. Money is a decimal string in USD, or null when it is not known."""

    id: UUID
    kind: str
    title: str
    status: Status
    priority: str = Field(json_schema_extra=ONE_OF_PRIORITIES)
    progress: float = Field(ge=0, le=1)
    stage: str
    steps: list[StepGiven]
    queue: PlaceGiven | None
    cost_usd: Money
    cost_estimate_usd: Money
    quality: dict[str, float]
    degraded: bool
    cached: bool
    offline: bool
    error: JobFault | None
    tags: list[str]
    batch: UUID | None
    owner: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    stream: str
    seq: int | None
    links: Links


class JobPage(Given):
    """A page of jobs, newest first."""

    results: list[JobGiven]
    next: str | None
    previous: str | None


class BatchGiven(Given):
    """The jobs of a batch, in the order in which they were asked for."""

    batch: UUID
    jobs: list[UUID]


class Forecast(Given):
    """Where a job would stand if it were submitted now."""

    position: int
    eta_seconds: float


class EstimateGiven(Given):
    """What a job would take."""

    cost_usd: Money
    tokens: int
    seconds: float
    queue: Forecast


class WaitingJob(Given):
    """One of my jobs in the queue."""

    job: UUID
    position: int
    eta_seconds: float


class Depth(Given):
    """How many steps of a kind and priority are queued."""

    kind: str
    priority: str
    steps: int


class Waits(Given):
    """How long steps waited for a slot lately, in seconds; null when none did."""

    p50: float | None
    p95: float | None


class Slots(Given):
    """How many steps can run at once, and how many do."""

    total: int
    busy: int


class SiteQueue(Given):
    """The whole queue, for operators."""

    queued: int
    processing: int
    retrying: int
    workers: int
    slots: Slots
    depth: list[Depth]
    wait_seconds: Waits
    steps_per_minute: float
    errors: dict[str, int]
    bottleneck: Literal["none", "workers", "slots"]


class QueueGiven(Given):
    """The queue: my part of it; all of it for staff."""

    queued: int
    processing: int
    eta_seconds: float | None
    jobs: list[WaitingJob]
    site: SiteQueue | None


class Component(Given):
    """How a part of the site is."""

    state: State
    latency_ms: float | None
    since: datetime
    detail: str


class StatusGiven(Given):
    """How the site is: the state of the whole and of its parts."""

    state: State
    components: dict[str, Component]


class FieldError(Given):
    """What is wrong where."""

    path: str
    message: str


class ProblemGiven(Given):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str = Field(description="For people: what happened, why, and what to do.")
    code: str = Field(description="For programs: stays the same.")
    errors: list[FieldError] = Field([], description="For input: what is wrong where.")
