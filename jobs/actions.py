"""What people can do with jobs: the verbs that pages, API, admin and commands call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from pydantic import BaseModel, ValidationError

from jobs import budgets, caps, needs, pausing, predictions, queue, result_cache, tokens
from jobs.errors import BadOptions, NotAllowedNow, SubmitError
from jobs.graph import Graph
from jobs.identifiers import uuid7
from jobs.kinds import Estimate, Kind, registry
from jobs.models import Job, JobDependency, Step, Upload
from jobs.needs import Need
from jobs.quantiles import Duration
from jobs.result_cache import Known
from jobs.states import ACTIVE, REQUEUEABLE, Priority
from jobs.transitions import Moves
from jobs.uploads import visible
from realtime import faults

MOST_AHEAD = timedelta(days=366)
"""So far ahead a job may be submitted for."""
CLOCK_SKEW = timedelta(minutes=1)
"""A time to start at that is past by no more than this is now: clocks differ, and requests take a while."""


@dataclass(frozen=True, slots=True)
class Submission:
    """One job as asked for, not yet checked.

    It waits for the jobs that it ``depends_on``, and then until ``run_at``; one that has just passed is now.
    With ``reuse``, the result of an earlier job of the same owner will do, if there is one for the same
    question; but not for a job that waits for a time or another job. ``schedule`` is the id of the one
    that it comes of.
    """

    kind: str
    input: Any = None
    upload: Upload | None = None
    options: Any = None
    priority: str = Priority.NORMAL.label
    tags: Sequence[str] = ()
    depends_on: Sequence[Need] = ()
    run_at: datetime | None = None
    reuse: bool = False
    schedule: UUID | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A submission that can be accepted: its kind, its validated input and options, and what it will take.

    ``size`` is that of its input, in bytes; ``predicted`` tells how long each of its steps will take;
    ``cache_key`` what its result depends on, or "" where that can't be told.
    """

    kind: Kind
    submission: Submission
    input: BaseModel
    options: BaseModel
    priority: Priority
    estimate: Estimate = field(default=Estimate(Decimal(0), 0, 0.0))
    size: int = 0
    predicted: Mapping[str, Duration] = field(default_factory=dict)
    cache_key: str = ""

    @property
    def reuses(self) -> bool:
        """Whether the result of an earlier job may do for this one."""
        return bool(self.submission.reuse and self.cache_key and not _ahead(self.submission.run_at))


def submit(owner: Any, submission: Submission, *, job_id: UUID | None = None, trace_id: str = "") -> Job:
    """Accepts one job for ``owner``; raises `SubmitError` and creates nothing when it can't.

    Args:
        owner: whose it is.
        submission: what is asked for.
        job_id: the id that it gets, if that must be known before.
        trace_id: what its way through the logs is found by.
    """
    return submit_many(owner, [submission], first_id=job_id, trace_id=trace_id)[0]


def submit_many(
    owner: Any,
    submissions: Sequence[Submission],
    *,
    batch: UUID | None = None,
    first_id: UUID | None = None,
    trace_id: str = "",
) -> list[Job]:
    """Accepts all of ``submissions`` for ``owner``, or none of them. ``first_id`` is for the first job.

    Raises:
        SubmitError: for the first one that can't be accepted; its ``errors`` name the fields at fault.
    """
    for submission in submissions:
        _check_owner(owner.pk, submission.upload)
    checked = [check(submission) for submission in submissions]
    asked = [one.depends_on for one in submissions]
    with transaction.atomic():
        pausing.refuse_if_paused({one.kind.name for one in checked})
        known = needs.locked(owner.pk, asked)
        results = result_cache.find(owner.pk, {one.cache_key for one in checked if one.reuses})
        again = [results.get(one.cache_key) if one.reuses else None for one in checked]
        _check_limits(owner.pk, [one for one, found in zip(checked, again, strict=True) if not found])
        jobs = [
            _job(owner.pk, one, found, batch, trace_id) for one, found in zip(checked, again, strict=True)
        ]
        if first_id:
            jobs[0].pk = first_id
        waits = needs.rows(jobs, asked, known)
        Job.objects.bulk_create(jobs)
        JobDependency.objects.bulk_create(waits)
        Step.objects.bulk_create(
            [step for job, one in zip(jobs, checked, strict=True) for step in _steps(job, one)]
        )
        moves = Moves.of_locked(jobs)
        for graph, found in zip(moves.graphs.values(), again, strict=True):
            if found:
                moves.reuse(graph, found.content)
            else:
                moves.submit(graph)
        moves.write()
        tokens.want_drain()
        _confirm_limits(owner.pk, jobs)
    return jobs


def check(submission: Submission) -> Checked:
    """Whether ``submission`` can be accepted, as far as that does not depend on the queue.

    Raises:
        SubmitError: with a sentence, and the fields at fault.
    """
    kind = registry.get(submission.kind)
    priority = _priority(submission.priority)
    _check_tags(submission.tags)
    needs.check(submission.depends_on)
    _check_time(submission.run_at)
    if submission.upload:
        _check_upload(kind, submission.upload)
    asked = _validated(kind.input, submission.input or {}, "input")
    options = _validated(kind.options, submission.options or {}, "options", BadOptions)
    if kind.check_input:
        kind.check_input(asked, submission.upload is not None)
    size = submission.upload.size if submission.upload else 0
    expected = estimate(kind, asked, options, size)
    size += len(asked.model_dump_json().encode("utf-8", "replace"))
    predicted = predictions.of_kind(kind, size, expected.seconds)
    key = "" if submission.depends_on else _cache_key(kind, asked, options, submission.upload)
    return Checked(kind, submission, asked, options, priority, expected, size, predicted, key)


