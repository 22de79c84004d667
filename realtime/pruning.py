"""Deleting what is kept no longer, little by little, so that nobody waits for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from realtime import log
from realtime.models import AnsweredCommand, Event

AT_ONCE = 500
"""How many rows go in one transaction: some 20 ms on SQLite, for which other writers wait."""
LONGEST_PAUSE_SECONDS = 0.5
ANSWERS_KEPT = timedelta(hours=24)
"""How long a command that is sent again gets its first answer."""


class Prunable(Protocol):
    """A sort of things whose time is over."""

    @property
    def what(self) -> str:
        """What they are, as a plural: "events older than 30 days"."""

    def count(self) -> int:
        """How many there are."""

    def prune(self, ends_at: float | None = None) -> int:
        """Deletes them; how many. ``ends_at``, on the monotonic clock, is when to stop with some left."""


def _delete(rows: QuerySet[Any]) -> int:
    """Deletes ``rows``; how many, without those that went with them."""
    count = len(rows)
    rows.delete()
    return count


@dataclass(frozen=True, slots=True)
class Leftovers:
    """Rows whose time is over.

    Args:
        what: what they are, as a plural.
        rows: finds them, as it is at that moment.
        drop: gets rid of some of them, inside a transaction, and says of how many.
    """

    what: str
    rows: Callable[[], QuerySet[Any]]
    drop: Callable[[QuerySet[Any]], int] = _delete

    def count(self) -> int:
        """See `Prunable`."""
        return self.rows().count()

    def prune(self, ends_at: float | None = None) -> int:
        """See `Prunable`. Between two batches it leaves the database alone for as long as one took."""
        count, last = 0, None
        while ends_at is None or time.monotonic() < ends_at:
            rest = self.rows() if last is None else self.rows().filter(pk__gt=last)
            keys = list(rest.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
            if not keys:
                break
            began, last = time.monotonic(), keys[-1]
            with transaction.atomic():
                count += self.drop(self.rows().filter(pk__in=keys).order_by())
            if len(keys) < AT_ONCE:
                break
            time.sleep(min(LONGEST_PAUSE_SECONDS, time.monotonic() - began))
        return count


def older_than(days: int, now: datetime) -> datetime | None:
    """The moment that many days before ``now``; None for 0, which is for ever."""
    return now - timedelta(days=days) if days else None


def leftovers(now: datetime) -> list[Prunable]:
    """Events that are too old to be replayed, and answers to commands."""
    found: list[Prunable] = [
        Leftovers("answers to commands", lambda: AnsweredCommand.objects.filter(at__lt=now - ANSWERS_KEPT))
    ]
    before = older_than(settings.EVENT_RETENTION_DAYS, now)
    if before:
        what = f"events older than {settings.EVENT_RETENTION_DAYS} days"
        found.append(Leftovers(what, lambda: Event.objects.filter(at__lt=before), log.forget))
    return found
