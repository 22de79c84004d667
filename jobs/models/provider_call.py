from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone


def keep_figures(collector: Any, field: Any, calls: Any, using: str) -> None:
    """What becomes of the calls of a deleted step: their figures stay, what was answered goes."""
    collector.add_field_update(field, None, calls)
    collector.add_field_update(ProviderCall._meta.get_field("answer"), None, calls)


class ProviderCall(models.Model):
    """One request to a provider, from before it goes out until what came of it is stored.

    It is reservation, window, ledger and answer in one row, so that a crash leaks nothing:

    * while ``outcome`` is running it holds one of the provider's places, ``tokens_reserved`` of its minute
      and ``usd_reserved`` of the budgets;
    * what was answered is in ``answer`` before anything is done with it. A step that is resumed finds the
      answer of the same provider to the same request by ``fingerprint``; but not one that was ``rejected``
      because it did not fit what was asked for;
    * one that is ``shared`` travels in the request of another, which alone counts as a request;
    * a call that nobody knows the end of (lost, cancelled, cut) goes on counting with what it reserved,
      because it may have to be paid.

    ``step`` and ``answer`` are null once the job was deleted: what was spent stays spent.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Worker lost"

    step = models.ForeignKey("jobs.Step", null=True, on_delete=keep_figures, related_name="calls")
    attempt = models.PositiveIntegerField()
    owner_id = models.BigIntegerField()
    task = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    provider = models.CharField(max_length=40)
    endpoint = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=100, blank=True)
    shared = models.BooleanField(default=False)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    error_code = models.CharField(max_length=40, blank=True)
    tokens_reserved = models.PositiveIntegerField(default=0)
    usd_reserved = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    tokens_in = models.PositiveIntegerField(null=True, blank=True)
    tokens_out = models.PositiveIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    answer = models.JSONField(null=True, blank=True)
    rejected = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        indexes = [
            models.Index(fields=["step", "fingerprint"], name="provider_call_found"),
            models.Index(fields=["provider", "endpoint", "model", "started_at"], name="provider_call_window"),
            models.Index(fields=["owner_id", "started_at"], name="provider_call_budget"),
            models.Index(fields=["started_at"], name="provider_call_day"),
            models.Index(
                fields=["finished_at"],
                condition=models.Q(finished_at__isnull=False),
                name="provider_call_ended",
            ),
            models.Index(
                fields=["provider", "endpoint", "model"],
                condition=models.Q(outcome="running"),
                name="provider_call_running",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task}: {self.outcome}"
