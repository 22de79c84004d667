"""What people can do with jobs: the verbs that pages, API, admin and commands call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from pydantic import BaseModel, ValidationError

from jobs import queue, tokens
from jobs.errors import NotAllowedNow, QueueFull, SubmitError, TooManyJobs
from jobs.graph import Graph
from jobs.identifiers import uuid7
from jobs.kinds import Estimate, Kind, registry
from jobs.models import Job, Step, Upload
from jobs.states import ACTIVE, REQUEUEABLE, Priority
from jobs.transitions import Moves

RETRY_LATER_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Submission:
    """One job as asked for, not yet checked."""

    kind: str
    input: Any = None
    upload: Upload | None = None
    options: Any = None
    priority: str = Priority.NORMAL.label
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A submission that can be accepted: its kind, its validated input and options, its estimate."""

    kind: Kind
    submission: Submission
    input: BaseModel
    options: BaseModel
    priority: Priority
    estimate: Estimate = field(default=Estimate(Decimal(0), 0, 0.0))


def submit(owner: Any, submission: Submission, *, trace_id: str = "") -> Job:
    """Accepts one job for ``owner``; raises `SubmitError` and creates nothing when it can't."""
    return submit_many(owner, [submission], trace_id=trace_id)[0]


def submit_many(
    owner: Any, submissions: Sequence[Submission], *, batch: UUID | None = None, trace_id: str = ""
) -> list[Job]:
    """Accepts all of ``submissions`` for ``owner``, or none of them.

    Raises:
        SubmitError: for the first one that can't be accepted; its ``errors`` name the fields at fault.
    """
    for submission in submissions:
        _check_owner(owner.pk, submission.upload)
    checked = [check(submission) for submission in submissions]
    with transaction.atomic():
        _keep_caps(owner.pk, len(checked))
        jobs = [_job(owner.pk, one, batch, trace_id) for one in checked]
        Job.objects.bulk_create(jobs)
        Step.objects.bulk_create(
            [step for job, one in zip(jobs, checked, strict=True) for step in _steps(job, one)]
        )
        moves = Moves.of_locked(jobs)
        for graph in moves.graphs.values():
            moves.submit(graph)
        moves.write()
        tokens.want_drain()
    return jobs


def check(submission: Submission) -> Checked:
    """Whether ``submission`` can be accepted, as far as that does not depend on the queue.

    Raises:
        SubmitError: with a sentence, and the fields at fault.
    """
    kind = registry.get(submission.kind)
    priority = _priority(submission.priority)
    _check_tags(submission.tags)
    if submission.upload:
        _check_upload(kind, submission.upload)
    asked = _validated(kind.input, submission.input or {}, "input")
    options = _validated(kind.options, submission.options or {}, "options")
    if kind.check_input:
        kind.check_input(asked, submission.upload is not None)
    size = submission.upload.size if submission.upload else 0
    return Checked(kind, submission, asked, options, priority, estimate(kind, asked, size))


def estimate(kind: Kind, asked: BaseModel, size: int) -> Estimate:
    """What a job of ``kind`` with this input and an upload of ``size`` bytes will take."""
    if kind.estimate:
        return kind.estimate(asked, size)
    return Estimate(Decimal(0), 0, sum(step.seconds for step in kind.steps))


def cancel(job: Job) -> Job:
    """Stops ``job``; a step that runs is told within a second. `NotAllowedNow` when it is over."""
    with transaction.atomic():
        moves, graph = _locked(job)
        if not moves.cancel(graph):
            raise NotAllowedNow(
                f"This job is {graph.job.status}; only one that is not over can be cancelled."
            )
        moves.write()
        transaction.on_commit(queue.ring)
    return graph.job


def retry(job: Job) -> Job:
    """Requeues a failed or cancelled ``job`` from where it stopped. `NotAllowedNow` otherwise."""
    with transaction.atomic():
        moves, graph = _locked(job)
        _keep_caps(graph.job.owner_id, 1)
        if not moves.requeue(graph):
            raise NotAllowedNow(
                f"This job is {graph.job.status}; only a failed or cancelled one can be retried."
            )
        moves.write()
        tokens.want_drain()
    return graph.job


def requeue(job_ids: Iterable[UUID]) -> int:
    """Requeues those of the jobs that failed or were cancelled; how many they were."""
    with transaction.atomic():
        moves = Moves.of(job_ids)
        count = sum(moves.requeue(graph) for graph in moves.graphs.values())
        moves.write()
        tokens.want_drain()
    return count


