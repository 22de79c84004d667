"""The one number by which queued steps are ordered: start-time fair queueing.

Source: P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing", SIGCOMM 1996. Each person is a flow; a
step is a packet whose length is the slot-seconds it is predicted to take.
"""

from __future__ import annotations

from dataclasses import dataclass

from jobs.states import Priority

HEAD_START: dict[int, float] = {
    Priority.LOW: -60.0,
    Priority.NORMAL: 0.0,
    Priority.HIGH: 60.0,
    Priority.URGENT: 300.0,
}
"""Slot-seconds by which a priority is ahead. Finite, so that an urgent step cannot starve the others."""


@dataclass(frozen=True, slots=True)
class Tags:
    """A step's place in virtual time: where its service starts and where it ends."""

    start: float
    finish: float


def tags(*, virtual_time: float, last_finish: float, seconds: float, weight: float = 1.0) -> Tags:
    """The tags of a person's next step.

    Args:
        virtual_time: start tag of the step most lately claimed by any worker.
        last_finish: finish tag of this person's step most lately queued; 0 for a newcomer.
        seconds: slot-seconds the step is predicted to take.
        weight: share of the person's tier; twice the weight, twice the throughput.
    """
    start = max(virtual_time, last_finish)
    return Tags(start, start + seconds / weight)


def rank(start: float, priority: int) -> float:
    """The rank of a step that starts at ``start`` (virtual time): the smallest is claimed first."""
    return start - HEAD_START[priority]


def start_of(rank: float, priority: int) -> float:
    """The start tag that `rank` was made from."""
    return rank + HEAD_START[priority]
