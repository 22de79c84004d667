"""The notification centre: the list, the bell's popover, the preferences. Works without JavaScript."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractUser
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications import actions, feed
from notifications.models import Notification
from notifications.preferences import choose, switches
from notifications.topics import TOPICS
from realtime.log import position
from realtime.rights import own_stream

PAGE = 30


@require_safe
@never_cache
@login_required
def centre(request: HttpRequest) -> HttpResponse:
    """The person's notifications, newest first."""
    live = position(own_stream(_person(request)))  # before the data: what comes between is told again
    own = Notification.objects.filter(recipient_id=_person(request).pk)
    page = Paginator(own, PAGE).get_page(request.GET.get("page"))
    return render(request, "notifications/centre.html", {"live": live, "page": page})


@require_safe
@never_cache
@login_required
def bell(request: HttpRequest) -> HttpResponse:
    """What the bell shows when it is opened: a fragment, without the page around it."""
    user_id = _person(request).pk
    context = {"latest": feed.latest(user_id), "unread": feed.unread(user_id)}
    return render(request, "notifications/_bell.html", context)


@require_POST
@login_required
def read(request: HttpRequest, pk: int) -> HttpResponse:
    """Marks one as read, and goes where it leads if the button asked to open it."""
    try:
        notification = actions.mark_read(_person(request), pk)
    except Notification.DoesNotExist:
        raise Http404("There is no such notification of yours.") from None
    return redirect(
        notification.link if "open" in request.POST and notification.link else "notifications:centre"
    )


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    """Marks all as read."""
    actions.mark_all_read(_person(request))
    return redirect("notifications:centre")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """What the person is told of, and over which transports."""
    user = _person(request)
    if request.method == "POST":
        _choose_all(request, user)
        messages.success(request, "Your choices are saved.")
        return redirect("notifications:preferences")
    live = position(own_stream(user))
    topics = [(TOPICS[event], transports) for event, transports in switches(user).items()]
    return render(request, "notifications/preferences.html", {"live": live, "topics": topics})


def _choose_all(request: HttpRequest, user: AbstractUser) -> None:
    """Keeps each box of the form that differs from what holds: a browser sends only those with a tick."""
    for event, transports in switches(user).items():
        ticked = request.POST.getlist(event)
        for switch in transports:
            wanted = switch.transport.name in ticked
            if not switch.fixed and wanted != switch.on:
                choose(user, event, switch.transport.name, on=wanted)


def _person(request: HttpRequest) -> AbstractUser:
    return cast("AbstractUser", request.user)
