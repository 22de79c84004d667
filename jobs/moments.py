"""Moments that come from outside."""

from __future__ import annotations

from datetime import UTC, datetime


def utc(moment: datetime) -> datetime:
    """``moment``, which knows its zone, in UTC; databases want it so.

    Raises ValueError where UTC has no such moment: in the last hours of the year 9999 west of Greenwich, and
    in the first of the year 1 east of it.
    """
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("must lie between the years 1 and 9999") from None
