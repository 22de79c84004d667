from __future__ import annotations

from django.db import models


class Attempt(models.Model):
    """One execution of a step: when, where, with which provider, what it took and what came of it.

    ``kind``, ``name`` and ``size`` repeat what it was an attempt of (kind and step, without the number of
    an item) and how large the job's input was in bytes, so that predictions read this table alone;
    ``queued_at`` repeats since when the step had been in the queue, which a later attempt overwrites there.
    """

    class Outcome(models.TextChoices):
        RUNNING = "running", "Running"
        SUCCEEDED = "succeeded", "Succeeded"
        FAILED = "failed", "Failed"
        RELEASED = "released", "Given back"
        CANCELLED = "cancelled", "Cancelled"
        LOST = "lost", "Worker lost"

    step = models.ForeignKey("jobs.Step", on_delete=models.CASCADE, related_name="history")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=64, default="")
    name = models.CharField(max_length=64, default="")
    size = models.PositiveBigIntegerField(default=0)
    worker = models.UUIDField()
    queued_at = models.DateTimeField(null=True, blank=True)
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
        indexes = [
            models.Index(
                fields=["kind", "name", "-id"],
                condition=models.Q(outcome="succeeded"),
                name="attempt_succeeded",
            ),
            models.Index(fields=["started_at"], name="attempt_started"),
            models.Index(
                fields=["finished_at"], condition=models.Q(finished_at__isnull=False), name="attempt_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.outcome}"
