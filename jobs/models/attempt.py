from __future__ import annotations

from django.db import models


class Attempt(models.Model):
    """One execution of a step: when, where, with which provider, what it took and what came of it."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        RELEASED = "released", "Given back"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Worker lost"

    step = models.ForeignKey("jobs.Step", on_delete=models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    worker = models.UUIDField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.RUNNING)
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tokens_in = models.PositiveIntegerField(null=True, blank=True)
    tokens_out = models.PositiveIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_class = models.CharField(max_length=12, blank=True)
    error_message = models.TextField(blank=True)
    error_detail = models.TextField(blank=True)

    class Meta:
        ordering = ("step", "number")
        constraints = [models.UniqueConstraint(fields=["step", "number"], name="attempt_number_once")]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"
