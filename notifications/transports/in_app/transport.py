"""In the app: the bell, the list, and open pages as it happens."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractUser
from django.db import transaction

from notifications import feed
from notifications.models import Delivery


@dataclass(frozen=True, slots=True)
class InApp:
    """The notification's row is the delivery."""

    name: str = "in_app"
    title: str = "In the app"
    optional: bool = False
    immediate: bool = True

    def reachable(self, user: AbstractUser) -> str | None:
        """Everybody is."""
        return None

    def send(self, delivery: Delivery) -> None:
        """Tells the person's open pages of it again. They know it by its id."""
        with transaction.atomic():
            feed.hold([delivery.notification.recipient_id])
            feed.tell_created([delivery.notification])


TRANSPORT = InApp()
