"""The settings page: a person's budget, their API keys, and the way to their password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from jobs import budgets
from realtime.pages import here
from shipspeak.accounts import api_keys
from shipspeak.accounts.models import ApiKey, User
from shipspeak.pages.forms import KeyForm

NEW_KEY = "new_api_key"
"""Where a session holds the name and the key of one that was made and not yet shown."""


@never_cache
@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """One's keys, and a form for a new one. A key that was just made is shown, this once."""
    new_key = request.session.pop(NEW_KEY, None) if request.method == "GET" else None
    return _page(request, KeyForm(), new_key=new_key)


@sensitive_variables("key")
@never_cache
@login_required
@require_POST
def make_key(request: HttpRequest) -> HttpResponse:
    """Makes a key and leads on to the page that shows it, so that loading that again makes no second one.

    Until then the key is kept in the session, from which the page takes it.
    """
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=400)
    asked = form.cleaned_data
    row, key = api_keys.issue(_person(request), asked["name"], asked["scopes"])
    request.session[NEW_KEY] = {"name": row.name, "key": key}
    return redirect("pages:settings")


@login_required
@require_POST
def revoke_key(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes a key back."""
    if api_keys.revoke(_person(request), pk):
        messages.success(request, "The key is revoked. Nobody can use it any more.")
    else:
        messages.error(request, "There is no such key of yours, or it was revoked before.")
    return redirect("pages:settings")


def _page(
    request: HttpRequest,
    form: KeyForm,
    *,
    status: int = 200,
    new_key: dict[str, str] | None = None,
) -> HttpResponse:
    live = here(request)
    keys = ApiKey.objects.filter(owner_id=request.user.pk, revoked_at=None)
    context = {
        "live": live,
        "form": form,
        "keys": keys,
        "new_key": new_key,
        "budget": budgets.budget_of(_person(request).pk),
        "renews_at": budgets.renews_at(timezone.now()),
    }
    return render(request, "pages/settings.html", context, status=status)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