def estimate(kind: Kind, asked: BaseModel, options: BaseModel, size: int) -> Estimate:
    """What a job of ``kind`` with this input and an upload of ``size`` bytes will take."""
    if kind.estimate:
        return kind.estimate(asked, options, size)
    return Estimate(Decimal(0), 0, sum(step.seconds for step in kind.steps))


def is_known(owner: Any, checked: Checked) -> bool:
    """Whether `submit` would use the result of an earlier job, and cost nothing."""
    return checked.reuses and result_cache.is_known(owner.pk, checked.cache_key)


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
        caps.check(graph.job.owner_id, 1)
        blocked = moves.blocked(graph)
        if blocked:
            raise NotAllowedNow(
                f"This job waits for “{blocked.title}”, which {blocked.end}. Try that one again first."
            )
        if not moves.requeue(graph):
            raise NotAllowedNow(
                f"This job is {graph.job.status}; only a failed or cancelled one can be retried."
            )
        moves.write()
        tokens.want_drain()
        if caps.wait_for_turn():
            caps.confirm(graph.job.owner_id, 1)
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


def _check_limits(owner_id: int, checked: Sequence[Checked]) -> None:
    """Whether these may be queued, as it seems. What is known already costs nothing and takes no place."""
    if checked:
        caps.check(owner_id, len(checked))
        budgets.check(owner_id, [one.estimate.cost_usd for one in checked])


def _confirm_limits(owner_id: int, jobs: Sequence[Job]) -> None:
    """Whether the new ``jobs`` that are under way may stay, whatever others added meanwhile."""
    added = [job for job in jobs if job.status in ACTIVE]
    if added and caps.wait_for_turn():
        caps.confirm(owner_id, len(added))
        budgets.confirm(owner_id, [job.cost_estimate_usd for job in added])


def _cache_key(kind: Kind, asked: BaseModel, options: BaseModel, upload: Upload | None) -> str:
    return result_cache.key_of(kind, asked.model_dump(mode="json"), options.model_dump(mode="json"), upload)


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


def _check_time(run_at: datetime | None) -> None:
    if run_at is None:
        return
    if run_at.tzinfo is None:
        message = "The time to start at needs a time zone, such as “Z” or “+02:00” at its end."
        raise SubmitError(message, errors=[{"path": "run_at", "message": message}])
    now = timezone.now()
    if run_at < now - CLOCK_SKEW:
        message = "The time to start at has passed. Choose a later one, or leave it out to start at once."
        raise SubmitError(message, errors=[{"path": "run_at", "message": message}])
    if run_at > now + MOST_AHEAD:
        message = f"A job can start {MOST_AHEAD.days} days from now at the latest. Choose an earlier time."
        raise SubmitError(message, errors=[{"path": "run_at", "message": message}])


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
        _look_into(kind.check_upload, upload.file.path, upload.filename)


@lru_cache(maxsize=4096)
def _look_into(check: Callable[[Path, str], None], path: str, filename: str) -> None:
    """Has ``check`` look into a file, once if nothing is wrong: a batch may name it a thousand times, and
    what is in an upload never changes."""
    check(Path(path), filename)


def _validated(
    schema: type[BaseModel], data: Any, where: str, refusal: type[SubmitError] = SubmitError
) -> BaseModel:
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        errors = faults.of(error, where)
        first = errors[0]
        raise refusal(f"“{first['path']}”: {first['message']}", errors=errors) from None


def _job(owner_id: int, one: Checked, found: Known | None, batch: UUID | None, trace_id: str) -> Job:
    upload = one.submission.upload
    filename = upload.filename if upload else ""
    title = one.kind.job_title(one.input, filename) if one.kind.job_title else one.kind.title
    return Job(
        owner_id=owner_id,
        kind=one.kind.name,
        kind_version=one.kind.version,
        title=visible(title)[:200] or one.kind.title,
        priority=one.priority,
        input=one.input.model_dump(mode="json"),
        options=one.options.model_dump(mode="json"),
        upload=upload,
        filename=filename,
        size=one.size,
        cost_usd=Decimal(0),
        cost_estimate_usd=Decimal(0) if found else one.estimate.cost_usd,
        schedule_id=one.submission.schedule,
        cache_key=one.cache_key,
        cached=found is not None,
        reused_from=found.job if found else None,
        offline=bool(found and found.job.offline),
        quality=found.job.quality if found else {},
        run_at=_ahead(one.submission.run_at),
        tags=Job.joined(one.submission.tags),
        batch=batch,
        trace_id=trace_id or uuid7().hex,
    )


def _ahead(run_at: datetime | None) -> datetime | None:
    """``run_at``, unless it has come already."""
    return run_at if run_at and run_at > timezone.now() else None


def _steps(job: Job, one: Checked) -> list[Step]:
    return [
        Step(
            job=job,
            owner_id=job.owner_id,
            kind=job.kind,
            name=step.name,
            title=step.title,
            position=position,
            depends_on=list(step.depends_on),
            tolerates=[*step.tolerates, *([step.name] if step.items == "tolerated" else [])],
            over=step.over,
            optional=step.optional,
            asks=step.asks,
            priority=job.priority,
            predicted_seconds=one.predicted[step.name].p50,
            predicted_p90=one.predicted[step.name].p90,
        )
        for position, step in enumerate(one.kind.steps)
    ]
