"""What `realtime` is given: the notifications' part of a snapshot, and the command to mark them read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from notifications import actions, feed
from notifications.models import Notification
from realtime import commands, snapshots


def register() -> None:
    """Called once, when the app is ready."""
    snapshots.register("user:", "notifications", feed.snapshot)
    commands.register("notification.read", read)


def read(user: AbstractBaseUser, data: Mapping[str, Any]) -> dict[str, Any]:
    """The command ``notification.read``, of one: ``{"id": 12}``, or of all: ``{"all": true}``.

    Its answer: ``unread``, the count that is left. Raises `realtime.commands.Refused`.
    """
    match dict(data):
        case {"all": True, **rest} if not rest:
            actions.mark_all_read(user)
        case {"id": int(notification_id), **rest} if not rest and notification_id is not True:
            _read_one(user, notification_id)
        case _:
            raise commands.Refused("invalid", 'Say which: {"id": number}, or {"all": true} for all of them.')
    return {"unread": feed.unread(user.pk)}


def _read_one(user: AbstractBaseUser, notification_id: int) -> None:
    try:
        actions.mark_read(user, notification_id)
    except Notification.DoesNotExist:
        raise commands.Refused("not_found", "There is no such notification of yours.") from None
