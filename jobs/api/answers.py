"""What the API gives, for the OpenAPI document; a test holds the answers to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from jobs.api.requests import ONE_OF_PRIORITIES
from jobs.doorways import DoorState
from jobs.models import Schedule
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
    optional: bool = Field(description="Whether all that depend on it can do without it.")
    over: str | None = Field(
        description="The step whose list it goes through, once for each item; “step.key” for a list under "
        "that key. Null when it runs once."
    )
    tolerates: list[str] = Field(description="Those of `depends_on` that it can do without.")


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


class ResumableUploadGiven(Given):
    """A file that comes in parts."""

    id: UUID
    filename: str
    size: int = Field(description="Bytes that it will have.")
    sent: int = Field(description="Bytes that are here.")
    expires_at: datetime | None = Field(description="When it is deleted, unless a part comes before.")
    upload: UploadGiven | None = Field(description="What it has become, once it is complete.")


class Fault(Given):
    """Why a step failed."""

    code: str
    message: str
    retryable: bool


class JobFault(Fault):
    """Why a job failed, and what can be done about it."""

    recovery: list[str]


class ItemsGiven(Given):
    """How many items of a list a step goes through, and how many of them are done and given up."""

    total: int
    completed: int
    failed: int


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
    items: ItemsGiven | None = Field(description="Null unless it goes through a list, and that is known.")
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
    eta_seconds: float = Field(description="Until it is done, as likely too few as too many.")
    eta_at: datetime
    wait_seconds: float = Field(description="Until it starts.")
    eta_range_seconds: list[float] | None = Field(
        description="Where that is uncertain: likely, and nine times in ten at most."
    )


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
    cached: bool = Field(description="Whether its result is that of an earlier job, and cost nothing.")
    reused_from: UUID | None = Field(description="That job, as long as it is kept.")
    offline: bool
    error: JobFault | None
    tags: list[str]
    depends_on: list[UUID] = Field(description="The jobs that it waits for.")
    run_at: datetime | None = Field(description="When it starts at the earliest; null for at once.")
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
    cached: bool = Field(description="Whether the result of an earlier job would be used, at once.")


class ScheduleLinks(Given):
    """Where to go from a schedule."""

    self: str
    page: str


class ScheduleGiven(Given):
    """A job that is submitted again and again."""

    id: UUID
    title: str
    kind: str
    input: dict[str, Any]
    upload: UUID | None
    options: dict[str, Any]
    priority: str = Field(json_schema_extra=ONE_OF_PRIORITIES)
    tags: list[str]
    cron: str
    timezone: str
    missed: Schedule.Missed
    enabled: bool
    next_at: datetime | None = Field(description="When it comes next; null while it is switched off.")
    next_times: list[datetime] = Field(description="That, and the times after it.")
    last_at: datetime | None = Field(description="The last time for which jobs were submitted.")
    last_error: str = Field(description="Why its last time was not run, or not as wished; else empty.")
    created_at: datetime
    links: ScheduleLinks


class SchedulePage(Given):
    """A page of schedules, newest first."""

    results: list[ScheduleGiven]
    next: str | None
    previous: str | None


class PauseGiven(Given):
    """How the queue, or a kind of job, stands."""

    kind: str | None = Field(description="Null for the whole queue.")
    paused: bool
    since: datetime | None
    stop_running: bool
    refuse_new: bool


class HeapGiven(Given):
    """So many failed jobs of a kind, with the same error."""

    kind: str
    error: str
    count: int


class RequeueGiven(Given):
    """What was requeued, or would be."""

    dry_run: bool
    found: list[HeapGiven] = Field(description="What can be requeued.")
    blocked: int = Field(
        description="How many can't be, because a job that they need failed and is not among these."
    )
    requeued: int
    left: int = Field(description="How many are left because one request takes only so many. Ask again.")


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


class LimitGiven(Given):
    """A limit that keeps waiting jobs back now, and what one step more of it would give."""

    name: str
    of: str = Field(description="Whose: a kind, a person's id, a provider, or empty.")
    used: float | None
    most: float | None
    remedy: str = Field(description="For people: what to do.")
    observations: int = Field(description="How many waiting jobs it rests on.")
    wait: float | None = Field(description="Seconds that they wait on the average; null for too few of them.")
    raised_to: float | None
    wait_raised: float | None = Field(description="Seconds that they would wait with it.")


class Used(Given):
    """How much of it is used, of how much; null for no limit."""

    used: int
    most: int | None


class FailureRate(Given):
    """How often calls to the door's provider failed in the last hour; null when they are too few to say."""

    share: float | None
    calls: int
    trend: Literal["worse", "better", "steady", "unknown"]


class DoorGiven(Given):
    """The way to a model of a provider."""

    provider: str
    endpoint: str
    model: str
    state: DoorState
    closed_until: datetime | None
    closed_for: str = Field(description="The code of the error that closed it; empty while it is open.")
    running: Used
    requests_last_minute: Used
    tokens_last_minute: Used
    failure_rate: FailureRate


class BudgetGiven(Given):
    """What may be spent in a day (UTC). What calls under way may cost at most counts as spent."""

    limit_usd: Money
    spent_usd: Money
    left_usd: Money
    renews_at: datetime


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
    bottleneck: Literal[
        "none",
        "workers",
        "slots",
        "paused",
        "kind",
        "person",
        "provider_running",
        "provider_requests",
        "provider_tokens",
        "door_closed",
        "budget",
    ] = Field(description="The first of the limits; none when nothing waits, or slots are free for it.")
    limits: list[LimitGiven] = Field(description="What keeps waiting jobs back, what helps most first.")
    doors: list[DoorGiven]
    budget: BudgetGiven | None = Field(description="Of the installation; null when it has none.")


class QueueGiven(Given):
    """The queue: my part of it; all of it for staff."""

    queued: int
    processing: int
    eta_seconds: float | None
    jobs: list[WaitingJob]
    budget: BudgetGiven | None = Field(description="Mine, today; null when I have none.")
    paused: list[PauseGiven]
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


class BudgetProblemGiven(ProblemGiven):
    """There is not enough left of a budget: yours, or the installation's."""

    left_usd: str = Field(description="What may still be promised today.")
    renews_at: datetime
