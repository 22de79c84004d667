"""Numbers as people read them: durations, money, shares, moments. static/js/models/ says the same words."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.utils import timezone

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SMALLEST = Decimal("0.000001")
UNITS = ("bytes", "KB", "MB", "GB")


def about(seconds: float) -> str:
    """An estimate in words, rounded as far as it deserves: "about 2 min"."""
    if seconds < 1:
        return "any moment now"
    if seconds < 8:
        return "a few seconds"
    if seconds < 55:
        return f"about {_up(seconds, 5 if seconds < 25 else 10)} s"
    if seconds < HOUR - MINUTE / 2:
        return f"about {max(1, round(seconds / MINUTE))} min"
    return f"about {_hours(seconds)}"


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
