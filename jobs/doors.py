"""The doors to the providers: what goes through them now, and how much more may.

All of it follows from the rows of `jobs.models.ProviderCall`: those under way, and those of the last
minute. Nothing is counted up and down, so a worker that dies leaks no place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, F, Min, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from jobs import breaker
from jobs.models import Door, ProviderCall
from jobs.providers import chain
from jobs.providers.contract import Provider
from jobs.states import Status

WINDOW_SECONDS = 60.0
AGAIN_SECONDS = 0.25
"""How soon to look again for a place that a call under way will give free, if nothing is heard before."""

Key = tuple[str, str, str]


@dataclass(slots=True)
class Traffic:
    """What goes through a door.

    Args:
        running: calls under way.
        requests: calls that began in the last minute.
        tokens: what those took, or reserved as long as that is unknown.
        oldest: when the first of them began.
    """

    running: int = 0
    requests: int = 0
    tokens: int = 0
    oldest: datetime | None = None

    def add(self, tokens: int, now: datetime, *, shared: bool = False) -> None:
        """Counts one more call that reserves ``tokens``; one that is shared travels in another's request."""
        self.running += not shared
        self.requests += not shared
        self.tokens += tokens
        self.oldest = self.oldest or now


@dataclass(frozen=True, slots=True)
class Limits:
    """What may go through a door: at the same time, and in a minute. None is no limit."""

    running: int | None
    requests: int | None
    tokens: int | None

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return (self.running, self.requests, self.tokens) != (None, None, None)


def limits(door: Door) -> Limits:
    """What staff set for ``door``, or else what the service says of itself."""
    return Limits(
        door.max_running,
        _first(door.requests_per_minute, door.learned_requests_per_minute),
        _first(door.tokens_per_minute, door.learned_tokens_per_minute),
    )


def wait(door: Door, traffic: Traffic, tokens: int, now: datetime, *, shared: bool = False) -> float:
    """Seconds until a call that takes ``tokens`` may go through ``door``; 0 when it may now. Pure.

    One that is shared travels in a request that is through already.

    A call that is larger than a whole minute's tokens goes when the minute is empty: to refuse it is up
    to the service.
    """
    closed = 0.0 if shared else breaker.wait(door, now)
    if closed:
        return closed
    most = limits(door)
    if shared:
        most = replace(most, running=None, requests=None)
    if most.running is not None and traffic.running >= most.running:
        return AGAIN_SECONDS
    return 0.0 if _fits(most, traffic, tokens) else _until_one_is_over(traffic, now)


def fits_the_minute(door: Door, traffic: Traffic, tokens: int, *, shared: bool = False) -> bool:
    """Whether the limits of a minute let a call of so many tokens through ``door``, whatever else may not."""
    most = limits(door)
    return _fits(replace(most, requests=None) if shared else most, traffic, tokens)


def _fits(most: Limits, traffic: Traffic, tokens: int) -> bool:
    too_many = most.requests is not None and traffic.requests >= most.requests
    too_much = most.tokens is not None and traffic.tokens + min(tokens, most.tokens) > most.tokens
    return not (too_many or too_much)


def locked(keys: Iterable[Key]) -> dict[Key, Door]:
    """The doors called ``keys``, made if need be, and locked together with all others.

    All of them in the order of their ids, so that who holds them is alone with doors and budgets.
    """
    wanted = set(keys)
    found = _locked()
    if missing := wanted - found.keys():
        Door.objects.bulk_create(
            [Door(provider=key[0], endpoint=key[1], model=key[2]) for key in sorted(missing)],
            ignore_conflicts=True,
        )
        found = _locked()
    return {key: found[key] for key in wanted}


def traffic(doors: Iterable[Door], now: datetime) -> dict[Key, Traffic]:
    """What goes through ``doors``. One query, or none when there are none.

    A call is under way as long as the attempt that made it is: so one whose end nobody wrote holds no place.
    """
    found = {key(door): Traffic() for door in doors}
    if not found:
        return found
    since = now - timedelta(seconds=WINDOW_SECONDS)
    lately = Q(started_at__gt=since)
    under_way = Q(
        outcome=ProviderCall.Outcome.RUNNING, step__status=Status.PROCESSING, step__attempts=F("attempt")
    )
    theirs = reduce(or_, (Q(provider=p, endpoint=e, model=m) for p, e, m in found))
    rows = (
        ProviderCall.objects.filter(theirs, lately | Q(outcome=ProviderCall.Outcome.RUNNING))
        .order_by()
        .values("provider", "endpoint", "model")
        .annotate(
            running=Count("pk", filter=under_way & Q(shared=False)),
            requests=Count("pk", filter=lately & Q(shared=False)),
            tokens=Sum(Coalesce(F("tokens_in") + F("tokens_out"), F("tokens_reserved")), filter=lately),
            oldest=Min("started_at", filter=lately),
        )
        .values_list("provider", "endpoint", "model", "running", "requests", "tokens", "oldest")
    )
    for provider, endpoint, model, running, requests, tokens, oldest in rows:
        found[provider, endpoint, model] = Traffic(running, requests, tokens or 0, oldest)
    return found


def least_busy(doors: Sequence[Door], through: Mapping[Key, Traffic]) -> Door:
    """The one of ``doors`` with the most room: by calls under way, then by those of the last minute."""

    def load(door: Door) -> tuple[int, float, int]:
        seen = through.get(key(door), Traffic())
        most = limits(door)
        return door.failures, seen.running / (most.running or 1), seen.requests

    return min(doors, key=load)


def key(row: Door | ProviderCall) -> Key:
    """Which door ``row`` is, or went through."""
    return row.provider, row.endpoint, row.model


def keys_of(provider: Provider) -> list[Key]:
    """The doors that lead to ``provider``."""
    return [(provider.name, endpoint, provider.model) for endpoint in provider.endpoints]


def shut() -> frozenset[int]:
    """Places in the chain of the providers that take no call just now, so that steps wait in the queue.

    One whose circuit is open although another comes after it is not among them: its steps are handed on.
    """
    providers = chain.providers()
    metered = [(index, one) for index, one in enumerate(providers) if one.metered]
    if not metered:
        return frozenset()
    now = timezone.now()
    doors = {key(door): door for door in Door.objects.all()}
    through = traffic((door for door in doors.values() if limits(door).any), now)
    return frozenset(
        index
        for index, one in metered
        if _is_shut(one, doors, through, now, last=index == len(providers) - 1)
    )


def hands_on(error_code: str) -> bool:
    """Whether a door closed for this error sends steps on to the next provider, rather than to wait."""
    return error_code != "provider_rate_limited"


def _is_shut(
    provider: Provider,
    doors: Mapping[Key, Door],
    through: Mapping[Key, Traffic],
    now: datetime,
    *,
    last: bool,
) -> bool:
    own = [doors.get(one) for one in keys_of(provider)]
    return all(
        door is not None
        and wait(door, through.get(key(door), Traffic()), 0, now) > 0
        and (last or not (breaker.wait(door, now) and hands_on(door.closed_for)))
        for door in own
    )


def _locked() -> dict[Key, Door]:
    return {key(door): door for door in Door.objects.select_for_update().order_by("pk")}


def _until_one_is_over(traffic: Traffic, now: datetime) -> float:
    if traffic.oldest is None:
        return WINDOW_SECONDS
    over = (traffic.oldest + timedelta(seconds=WINDOW_SECONDS) - now).total_seconds()
    return max(0.05, math.ceil(over * 1000) / 1000)


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)
