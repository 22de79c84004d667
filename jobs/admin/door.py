"""The doors to the providers, in the admin: their limits, to set; their state, to see and to reset."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import breaker, doors, gate
from jobs.admin.drawing import PAINT
from jobs.admin.looking import PlainAdmin
from jobs.breaker import Circuit
from jobs.models import Door

SHOWN = {
    Circuit.CLOSED: ("Open", "green"),
    Circuit.HALF_OPEN: ("Trying again", "amber"),
    Circuit.OPEN: ("Closed", "red"),
}
"""How a breaker's state is told of its door: a closed circuit is an open door."""


@admin.register(Door)
class DoorAdmin(PlainAdmin):
    """Limits of each provider, endpoint and model. An empty limit is what the service says of itself."""

    list_display = ("way", "state", "until", "now_running", "a_minute", "failures", "changed_at")
    fields = (
        ("provider", "endpoint", "model"),
        ("max_running", "requests_per_minute", "tokens_per_minute"),
        ("learned_requests_per_minute", "learned_tokens_per_minute"),
        ("state", "until", "closed_for"),
        ("now_running", "a_minute"),
        ("failures", "closings", "changed_at"),
    )
    readonly_fields = (
        "provider", "endpoint", "model", "learned_requests_per_minute", "learned_tokens_per_minute", "state",
        "until", "closed_for", "now_running", "a_minute", "failures", "closings", "changed_at",
    )  # fmt: skip
    actions = ("open_now",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: a door is there once a call went through it."""
        return False

    def save_model(self, request: HttpRequest, obj: Door, form: Any, change: bool) -> None:
        """Writes what staff decide, and nothing that the engine may have moved meanwhile."""
        obj.save(update_fields=["max_running", "requests_per_minute", "tokens_per_minute"])

    @admin.display(description="door")
    def way(self, door: Door) -> str:
        """Where it leads."""
        return str(door)

    @admin.display
    def state(self, door: Door) -> SafeString:
        """Whether it is open."""
        text, colour = SHOWN[breaker.circuit(door, timezone.now())]
        style = f"background:{PAINT[colour]};color:#fff;padding:2px 8px;border-radius:9px;white-space:nowrap"
        return format_html('<span style="{}">{}</span>', style, text)

    @admin.display(description="closed until")
    def until(self, door: Door) -> str:
        """When a call may try it again, and why not before."""
        if door.closed_until is None:
            return "–"
        return f"{timezone.localtime(door.closed_until):%H:%M:%S} ({door.closed_for})"

    @admin.display(description="calls under way")
    def now_running(self, door: Door) -> str:
        """How many calls are under way, of how many."""
        return _of(self._traffic(door).running, door.max_running)

    @admin.display(description="in the last minute")
    def a_minute(self, door: Door) -> str:
        """Requests and tokens of the last minute, of how many."""
        seen, most = self._traffic(door), doors.limits(door)
        return f"{_of(seen.requests, most.requests)} requests, {_of(seen.tokens, most.tokens)} tokens"

    @admin.action(description="Open now, and forget the failures")
    def open_now(self, request: HttpRequest, chosen: QuerySet[Door]) -> None:
        """Lets calls through again, when an operator has mended what was wrong."""
        with transaction.atomic():
            count = gate.open_doors(chosen)
        messages.success(request, f"{count} opened. Waiting steps go on within a second.")

    def _traffic(self, door: Door) -> doors.Traffic:
        return doors.traffic([door], timezone.now())[doors.key(door)]


def _of(count: int, most: int | None) -> str:
    return f"{count:,}" if most is None else f"{count:,} of {most:,}"
