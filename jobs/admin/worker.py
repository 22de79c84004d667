"""Workers in the admin."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.contrib import admin
from django.utils import timezone

from jobs.admin.looking import LookingAdmin
from jobs.models import Worker


@admin.register(Worker)
class WorkerAdmin(LookingAdmin):
    """Workers that run, and that ran."""

    list_display = ("__str__", "alive", "in_flight", "concurrency", "started_at", "seen_at", "ended_at")
    list_filter = (("ended_at", admin.EmptyFieldListFilter), "started_at")
    search_fields = ("host",)
    when_empty = "Start workers with `manage.py up`; each is listed here as soon as it runs."

    @admin.display(boolean=True)
    def alive(self, worker: Worker) -> bool:
        """Whether it beat lately."""
        silence = timedelta(seconds=2.5 * settings.WORKER_HEARTBEAT_INTERVAL)
        return worker.ended_at is None and worker.seen_at > timezone.now() - silence
