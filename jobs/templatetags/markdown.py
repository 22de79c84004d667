"""Filters for templates that make Markdown."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString, mark_safe

from jobs.markdown import escape

register = template.Library()


@register.filter
def md(value: Any) -> SafeString:
    """``value`` as one line of Markdown that shows it word for word. The end of a chain of filters."""
    return mark_safe(escape(str(value)))  # noqa: S308 - escaped for the format at hand
