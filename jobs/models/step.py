from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import models

from jobs.states import Priority, Status


class StepQuerySet(models.QuerySet["Step"]):
    """Steps, as the engine asks for them."""

    def of_jobs(self, job_ids: Iterable[UUID]) -> dict[UUID, list[Step]]:
        """By job id, the steps of each of these jobs in their order, without outputs. One query."""
        steps: dict[UUID, list[Step]] = {job_id: [] for job_id in job_ids}
        if steps:
            for step in self.filter(job_id__in=steps).defer("output", "item").order_by("position", "index"):
                steps[step.job_id].append(step)
        return steps


class Step(models.Model):
    """A node of a job's graph, and the unit that the queue hands out.

    ``attempts`` counts the claims; its value at the claim is the fencing token of that attempt.
    ``failures`` counts those that went wrong with the present provider, which is what retries count.
    ``rank`` orders the queue: the smallest goes first. ``predicted_seconds`` is how long it should take,
    and ``predicted_p90`` how long it takes at most nine times in ten.
    ``tolerates`` are those of ``depends_on`` that may fail. ``asks`` says that it needs a provider.

    A step may go through a list: ``over`` names the step that gives it. Then there is one more row for each
    ``item``, numbered from 1 by ``index``; ``part_of`` is the name of the step that it is an item of. The
    step itself waits for its items and gathers their outputs. They may fail if its own name is among what it
    ``tolerates``.
    """

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="steps")
    owner_id = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    title = models.CharField(max_length=120)
    position = models.PositiveSmallIntegerField()
    index = models.PositiveIntegerField(default=0)
    part_of = models.CharField(max_length=64, blank=True)
    over = models.CharField(max_length=64, blank=True)
    item = models.JSONField(null=True, blank=True)
    depends_on = models.JSONField(default=list)
    tolerates = models.JSONField(default=list, blank=True)
    optional = models.BooleanField(default=False)
    asks = models.BooleanField(default=False)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    rank = models.FloatField(default=0.0)
    predicted_seconds = models.FloatField(default=1.0)
    predicted_p90 = models.FloatField(default=1.0)
    progress = models.FloatField(default=0.0)
    stage = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0)
    provider_index = models.PositiveSmallIntegerField(default=0)
    worker = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    available_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=100, blank=True)
    tokens_in = models.PositiveIntegerField(null=True, blank=True)
    tokens_out = models.PositiveIntegerField(null=True, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    quality = models.JSONField(default=dict, blank=True)
    degraded = models.BooleanField(default=False)
    output = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    error_retryable = models.BooleanField(default=False)

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("job", "position", "index")
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="step_name_once_a_job")]
        indexes = [
            models.Index(fields=["rank", "id"], condition=models.Q(status="queued"), name="step_queue"),
            models.Index(
                fields=["available_at"],
                condition=models.Q(status__in=["retrying", "pending"], available_at__isnull=False),
                name="step_due",
            ),
            models.Index(fields=["lease_until"], condition=models.Q(status="processing"), name="step_leases"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.status})"
