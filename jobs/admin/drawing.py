"""How the admin draws values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.presentation import money
from jobs.states import COLOURS, Status

PAINT = {
    "slate": "#475569",
    "sky": "#0369a1",
    "indigo": "#4338ca",
    "amber": "#b45309",
    "green": "#15803d",
    "red": "#b91c1c",
    "stone": "#57534e",
}
"""The colour words of `jobs.states`, dark enough for white letters (contrast 4.5:1)."""


def badge(status: str) -> SafeString:
    """A status in its colour."""
    known = Status(status)
    style = (
        f"background:{PAINT[COLOURS[known]]};color:#fff;padding:2px 8px;border-radius:9px;white-space:nowrap"
    )
    return format_html('<span style="{}">{}</span>', style, known.label)


def dollars(value: Any) -> str:
    """Money, or that it is not known."""
    known = money(value)
    return "unknown" if known is None else f"${known}"


def duration(start: datetime | None, end: datetime | None) -> str:
    """How long it took, in seconds."""
    return f"{(end - start).total_seconds():.1f} s" if start and end else "–"


def link_to(row: Model, text: str = "") -> SafeString:
    """A link to the row's page in the admin."""
    address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    return format_html('<a href="{}" style="text-decoration:underline">{}</a>', address, text or str(row))


def as_written(text: str) -> SafeString:
    """Text with its lines as they are."""
    return format_html('<pre style="white-space:pre-wrap">{}</pre>', text)
