"""Pages of meetings: those one has, and the form for a new one."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from jobs import listing, pausing, uploads
from jobs.actions import Submission, submit
from jobs.errors import SubmitError
from jobs.models import Job
from jobs.rows import rows
from realtime.pages import here
from shipspeak.meetings.forms import FileForm, TextForm, blame

KIND = "meeting"


@never_cache
@login_required
@require_safe
def meeting_list(request: HttpRequest) -> HttpResponse:
    """One's meetings, newest first."""
    live = here(request)
    own = Job.objects.filter(owner_id=request.user.pk, kind=KIND)
    page = listing.page(own, request.GET.get("after", ""))
    older = urlencode({"after": page.after}) if page.after else ""
    return render(request, "meetings/list.html", {"live": live, "rows": rows(page.jobs), "older": older})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Takes a file or a pasted transcript and starts the analysis."""
    if request.method != "POST":
        return _form_page(request, FileForm(), TextForm())
    if "text" in request.POST:
        return _take_text(request, TextForm(request.POST))
    return _take_file(request, FileForm(request.POST, request.FILES))


def _take_text(request: HttpRequest, form: TextForm) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, FileForm(), form, status=400)
    try:
        reuse = form.cleaned_data["reuse"]
        job = submit(request.user, Submission(KIND, input=form.input, options=form.options, reuse=reuse))
    except SubmitError as error:
        return _form_page(request, FileForm(), form, status=_refused(form, error))
    return redirect("jobs:job", job.pk)


def _take_file(request: HttpRequest, form: FileForm) -> HttpResponse:
    if not form.is_valid():
        return _form_page(request, form, TextForm(), status=400)
    try:
        job = _submit_file(request, form)
    except SubmitError as error:
        return _form_page(request, form, TextForm(), status=_refused(form, error))
    return redirect("jobs:job", job.pk)


def _submit_file(request: HttpRequest, form: FileForm) -> Job:
    """The job on the file; what was taken in for a job that is refused goes again."""
    upload = uploads.take_in(request.user, form.cleaned_data["file"])
    try:
        return submit(request.user, Submission(KIND, upload=upload, reuse=form.cleaned_data["reuse"]))
    except SubmitError:
        upload.file.delete(save=False)
        upload.delete()
        raise


def _refused(form: Form, error: SubmitError) -> int:
    blame(form, error.errors, error.message)
    return error.status


def _form_page(request: HttpRequest, file: FileForm, text: TextForm, status: int = 200) -> HttpResponse:
    live = here(request)
    context = {
        "live": live,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "file": file,
        "text": text,
        "paused": pausing.notice(KIND),
    }
    return render(request, "meetings/new.html", context, status=status)
