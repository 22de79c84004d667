from __future__ import annotations

from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7


class Worker(models.Model):
    """A drain that runs, or ran, on some host: its heartbeat and what it has in flight."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    host = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    slot = models.PositiveSmallIntegerField()
    concurrency = models.PositiveIntegerField()
    in_flight = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True, db_index=True)

    class Meta:
        ordering = ("-started_at",)

    def __str__(self) -> str:
        return f"{self.host} #{self.slot} (pid {self.pid})"
