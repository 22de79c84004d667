from __future__ import annotations

from django.conf import settings
from django.db import models


class KindPolicy(models.Model):
    """What operators decided about a kind; the row of kind "" is about the whole queue.

    While it is paused nothing of it is claimed. What runs goes on, unless ``stop_running``: then it is given
    back to the queue. ``refuse_new`` also refuses new jobs.
    """

    kind = models.CharField(max_length=64, unique=True, blank=True)
    max_running = models.PositiveIntegerField(null=True, blank=True)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    stop_running = models.BooleanField(default=False)
    refuse_new = models.BooleanField(default=False)

    class Meta:
        ordering = ("kind",)
        verbose_name_plural = "kind policies"

    def __str__(self) -> str:
        return self.kind or "the whole queue"
