"""How long notifications are kept."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from notifications.models import Notification
from realtime.pruning import Leftovers, Prunable, older_than


def leftovers(now: datetime) -> list[Prunable]:
    """Notifications whose time is over, with their deliveries."""
    before = older_than(settings.NOTIFICATION_RETENTION_DAYS, now)
    if before is None:
        return []
    what = f"notifications older than {settings.NOTIFICATION_RETENTION_DAYS} days"
    return [Leftovers(what, lambda: Notification.objects.filter(created_at__lt=before))]
