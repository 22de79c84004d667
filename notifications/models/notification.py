from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

SUBJECT_LENGTH = 200
BODY_LENGTH = 2_000
LINK_LENGTH = 500


class Level(models.TextChoices):
    """How good or bad the news is."""

    INFO = "info"
    SUCCESS = "success"
    WARNING = "warning"
    ERROR = "error"


class Notification(models.Model):
    """Something that one person is told. Written by `notifications.dispatch`, read in the in-app centre.

    ``job_id`` names a job without a foreign key: this layer does not know jobs.
    """

    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications", db_index=False
    )
    event = models.CharField(max_length=100, help_text='What happened, such as "job.completed".')
    level = models.CharField(max_length=10, choices=Level, default=Level.INFO)
    subject = models.CharField(max_length=SUBJECT_LENGTH)
    body = models.TextField(blank=True, max_length=BODY_LENGTH)
    link = models.CharField(max_length=LINK_LENGTH, blank=True, help_text="A path on this site.")
    job_id = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["recipient", "-id"], name="notification_newest"),
            models.Index(fields=["recipient"], condition=Q(read_at=None), name="notification_unread"),
        ]

    def __str__(self) -> str:
        return self.subject
