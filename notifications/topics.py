"""What people can be told about, and how they are if they say nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """An event that people can choose about.

    Attributes:
        event: its name in the outer contract.
        title: what people read beside the switches.
        transports: the optional transports that are on by default.
    """

    event: str
    title: str
    transports: frozenset[str] = frozenset()


TOPICS: Mapping[str, Topic] = {
    topic.event: topic
    for topic in (
        Topic("job.completed", "A job of mine is ready", frozenset({"email"})),
        Topic("job.failed", "A job of mine could not be finished", frozenset({"email"})),
    )
}
"""By event. A notification about any other event is shown in the app, and nowhere else."""


def default(event: str, transport: str) -> bool:
    """Whether people who chose nothing are told of ``event`` over the optional ``transport``."""
    return event in TOPICS and transport in TOPICS[event].transports
