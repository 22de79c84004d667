"""What people do with their notifications. What pages, API and commands call."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from notifications import feed
from notifications.models import Notification


def mark_read(user: AbstractBaseUser, notification_id: int) -> Notification:
    """Marks one of the person's notifications as read, and tells their open pages. Twice is once.

    Raises:
        Notification.DoesNotExist: there is none, or it is another's.
    """
    with transaction.atomic():
        feed.hold([user.pk])
        own = Notification.objects.filter(pk=notification_id, recipient_id=user.pk)
        if own.filter(read_at=None).update(read_at=timezone.now()):
            feed.tell_read(user.pk, id=notification_id)
        return own.get()


def mark_all_read(user: AbstractBaseUser) -> int:
    """Marks all of the person's notifications as read, and says how many were not."""
    with transaction.atomic():
        feed.hold([user.pk])
        unread = Notification.objects.filter(recipient_id=user.pk, read_at=None)
        newest = unread.values_list("pk", flat=True).first()
        if newest is None:
            return 0
        count = unread.filter(pk__lte=newest).update(read_at=timezone.now())
        feed.tell_read(user.pk, up_to=newest)
        return count
