"""Budgets: what a person, and the installation, may spend in a day, and what is left of it.

A day is one of UTC. What counts is what was paid for the calls that began in it and, for those under way
or whose end nobody knows, what they may cost at most. So concurrent jobs can't overspend together: each
call reserves before it goes out, under the lock of the doors, and is settled by its own row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from jobs.errors import BudgetExceeded, JobError, PriceUnknown
from jobs.models import Job, ProviderCall, Share
from jobs.states import ACTIVE

USD = DecimalField(max_digits=20, decimal_places=8)
NOTHING = Value(Decimal(0), output_field=USD)
SITE = 0
"""Stands for the installation where the ids of people stand for theirs."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a day, and what of it was; USD."""

    limit: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be spent; never below zero."""
        return max(Decimal(0), self.limit - self.spent)

    @property
    def used(self) -> float:
        """Which part of it was spent, 0 to 1."""
        return min(1.0, float(self.spent / self.limit)) if self.limit else 1.0


@dataclass(slots=True)
class Purses:
    """Budgets while calls are let through, one after the other. Pure.

    Args:
        limits: by person, and for the `SITE`, what may be spent in a day. Who is not in it has no limit.
        spent: what of it was.
        now: the present.
    """

    limits: Mapping[int, Decimal] = field(default_factory=dict)
    spent: dict[int, Decimal] = field(default_factory=dict)
    now: datetime = field(default_factory=timezone.now)

    def reserve(self, owner_id: int, usd: Decimal | None) -> JobError | None:
        """Takes ``usd`` out of the person's budget and the installation's, or says why it can't."""
        payers = [payer for payer in (owner_id, SITE) if payer in self.limits]
        if not payers:
            return None
        if usd is None:
            return PriceUnknown()
        for payer in payers:
            left = self.limits[payer] - self.spent.get(payer, Decimal(0))
            if usd > left:
                return exceeded(payer, max(Decimal(0), left), self.now)
        for payer in payers:
            self.spent[payer] = self.spent.get(payer, Decimal(0)) + usd
        return None


def purses(owners: Iterable[int], now: datetime) -> Purses:
    """The budgets that calls of ``owners`` are paid from. No query but for tiers when there are none."""
    limits = limits_of(set(owners))
    if not limits:
        return Purses(now=now)
    calls = _calls_of(now)
    by_owner = calls.filter(owner_id__in=limits).order_by().values("owner_id").annotate(usd=_counted())
    spent = dict(by_owner.values_list("owner_id", "usd"))
    if SITE in limits:
        spent[SITE] = calls.aggregate(usd=_counted())["usd"]
    return Purses(limits, spent, now)


def budget_of(owner_id: int) -> Budget | None:
    """What the person may spend today; None when there is no limit. The tighter of theirs and the site's."""
    now = timezone.now()
    found = purses([owner_id], now)
    budgets = [Budget(limit, found.spent.get(payer, Decimal(0))) for payer, limit in found.limits.items()]
    return min(budgets, key=lambda one: one.left, default=None)


def of_site() -> Budget | None:
    """What the installation may spend today; None when there is no limit."""
    now = timezone.now()
    found = purses([], now)
    limit = found.limits.get(SITE)
    return None if limit is None else Budget(limit, found.spent.get(SITE, Decimal(0)))


def check(owner_id: int, estimates: Iterable[Decimal | None]) -> None:
    """Whether new jobs that will cost ``estimates`` fit into what is left, besides the jobs under way.

    An unknown estimate counts as nothing here; the calls themselves are held to the budget all the same.
    Several submits can pass this at the same moment; `confirm` makes sure.

    Raises:
        BudgetExceeded: with what is left and when it renews.
    """
    _keep(owner_id, _sum(estimates), written=Decimal(0))


def confirm(owner_id: int, estimates: Iterable[Decimal | None]) -> None:
    """The same for jobs that this transaction wrote, after `jobs.caps.wait_for_turn`.

    Raises:
        BudgetExceeded: as `check`.
    """
    wanted = _sum(estimates)
    _keep(owner_id, wanted, written=wanted)


