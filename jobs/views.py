"""Pages of jobs: the list, a job with its result, the parts of them that are drawn anew, and the buttons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jobs import actions, listing
from jobs.errors import JobError
from jobs.forms import JobFilter, PriorityForm, RepeatForm
from jobs.job_page import job_page
from jobs.models import Job
from jobs.rows import rows
from realtime.pages import here


@never_cache
@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """One's jobs, newest first, filtered by status, kind and words."""
    return render(request, "jobs/list.html", {"live": here(request), **_page(request)})


@never_cache
@login_required
@require_safe
def rows_part(request: HttpRequest) -> HttpResponse:
    """The jobs of the list, which are drawn anew when jobs begin and end."""
    return render(request, "jobs/_page.html", _page(request))


@never_cache
@login_required
@require_safe
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A job: how far it is, and its result."""
    live = here(request)
    page = job_page(_found(request, pk))
    return render(request, "jobs/job.html", {"live": live, "page": page, "repeat": RepeatForm()})


@never_cache
@login_required
@require_safe
def view_part(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The part of the job page that follows the job."""
    return render(request, "jobs/_job_view.html", {"page": job_page(_found(request, pk))})


@never_cache
@login_required
@require_safe
def card_part(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A job's card in a list."""
    (row,) = rows([_found(request, pk)])
    return render(request, "jobs/_job_card.html", {"row": row})


@login_required
@require_POST
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Stops the job."""
    return _act(request, pk, actions.cancel, "The job is cancelled. What was done so far is kept.")


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives the job another go."""
    return _act(request, pk, actions.retry, "The job carries on where it stopped.")


@login_required
@require_POST
def priority(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives the job another head start in the queue."""
    form = PriorityForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the priorities in the list.")
        return redirect("jobs:job", pk)
    chosen = form.cleaned_data["priority"]
    return _act(
        request, pk, lambda job: actions.reprioritise(job, chosen), f"The job’s priority is {chosen} now."
    )


def _page(request: HttpRequest) -> dict[str, Any]:
    """The part of one's jobs that a list shows, by the filter and the cursor in the address."""
    chosen, after = JobFilter(request.GET), request.GET.get("after", "")
    page = listing.page(chosen.apply(_own(request)), after)
    older = urlencode({**chosen.chosen, "after": page.after}) if page.after else ""
    return {"filter": chosen, "rows": rows(page.jobs), "older": older, "first": not after}


def _own(request: HttpRequest) -> QuerySet[Job]:
    return Job.objects.filter(owner_id=request.user.pk)


def _found(request: HttpRequest, pk: UUID) -> Job:
    return get_object_or_404(_own(request).defer("input"), pk=pk)


def _act(request: HttpRequest, pk: UUID, action: Callable[[Job], Job], done: str) -> HttpResponse:
    try:
        action(_found(request, pk))
    except JobError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, done)
    return redirect("jobs:job", pk)
