from __future__ import annotations

from django.db import models
from django.utils import timezone


class ProviderCall(models.Model):
    """A provider's answer, stored before anything is done with it, so that it is never paid twice.

    A step that is resumed finds the answer of the same provider to the same request here, by
    ``fingerprint``; but not one that was ``rejected`` because it did not fit what was asked for.
    """

    step = models.ForeignKey("jobs.Step", on_delete=models.CASCADE, related_name="calls")
    attempt = models.PositiveIntegerField()
    task = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField()
    rejected = models.BooleanField(default=False)
    seconds = models.FloatField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("step", "id")
        indexes = [models.Index(fields=["step", "fingerprint"], name="provider_call_found")]

    def __str__(self) -> str:
        return self.task
