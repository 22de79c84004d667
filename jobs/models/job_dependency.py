from __future__ import annotations

from django.db import models


class JobDependency(models.Model):
    """A job that waits until another is over; ``on_failure`` says what becomes of it if that went wrong."""

    class OnFailure(models.TextChoices):
        FAIL = "fail", "Fail as well"
        CONTINUE = "continue", "Run all the same"

    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="needs")
    needed = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="needed_by")
    on_failure = models.CharField(max_length=10, choices=OnFailure, default=OnFailure.FAIL)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "needed"], name="job_dependency_once")]

    def __str__(self) -> str:
        return f"{self.job_id} needs {self.needed_id}"
