"""Which queued steps may not be claimed now, although slots are free: limits, pauses and shut doors.

What runs is counted anew at each claim, from the steps that are processing: there is no counter that a crash
could leave wrong. Where something is limited, claims go one at a time, under the lock of the queue's clock.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Count, Q, QuerySet

from jobs import doors
from jobs.models import KindPolicy, QueueClock, Share, Step, Tier
from jobs.states import Status

FRESH_SECONDS = 1.0
"""How long a worker goes by what staff decided before it reads it again."""
WHOLE_QUEUE = ""
"""Stands for the whole queue where kinds are named."""


@dataclass(frozen=True, slots=True)
class Policies:
    """How many steps may run at once.

    Args:
        kinds: of a kind, or of the `WHOLE_QUEUE`; 0 while it is paused. What is not named has no limit.
        tiers: of each person of a tier, by the tier's id.
        shut: places in the chain of the providers that take no call now.
    """

    kinds: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[int, int] = field(default_factory=dict)
    shut: frozenset[int] = frozenset()

    @property
    def any(self) -> bool:
        """Whether anything is limited."""
        return bool(self.kinds or self.tiers or self.shut)

    @property
    def must_count(self) -> bool:
        """Whether it matters how much runs; it does not for what is just paused."""
        return bool(self.tiers or any(self.kinds.values()))


def read() -> Policies:
    """What staff decided, as it is now, and which doors are shut."""
    limited = KindPolicy.objects.filter(Q(max_running__isnull=False) | Q(paused_at__isnull=False))
    kinds = {
        kind: 0 if paused_at or most is None else most
        for kind, most, paused_at in limited.values_list("kind", "max_running", "paused_at")
    }
    tiers = Tier.objects.filter(max_running__isnull=False).values_list("id", "max_running")
    return Policies(kinds, {tier: most for tier, most in tiers if most is not None}, doors.shut())


class Watch:
    """A worker's view of the policies, at most `FRESH_SECONDS` old; shut doors are looked at each time."""

    def __init__(self) -> None:
        self._policies = Policies()
        self._read_at = float("-inf")

    def policies(self) -> Policies:
        """The policies. No query, but once a second or while a door is shut."""
        if self._policies.shut or time.monotonic() - self._read_at >= FRESH_SECONDS:
            self._policies, self._read_at = read(), time.monotonic()
        return self._policies

    def forget(self) -> None:
        """Reads the policies anew the next time."""
        self._read_at = float("-inf")


@dataclass(slots=True)
class Room:
    """How many more steps may be claimed: in all, of kinds and of owners. `admit` counts down.

    Args:
        slots: in all.
        kinds: of those kinds that are limited.
        owners: of those owners of whom it is known; None for one without a limit.
        tiers: how many of each of a tier's people may run at once.
        running: how many of an owner's run already.
        shut: places in the chain of the providers that take no call now.
    """

    slots: int
    kinds: dict[str, int] = field(default_factory=dict)
    owners: dict[int, int | None] = field(default_factory=dict)
    tiers: Mapping[int, int] = field(default_factory=dict)
    running: Mapping[int, int] = field(default_factory=dict)
    shut: frozenset[int] = frozenset()

    def let(self, queued: QuerySet[Step]) -> QuerySet[Step]:
        """Those of ``queued`` for which there may be room."""
        full_kinds = [kind for kind, left in self.kinds.items() if left <= 0]
        full_owners = [owner for owner, left in self.owners.items() if left is not None and left <= 0]
        if full_kinds:
            queued = queued.exclude(kind__in=full_kinds)
        if full_owners:
            queued = queued.exclude(owner_id__in=full_owners)
        if self.shut:
            queued = queued.exclude(asks=True, provider_index__in=self.shut)
        return queued

    def admit(self, steps: Sequence[Step], most: int) -> list[Step]:
        """The first ``most`` of ``steps`` for which there is room."""
        self.ask_for({step.owner_id for step in steps})
        admitted: list[Step] = []
        for step in steps:
            if len(admitted) == most:
                break
            if self._take(step):
                admitted.append(step)
        return admitted

    def ask_for(self, owners: Iterable[int]) -> None:
        """Learns the limits of those ``owners`` of whom they are not known yet. One query, or none."""
        new = set(owners) - self.owners.keys()
        if not new or not self.tiers:
            return
        self.owners.update(dict.fromkeys(new))
        limited = Share.objects.filter(user_id__in=new, tier_id__in=self.tiers)
        for owner_id, tier_id in limited.values_list("user_id", "tier_id"):
            self.owners[owner_id] = self.tiers[tier_id] - self.running.get(owner_id, 0)

    def _take(self, step: Step) -> bool:
        of_kind, of_owner = self.kinds.get(step.kind), self.owners.get(step.owner_id)
        if (of_kind is not None and of_kind <= 0) or (of_owner is not None and of_owner <= 0):
            return False
        if of_kind is not None:
            self.kinds[step.kind] = of_kind - 1
        if of_owner is not None:
            self.owners[step.owner_id] = of_owner - 1
        return True


def room(policies: Policies, slots: int) -> Room:
    """The room there is for a worker with ``slots`` free slots. Inside the transaction that claims.

    No query when nothing is limited; else it waits until no other worker claims, and counts what runs.
    """
    if not policies.must_count:
        return Room(0 if WHOLE_QUEUE in policies.kinds else slots, dict(policies.kinds), shut=policies.shut)
    _alone()
    by_owner, by_kind = _running()
    left = {kind: most - by_kind[kind] for kind, most in policies.kinds.items() if kind != WHOLE_QUEUE}
    if WHOLE_QUEUE in policies.kinds:
        slots = max(0, min(slots, policies.kinds[WHOLE_QUEUE] - by_kind.total()))
    found = Room(slots, left, tiers=policies.tiers, running=by_owner, shut=policies.shut)
    found.ask_for(by_owner)
    return found


def _alone() -> None:
    """Waits until no other claim under limits is under way."""
    if not QueueClock.objects.select_for_update().filter(pk=1):
        QueueClock.objects.bulk_create([QueueClock(pk=1)], ignore_conflicts=True)
        list(QueueClock.objects.select_for_update().filter(pk=1))


def _running() -> tuple[Counter[int], Counter[str]]:
    """How many steps run, by owner and by kind."""
    by_owner: Counter[int] = Counter()
    by_kind: Counter[str] = Counter()
    steps = Step.objects.filter(status=Status.PROCESSING).order_by().values_list("owner_id", "kind")
    for owner_id, kind, count in steps.annotate(count=Count("id")):
        by_owner[owner_id] += count
        by_kind[kind] += count
    return by_owner, by_kind
