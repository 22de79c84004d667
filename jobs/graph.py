"""A job with its steps, and what follows from how the steps stand. Pure: nothing is read or written.

Edges carry the policy for failures: a step can do without another one when it tolerates it, or when that one
is optional. The items of a step that goes through a list are needed by that step, which gathers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from jobs import fan_out
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

    def add(self, items: Iterable[Step]) -> None:
        """Takes in new items of its steps."""
        self.steps = sorted([*self.steps, *items], key=lambda step: (step.position, step.index))

    def over(self, step: Step) -> list[Step]:
        """The steps that go through the list that ``step`` gives, and have no items yet."""
        known = {item.part_of for item in self.steps if item.part_of}
        return [
            one
            for one in self.steps
            if one.over and fan_out.source(one.over) == step.name and one.name not in known
        ]

    def ready(self) -> list[Step]:
        """Pending steps that have all they depend on and wait for no time."""
        pending = [step for step in self._pending() if step.available_at is None]
        return [step for step, needs in self._edges(pending) if all(map(_is_met, needs))]

    def doomed(self) -> list[tuple[Step, Step]]:
        """Pending steps that can never run, each with a failed one that it can't do without.

        A step is given up no sooner than that, so that nothing a step depends on still runs once it is over.
        """
        if not self._has(Status.FAILED):
            return []
        return [
            (step, next(edge[0] for edge in needs if not _is_met(edge)))
            for step, needs in self._edges(self._pending())
            if all(over(needed) for needed, _ in needs) and not all(map(_is_met, needs))
        ]

    def is_lost(self) -> bool:
        """Whether the last step can no longer complete, and so the job can't."""
        if not self._has(Status.FAILED):
            return False
        edges = {step.name: needs for step, needs in self._edges(self._pending())}
        known: dict[str, bool] = {}

        def lost(step: Step) -> bool:
            if step.name not in known:
                needs = edges.get(step.name, ())
                known[step.name] = step.status == Status.FAILED or any(
                    not can_do_without and lost(needed) for needed, can_do_without in needs
                )
            return known[step.name]

        return lost(self.last)

    def to_redo(self) -> list[Step]:
        """The steps that must run for the last one to complete. Not those whose failure was got over."""
        edges = {step.name: needs for step, needs in self._edges(self.steps)}
        found: dict[str, Step] = {}
        waiting = [self.last]
        while waiting:
            step = waiting.pop()
            if step.status != Status.COMPLETED and step.name not in found:
                found[step.name] = step
                waiting.extend(needed for needed, _ in edges[step.name])
        return list(found.values())

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
        return Status.FAILED if self.is_lost() else Status.PENDING

    def cost(self) -> Decimal | None:
        """USD spent so far; None when a provider answered at an unknown price."""
        return fan_out.cost(self.steps)

    def degraded(self) -> bool:
        """Whether something weaker than asked for stands in the result."""
        return any(step.degraded or step.status == Status.FAILED for step in self.steps)

    def quality(self) -> dict[str, float]:
        """All steps' quality indicators; of two with one name, the later step's. Of items, their mean.

        Only of ``validation`` it is the mean of the steps: each was answered by itself, and one that was
        valid at once says nothing of the others.
        """
        items = fan_out.by_parent(self.steps)
        own = [
            {**fan_out.quality(items.get(step.name, ())), **step.quality}
            for step in self.steps
            if not step.part_of
        ]
        found = {name: value for told in own for name, value in told.items()}
        validities = [told["validation"] for told in own if "validation" in told]
        return {**found, "validation": sum(validities) / len(validities)} if validities else found

    def _pending(self) -> list[Step]:
        return [step for step in self.steps if step.status == Status.PENDING]

    def _has(self, status: Status) -> bool:
        return any(step.status == status for step in self.steps)

    def _edges(self, steps: Iterable[Step]) -> list[tuple[Step, list[Edge]]]:
        """Of each of ``steps``, what it depends on."""
        steps = list(steps)
        if not steps:
            return []
        by_name = {step.name: step for step in self.steps}
        items = fan_out.by_parent(self.steps)
        return [(step, _edges_of(step, by_name, items.get(step.name, ()))) for step in steps]


Edge = tuple[Step, bool]
"""A step that another one depends on, and whether that can do without it."""


def over(step: Step) -> bool:
    """Whether ``step`` has come to an end."""
    return step.status in TERMINAL


def _edges_of(step: Step, by_name: dict[str, Step], items: Sequence[Step]) -> list[Edge]:
    needed = (by_name[name] for name in step.depends_on)
    edges = [(one, one.optional or one.name in step.tolerates) for one in needed]
    return edges + [(item, item.optional) for item in items]


def _is_met(edge: Edge) -> bool:
    needed, can_do_without = edge
    return needed.status == Status.COMPLETED or (can_do_without and needed.status == Status.FAILED)
