from __future__ import annotations

from django.db import models


class Door(models.Model):
    """The way to one model at one endpoint of a provider: its limits, and whether it is open.

    Shared by all workers of all hosts; `jobs.doors` reads and moves it, under a lock. Limits are null where
    there is none. Those named ``learned_…`` are what the service said of itself, and count as long as
    staff set none.

    ``failures`` are those in a row. ``closed_until`` with ``closed_for`` (an error code) is the time before
    which nobody may call; after it one call goes ahead as a probe, until ``probe_until`` at most, and
    decides whether the door opens again. See `jobs.breaker`.

    Those named ``next_…`` are of the call that goes next when the minute is full, and for which so many
    tokens are reserved until then at most. See `jobs.turns`.
    """

    provider = models.CharField(max_length=40)
    endpoint = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=100, blank=True)
    max_running = models.PositiveIntegerField(null=True, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    learned_requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    learned_tokens_per_minute = models.PositiveIntegerField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    closings = models.PositiveIntegerField(default=0)
    closed_until = models.DateTimeField(null=True, blank=True)
    closed_for = models.CharField(max_length=40, blank=True)
    probe_until = models.DateTimeField(null=True, blank=True)
    next_for = models.CharField(max_length=100, blank=True)
    next_rank = models.FloatField(default=0.0)
    next_tokens = models.PositiveIntegerField(default=0)
    next_until = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("provider", "endpoint", "model")
        constraints = [models.UniqueConstraint(fields=["provider", "endpoint", "model"], name="door_once")]

    def __str__(self) -> str:
        return " ".join(part for part in (self.provider, self.endpoint, self.model) if part)
