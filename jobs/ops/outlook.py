"""What is to be expected, for the operations page: `jobs.foresight`, its chart, and a look that is kept.

A look takes some twenty queries while jobs wait, and says little that changes within seconds. So it is a
part of the page that is asked for by itself, and a process gives one look out again for `KEPT_SECONDS`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs import foresight
from jobs.bottleneck import Limit
from jobs.foresight import Advice, Foresight, Hour

KEPT_SECONDS = 4.0
WIDE, HIGH = 960.0, 160.0
"""Size of the chart in its own units."""
GAP = 6.0
NAMES = {
    "workers": "No worker runs",
    "slots": "Slots",
    "paused": "A pause",
    "kind": "A kind’s limit",
    "person": "A person’s limit",
    "provider_running": "Calls at once",
    "provider_requests": "Requests a minute",
    "provider_tokens": "Tokens a minute",
    "door_closed": "A closed door",
    "budget": "A budget",
}


@dataclass(frozen=True, slots=True)
class Column:
    """An hour of the day in the chart: where it stands, how high it is, and what it says.

    Args:
        hour: 0 to 23, UTC.
        x, y, width, height: of the column, in the chart's units; no height where it is too early to say.
        text: the hour and its figure in words, with how many days it rests on.
        is_now: whether it is this hour.
    """

    hour: int
    x: float
    y: float
    width: float
    height: float
    text: str
    is_now: bool


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the chart: where, and what number it stands for."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The demand by hour of the day; without ``columns`` too few days were seen."""

    columns: Sequence[Column]
    ticks: Sequence[Tick]
    jobs: int
    days: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """The look and what is drawn of it."""

    seen: Foresight
    chart: Chart

    @property
    def first(self) -> Limit | None:
        """The limit that binds first."""
        return next(iter(self.seen.bottleneck.binding), None)

    @property
    def others(self) -> Sequence[Limit]:
        """The other limits that bind."""
        return self.seen.bottleneck.binding[1:]

    @property
    def advice(self) -> Sequence[Advice]:
        """What else there is to do, besides what is said of the limits that bind."""
        said = {one.remedy for one in self.seen.bottleneck.binding}
        return [one for one in self.seen.advice if one.text not in said]


@dataclass(slots=True)
class _Kept:
    outlook: Outlook | None = None
    until: float = -math.inf


_kept = _Kept()


def look() -> Outlook:
    """The outlook as it is, or was a few seconds ago."""
    return kept() or _look()


def kept() -> Outlook | None:
    """The last look, if it is still good. No query."""
    return _kept.outlook if time.monotonic() < _kept.until else None


def forget() -> None:
    """Looks anew when it is next asked for, because something was changed."""
    _kept.outlook, _kept.until = None, -math.inf


def _look() -> Outlook:
    seen = foresight.foresee()
    _kept.outlook = Outlook(seen, draw(seen.demand, seen.at))
    _kept.until = time.monotonic() + KEPT_SECONDS
    return _kept.outlook


def draw(hours: Sequence[Hour], now: datetime) -> Chart:
    """The demand as a chart. Pure."""
    jobs, days = sum(one.jobs for one in hours), max((one.days for one in hours), default=0)
    top = round_up(max((one.usual or 0.0 for one in hours), default=0.0))
    if all(one.usual is None for one in hours):
        return Chart((), (), jobs, days)
    step = WIDE / len(hours)
    columns = [_column(one, step, top, one.hour == now.hour) for one in hours]
    ticks = [Tick(HIGH * (1 - part), f"{top * part:g}") for part in (1.0, 0.5)]
    return Chart(columns, ticks, jobs, days)


def _column(one: Hour, step: float, top: float, is_now: bool) -> Column:
    height = round(HIGH * (one.usual or 0.0) / top, 1)
    days = f"{one.days} day{'' if one.days == 1 else 's'}"
    text = f"{one.hour:02}:00 UTC: "
    text += f"too few days to say ({days})" if one.usual is None else f"{one.usual:.1f} jobs ({days})"
    return Column(
        one.hour,
        round(one.hour * step + GAP / 2, 1),
        HIGH - height,
        round(step - GAP, 1),
        height,
        text,
        is_now,
    )


def round_up(value: float) -> float:
    """The next larger of 1, 2, 4, 5 and their tenfold: what a chart's axis ends with; 2 at least."""
    if value <= 2:
        return 2.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(part * power) for part in (1, 2, 4, 5, 10) if part * power >= value)
