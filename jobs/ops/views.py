"""The operations page and its handles. Staff only: others find nothing here."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from jobs import gate, pausing, requeueing
from jobs.errors import UnknownKind
from jobs.kinds import registry
from jobs.models import Door
from jobs.ops import outlook, page
from jobs.ops.forms import PauseForm, RequeueForm

MOST_REQUEUED = 1000
"""How many jobs one press requeues, so that it is answered in time."""

View = Callable[..., HttpResponse]


def for_staff(view: View) -> View:
    """Who is not signed in is asked to; who is not staff gets 404."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return login_required(never_cache(guarded))


@for_staff
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """The whole engine at a glance."""
    return render(
        request,
        "jobs/ops/overview.html",
        {"now": page.look(), "outlook": outlook.kept(), "names": outlook.NAMES, "pause": PauseForm()},
    )


@for_staff
@require_safe
def now_part(request: HttpRequest) -> HttpResponse:
    """The part of the page that says how things are, drawn anew every few seconds."""
    return render(request, "jobs/ops/_now.html", {"now": page.look()})


@for_staff
@require_safe
def outlook_part(request: HttpRequest) -> HttpResponse:
    """The part of the page that says what to expect."""
    return render(request, "jobs/ops/_outlook.html", {"outlook": outlook.look(), "names": outlook.NAMES})


@for_staff
@require_safe
def outlook_page(request: HttpRequest) -> HttpResponse:
    """The same as a page of its own, for browsers without scripts."""
    return render(request, "jobs/ops/outlook.html", {"outlook": outlook.look(), "names": outlook.NAMES})


@for_staff
@require_POST
def pause(request: HttpRequest) -> HttpResponse:
    """Claims nothing more of a kind, or at all."""
    form = PauseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose one of the kinds in the list, or the whole queue.")
        return redirect("ops:overview")
    asked = form.cleaned_data
    pausing.pause(
        asked["kind"], by=request.user, stop_running=asked["stop_running"], refuse_new=asked["refuse_new"]
    )
    messages.success(request, f"{_called(asked['kind'])} is paused. What waits keeps its place.")
    return _done()


@for_staff
@require_POST
def resume(request: HttpRequest) -> HttpResponse:
    """Lets a kind, or the queue, go on."""
    kind = request.POST.get("kind", "")
    try:
        was_paused = pausing.resume(kind)
    except UnknownKind as error:
        messages.error(request, error.message)
        return _done()
    messages.success(
        request, f"{_called(kind)} goes on." if was_paused else f"{_called(kind)} was not paused any more."
    )
    return _done()


@for_staff
@require_POST
def open_door(request: HttpRequest, pk: int) -> HttpResponse:
    """Lets calls through a door again, and forgets its failures."""
    door = get_object_or_404(Door, pk=pk)
    gate.open_doors(Door.objects.filter(pk=door.pk))
    messages.success(request, f"The door to {door} is open. Waiting steps go on within a second.")
    return _done()


@for_staff
def requeue(request: HttpRequest) -> HttpResponse:
    """First what would be requeued, which is a dry run; then, when it is posted, doing it."""
    form = RequeueForm(request.POST if request.method == "POST" else request.GET)
    if not form.is_valid():
        return render(request, "jobs/ops/requeue.html", {"form": form}, status=400)
    jobs = form.chosen().rows()
    found = requeueing.foresee(jobs)
    heaps, count = found.heaps, found.count
    if request.method == "POST":
        return _requeued(request, form, sum(requeueing.requeue(jobs, MOST_REQUEUED)), count)
    context = {"form": form, "heaps": heaps, "count": count, "most": MOST_REQUEUED}
    return render(request, "jobs/ops/requeue.html", context)


def _requeued(request: HttpRequest, form: RequeueForm, requeued: int, found: int) -> HttpResponse:
    jobs = "1 job is" if requeued == 1 else f"{requeued:,} jobs are"
    messages.success(request, f"{jobs} back in the queue, to carry on where they stopped.")
    outlook.forget()
    if found > MOST_REQUEUED:
        messages.info(request, f"One press takes {MOST_REQUEUED:,}. Press again for the rest.")
        query = urlencode({name: value for name, value in form.cleaned_data.items() if value})
        response = redirect("ops:requeue")
        response["Location"] += f"?{query}"
        return response
    return redirect("ops:overview")


def _called(kind: str) -> str:
    if not kind:
        return "The queue"
    return f"“{registry.get(kind).title if kind in registry else kind}”"


def _done() -> HttpResponse:
    outlook.forget()
    return redirect("ops:overview")
