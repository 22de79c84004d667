"""Filters for what templates show of jobs; the words are in `jobs.wording`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import wording
from jobs.kinds import registry
from jobs.states import Status

register = template.Library()

WHAT_TO_DO = {
    "retry": "Try again: it carries on where it stopped, and repeats nothing that is done.",
    "edit_input": "Submit it again with a different file or text.",
    "contact_operator": "Ask the person who runs this ShipSpeak; they find the details in the admin.",
}


register.filter("about", wording.about)
register.filter("took", wording.took)
register.filter("clock", wording.clock)
register.filter("usd", wording.usd)
register.filter("percent", wording.percent)
register.filter("validity", wording.validity)
register.filter("size", wording.size)


@register.filter
def status_label(status: str) -> str:
    """The word that people read for a status."""
    return str(Status(status).label)


@register.filter
def doing(job: dict[str, Any]) -> str:
    """What goes on with the job object ``job``, in a few words."""
    return wording.doing(job)


@register.filter
def kind_title(name: str) -> str:
    """What people call the kind; its name when it is no longer installed."""
    return registry.get(name).title if name in registry else name


@register.filter
def when(moment: str | datetime | None) -> str | SafeString:
    """A moment as a time element: how long ago, and exactly in its title."""
    if not moment:
        return ""
    at = _datetime(moment)
    exact = f"{at.day} {at:%b %Y, %H:%M} UTC"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', at.isoformat(timespec="seconds"), exact, wording.ago(at)
    )


@register.filter
def at_time(moment: str | datetime) -> SafeString:
    """A moment to come as a time element, which scripts put into the viewer's own time zone."""
    at = _datetime(moment)
    return format_html(
        '<time datetime="{}" data-at>{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at.day} {at:%b %Y, %H:%M} UTC",
    )


@register.filter
def lasted(row: dict[str, Any]) -> str:
    """How long a job or step ran, or has been running; "" when it has not started."""
    if not row["started_at"]:
        return ""
    end = _datetime(row["finished_at"]) if row["finished_at"] else timezone.now()
    return wording.took(max(0.0, (end - _datetime(row["started_at"])).total_seconds()))


@register.filter
def as_json(data: Any) -> str:
    """Data as people can read it when no template knows how to draw it."""
    return json.dumps(data, indent=2, ensure_ascii=False)


@register.filter
def what_to_do(recovery: str) -> str:
    """A recovery choice as a sentence; "" for one that these pages do not know."""
    return WHAT_TO_DO.get(recovery, "")


def _datetime(moment: str | datetime) -> datetime:
    return datetime.fromisoformat(moment) if isinstance(moment, str) else moment
