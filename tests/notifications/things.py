"""What tests of the notifications share: telling people, a transport that does as it is told, the outbox."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import OrmQ

from notifications import outbox
from notifications.dispatch import Notice, notify_many
from notifications.models import Delivery, Notification
from notifications.transports.contract import TransportError
from realtime.models import Event
from shipspeak.accounts.models import User


def notice(user: User, event: str = "job.completed", **fields: Any) -> Notice:
    """Something to tell ``user``."""
    wording = {"subject": "Standup is ready", "body": "Read it.", "link": "/jobs/1/", "level": "success"}
    return Notice(user.pk, event, **(wording | fields))


def tell(user: User, event: str = "job.completed", **fields: Any) -> Notification:
    """Tells ``user`` something, and gives the row."""
    notify_many([notice(user, event, **fields)])
    return Notification.objects.filter(recipient=user).latest("id")


def email_of(notification: Notification) -> Delivery:
    """The notification's way by email."""
    return Delivery.objects.get(notification=notification, transport="email")


def events(user: User) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of all events in the person's stream."""
    frames = (
        Event.objects.filter(stream__name=f"user:{user.pk}").order_by("seq").values_list("frame", flat=True)
    )
    return [(frame["name"], frame["data"]) for frame in map(json.loads, frames)]


def runs_asked_for() -> int:
    """How many runs of the outbox wait in django-q2's queue."""
    return sum(row.task["func"] == outbox.TASK for row in OrmQ.objects.all())


def hurry() -> None:
    """Lets the time of everything pending come."""
    Delivery.objects.filter(status="pending").update(next_try_at=timezone.now() - timedelta(seconds=1))


class Post:
    """A transport that notes what it is given, and fails as it is told: ``post.errors`` come first."""

    name = "email"
    title = "By post"
    optional = True
    immediate = False

    def __init__(self) -> None:
        self.sent: list[int] = []
        self.calls = 0
        self.errors: list[Exception] = []
        self.obstacle: str | None = None
        self.during: Callable[[Delivery], None] = lambda delivery: None

    def reachable(self, user: Any) -> str | None:
        return self.obstacle

    def send(self, delivery: Delivery) -> None:
        self.calls += 1
        self.during(delivery)
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append(delivery.pk)


def transient() -> TransportError:
    return TransportError("The post is on strike.")


def permanent() -> TransportError:
    return TransportError("There is no such house.", permanent=True)
