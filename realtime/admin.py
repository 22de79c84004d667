"""The log in the admin: to look at, not to touch."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin

from realtime.models import AnsweredCommand, Event, Stream


class ReadOnlyAdmin(ModelAdmin):  # type: ignore[misc]  # unfold has no types
    """Lists and shows."""

    list_per_page = 50
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows are written by the log alone."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was told cannot be untold."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """`cleanup` prunes."""
        return False


@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    """The streams and where they stand."""

    list_display = ("name", "epoch", "seq", "floor")
    search_fields = ("name",)
    ordering = ("name",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The events, newest first."""

    list_display = ("at", "stream", "seq", "name")
    list_filter = ("name",)
    list_select_related = ("stream",)
    search_fields = ("stream__name",)
    fields = ("stream", "seq", "name", "at", "told")
    readonly_fields = ("told",)
    ordering = ("-id",)

    @admin.display(description="data")
    def told(self, event: Event) -> SafeString:
        """What the event told, readable."""
        return format_html("<pre>{}</pre>", json.dumps(event.data, indent=2, ensure_ascii=False))


@admin.register(AnsweredCommand)
class AnsweredCommandAdmin(ReadOnlyAdmin):
    """The commands that came over sockets."""

    list_display = ("at", "name", "person", "command")
    list_filter = ("name",)
    search_fields = ("person", "command")
    ordering = ("-at",)
