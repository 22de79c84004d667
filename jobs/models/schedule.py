from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from jobs.identifiers import uuid7
from jobs.states import Priority


class Schedule(models.Model):
    """A job that is submitted again and again, by a cron expression in a time zone.

    ``missed`` says what happens to the times that went by while nothing ran. ``next_at`` is null while it
    is switched off.
    """

    class Missed(models.TextChoices):
        SKIP = "skip", "Skip them"
        ONCE = "once", "Run once for all of them"
        ALL = "all", "Run once for each"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="schedules")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=64)
    input = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    upload = models.ForeignKey("jobs.Upload", null=True, blank=True, on_delete=models.SET_NULL)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    tags = models.CharField(max_length=500, blank=True)
    cron = models.CharField(max_length=100)
    timezone = models.CharField(max_length=64, default="UTC")
    missed = models.CharField(max_length=4, choices=Missed, default=Missed.ONCE)
    enabled = models.BooleanField(default=True)
    next_at = models.DateTimeField(null=True, blank=True)
    last_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ("title", "id")
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(enabled=True), name="schedule_due"),
        ]

    def __str__(self) -> str:
        return self.title
