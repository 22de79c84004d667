"""Whose turn it is at a door where the minute is full: pure moves of a `jobs.models.Door`.

Of the calls that wait for room in the minute, the one with the best rank is next. What it needs is reserved:
a call of a worse rank goes only where there is room for both. Else a large call would never find the tokens
that it needs free at the same moment, as long as small ones come that fit in between.

One reservation stands at a door. It is renewed whenever its call asks again, and lapses soon after that
should have asked, so it does no harm that its step was cancelled or its worker died.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jobs import breaker, doors
from jobs.doors import Traffic
from jobs.models import Door

HELD_SECONDS = 10.0
"""How long a reservation stands beyond the moment when its call should ask again: a step that waits for long
gives its slot to others meanwhile, and must be claimed anew."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that wants to go through a door.

    Args:
        name: the same whenever it asks.
        rank: of its step; the smallest goes first.
        tokens: what it will take.
        shared: whether it travels in the request of another that is through.
    """

    name: str
    rank: float
    tokens: int
    shared: bool = False


def wait(door: Door, traffic: Traffic, caller: Caller, now: datetime) -> float:
    """Seconds until ``caller`` may go through ``door``, or should ask again; 0 when it may go now."""
    counted = _counted(door, traffic, caller, now)
    seconds = doors.wait(door, counted, caller.tokens, now, shared=caller.shared)
    if seconds and counted is not traffic and door.next_until and not breaker.wait(door, now):
        return min(seconds, (door.next_until - now).total_seconds())
    return seconds


def wait_in_line(door: Door, traffic: Traffic, caller: Caller, seconds: float, now: datetime) -> bool:
    """Notes that ``caller``, which asks again in so many ``seconds``, is next, if it is; whether it is."""
    if doors.fits_the_minute(door, traffic, caller.tokens, shared=caller.shared):
        return False
    if _stands(door, now) and door.next_for != caller.name and door.next_rank <= caller.rank:
        return False
    door.next_for, door.next_rank, door.next_tokens = caller.name, caller.rank, caller.tokens
    door.next_until = now + timedelta(seconds=seconds + HELD_SECONDS)
    return True


def leave_the_line(door: Door, caller: Caller) -> bool:
    """Gives up what is reserved for ``caller``, which goes; whether there was anything."""
    if door.next_for != caller.name:
        return False
    door.next_for, door.next_rank, door.next_tokens, door.next_until = "", 0.0, 0, None
    return True


def _counted(door: Door, traffic: Traffic, caller: Caller, now: datetime) -> Traffic:
    """``traffic``, and what is reserved for a call that goes before ``caller``."""
    if not _stands(door, now) or door.next_for == caller.name or caller.rank < door.next_rank:
        return traffic
    most = doors.limits(door).tokens
    tokens = door.next_tokens if most is None else min(door.next_tokens, most)
    return replace(traffic, requests=traffic.requests + 1, tokens=traffic.tokens + tokens)


def _stands(door: Door, now: datetime) -> bool:
    return bool(door.next_for) and door.next_until is not None and now < door.next_until
