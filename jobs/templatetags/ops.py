"""Filters for the operations page."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.utils.formats import number_format

from jobs.doorways import DoorState
from jobs.foresight import Trend
from jobs.ops.page import Share
from jobs.wording import took

register = template.Library()

DOORS = {
    DoorState.OPEN: ("Open", "completed"),
    DoorState.TRYING: ("Trying again", "retrying"),
    DoorState.CLOSED: ("Closed", "failed"),
}
"""The word for a door's state, and the status whose colours and sign it has."""
TRENDS = {Trend.WORSE: "↑ more than yesterday", Trend.BETTER: "↓ less than yesterday", Trend.STEADY: "steady"}


@register.filter
def counted(count: int, noun: str) -> str:
    """ "1 job", "1,200 jobs"."""
    number = number_format(count, force_grouping=True)
    return f"{number} {noun}{'' if count == 1 else 's'}"


@register.filter
def brief(seconds: float) -> str:
    """A measured wait: "3 ms", "0.4 s", "12 s"."""
    return f"{1000 * seconds:.0f} ms" if seconds < 0.1 else took(seconds)


@register.filter
def named(names: Mapping[str, str], name: str) -> str:
    """What people call ``name``."""
    return names.get(name, name)


@register.filter
def plain(value: float) -> str:
    """A number as SVG takes it, whatever the language of the page."""
    return f"{value:.6g}"


@register.filter
def share_of(used: float, most: float) -> Share:
    """So much of so much."""
    return Share(used, most)


@register.filter
def door_word(state: DoorState) -> str:
    """The word for a door's state."""
    return DOORS[state][0]


@register.filter
def door_status(state: DoorState) -> str:
    """The status that looks like it."""
    return DOORS[state][1]


@register.filter
def trend_word(trend: Trend) -> str:
    """How the failures of the last hour compare with the day before; "" where it is too early to say."""
    return TRENDS.get(trend, "")
