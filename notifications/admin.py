"""Notifications and their deliveries in the admin: to look at, and to send again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from notifications import outbox
from notifications.models import Choice, Delivery, Notification

if TYPE_CHECKING:
    NotificationModelAdmin = admin.ModelAdmin[Notification]
    DeliveryModelAdmin = admin.ModelAdmin[Delivery]
    ChoiceModelAdmin = admin.ModelAdmin[Choice]
    DeliveryInline = admin.TabularInline[Delivery, Notification]
else:
    NotificationModelAdmin = DeliveryModelAdmin = ChoiceModelAdmin = ModelAdmin
    DeliveryInline = TabularInline


class ReadOnly:
    """Rows that the code writes, and nobody by hand."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """They come from `dispatch`."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was told cannot be untold."""
        return False


class Deliveries(ReadOnly, DeliveryInline):
    """A notification's ways."""

    model = Delivery
    fields = ("transport", "status", "attempts", "last_error", "next_try_at", "sent_at")
    can_delete = False
    extra = 0


@admin.register(Notification)
class NotificationAdmin(ReadOnly, NotificationModelAdmin):
    """What was told."""

    list_display = ("created_at", "recipient", "event", "level", "subject", "read_at")
    list_filter = ("level", "event", ("read_at", admin.EmptyFieldListFilter), "created_at")
    list_select_related = ("recipient",)
    search_fields = ("subject", "recipient__username", "recipient__email", "job_id")
    inlines = (Deliveries,)
    show_full_result_count = False


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, DeliveryModelAdmin):
    """How it went."""

    list_display = (
        "notification",
        "recipient",
        "transport",
        "status",
        "attempts",
        "last_error",
        "next_try_at",
    )
    list_filter = ("status", "transport", "next_try_at")
    list_select_related = ("notification__recipient",)
    search_fields = ("notification__subject", "notification__recipient__username", "last_error")
    ordering = ("-id",)
    actions = ("send_again",)
    show_full_result_count = False

    @admin.display(ordering="notification__recipient__username")
    def recipient(self, delivery: Delivery) -> str:
        """To whom."""
        return delivery.notification.recipient.get_username()

    @admin.action(description="Send the selected deliveries again")
    def send_again(self, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
        """Makes them pending anew; those that are pending stay as they are."""
        count = outbox.send_again(deliveries)
        self.message_user(request, f"{count} will be sent again.")


@admin.register(Choice)
class ChoiceAdmin(ChoiceModelAdmin):
    """What people chose."""

    list_display = ("user", "event", "transport", "on")
    list_filter = ("on", "transport", "event")
    list_select_related = ("user",)
    search_fields = ("user__username",)
    readonly_fields = ("user", "event", "transport")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A choice is its owner's."""
        return False
