from __future__ import annotations

from django.db import models
from django.utils import timezone


class JobResult(models.Model):
    """What a job came to: its last step's output, in a table of its own so that lists stay light."""

    job = models.OneToOneField(
        "jobs.Job", primary_key=True, on_delete=models.CASCADE, related_name="result_row"
    )
    data = models.JSONField()
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return str(self.job_id)
