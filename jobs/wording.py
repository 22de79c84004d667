"""Numbers as people read them: durations, money, shares, moments. static/js/models/ says the same words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from jobs.states import Status

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SHORT = 8
"""Seconds; below it a range says nothing that people want to know."""
SMALLEST = Decimal("0.000001")
WAITING = {
    Status.PENDING: "Waiting for other jobs",
    Status.QUEUED: "Waiting for a free worker",
    Status.PROCESSING: "Waiting for the next step to start",
    Status.RETRYING: "Waiting to try again",
}
"""What a job of which no step works waits for."""
UNITS = ("bytes", "KB", "MB", "GB")


def about(seconds: float, between: Sequence[float] | None = None) -> str:
    """An estimate in words, rounded as far as it deserves: "about 2 min".

    Args:
        seconds: the estimate.
        between: likely and at most, while it is uncertain: "3 to 8 min".
    """
    if between and between[1] >= SHORT:
        return _between(*between)
    if seconds < 1:
        return "any moment now"
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {_up(seconds, 5 if seconds < 25 else 10)} s"
    if seconds < HOUR - MINUTE / 2:
        return f"about {max(1, round(seconds / MINUTE))} min"
    return f"about {_hours(seconds)}"


def _between(likely: float, most: float) -> str:
    """ "10 to 40 s", "40 s to 3 min", "3 to 8 min", "50 min to 2 h"; one number where both read the same."""
    low, high = _rounded(likely), _rounded(most)
    if low == high:
        return f"about {' '.join(high)}"
    return f"{low[0]} to {high[0]} {high[1]}" if low[1] == high[1] else f"{' '.join(low)} to {' '.join(high)}"


def _rounded(seconds: float) -> tuple[str, str]:
    """A number and its unit."""
    if seconds < 55:
        return str(max(5, _up(seconds, 5 if seconds < 25 else 10))), "s"
    if seconds < HOUR - MINUTE / 2:
        return str(max(1, round(seconds / MINUTE))), "min"
    return f"{round(seconds / HOUR, 1):g}", "h"


def took(seconds: float) -> str:
    """A measured duration: "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return _pair(whole // MINUTE, "min", whole % MINUTE, "s")
    return _pair(whole // HOUR, "h", whole % HOUR // MINUTE, "min")


def clock(seconds: float) -> str:
    """A place in a recording: "4:09", "1:02:33"."""
    whole = int(seconds)
    hours, minutes, rest = whole // HOUR, whole % HOUR // MINUTE, whole % MINUTE
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(then: datetime, now: datetime | None = None) -> str:
    """How long something is past: "just now", "5 min ago", "yesterday", "3 Oct 2026"."""
    now = now or timezone.now()
    seconds = (now - then).total_seconds()
    if seconds < 45:
        return "just now"
    if seconds < HOUR - 30:
        return f"{max(1, round(seconds / MINUTE))} min ago"
    if seconds < DAY:
        return f"{max(1, round(seconds / HOUR))} h ago"
    if now.date() - then.date() == timedelta(days=1):
        return "yesterday"
    return f"{then.day} {then:%b %Y}"


def usd(amount: str | Decimal | None) -> str:
    """Money in USD with at least two decimals, and two figures that count below one cent."""
    if amount is None:
        return "not known"
    value = Decimal(amount)
    if 0 < value < SMALLEST:
        return "under $0.000001"
    return f"${value:.{_decimals(value)}f}"


def percent(fraction: float) -> str:
    """A share as "42%", rounded down, so that 100% means done."""
    return f"{int(max(0.0, min(1.0, fraction)) * 100 + 1e-9)}%"


def validity(value: float) -> str:
    """What the check of an AI service's answers to a step found. None is used that stays invalid.

    Args:
        value: the share that had the form that was asked for at once, 0..1.
    """
    if value <= 0:
        return "valid after one repair"
    return "valid" if value >= 1 else f"{percent(value)} valid, the rest after one repair"


def doing(job: Mapping[str, Any]) -> str:
    """What goes on with a job: what its step says, else the step's title, else what it waits for.

    Args:
        job: the job object, as `jobs.presentation.job_data` makes it.
    """
    status = Status(job["status"])
    working = [step["title"] for step in job["steps"] if step["status"] == Status.PROCESSING]
    if working:
        return str(job["stage"] or working[0])
    return WAITING.get(status, "")


def workforce(working: int, housekeeping: int) -> str:
    """Worker processes by what they are for: "2 working on jobs, 1 for housekeeping"."""
    return f"{working} working on jobs, {housekeeping} for housekeeping"


def size(count: int) -> str:
    """An amount of data in bytes: "812 bytes", "1.4 MB"."""
    power = min(len(UNITS) - 1, (max(1, count).bit_length() - 1) // 10)
    value = count / 1024**power
    return (
        f"{value:.1f}".removesuffix(".0") + f" {UNITS[power]}"
        if power and value < 10
        else f"{value:.0f} {UNITS[power]}"
    )


def _decimals(value: Decimal) -> int:
    return 2 if value == 0 or value >= Decimal("0.1") else min(6, 1 - value.adjusted())


def _hours(seconds: float) -> str:
    unit = 5 if seconds < 3 * HOUR else 30
    minutes = round(seconds / MINUTE / unit) * unit
    return _pair(minutes // 60, "h", minutes % 60, "min")


def _pair(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def _up(value: float, unit: int) -> int:
    return -int(-value // unit) * unit