def reprioritise(job: Job, priority: str) -> Job:
    """Changes the priority of a ``job`` that is not over. `NotAllowedNow` otherwise."""
    wanted = _priority(priority)
    with transaction.atomic():
        moves, graph = _locked(job)
        if not moves.prioritise(graph, wanted):
            raise NotAllowedNow(f"This job is {graph.job.status}; its priority no longer matters.")
        moves.write()
    return graph.job


def _locked(job: Job) -> tuple[Moves, Graph]:
    moves = Moves.of([job.pk])
    if job.pk not in moves.graphs:
        raise NotAllowedNow("This job is gone: it was deleted meanwhile.")
    return moves, moves.graphs[job.pk]


def can_cancel(job: Job) -> bool:
    """Whether `cancel` is offered."""
    return job.status in ACTIVE


def can_retry(job: Job) -> bool:
    """Whether `retry` is offered."""
    return job.status in REQUEUEABLE


def _priority(name: str) -> Priority:
    by_label = {priority.label: priority for priority in Priority}
    try:
        return by_label[name]
    except (KeyError, TypeError):
        allowed = ", ".join(by_label)
        message = f"The priority {name!r} is not known. It is one of: {allowed}."
        raise SubmitError(message, errors=[{"path": "priority", "message": message}]) from None


def _check_tags(tags: Sequence[str]) -> None:
    fits = len(tags) <= 10 and all(
        isinstance(tag, str) and 0 < len(tag) <= 40 and "|" not in tag for tag in tags
    )
    if not fits:
        message = "Tags are at most ten words of at most 40 characters each, without “|”."
        raise SubmitError(message, errors=[{"path": "tags", "message": message}])


def _check_owner(owner_id: int, upload: Upload | None) -> None:
    if upload and upload.owner_id != owner_id:
        message = "There is no such upload of yours."
        raise SubmitError(message, errors=[{"path": "upload", "message": message}])


def _check_upload(kind: Kind, upload: Upload) -> None:
    if upload.media_type not in kind.accepts:
        accepted = ", ".join(kind.accepts) or "no files"
        message = f"{kind.title} does not take {upload.media_type}; it takes {accepted}."
        raise SubmitError(message, errors=[{"path": "upload", "message": message}])
    if kind.check_upload:
        kind.check_upload(Path(upload.file.path), upload.filename)


def _validated(schema: type[BaseModel], data: Any, where: str) -> BaseModel:
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        errors = [
            {"path": ".".join([where, *map(str, one["loc"])]), "message": one["msg"]}
            for one in error.errors(include_url=False, include_input=False)
        ]
        first = errors[0]
        raise SubmitError(f"{first['path']}: {first['message']}.", errors=errors) from None


def _keep_caps(owner_id: int, count: int) -> None:
    waiting = Job.objects.filter(status__in=ACTIVE)
    if waiting.count() + count > settings.QUEUE_MAX_SIZE:
        raise QueueFull(retry_after=RETRY_LATER_SECONDS)
    if waiting.filter(owner_id=owner_id).count() + count > settings.QUEUE_MAX_PER_USER:
        raise TooManyJobs(retry_after=RETRY_LATER_SECONDS)


def _job(owner_id: int, one: Checked, batch: UUID | None, trace_id: str) -> Job:
    upload = one.submission.upload
    filename = upload.filename if upload else ""
    title = one.kind.job_title(one.input, filename) if one.kind.job_title else one.kind.title
    return Job(
        owner_id=owner_id,
        kind=one.kind.name,
        kind_version=one.kind.version,
        title=title[:200],
        priority=one.priority,
        input=one.input.model_dump(mode="json"),
        options=one.options.model_dump(mode="json"),
        upload=upload,
        filename=filename,
        cost_usd=Decimal(0),
        cost_estimate_usd=one.estimate.cost_usd,
        tags=Job.joined(one.submission.tags),
        batch=batch,
        trace_id=trace_id or uuid7().hex,
    )


def _steps(job: Job, one: Checked) -> list[Step]:
    whole = sum(step.seconds for step in one.kind.steps)
    scale = one.estimate.seconds / whole if whole and one.estimate.seconds else 1.0
    return [
        Step(
            job=job,
            owner_id=job.owner_id,
            kind=job.kind,
            name=step.name,
            title=step.title,
            position=position,
            depends_on=list(step.depends_on),
            optional=step.optional,
            priority=job.priority,
            predicted_seconds=step.seconds * scale,
        )
        for position, step in enumerate(one.kind.steps)
    ]
