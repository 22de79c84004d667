from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from notifications.models.notification import Notification

ERROR_LENGTH = 500


class Delivery(models.Model):
    """A notification's way over one transport. Only `notifications.outbox` moves it on.

    ``next_try_at`` is when a pending delivery may be taken up. Whoever takes it up moves that ahead by
    the time that sending may last, so it is also the claim's fencing token: who comes back later finds
    another value and writes nothing.
    """

    class Status(models.TextChoices):
        """Pending ones are sent, or tried again, when their time has come; the others are at an end."""

        PENDING = "pending"
        SENT = "sent"
        FAILED = "failed"
        SKIPPED = "skipped"

    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    transport = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True, help_text="Why it is not sent.")
    next_try_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notification", "transport"], name="delivery_once_per_transport")
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(status="pending"), name="delivery_due"),
        ]

    def __str__(self) -> str:
        return f"{self.transport} {self.status}"
