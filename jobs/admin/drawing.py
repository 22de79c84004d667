"""How the admin draws values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib import admin
from django.db.models import DecimalField, Field, FloatField, JSONField, Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import wording
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


RAW = (DecimalField, FloatField, JSONField)
ODD = ("size", "tags")
"""Which fields hold what people can't read as it is kept: those of some types, and some by their names."""


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


def drawn(field: Field[Any, Any], value: Any) -> str:
    """What a row keeps in a way that people can't read: a share, seconds, money, bytes, words, JSON."""
    if value is None or value == "" or value == [] or value == {}:
        return "–"
    if field.name == "progress":
        return wording.percent(value)
    if field.name == "size":
        return wording.size(value)
    if field.name.startswith("predicted_"):
        return wording.took(value)
    if isinstance(field, DecimalField):
        return dollars(value)
    return _plain(value.strip("|").split("|") if field.name == "tags" else value)


@cache
def column(field: Field[Any, Any]) -> Callable[[Model], str]:
    """``field`` as a column of a list, or a line of a page, that shows its values `drawn`."""

    def shown(row: Model) -> str:
        return drawn(field, getattr(row, field.attname))

    shown.__name__ = field.name
    return admin.display(description=str(field.verbose_name), ordering=field.name)(shown)


def readable(model: type[Model], names: Iterable[Any]) -> list[Any]:
    """``names`` of fields of ``model``, with the `column` of each whose values can't be read as they are."""
    raw = {field.name: field for field in model._meta.fields if isinstance(field, RAW) or field.name in ODD}
    return [column(raw[name]) if name in raw else name for name in names]


def _plain(value: Any) -> str:
    """Numbers to three places, lists with commas, and what has names as “name: value”."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    return "–" if value in (None, "") else str(value)


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
