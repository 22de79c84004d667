"""Pages of jobs: the list, a job with its result, the parts of them that are drawn anew, and the buttons."""

from __future__ import annotations

from collections.abc import Callable
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
from jobs.forms import JobFilter, PriorityForm
from jobs.job_page import job_page
from jobs.models import Job
from jobs.rows import rows
from realtime.pages import here


@never_cache
@login_required
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    """One's jobs, newest first, filtered by status, kind and words."""
    live = here(request)
    chosen = JobFilter(request.GET)
    page = listing.page(chosen.apply(_own(request)), request.GET.get("after", ""))
    older = urlencode({**chosen.chosen, "after": page.after}) if page.after else ""
    context = {"live": live, "filter": chosen, "rows": rows(page.jobs), "older": older}
    return render(request, "jobs/list.html", context)


@never_cache
@login_required
@require_safe
def job(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A job: how far it is, and its result."""
    live = here(request)
    return render(request, "jobs/job.html", {"live": live, "page": job_page(_found(request, pk))})


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
    return _act(request, pk, actions.cancel, "The job is cancelled. What is done so far is kept.")


@login_required
@require_POST
def retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Gives the job another go."""
    return _act(request, pk, actions.retry, "The job goes on where it stopped.")


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
