"""Pages of repeated jobs: those one has, their switches, and having a job repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jobs import cron, schedules
from jobs.errors import SubmitError
from jobs.forms import RepeatForm
from jobs.job_page import job_page
from jobs.models import Job, Schedule
from jobs.schedules import Wish
from realtime.pages import here

SHOWN = 3
"""How many of its next times are shown."""


@dataclass(frozen=True, slots=True)
class Row:
    """A schedule, its rhythm in words, and its next times as they read where it counts."""

    schedule: Schedule
    words: str
    times: list[str]


@never_cache
@login_required
@require_safe
def schedule_list(request: HttpRequest) -> HttpResponse:
    """What is repeated for one."""
    live = here(request)
    rows = [_row(one) for one in Schedule.objects.filter(owner_id=request.user.pk)]
    return render(request, "schedules/list.html", {"live": live, "rows": rows})


@login_required
@require_POST
def repeat(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Has a job of one's own repeated."""
    job = get_object_or_404(Job, pk=pk, owner_id=request.user.pk)
    form = RepeatForm(request.POST)
    if form.is_valid() and _repeated(request, job, form):
        return redirect("schedules:list")
    context = {"live": here(request), "page": job_page(job), "repeat": form}
    return render(request, "jobs/job.html", context, status=400)


@login_required
@require_POST
def switch(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Switches a schedule on or off."""
    found, on = _own(request, pk), request.POST.get("on") == "1"
    try:
        schedules.change(found, enabled=on)
    except SubmitError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"“{found.title}” is switched {'on' if on else 'off'}.")
    return redirect("schedules:list")


@login_required
@require_POST
def delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ends a schedule; the jobs that it submitted stay."""
    found = _own(request, pk)
    found.delete()
    messages.success(request, f"“{found.title}” is not repeated any more. Its jobs stay.")
    return redirect("schedules:list")


def _repeated(request: HttpRequest, job: Job, form: RepeatForm) -> bool:
    """Whether the schedule was made; what is wrong stands in the form then."""
    chosen = form.cleaned_data
    wish = Wish(
        schedules.repeated(job), form.expression, chosen["timezone"], job.title, missed=chosen["missed"]
    )
    try:
        made = schedules.create(request.user, wish)
    except SubmitError as error:
        form.blame(error)
        return False
    messages.success(request, f"“{made.title}” is repeated from now on.")
    return True


def _own(request: HttpRequest, pk: UUID) -> Schedule:
    return get_object_or_404(Schedule, pk=pk, owner_id=request.user.pk)


def _row(schedule: Schedule) -> Row:
    times = []
    zone = ZoneInfo(schedule.timezone) if schedule.timezone in cron.zones() else UTC
    for moment in schedules.next_times(schedule, SHOWN):
        local = moment.astimezone(zone)
        times.append(f"{local:%a} {local.day} {local:%b %Y, %H:%M}")
    return Row(schedule, cron.explained(schedule.cron), times)
