"""What an execution of a step came to, as values. Only `executor` turns exceptions into these."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jobs.errors import JobError


@dataclass(frozen=True, slots=True)
class Succeeded:
    """The step did its work.

    Args:
        output: JSON-serialisable result, handed to the steps that depend on this one.
        quality: indicators by name, each in 0..1 (``{"coverage": 0.82}``).
        degraded: whether a weaker way than asked for was used (a fallback provider, say).
    """

    output: Any
    quality: dict[str, float] = field(default_factory=dict)
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The step did not do its work; ``error`` says why and whether trying again can help."""

    error: JobError


@dataclass(frozen=True, slots=True)
class Released:
    """The worker lets go of the step because it was told to: the attempt does not count.

    A step that is still its own goes back to the queue; one that was cancelled or taken back stays so.
    """


@dataclass(frozen=True, slots=True)
class Snoozed:
    """The step can't go on just now and lets others go first; the attempt does not count as a failure.

    Args:
        seconds: until it should be tried again.
        error: why, as people are told.
    """

    seconds: float
    error: JobError


Outcome = Succeeded | Failed | Released | Snoozed
