"""What templates are given on every page."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest

from notifications import feed


def unread(request: HttpRequest) -> dict[str, Callable[[], int]]:
    """``unread_notifications``: how many the person has not read. One query, if the page shows it at all."""

    @cache
    def count() -> int:
        user = getattr(request, "user", None)  # error pages may come from before the middleware
        return feed.unread(user.pk) if user is not None and user.is_authenticated else 0

    return {"unread_notifications": count}
