"""How far a job is and how long the rest will take, from its steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from jobs.states import TERMINAL, Status


class Node(Protocol):
    """What of a step is looked at here."""

    name: str
    part_of: str
    depends_on: list[str]
    status: str
    progress: float
    predicted_seconds: float


def progress(steps: Iterable[Node]) -> float:
    """How much of a job is done, 0..1: its steps' progress, weighted by their predicted seconds."""
    whole = done = 0.0
    for step in steps:
        whole += step.predicted_seconds
        done += step.predicted_seconds * (1.0 if step.status == Status.COMPLETED else step.progress)
    return done / whole if whole else 0.0


def slot_seconds_left(steps: Iterable[Node]) -> float:
    """Slot-seconds that a job will still take: the predicted seconds of its steps that are not over."""
    return sum(step.predicted_seconds for step in steps if step.status not in TERMINAL)


def remaining_seconds(steps: Sequence[Node]) -> float:
    """Seconds until the last step ends once all may run: the longest path through what is left."""
    by_name = {step.name: step for step in steps}
    needs = {step.name: list(step.depends_on) for step in steps}
    for step in steps:
        if step.part_of:
            needs[step.part_of].append(step.name)
    known: dict[str, float] = {}

    def until(name: str) -> float:
        if name not in known:
            step = by_name[name]
            left = 0.0 if step.status in TERMINAL else step.predicted_seconds * (1.0 - step.progress)
            known[name] = left + max((until(needed) for needed in needs[name]), default=0.0)
        return known[name]

    return max((until(step.name) for step in steps), default=0.0)
