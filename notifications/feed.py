"""A person's notifications as others see them: in events, in the snapshot, in the API.

``unread`` in events is the whole count, never a difference, so an event may be applied twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from notifications.models import Notification
from realtime.log import NewEvent, publish_many
from realtime.models import Stream

LATEST = 10
"""How many notifications the snapshot and the bell show."""


def notification_data(notification: Notification) -> dict[str, Any]:
    """The notification object."""
    return {
        "id": notification.pk,
        "event": notification.event,
        "level": notification.level,
        "subject": notification.subject,
        "body": notification.body,
        "link": notification.link,
        "job": None if notification.job_id is None else str(notification.job_id),
        "created_at": _moment(notification.created_at),
        "read_at": _moment(notification.read_at),
    }


def latest(user_id: int) -> Sequence[Notification]:
    """The newest `LATEST` notifications of a person, newest first."""
    return list(Notification.objects.filter(recipient_id=user_id)[:LATEST])


def unread(user_id: int) -> int:
    """How many notifications a person has not read."""
    return Notification.objects.filter(recipient_id=user_id, read_at=None).count()


def tell_created(notifications: Iterable[Notification]) -> None:
    """Publishes ``notification.created`` for each, to its recipient. Inside a transaction.

    Its data: ``notification``, the object, and ``unread``, the person's count.
    """
    told = list(notifications)
    counts = _counts({each.recipient_id for each in told})
    publish_many(
        NewEvent(
            stream(each.recipient_id),
            "notification.created",
            {"notification": notification_data(each), "unread": counts.get(each.recipient_id, 0)},
        )
        for each in told
    )


def tell_read(user_id: int, **which: int) -> None:
    """Publishes ``notification.read``. Inside a transaction.

    Its data: ``id`` of the one that was read, or ``up_to``, the newest id when all up to it were; and
    ``unread``, the person's count.
    """
    publish_many([NewEvent(stream(user_id), "notification.read", {**which, "unread": unread(user_id)})])


def hold(user_ids: Collection[int]) -> None:
    """Lets no other transaction publish to these persons' streams until this one ends.

    Whoever changes notifications does this first: else two who count at the same time each miss the
    other's change, and the count told last is wrong. SQLite has one writer at a time anyway.
    """
    if connection.features.has_select_for_update:
        names = [stream(user_id) for user_id in user_ids]
        list(Stream.objects.select_for_update().filter(name__in=names).order_by("name").values_list("pk"))


def stream(user_id: int) -> str:
    """The name of the stream on which a person is told."""
    return f"user:{user_id}"


def snapshot(stream_name: str) -> dict[str, Any]:
    """The notifications' part of a person's snapshot."""
    user_id = int(stream_name.partition(":")[2])
    return {
        "unread": unread(user_id),
        "latest": [notification_data(notification) for notification in latest(user_id)],
    }


def _counts(user_ids: Collection[int]) -> dict[int, int]:
    rows = Notification.objects.filter(recipient_id__in=user_ids, read_at=None).order_by()
    return dict(rows.values_list("recipient_id").annotate(Count("pk")))


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
