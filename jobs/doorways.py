"""How each door to a provider stands, for operators: its state, what goes through it and how much may."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jobs import breaker, doors, foresight
from jobs.breaker import Circuit
from jobs.doors import Limits, Traffic
from jobs.foresight import Failures, Trend
from jobs.models import Door
from jobs.presentation import moment


class DoorState(StrEnum):
    """Whether a door lets calls through: all, one to try it, or none."""

    OPEN = "open"
    TRYING = "trying"
    CLOSED = "closed"


STATES = {
    Circuit.CLOSED: DoorState.OPEN,
    Circuit.HALF_OPEN: DoorState.TRYING,
    Circuit.OPEN: DoorState.CLOSED,
}
"""How a breaker's state is told of its door: a closed circuit is an open door."""


@dataclass(frozen=True, slots=True)
class Doorway:
    """A door as it stands.

    Args:
        door: its row.
        state: whether it is open.
        traffic: what goes through it.
        limits: what may.
        failures: how often calls to its provider failed; None when there were none lately.
    """

    door: Door
    state: DoorState
    traffic: Traffic
    limits: Limits
    failures: Failures | None

    @property
    def closed_until(self) -> datetime | None:
        """When a call may try it again, while it is closed."""
        return self.door.closed_until if self.state is DoorState.CLOSED else None

    @property
    def shuts(self) -> bool:
        """Whether it is not simply open."""
        return self.state is not DoorState.OPEN


def read(now: datetime) -> list[Doorway]:
    """All doors. Three queries at most."""
    rows = list(Door.objects.all())
    if not rows:
        return []
    return stand(rows, doors.traffic(rows, now), foresight.read_failures(now), now)


def stand(
    rows: Sequence[Door],
    through: Mapping[doors.Key, Traffic],
    failures: Sequence[Failures],
    now: datetime,
) -> list[Doorway]:
    """The doors as they stand; those that are not open come first. Pure."""
    by_provider = {one.provider: one for one in failures}
    found = [
        Doorway(
            door,
            STATES[breaker.circuit(door, now)],
            through[doors.key(door)],
            doors.limits(door),
            by_provider.get(door.provider),
        )
        for door in rows
    ]
    return sorted(found, key=lambda one: not one.shuts)


def data(one: Doorway) -> dict[str, Any]:
    """A door as the API shows it; limits and rates are null where there are none."""
    lately = one.failures.lately if one.failures else None
    return {
        "provider": one.door.provider,
        "endpoint": one.door.endpoint,
        "model": one.door.model,
        "state": one.state,
        "closed_until": moment(one.closed_until),
        "closed_for": one.door.closed_for if one.shuts else "",
        "running": {"used": one.traffic.running, "most": one.limits.running},
        "requests_last_minute": {"used": one.traffic.requests, "most": one.limits.requests},
        "tokens_last_minute": {"used": one.traffic.tokens, "most": one.limits.tokens},
        "failure_rate": {
            "share": lately.share if lately else None,
            "calls": lately.count if lately else 0,
            "trend": (one.failures.trend if one.failures else Trend.UNKNOWN).name.lower(),
        },
    }
