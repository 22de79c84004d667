from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7


class ResultContent(models.Model):
    """What one job or more came to; those that use the result of an earlier job share its content."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data = models.JSONField()

    def __str__(self) -> str:
        return str(self.id)


class JobResult(models.Model):
    """What a job came to: its last step's output, in a table of its own so that lists stay light."""

    job = models.OneToOneField(
        "jobs.Job", primary_key=True, on_delete=models.CASCADE, related_name="result_row"
    )
    content = models.ForeignKey(ResultContent, on_delete=models.PROTECT, related_name="results")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.job_id)

    @property
    def data(self) -> Any:
        """The content's data."""
        return self.content.data
