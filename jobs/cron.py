"""When something comes that is repeated by a cron expression, in a time zone. Pure.

Expressions have five fields, as in crontab(5): minute, hour, day of the month, month, day of the week.
Where the clocks change it is as with Debian's cron, see cron(8): a fixed time of day comes once a day, and
right after the gap if that swallowed it; what comes every hour or more often goes by elapsed time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from itertools import takewhile
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError

FIELDS = 5
MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK = range(FIELDS)


class BadExpression(ValueError):
    """This is no cron expression, or no day there is fits it, or one of its steps leads nowhere."""


@cache
def zones() -> frozenset[str]:
    """The names of all time zones that are known here, and are the same everywhere."""
    return frozenset(available_timezones()) - {"localtime", "posixrules", "Factory"}


def explained(expression: str) -> str:
    """What ``expression`` means, in English; as it stands when that can't be told."""
    try:
        return CronSim(expression, datetime.now(UTC)).explain()
    except CronSimError:
        return expression


def check(expression: str, zone: str, after: datetime) -> None:
    """Whether ``expression`` means what it seems to. Arguments as of `next_time`.

    Raises:
        BadExpression: it can't be read, never comes after ``after``, or has a step that leads past the end
            of its field: “*/99” would come once an hour, at its full minute.
    """
    next_time(expression, zone, after)
    for place, field in enumerate(expression.split()):
        for term in field.split(","):
            _, slash, step = term.partition("/")
            if slash and int(step) > 1 and len(_values(place, term)) == 1:
                raise BadExpression(f"The step “/{step}” in “{term}” leads past the end; take a smaller one.")


def next_time(expression: str, zone: str, after: datetime) -> datetime:
    """The first time later than ``after``, in UTC.

    Args:
        expression: five fields.
        zone: the name of a time zone; one of `zones`.
        after: any moment, with its time zone.

    Raises:
        BadExpression: it can't be read, or never comes.
    """
    try:
        return next(moment for moment in _times(expression, zone, after) if moment > after)
    except (CronSimError, StopIteration, OverflowError) as error:
        raise BadExpression(str(error)) from None


def next_times(expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    """The first ``count`` times later than ``after``. Raises as `next_time`."""
    found: list[datetime] = []
    for _ in range(count):
        found.append(next_time(expression, zone, found[-1] if found else after))
    return found


def last_times(expression: str, zone: str, since: datetime, until: datetime, most: int) -> list[datetime]:
    """The newest times from ``since`` to ``until``, both included; ``most`` at most, oldest first.

    It takes as long as it finds many: a schedule of every minute that slept for a year costs no more.
    """
    start = until.replace(microsecond=1) if not until.microsecond else until
    backward = _times(expression, zone, start, reverse=True)
    found: list[datetime] = []
    for moment in takewhile(lambda one: one >= since, backward):
        if len(found) == most:
            break
        if moment <= until and (not found or moment < found[-1]):
            found.append(moment)
    return found[::-1]


def _values(place: int, term: str) -> set[object]:
    """What ``term`` stands for in the field at ``place``."""
    fields = ["*"] * FIELDS
    fields[place] = term
    read = CronSim(" ".join(fields), datetime.now(UTC))
    days = {day % 7 if isinstance(day, int) else day for day in read.weekdays}  # 0 and 7 are both Sunday
    found: tuple[set[object], ...] = ({*read.minutes}, {*read.hours}, {*read.days}, {*read.months}, {*days})
    return found[place]


def _times(expression: str, zone: str, start: datetime, *, reverse: bool = False) -> Iterator[datetime]:
    """Times in UTC, from about ``start`` on. Where the clocks change, one may come that lies behind it."""
    if len(expression.split()) != FIELDS:
        raise CronSimError("It must have five fields.")
    if zone not in zones():
        raise CronSimError("Its time zone is not known.")
    # In UTC no clock changes; cronsim is told so by the standard library's own object for it.
    tz = UTC if zone == "UTC" else ZoneInfo(zone)
    return (moment.astimezone(UTC) for moment in CronSim(expression, start.astimezone(tz), reverse=reverse))
