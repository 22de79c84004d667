"""When the door to a provider closes and opens again: pure moves of a `jobs.models.Door`.

A circuit breaker (M. Nygard, "Release It!", 2nd edition 2018, chapter 5) that also keeps a service's own
"not before". Its three states follow from two times on the row, so nothing has to be reset after a crash:
no `closed_until` (the circuit is closed, calls flow), before it (open, no calls), after it (half-open: one
call goes ahead as a probe and decides).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from jobs.errors import (
    JobError,
    ProviderAuthError,
    ProviderMisconfigured,
    ProviderQuotaExceeded,
    ProviderRateLimited,
    ProviderRejected,
)
from jobs.models import Door

THRESHOLD = 5
"""So many failures in a row close the door."""
FIRST_SECONDS = 15.0
"""How long it stays closed the first time; twice as long each time that a probe fails."""
FIRST_PAUSE_SECONDS = 2.0
"""The same after "slow down" without a time."""
LONGEST_SECONDS = 300.0
PROBE_SECONDS = 60.0
"""How long a probe may take before another call may try: its worker may have died."""
OPERATORS_TURN = (ProviderAuthError, ProviderQuotaExceeded, ProviderMisconfigured)
"""Failures that every call would have; they close the door at once."""


class Circuit(StrEnum):
    """The state of a breaker, by its usual names: a closed circuit lets calls flow."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    OPEN = "open"


def circuit(door: Door, now: datetime) -> Circuit:
    """The state of ``door``'s breaker."""
    if door.closed_until is None:
        return Circuit.CLOSED
    return Circuit.OPEN if now < door.closed_until else Circuit.HALF_OPEN


def wait(door: Door, now: datetime) -> float:
    """Seconds until a call may be let through; 0 when one may go now, as a probe perhaps."""
    state = circuit(door, now)
    if state is Circuit.OPEN and door.closed_until:
        return (door.closed_until - now).total_seconds()
    if state is Circuit.HALF_OPEN and door.probe_until and now < door.probe_until:
        return (door.probe_until - now).total_seconds()
    return 0.0


def let_through(door: Door, now: datetime) -> bool:
    """Notes that a call goes through; True when that made it the probe, and ``door`` must be written."""
    if circuit(door, now) is not Circuit.HALF_OPEN:
        return False
    door.probe_until = now + timedelta(seconds=PROBE_SECONDS)
    return True


def succeeded(door: Door, now: datetime) -> None:
    """A call went well. One that began before the door closed does not open it."""
    if circuit(door, now) is not Circuit.OPEN:
        door.failures = door.closings = 0
        door.closed_until = door.probe_until = None
        door.closed_for = ""


def stopped(door: Door, began: datetime) -> None:
    """A call that began then ended without an answer or an error: somebody cancelled it. If it was the probe,
    the next one may try."""
    if door.probe_until == began + timedelta(seconds=PROBE_SECONDS):
        door.probe_until = None


def failed(door: Door, error: JobError, now: datetime) -> None:
    """A call failed with ``error``. Those that were under way when the door closed don't close it longer,
    but for a service that now asks for more time."""
    if isinstance(error, ProviderRejected):
        succeeded(door, now)
        return
    was = circuit(door, now)
    door.failures += 1
    if isinstance(error, ProviderRateLimited):
        _pause(door, error, now, was)
    elif was is not Circuit.OPEN and _trips(door, error, was):
        _close(door, error, now, FIRST_SECONDS)


def _trips(door: Door, error: JobError, was: Circuit) -> bool:
    return was is Circuit.HALF_OPEN or isinstance(error, OPERATORS_TURN) or door.failures >= THRESHOLD


def _pause(door: Door, error: ProviderRateLimited, now: datetime, was: Circuit) -> None:
    if error.retry_after is not None:
        until = now + timedelta(seconds=error.retry_after)
        if door.closed_until is None or until > door.closed_until:
            door.closed_until, door.closed_for = until, error.code
        door.probe_until = None
    elif was is not Circuit.OPEN:
        _close(door, error, now, FIRST_PAUSE_SECONDS)


def _close(door: Door, error: JobError, now: datetime, first: float) -> None:
    seconds = min(LONGEST_SECONDS, first * 2.0 ** min(door.closings, 20))
    door.closed_until = now + timedelta(seconds=max(seconds, error.retry_after or 0.0))
    door.closed_for, door.probe_until = error.code, None
    door.closings += 1