def exceeded(payer: int, left: Decimal, now: datetime) -> BudgetExceeded:
    """The error for a budget of ``payer`` of which only ``left`` is left."""
    whose = "this installation's" if payer == SITE else "your"
    renews = renews_at(now)
    return BudgetExceeded(
        f"This would cost more than is left of {whose} budget for today: ${left:.4f}. "
        f"It renews at {renews:%Y-%m-%d %H:%M} UTC.",
        extra={"left_usd": f"{left.normalize() + 0:f}", "renews_at": f"{renews:%Y-%m-%dT%H:%M:%SZ}"},
    )


def renews_at(now: datetime) -> datetime:
    """When the next day begins, in UTC."""
    return _day_of(now) + timedelta(days=1)


def limits_of(owners: set[int]) -> dict[int, Decimal]:
    """By person, and for the `SITE`, what they may spend in a day, where that is limited."""
    limits: dict[int, Decimal] = {}
    if settings.BUDGET_USD_PER_USER_PER_DAY is not None:
        limits = dict.fromkeys(owners, settings.BUDGET_USD_PER_USER_PER_DAY)
    own = Share.objects.filter(user_id__in=owners, tier__budget_usd_per_day__isnull=False)
    limits.update(
        (owner_id, limit)
        for owner_id, limit in own.values_list("user_id", "tier__budget_usd_per_day")
        if limit is not None
    )
    if settings.BUDGET_USD_PER_DAY is not None:
        limits[SITE] = settings.BUDGET_USD_PER_DAY
    return limits


def by_owner(now: datetime) -> QuerySet[ProviderCall, Any]:
    """What each person's calls of today were paid, and reserve besides; for operators. One query.

    ``spent`` and ``reserved`` are USD; ``unpriced`` are calls of which neither is known.
    """
    unpaid = Q(cost_usd=None)
    return (
        _calls_of(now)
        .order_by()
        .values("owner_id")
        .annotate(
            spent=Coalesce(Sum("cost_usd"), NOTHING, output_field=USD),
            reserved=Coalesce(Sum("usd_reserved", filter=unpaid), NOTHING, output_field=USD),
            calls=Count("pk"),
            unpriced=Count("pk", filter=unpaid & Q(usd_reserved=None)),
        )
    )


def _keep(owner_id: int, wanted: Decimal, *, written: Decimal) -> None:
    """Args: written: what of ``wanted``, in USD, the jobs under way promise already."""
    if not wanted:
        return
    now = timezone.now()
    found = purses([owner_id], now)
    for payer, limit in found.limits.items():
        left = limit - found.spent.get(payer, Decimal(0)) - (_promised(payer) - written)
        if wanted > left:
            raise exceeded(payer, max(Decimal(0), left), now)


def _sum(estimates: Iterable[Decimal | None]) -> Decimal:
    return sum((one or Decimal(0) for one in estimates), Decimal(0))


def _calls_of(now: datetime) -> QuerySet[ProviderCall]:
    return ProviderCall.objects.filter(started_at__gte=_day_of(now))


def _counted() -> Coalesce:
    return Coalesce(Sum(Coalesce("cost_usd", "usd_reserved", NOTHING)), NOTHING, output_field=USD)


def _promised(payer: int) -> Decimal:
    """What the jobs under way will still cost, by their estimates."""
    whose = Q() if payer == SITE else Q(owner_id=payer)
    left = Greatest(F("cost_estimate_usd") - Coalesce("cost_usd", NOTHING), NOTHING, output_field=USD)
    jobs = Job.objects.filter(whose, status__in=ACTIVE, cost_estimate_usd__gt=0)
    return Decimal(jobs.aggregate(usd=Coalesce(Sum(left), NOTHING, output_field=USD))["usd"])


def _day_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
