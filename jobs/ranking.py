"""The one number by which queued steps are ordered: start-time fair queueing.

Source: P. Goyal, H. Vin, H. Cheng, "Start-time Fair Queueing: A Scheduling Algorithm for Integrated Services
Packet Switching Networks", SIGCOMM 1996. Each person is a flow. A packet is a whole job; its length is the
slot-seconds that its steps are predicted to take. So all steps of a job share one tag, and a job that has
begun is finished before its owner's next one begins.

Pure. `docs/scheduling.md` explains it, and where it departs from the source.
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
"""Slot-seconds by which a priority is ahead. Finite, so that an urgent job cannot starve the others."""

MOMENT = 0.001
"""Slot-seconds by which a newcomer goes before those who were served last."""


@dataclass(frozen=True, slots=True)
class Tags:
    """A job's place in virtual time: where its service starts and where it ends."""

    start: float
    finish: float


def tags(*, virtual_time: float, last_finish: float, seconds: float, weight: float = 1.0) -> Tags:
    """The tags of a person's next job.

    Args:
        virtual_time: how far the queue has been served, see `served`.
        last_finish: finish tag of this person's last job; 0 for a newcomer.
        seconds: slot-seconds the job is predicted to take.
        weight: of the person's tier; twice the weight, twice the throughput.
    """
    start = max(virtual_time - MOMENT, last_finish)
    return Tags(start, start + seconds / weight)


def rank(start: float, priority: int) -> float:
    """The rank of the steps of a job that starts at ``start`` (virtual time): the smallest goes first."""
    return start - HEAD_START[priority]


def served(start: float, priority: int) -> float:
    """How far the queue has been served when a job with this start tag is claimed.

    Not beyond its rank: else an urgent job, taken out of turn, would move newcomers behind all whom it
    overtook.
    """
    return min(start, rank(start, priority))
