"""A job with its steps, and what follows from how the steps stand. Pure: nothing is read or written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from jobs.models import Job, Step
from jobs.states import TERMINAL, Status


@dataclass(slots=True)
class Graph:
    """A job and its steps in order of position."""

    job: Job
    steps: Sequence[Step]

    def with_id(self, pk: int) -> Step:
        """The step with this id; StopIteration is a bug of the caller."""
        return next(step for step in self.steps if step.pk == pk)

    @property
    def last(self) -> Step:
        """The step whose output is the job's result."""
        return self.steps[-1]

    def ready(self) -> list[Step]:
        """Pending steps that have all they depend on and wait for no time."""
        settled = {step.name for step in self.steps if settles(step)}
        return [
            step
            for step in self.steps
            if step.status == Status.PENDING
            and step.available_at is None
            and settled.issuperset(step.depends_on)
        ]

    def status(self) -> Status:
        """The status that the job has by its steps; cancelling is the one thing they don't tell."""
        statuses = {step.status for step in self.steps}
        if self.last.status == Status.COMPLETED:
            return Status.COMPLETED
        if Status.PROCESSING in statuses:
            return Status.PROCESSING
        if Status.QUEUED in statuses:
            under_way = self.job.status == Status.PROCESSING and Status.COMPLETED in statuses
            return Status.PROCESSING if under_way else Status.QUEUED
        if Status.RETRYING in statuses:
            return Status.RETRYING
        if Status.CANCELLED in statuses:
            return Status.CANCELLED
        return Status.FAILED if self.error_of() else Status.PENDING

    def cost(self) -> Decimal | None:
        """USD spent so far; None when a provider answered at an unknown price."""
        total = Decimal(0)
        for step in self.steps:
            if step.provider:
                if step.cost_usd is None:
                    return None
                total += step.cost_usd
        return total

    def degraded(self) -> bool:
        """Whether something weaker than asked for stands in the result."""
        return any(step.degraded or step.status == Status.FAILED for step in self.steps)

    def quality(self) -> dict[str, float]:
        """All steps' quality indicators; of two with one name, the later step's."""
        return {name: value for step in self.steps for name, value in step.quality.items()}

    def error_of(self) -> Step | None:
        """The first required step that failed for good."""
        failed = (step for step in self.steps if step.status == Status.FAILED and not step.optional)
        return next(failed, None)


def settles(step: Step) -> bool:
    """Whether the steps that depend on ``step`` need not wait for it any more."""
    return step.status == Status.COMPLETED or (step.optional and step.status == Status.FAILED)


def over(step: Step) -> bool:
    """Whether ``step`` has come to an end."""
    return step.status in TERMINAL
