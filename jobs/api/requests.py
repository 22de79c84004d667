"""What the API takes: the models that check requests and make the OpenAPI document."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from rest_framework.request import Request

from jobs import requeueing
from jobs.errors import SubmitError
from jobs.models import Schedule
from jobs.moments import utc
from jobs.needs import MOST_NEEDS
from jobs.states import Priority, Status
from realtime import faults

MAX_BATCH = 1000
ONE_OF_PRIORITIES: dict[str, Any] = {"enum": [priority.label for priority in Priority]}
Moment = Annotated[datetime, AfterValidator(lambda at: utc(at if at.tzinfo else at.replace(tzinfo=UTC)))]
Model = TypeVar("Model", bound=BaseModel)


class Asked(BaseModel):
    """Part of a request. What it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _visible(text: str) -> str:
    if "\x00" in text:
        raise ValueError("This must not contain a NUL character.")
    return text


Word = Annotated[str, AfterValidator(_visible)]
"""A text to look for: PostgreSQL fails on a NUL."""


class NeedRequest(Asked):
    """A job to wait for: by its id, or by its place in the same batch."""

    job: UUID | None = Field(None, description="Id of a job of yours.")
    index: int | None = Field(None, ge=0, description="Place of an earlier job in the same batch, from 0.")
    on_failure: Literal["fail", "continue"] = Field(
        "fail", description="What to do when it fails or is cancelled: fail as well, or continue without it."
    )


class JobRequest(Asked):
    """A job as asked for."""

    kind: str = Field(description="Name of the kind, as in `GET kinds/`.")
    input: dict[str, Any] | None = Field(None, description="Fits the `input_schema` of the kind.")
    upload: UUID | None = Field(None, description="Id of an upload of yours, of a type the kind accepts.")
    priority: str = Field("normal", json_schema_extra=ONE_OF_PRIORITIES)
    options: dict[str, Any] | None = Field(None, description="Fits the `options_schema` of the kind.")
    tags: list[str] = Field(
        [], max_length=10, description="At most ten words of at most 40 characters, without “|”."
    )
    depends_on: list[UUID | NeedRequest] = Field(
        [], max_length=MOST_NEEDS, description="Jobs of yours that must be over before this one starts."
    )
    run_at: Moment | None = Field(
        None,
        description="Starts no sooner than this: ISO 8601; UTC, if it tells no zone. It may not have passed, "
        "and be at most a year ahead.",
    )
    reuse: bool = Field(
        False,
        description="Whether the result of an earlier job of yours for the same question will do; it "
        "costs nothing. Not for a job that has to wait.",
    )


class BatchRequest(Asked):
    """Jobs that are accepted all together, or none of them."""

    jobs: list[JobRequest] = Field(min_length=1, max_length=MAX_BATCH)


class PriorityRequest(Asked):
    """The priority that a job should have."""

    priority: str = Field(json_schema_extra=ONE_OF_PRIORITIES)


class ScheduleChange(Asked):
    """What to change of a schedule; what is left out stays."""

    title: str = Field("", description="What to call it; the title of the kind if empty.")
    cron: str = Field(
        "0 9 * * *",
        description="When it comes, in five fields: minute, hour, day of the month, month, day of the week.",
    )
    timezone: str = Field("UTC", description="A time zone by its IANA name, such as Europe/Berlin.")
    missed: Schedule.Missed = Field(
        Schedule.Missed.ONCE,
        description="What to do about times that went by while nothing ran: skip them, run once for all of "
        "them, or run all of them (the last 100).",
    )
    enabled: bool = True
    input: dict[str, Any] = Field({}, description="Fits the `input_schema` of the kind.")
    upload: UUID | None = Field(None, description="Id of an upload of yours, of a type the kind accepts.")
    options: dict[str, Any] = Field({}, description="Fits the `options_schema` of the kind.")
    priority: str = Field("normal", json_schema_extra=ONE_OF_PRIORITIES)
    tags: list[str] = Field([], description="At most ten words of at most 40 characters, without “|”.")


class ScheduleRequest(ScheduleChange):
    """A job to be repeated, and when."""

    kind: str = Field(description="Name of the kind, as in `GET kinds/`.")
    cron: str = Field(
        description="When it comes, in five fields: minute, hour, day of the month, month, day of the week."
    )


class PageQuery(Asked):
    """Which page of a list."""

    cursor: str | None = Field(None, max_length=300, description="Taken from `next` or `previous`.")
    page_size: int = Field(25, ge=1, le=100)


class ResumeRequest(Asked):
    """What to let go on."""

    kind: str | None = Field(None, description="Name of a kind; null for the whole queue.")


class PauseRequest(ResumeRequest):
    """What to pause, and how."""

    stop_running: bool = Field(False, description="Gives what runs back to the queue, unharmed.")
    refuse_new: bool = Field(False, description="Refuses new jobs, with 409.")


def _age(text: str) -> str:
    requeueing.age(text)
    return text


class RequeueRequest(Asked):
    """Which failed jobs to requeue."""

    kind: Word | None = Field(None, max_length=64)
    error: Word | None = Field(None, max_length=40, description="The code that they failed with.")
    since: Annotated[str, AfterValidator(_age)] | None = Field(
        None, description="Only those that ended within this time: a number and s, m, h or d, like 2h."
    )
    dry_run: bool = Field(False, description="Only counts them.")


class JobQuery(Asked):
    """Which jobs to list."""

    status: Status | None = None
    kind: Word | None = Field(None, max_length=64)
    tag: Word | None = Field(None, max_length=40, description="One of the words given as `tags`.")
    q: Word | None = Field(None, max_length=100, description="Words in the title or the file's name.")
    created_after: Moment | None = Field(None, description="ISO 8601; UTC, if it tells no zone.")
    cursor: str | None = Field(None, max_length=300, description="Taken from `next` or `previous`.")
    page_size: int = Field(25, ge=1, le=100)


class ExportQuery(Asked):
    """What of a result to export."""

    part: str | None = Field(None, max_length=100, description="One list of the result; for csv only.")


def understood(model: type[Model], data: Any, where: str = "request") -> Model:
    """``data`` as ``model``. Raises `SubmitError` with each field at fault; ``where`` names the whole."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        errors = faults.of(error)
        first = errors[0]
        at = f"“{first['path']}” of the {where}" if first["path"] else f"The {where}"
        raise SubmitError(f"{at}: {first['message']}", errors=errors) from None


def asked_for(model: type[Model], request: Request) -> Model:
    """What follows the question mark, as ``model``; what is empty is left out. Raises as `understood`."""
    given = {name: value for name, value in request.query_params.items() if value}
    return understood(model, given, "address")
