from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.utils import timezone

from jobs.identifiers import uuid7
from jobs.states import Priority, Status


class Job(models.Model):
    """One person's request to run a kind. Only `jobs.transitions` writes its status.

    ``tags`` holds the owner's words for it as ``|one|two|``, so that one LIKE finds a word; use
    `tag_list`. ``depends_on`` are the ids of the jobs that it waits for, as they were asked for; the rows of
    `JobDependency` tell which of them are still there. ``size`` is that of its input, in bytes.
    ``start_tag`` is where its service starts in virtual time, see `jobs.ranking`. ``cache_key`` tells what
    its result depends on, see `jobs.result_cache`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=64)
    kind_version = models.PositiveSmallIntegerField(default=1)
    title = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    priority = models.SmallIntegerField(choices=Priority, default=Priority.NORMAL)
    input = models.JSONField(default=dict)
    options = models.JSONField(default=dict, blank=True)
    upload = models.ForeignKey("jobs.Upload", null=True, blank=True, on_delete=models.SET_NULL)
    filename = models.CharField(max_length=255, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    start_tag = models.FloatField(default=0.0)
    run_at = models.DateTimeField(null=True, blank=True)
    depends_on = models.JSONField(default=list, blank=True)
    schedule = models.ForeignKey(
        "jobs.Schedule", null=True, blank=True, on_delete=models.SET_NULL, related_name="jobs"
    )
    cache_key = models.CharField(max_length=64, blank=True)
    reused_from = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    progress = models.FloatField(default=0.0)
    stage = models.CharField(max_length=200, blank=True)
    cost_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    cost_estimate_usd = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    quality = models.JSONField(default=dict, blank=True)
    degraded = models.BooleanField(default=False)
    cached = models.BooleanField(default=False)
    offline = models.BooleanField(default=False)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.TextField(blank=True)
    error_retryable = models.BooleanField(default=False)
    error_recovery = models.JSONField(default=list, blank=True)
    tags = models.CharField(max_length=500, blank=True)
    batch = models.UUIDField(null=True, blank=True, db_index=True)
    trace_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")
        indexes = [
            models.Index(fields=["owner", "-created_at", "-id"], name="job_owner_newest"),
            models.Index(fields=["owner", "status"], name="job_owner_status"),
            models.Index(fields=["status", "kind"], name="job_status_kind"),
            models.Index(
                fields=["finished_at"], condition=models.Q(finished_at__isnull=False), name="job_ended"
            ),
            models.Index(
                fields=["owner", "cache_key"],
                condition=models.Q(status="completed") & ~models.Q(cache_key=""),
                name="job_cached_result",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.status})"

    @property
    def tag_list(self) -> list[str]:
        """The owner's words for this job, in the order given."""
        return [tag for tag in self.tags.split("|") if tag]

    @staticmethod
    def joined(tags: Iterable[str]) -> str:
        """``tags`` as they are kept."""
        return "".join(f"|{tag}" for tag in tags) + "|" if tags else ""
