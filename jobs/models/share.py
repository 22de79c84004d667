from __future__ import annotations

from django.conf import settings
from django.db import models


class Share(models.Model):
    """How much of the queue a person has asked for so far: the finish tag of their last queued job.

    In slot-seconds of virtual time; see `jobs.ranking`. Without a tier, they have the weight 1.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    tier = models.ForeignKey(
        "jobs.Tier", null=True, blank=True, on_delete=models.SET_NULL, related_name="shares"
    )
    finish_tag = models.FloatField(default=0.0)

    class Meta:
        verbose_name = "person's share"
        verbose_name_plural = "people's shares"

    def __str__(self) -> str:
        return f"{self.user_id}: {self.finish_tag:g}"


class QueueClock(models.Model):
    """The queue's virtual time: one row, holding the largest start tag that was ever claimed."""

    virtual_time = models.FloatField(default=0.0)

    def __str__(self) -> str:
        return f"{self.virtual_time:g}"
