"""All that the page of one job shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from jobs import actions, standings
from jobs.drawing import Column, columns
from jobs.forms import PriorityForm
from jobs.kinds import registry
from jobs.models import Job, JobResult, Step
from jobs.presentation import job_data
from jobs.rows import eta_seconds
from jobs.states import ACTIVE, REQUEUEABLE, Status

INDICATORS = {
    "coverage": "Coverage",
    "evidence": "Quotes verified",
    "parsing": "Lines understood",
    "confidence": "Confidence",
}
"""Quality indicators by name, and what people call them. One that no step has told yet has its place too."""


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
        eta_seconds: seconds until it is done; None when it is over.
        columns: its steps, as they are drawn.
        quality: its quality indicators.
        tokens_out: tokens that AI services wrote for it so far; None when none was asked.
        failed_step: title of the step that ended it, or "".
        filename: what the person's file was called, or "".
        result: what it came to; None while there is none.
        outputs: of a job that did not end well, what its completed steps gave, by step name.
        template: the template that draws both; "" shows them as data.
        priority_form: chooses another priority.
        is_active, can_cancel, can_retry: what buttons and notes to show.
    """

    job: dict[str, Any]
    eta_seconds: float | None
    columns: Sequence[Column]
    quality: Sequence[Indicator]
    tokens_out: int | None
    failed_step: str
    filename: str
    result: Any
    outputs: dict[str, Any]
    template: str
    priority_form: PriorityForm
    is_active: bool
    can_cancel: bool
    can_retry: bool


def job_page(job: Job) -> JobPage:
    """What the page of ``job`` shows; at most six queries."""
    steps = _steps(job)
    place = standings.places([job], {job.pk: steps}).get(job.pk)
    shown = job_data(job, steps, place=place)
    return JobPage(
        job=shown,
        eta_seconds=eta_seconds(job, steps, place),
        columns=columns(shown["steps"]),
        quality=_indicators(job.quality),
        tokens_out=_tokens_out(steps),
        failed_step=_failed_step(job, steps),
        filename=job.filename,
        result=_result(job),
        outputs=_outputs(job, steps),
        template=registry.get(job.kind).template if job.kind in registry else "",
        priority_form=PriorityForm(initial={"priority": shown["priority"]}),
        is_active=job.status in ACTIVE,
        can_cancel=actions.can_cancel(job),
        can_retry=actions.can_retry(job),
    )


def _steps(job: Job) -> list[Step]:
    """The job's steps in order; with their outputs only where these are shown."""
    steps = Step.objects.filter(job=job).order_by("position")
    return list(steps if job.status in REQUEUEABLE else steps.defer("output"))


def _indicators(quality: dict[str, Any]) -> list[Indicator]:
    own = {name: name.replace("_", " ").capitalize() for name in quality if name not in INDICATORS}
    return [Indicator(name, title, quality.get(name)) for name, title in {**INDICATORS, **own}.items()]


def _tokens_out(steps: Sequence[Step]) -> int | None:
    told = [step.tokens_out for step in steps if step.tokens_out is not None]
    return sum(told) if told else None


def _failed_step(job: Job, steps: Sequence[Step]) -> str:
    failed = (step.title for step in steps if step.status == Status.FAILED and not step.optional)
    return next(failed, "") if job.status == Status.FAILED else ""


def _result(job: Job) -> Any:
    if job.status != Status.COMPLETED:
        return None
    return JobResult.objects.filter(job=job).values_list("data", flat=True).first()


def _outputs(job: Job, steps: Sequence[Step]) -> dict[str, Any]:
    if job.status not in REQUEUEABLE:
        return {}
    return {step.name: step.output for step in steps if step.output}
