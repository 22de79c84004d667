from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7


class IdempotentRequest(models.Model):
    """A POST that carried an ``Idempotency-Key``, and its answer once there is one.

    ``fingerprint`` is the SHA-256 of what was posted. ``claimed_at`` is when somebody last began to work
    on it; ``status`` stays null until they are done. ``trace_id`` is that of the first try. ``work`` is the
    id of what the request makes, a job or a batch, so that it is found again if its process dies.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    trace_id = models.CharField(max_length=64)
    work = models.UUIDField(null=True, default=uuid7)
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "path", "key"], name="idempotent_request_once")
        ]
        indexes = [models.Index(fields=["user", "created_at"], name="idempotent_request_age")]

    def __str__(self) -> str:
        return f"{self.path}: {self.key}"
