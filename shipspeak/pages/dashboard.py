"""The dashboard: a place to drop a file, what is under way, what is done, and the queue at a glance."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.models import Job
from jobs.rows import Row, rows
from jobs.states import ACTIVE, Status
from realtime.pages import here

ACTIVE_SHOWN = 20
RECENT_SHOWN = 6
WAITING = (Status.PENDING, Status.QUEUED, Status.RETRYING)


@never_cache
@login_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Where a person arrives."""
    live = here(request)
    context = {"live": live, "max_bytes": settings.UPLOAD_MAX_BYTES, **_jobs(request.user.pk)}
    return render(request, "pages/dashboard.html", context)


@never_cache
@login_required
@require_safe
def jobs_part(request: HttpRequest) -> HttpResponse:
    """The part of the dashboard that is drawn anew when jobs begin and end."""
    return render(request, "pages/_dashboard_jobs.html", _jobs(request.user.pk))


def _jobs(owner_id: Any) -> dict[str, Any]:
    own = Job.objects.filter(owner_id=owner_id).defer("input")
    recent = own.exclude(status__in=ACTIVE).order_by("-created_at", "-id")[:RECENT_SHOWN]
    return {
        "active": _active(own.filter(status__in=ACTIVE)[:ACTIVE_SHOWN]),
        "recent": rows(recent),
        "glance": _glance(owner_id),
    }


def _active(jobs: Any) -> list[Row]:
    """Those that run before those that wait, and these in the order of the queue."""

    def order(row: Row) -> tuple[bool, int]:
        place = row.job["queue"]
        return row.job["status"] in WAITING, place["position"] if place else 0

    return sorted(rows(jobs), key=order)


def _glance(owner_id: Any) -> dict[str, Any]:
    """How many jobs wait and run, and how many ended well, failed, and what they cost in the last day."""
    day = Q(finished_at__gt=timezone.now() - timedelta(days=1))
    found = Job.objects.filter(Q(status__in=ACTIVE) | day, owner_id=owner_id).aggregate(
        waiting=Count("pk", filter=Q(status__in=WAITING)),
        running=Count("pk", filter=Q(status=Status.PROCESSING)),
        completed=Count("pk", filter=day & Q(status=Status.COMPLETED)),
        failed=Count("pk", filter=day & Q(status=Status.FAILED)),
        spent=Sum("cost_usd", filter=day),
    )
    return {**found, "spent": found["spent"] or Decimal(0)}
