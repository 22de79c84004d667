"""All that the page of one job shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs import actions, fan_out, needs, pausing, standings
from jobs.drawing import Column, columns
from jobs.forms import PriorityForm
from jobs.kinds import registry
from jobs.models import Job, JobResult, Step
from jobs.needs import Needed
from jobs.presentation import job_data
from jobs.rows import eta
from jobs.states import ACTIVE, REQUEUEABLE, Status

INDICATORS = {
    "coverage": "Coverage",
    "evidence": "Quotes verified",
    "parsing": "Lines understood",
    "confidence": "Confidence",
    "validation": "Valid at once",
}
"""Quality indicators by name, and what people call them. One that no step has told yet has its place too."""

WAITING = (Status.PENDING, Status.QUEUED, Status.RETRYING)
"""Steps for whose turn in the queue a priority still matters."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A quality indicator: ``value`` is 0..1, or None while it is not known."""

    name: str
    title: str
    value: float | None


@dataclass(frozen=True, slots=True)
class JobPage:
    """A job, its drawing, and what came of it.

    Attributes:
        job: the job object.
        eta_seconds: seconds until it is done; None when it is over, or nobody knows since it is paused.
        eta_range: what that is better told as while it is uncertain: likely, and at most.
        columns: its steps, as they are drawn.
        quality: its quality indicators.
        tokens_out: tokens that AI services wrote for it so far; None when they wrote none.
        failed_step: title of the step that ended it, or "".
        filename: what the person's file was called, or "".
        result: what it came to; None while there is none.
        outputs: of a job that did not end well, what its completed steps gave, by step name.
        template: the template that draws both; "" shows them as data.
        priority_form: chooses another priority; None when nothing of the job waits any more.
        waits_for: the jobs that must be over before it starts.
        paused: why it does not go on just now, when that is because of a pause; else "".
        is_active, can_cancel, can_retry: what buttons and notes to show.
        retry_first: the job without which it could not be retried, if there is one.
    """

    job: dict[str, Any]
    eta_seconds: float | None
    eta_range: list[float] | None
    columns: Sequence[Column]
    quality: Sequence[Indicator]
    tokens_out: int | None
    failed_step: str
    filename: str
    result: Any
    outputs: dict[str, Any]
    template: str
    priority_form: PriorityForm | None
    paused: str
    is_active: bool
    can_cancel: bool
    can_retry: bool
    waits_for: Sequence[Needed]
    retry_first: Needed | None


def job_page(job: Job) -> JobPage:
    """What the page of ``job`` shows; at most seven queries."""
    steps = _steps(job)
    place = standings.places([job], {job.pk: steps}).get(job.pk)
    shown = job_data(job, steps, place=place)
    paused = pausing.notice(job.kind, is_accepted=True) if job.status in ACTIVE else ""
    is_held = bool(paused) and job.status == Status.QUEUED  # what runs may finish
    eta_seconds, eta_range = (None, None) if is_held else eta(job, steps, place)
    waits_for = _waits_for(job)
    return JobPage(
        job=shown,
        eta_seconds=eta_seconds,
        eta_range=eta_range,
        columns=columns(shown["steps"]),
        quality=_indicators(job.quality),
        tokens_out=_tokens_out(steps),
        failed_step=_failed_step(job, steps),
        filename=job.filename,
        result=_result(job),
        outputs=_outputs(job, steps),
        template=registry.get(job.kind).template if job.kind in registry else "",
        priority_form=_priority_form(steps, shown["priority"]),
        paused=paused,
        is_active=job.status in ACTIVE,
        can_cancel=actions.can_cancel(job),
        can_retry=actions.can_retry(job),
        waits_for=waits_for,
        retry_first=next((needed for needed in waits_for if needed.is_fatal), None),
    )


def _steps(job: Job) -> list[Step]:
    """The job's steps in order; with their outputs only where these are shown."""
    if job.status in REQUEUEABLE:
        return list(Step.objects.filter(job=job).defer("item").order_by("position", "index"))
    return Step.objects.of_jobs([job.pk])[job.pk]


def _priority_form(steps: Sequence[Step], chosen: str) -> PriorityForm | None:
    waits = any(step.status in WAITING for step in steps)
    return PriorityForm(initial={"priority": chosen}) if waits else None


def _indicators(quality: dict[str, Any]) -> list[Indicator]:
    own = {name: name.replace("_", " ").capitalize() for name in quality if name not in INDICATORS}
    return [Indicator(name, title, quality.get(name)) for name, title in {**INDICATORS, **own}.items()]


def _tokens_out(steps: Sequence[Step]) -> int | None:
    return sum(step.tokens_out or 0 for step in steps) or None


def _failed_step(job: Job, steps: Sequence[Step]) -> str:
    if job.status != Status.FAILED:
        return ""
    why = (job.error_code, job.error_message)
    failed = (step.title for step in steps if (step.error_code, step.error_message) == why and step.attempts)
    return next(failed, "")


def _result(job: Job) -> Any:
    if job.status != Status.COMPLETED:
        return None
    return JobResult.objects.filter(job=job).values_list("content__data", flat=True).first()


def _outputs(job: Job, steps: Sequence[Step]) -> dict[str, Any]:
    if job.status not in REQUEUEABLE:
        return {}
    outputs = {
        name: [item.output for item in items if item.status == Status.COMPLETED]
        for name, items in fan_out.by_parent(steps).items()
    }
    outputs |= {step.name: step.output for step in steps if step.output and not step.part_of}
    return {name: output for name, output in outputs.items() if output}


def _waits_for(job: Job) -> list[Needed]:
    """The jobs that ``job`` waits for, or waited for; the query is spared where there are none."""
    return needs.of_jobs([job.pk]).get(job.pk, []) if job.depends_on else []
